/* items: a page of a job's items as a table. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/cli/document.h"
#include "engine/cli/table.h"
#include "engine/cli/terminal.h"
#include "engine/cli/text.h"

#define ROWS_DEFAULT 50

static const struct table_column columns[] = {
	{"SEQ", true, 0}, {"STATE", false, 0}, {"TRIES", true, 0},   {"HTTP", true, 0},
	{"MS", true, 0},  {"KEY", false, 12},  {"INPUT", false, 16}, {"CAUSE", false, 16},
};
#define COLUMN_COUNT ((int)(sizeof(columns) / sizeof(columns[0])))
#define COLUMN_KEY   5
#define COLUMN_INPUT 6

struct items {
	struct table *table;
	bool keys_tell; /* some item has a key that is not its number */
};

static const char *state_color(const char *state)
{
	if (strcmp(state, "done") == 0)
		return "\x1b[32m";
	if (strcmp(state, "failed") == 0)
		return "\x1b[31m";
	if (strcmp(state, "unknown") == 0)
		return "\x1b[35m";
	return strcmp(state, "waiting") == 0 ? "\x1b[33m" : NULL;
}

static void number_cell(struct table *table, struct json_span item, const char *path)
{
	char text[32];
	int64_t number = document_integer(item, path, -1);

	snprintf(text, sizeof(text), "%" PRId64, number);
	table_text(table, number >= 0 ? text : "", NULL);
}

/* Why it failed; for one that waits, when it is tried again. */
static void cause_cell(struct table *table, struct json_span item)
{
	struct buffer text = {0};
	int64_t due = document_time_ms(item, "due");

	if (due) {
		struct buffer when = {0};
		time_text(&when, due);
		buffer_printf(&text, "again at %s; ", when.length > 11 ? when.data + 11 : "?");
		buffer_free(&when);
	}
	/* The status has a column of its own. */
	if (document_has(item, "cause"))
		cause_text(&text, document_at(item, "cause"), 0);
	table_cell(table, text.data ? text.data : "", text.length, NULL);
	buffer_free(&text);
}

static bool key_is_number(const struct buffer *key, int64_t seq)
{
	char text[24];
	int length = snprintf(text, sizeof(text), "%" PRId64, seq);

	return key->length == (size_t)length && memcmp(key->data, text, key->length) == 0;
}

static void item_row(void *context, struct json_span item)
{
	struct items *items = context;
	struct table *table = items->table;
	struct buffer key = {0};
	char state[32];
	struct json_span input = document_at(item, "input");

	number_cell(table, item, "seq");
	document_copy(item, "state", state, sizeof(state));
	table_text(table, state, state_color(state));
	number_cell(table, item, "attempts");
	number_cell(table, item, "http_status");
	number_cell(table, item, "duration_ms");
	document_text(item, "key", &key);
	if (key.length && !key_is_number(&key, document_integer(item, "seq", 0)))
		items->keys_tell = true;
	table_cell(table, key.data ? key.data : "", key.length, NULL);
	if (items->keys_tell)
		input.length = 0; /* will not be shown */
	table_cell(table, input.length ? input.at : "", input.length, NULL);
	cause_cell(table, item);
	buffer_free(&key);
}

static enum status items_table(struct talk *talk, struct api_call *call,
                               const struct listing *listing, struct buffer *out,
                               char next[PLACE_BYTES])
{
	struct items items = {.table = table_new(columns, COLUMN_COUNT)};
	struct table *table = items.table;
	enum status status = STATUS_NO_MEMORY;

	if (table) {
		status = talk_pages(talk, call, listing, item_row, &items, next);
		/* Keys say enough, unless all of them are the number itself.  One or the
		 * other for the whole list: a row's place tells what it shows. */
		table_hide(table, items.keys_tell ? COLUMN_INPUT : COLUMN_KEY);
	}
	if (status == STATUS_OK && table_rows(table) &&
	    !table_print(table, terminal_width(1), talk->color, out))
		status = STATUS_NO_MEMORY;
	if (status == STATUS_NO_MEMORY)
		error_set(&talk->error, status, "out of memory");
	table_free(table);
	return status;
}

/* What to type for the rest. */
static void more_hint(const struct talk *talk, const char *next)
{
	struct buffer line = {0};
	const char *filter = arguments_text(talk->arguments, OPTION_FILTER, NULL);

	buffer_text(&line, "more: ");
	program_suggest(&line);
	buffer_text(&line, " items ");
	text_shell(&line, talk->job);
	if (filter) {
		buffer_text(&line, " --filter ");
		text_shell(&line, filter);
	}
	if (arguments_has(talk->arguments, OPTION_ROWS))
		buffer_printf(&line, " --limit %" PRId64,
		              arguments_number(talk->arguments, OPTION_ROWS, ROWS_DEFAULT));
	buffer_printf(&line, " --after %s", next);
	database_suggest(&talk->database, &line);
	if (!line.failed)
		fprintf(stderr, "%s\n", line.data);
	buffer_free(&line);
}

int command_items(const struct arguments *arguments)
{
	struct talk talk;
	struct api_call call = {0};
	struct buffer out = {0};
	struct listing listing = {"items", "after", arguments_number(arguments, OPTION_AFTER, 0),
	                          arguments_number(arguments, OPTION_ROWS, ROWS_DEFAULT)};
	char next[PLACE_BYTES] = "";
	bool loud = !arguments_has(arguments, OPTION_QUIET);
	enum status status;

	if (talk_open(&talk, arguments) || talk_job_path(&talk, &call, "/items"))
		return talk_fail(&talk);
	api_query(&call, "filter", arguments_text(arguments, OPTION_FILTER, NULL));
	if (talk.json)
		status = talk_pages_json(&talk, &call, &listing, &out);
	else
		status = items_table(&talk, &call, &listing, &out, next);
	if (status) {
		buffer_free(&out);
		return talk_fail(&talk);
	}
	bool none = !out.length;
	int code = talk_print(&talk, &out);
	/* Behind what it goes on from. */
	if (next[0] && loud && code == EXIT_DONE)
		more_hint(&talk, next);
	else if (none && loud)
		fprintf(stderr, "%s\n", arguments_has(arguments, OPTION_FILTER) ? "no such items" : "no items");
	return code;
}
