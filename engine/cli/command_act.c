/* retry, skip, resolve: one selection, one action.
 *
 * The API takes one kind of selection a call: all, a filter, a group or a list
 * of numbers.  What the command line combines (--filter with --seq, ranges)
 * becomes filters, one call each, and their counts are added. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/cli/command.h"
#include "engine/cli/document.h"
#include "engine/cli/text.h"

#define OPERATION_POLL_MS 200
#define SEQ_DIGITS_MAX 13 /* an item's number has at most 40 bits */

struct act {
	struct talk talk;
	struct buffer filter;  /* --filter and --group, joined; "" none */
	struct buffer numbers; /* plain --seq numbers, as a JSON array's inside */
	struct buffer ranges;  /* "20-25 40-50 " */
	struct buffer output;  /* --json: the operations, a line each */
	int64_t matched, changed;
	int64_t unknown; /* a dry run's: of `changed`, those that may be done twice */
};

static void act_free(struct act *act)
{
	buffer_free(&act->filter);
	buffer_free(&act->numbers);
	buffer_free(&act->ranges);
	buffer_free(&act->output);
}

/* ---- the selection ----------------------------------------------------------------- */

static size_t number_length(const char *text)
{
	size_t length = strspn(text, "0123456789");

	return length <= SEQ_DIGITS_MAX ? length : 0;
}

/* "17", "20-25", "1,2,20-25" */
static enum status sequence_add(struct act *act, const char *text, struct error *error)
{
	const char *at = text;

	for (;;) {
		size_t first = number_length(at), second = 0;
		if (first && at[first] == '-')
			second = number_length(at + first + 1);
		size_t length = first + (second ? second + 1 : 0);
		if (!first || (at[length] && at[length] != ','))
			return error_set(error, STATUS_USAGE,
			                 "--seq: '%s' is no number, range or list of them", text);
		if (second)
			buffer_printf(&act->ranges, "%.*s ", (int)length, at);
		else
			buffer_printf(&act->numbers, "%s\"%.*s\"", act->numbers.length ? "," : "",
			              (int)length, at);
		if (!at[length])
			return STATUS_OK;
		at += length + 1;
	}
}

static enum status sequences_add(struct act *act, const struct arguments *arguments,
                                 struct error *error)
{
	int given = arguments_count(arguments, OPTION_SELECT_SEQ);

	for (int i = 0; i < arguments->use_count; i++) {
		if (arguments->uses[i].id != OPTION_SELECT_SEQ)
			continue;
		enum status status = sequence_add(act, arguments->uses[i].text, error);
		if (status)
			return status;
	}
	/* "--seq 1 2 3": what follows are numbers too. */
	for (int i = 1; i < arguments->operand_count; i++) {
		if (!given)
			return error_set(error, STATUS_USAGE, "one argument too many: '%s'",
			                 arguments->operands[i]);
		enum status status = sequence_add(act, arguments->operands[i], error);
		if (status)
			return status;
	}
	return STATUS_OK;
}

static enum status select_items(struct act *act, const struct arguments *arguments,
                                struct error *error)
{
	const char *filter = arguments_text(arguments, OPTION_SELECT_FILTER, NULL);
	const char *group = arguments_text(arguments, OPTION_SELECT_GROUP, NULL);
	bool all = arguments_has(arguments, OPTION_SELECT_ALL);
	bool sequences = arguments_has(arguments, OPTION_SELECT_SEQ);
	enum status status = sequences_add(act, arguments, error);

	if (status)
		return status;
	if (!all && !filter && !group && !sequences)
		return error_set(error, STATUS_USAGE,
		                 "which items? --all, --filter F, --group G or --seq N");
	if (filter && !filter[strspn(filter, " \t")])
		return error_set(error, STATUS_USAGE,
		                 "--filter: empty, which would be every item; --all says that");
	if (group && strspn(group, "0123456789abcdefABCDEF") != strlen(group))
		return error_set(error, STATUS_USAGE,
		                 "--group: '%s' is no group's id (see `sluice groups`)", group);
	if (filter)
		buffer_text(&act->filter, filter);
	if (group)
		buffer_printf(&act->filter, "%sgroup:%s", filter ? " " : "", group);
	if (arguments->command == COMMAND_RESOLVE && !arguments_has(arguments, OPTION_AS))
		return error_set(error, STATUS_USAGE,
		                 "what became of them? --as done or --as failed");
	return STATUS_OK;
}

/* ---- calls --------------------------------------------------------------------------- */

/* A large operation goes on behind the API: wait for its end. */
static enum status operation_wait(struct act *act)
{
	struct talk *talk = &act->talk;
	struct api_call look = {0};
	struct timespec pause = {0, OPERATION_POLL_MS * NS_PER_MS};
	char after[64], id[24];

	document_copy(talk->document, "id", id, sizeof(id));
	if (!id[0] || document_has(talk->document, "finished_at"))
		return STATUS_OK;
	snprintf(after, sizeof(after), "/operations/%s", id);
	if (talk_job_path(talk, &look, after))
		return talk->error.status;
	do {
		nanosleep(&pause, NULL);
		enum status status = talk_call(talk, &look);
		if (status)
			return status;
	} while (!document_has(talk->document, "finished_at"));
	return STATUS_OK;
}

/* `selection`: the body's first member, as {"all":true without its end. */
static enum status act_call(struct act *act, struct buffer *selection)
{
	struct talk *talk = &act->talk;
	const struct arguments *arguments = talk->arguments;
	struct api_call call = {.method = "POST"};
	char after[32];
	enum status status;

	if (arguments_has(arguments, OPTION_COUNT_ONLY))
		buffer_text(selection, ",\"dry_run\":true");
	if (arguments->command == COMMAND_RETRY && arguments_has(arguments, OPTION_FORCE))
		buffer_text(selection, ",\"done_too\":true");
	if (arguments_has(arguments, OPTION_REASON)) {
		buffer_text(selection, ",\"reason\":");
		buffer_json_text(selection, arguments_text(arguments, OPTION_REASON, ""));
	}
	if (arguments->command == COMMAND_RESOLVE)
		buffer_printf(selection, ",\"as\":\"%s\"",
		              arguments_text(arguments, OPTION_AS, ""));
	buffer_char(selection, '}');
	if (selection->failed)
		return error_set(&talk->error, STATUS_NO_MEMORY, "out of memory");
	snprintf(after, sizeof(after), "/%s", command_table[arguments->command].name);
	status = talk_job_path(talk, &call, after);
	if (status)
		return status;
	call.body = selection->data;
	status = talk_call(talk, &call);
	if (status == STATUS_OK)
		status = operation_wait(act);
	if (status)
		return status;
	act->matched += document_integer(talk->document, "matched", 0);
	act->changed += document_integer(talk->document, "changed", 0);
	act->unknown += document_integer(talk->document, "unknown", 0);
	buffer_append(&act->output, talk->document.at, talk->document.length);
	buffer_char(&act->output, '\n');
	return STATUS_OK;
}

static enum status filter_call(struct act *act, const char *term, size_t length)
{
	struct buffer filter = {0}, selection = {0};

	if (act->filter.length)
		buffer_append(&filter, act->filter.data, act->filter.length);
	if (length)
		buffer_printf(&filter, "%sseq:%.*s", filter.length ? " " : "", (int)length, term);
	buffer_text(&selection, "{\"filter\":");
	buffer_json_text(&selection, filter.failed ? "" : filter.data);
	enum status status = act_call(act, &selection);
	buffer_free(&filter);
	buffer_free(&selection);
	return status;
}

/* Each word of `list`, apart by `between`, as a term of its own. */
static enum status each_call(struct act *act, const char *list, const char *between)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && *(list += strspn(list, between))) {
		size_t length = strcspn(list, between);
		status = filter_call(act, list, length);
		list += length;
	}
	return status;
}

static enum status body_call(struct act *act, const char *before, const struct buffer *inside,
                             const char *after)
{
	struct buffer selection = {0};

	buffer_text(&selection, before);
	if (inside)
		buffer_append(&selection, inside->data, inside->length);
	buffer_text(&selection, after);
	enum status status = act_call(act, &selection);
	buffer_free(&selection);
	return status;
}

static enum status act_calls(struct act *act)
{
	enum status status = STATUS_OK;

	if (arguments_has(act->talk.arguments, OPTION_SELECT_ALL))
		return body_call(act, "{\"all\":true", NULL, "");
	if (!arguments_has(act->talk.arguments, OPTION_SELECT_SEQ))
		return filter_call(act, "", 0);
	if (act->numbers.length && !act->filter.length)
		status = body_call(act, "{\"seqs\":[", &act->numbers, "]");
	else if (act->numbers.length)
		status = each_call(act, act->numbers.data, "\",");
	if (status == STATUS_OK && act->ranges.length)
		status = each_call(act, act->ranges.data, " ");
	return status;
}

/* ---- what came of it -------------------------------------------------------------------- */

/* The states that a command changes. */
static const char *takes(enum command_id command)
{
	switch (command) {
	case COMMAND_RETRY:
		return "retry takes failed, unknown and skipped ones";
	case COMMAND_SKIP:
		return "skip takes failed, unknown, pending and waiting ones";
	default:
		return "resolve takes unknown ones";
	}
}

static void sentence(const struct act *act, struct buffer *out)
{
	const struct arguments *arguments = act->talk.arguments;
	bool dry = arguments_has(arguments, OPTION_COUNT_ONLY);
	const char *done = "marked skipped";
	int64_t others = act->matched - act->changed;

	text_counted(out, act->changed, "item", "items");
	if (arguments->command == COMMAND_RETRY)
		done = "put back to pending";
	else if (arguments->command == COMMAND_RESOLVE)
		done = strcmp(arguments_text(arguments, OPTION_AS, ""), "done") == 0
		               ? "resolved as done"
		               : "resolved as failed";
	buffer_printf(out, dry ? " would be %s" : " %s", done);
	buffer_text(out, act->matched ? "\n" : ": no item is among those selected\n");
	if (act->unknown > 0 && arguments->command == COMMAND_RETRY) {
		text_counted(out, act->unknown, "of them is", "of them are");
		buffer_text(out, " unknown: the server may have done it already, and then does it twice\n");
	}
	if (others <= 0)
		return;
	text_counted(out, others, "other item", "other items");
	buffer_printf(out, " of the selection %s as %s, in another state (%s)\n",
	              dry           ? "would stay"
	              : others == 1 ? "stays"
	                            : "stay",
	              others == 1 ? "it is" : "they are",
	              takes(arguments->command));
}

static bool hint_wanted(const struct act *act)
{
	return act->talk.arguments->command == COMMAND_RETRY && act->changed > 0 &&
	       !api_owned(act->talk.api) && !arguments_has(act->talk.arguments, OPTION_COUNT_ONLY) &&
	       !arguments_has(act->talk.arguments, OPTION_QUIET);
}

static void next_hint(const struct act *act)
{
	struct buffer line = {0};

	buffer_text(&line, "They are sent when the job runs again: give its `run` command, or `");
	program_suggest(&line);
	buffer_text(&line, " serve");
	database_suggest(&act->talk.database, &line);
	if (!line.failed)
		fprintf(stderr, "%s`.\n", line.data);
	buffer_free(&line);
}

int command_act(const struct arguments *arguments)
{
	struct act act = {0};
	struct buffer out = {0};
	struct error error;
	int code;

	if (select_items(&act, arguments, &error)) {
		act_free(&act);
		return fail_usage(command_table[arguments->command].name, &error);
	}
	if (arguments->command == COMMAND_RETRY && arguments_has(arguments, OPTION_FORCE))
		log_warn(
			"--force: items that are done are sent again too; the server gets their requests twice");
	if (talk_open(&act.talk, arguments) || act_calls(&act)) {
		code = talk_fail(&act.talk);
	} else {
		if (act.talk.json)
			buffer_append(&out, act.output.data, act.output.length);
		else
			sentence(&act, &out);
		bool hint = hint_wanted(&act);
		code = talk_print(&act.talk, &out);
		if (hint && code == EXIT_DONE)
			next_hint(&act);
	}
	act_free(&act);
	return code;
}
