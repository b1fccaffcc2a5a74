/* Options that do not go together: silently one of them would count. */
#include <stddef.h>

#include "engine/cli/options.h"

static const struct {
	enum option_id a, b;
	const char *why;
} excluding[] = {
	{OPTION_DATA, OPTION_JSON_BODY, "one body is sent"},
	{OPTION_NEW, OPTION_APPEND_ITEMS, "the one starts afresh, the other goes on"},
	{OPTION_NEW, OPTION_UPDATE_JOB, "the one starts afresh, the other goes on"},
	{OPTION_NO_UI, OPTION_LISTEN, "without the dashboard nothing listens"},
	{OPTION_NO_UI, OPTION_STAY, "without the dashboard there is nothing to keep up"},
	{OPTION_NO_UI, OPTION_READ_ONLY, "without the dashboard nothing is shown"},
	{OPTION_NO_UI, OPTION_BASE_PATH, "without the dashboard nothing listens"},
	{OPTION_NO_UI, OPTION_LABEL, "without the dashboard nothing is shown"},
	{OPTION_QUIET, OPTION_VERBOSE, "say less or say more"},
	{OPTION_CURL, OPTION_JSON, "print a command or a document"},
	{OPTION_EXPORT_FORMAT, OPTION_JSON, "--json stands for --format ndjson"},
	{OPTION_SELECT_ALL, OPTION_SELECT_FILTER, "--all leaves nothing to select"},
	{OPTION_SELECT_ALL, OPTION_SELECT_GROUP, "--all leaves nothing to select"},
	{OPTION_SELECT_ALL, OPTION_SELECT_SEQ, "--all leaves nothing to select"},
};

static bool given(const struct arguments *arguments, enum option_id id)
{
	return option_applies(&option_table[id], arguments->command) &&
	       arguments_has(arguments, id);
}

enum status arguments_agree(const struct arguments *arguments, struct error *error)
{
	for (size_t i = 0; i < sizeof(excluding) / sizeof(excluding[0]); i++) {
		enum option_id a = excluding[i].a, b = excluding[i].b;
		if (given(arguments, a) && given(arguments, b))
			return error_set(error, STATUS_USAGE, "--%s and --%s exclude each other: %s",
			                 option_table[a].name, option_table[b].name,
			                 excluding[i].why);
	}
	for (int i = 0; i < arguments->use_count; i++) {
		const struct option *option = &option_table[arguments->uses[i].id];
		if (option->once && arguments_count(arguments, arguments->uses[i].id) > 1)
			return error_set(error, STATUS_USAGE, "--%s is given twice: %s",
			                 option->name, option->once);
	}
	return STATUS_OK;
}
