/* ls, groups, completion: short lists. */
#include <stdio.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/cli/document.h"
#include "engine/cli/help.h"
#include "engine/cli/table.h"
#include "engine/cli/terminal.h"
#include "engine/cli/text.h"
#include "engine/cli/view.h"

#define RED "\x1b[31m"
#define GREEN "\x1b[32m"
#define YELLOW "\x1b[33m"
#define MAGENTA "\x1b[35m"

/* Print a listing: as a table, or as JSON where that was asked for; `none` where it
 * is empty.  Ends the talk: the exit code. */
static int list(struct talk *talk, struct api_call *call, const struct listing *listing,
                const struct table_column *columns, int column_count,
                void (*row)(void *context, struct json_span element), const char *none)
{
	struct buffer out = {0};
	char next[PLACE_BYTES];
	enum status status;

	if (talk->json) {
		status = talk_pages_json(talk, call, listing, &out);
	} else {
		struct table *table = table_new(columns, column_count);

		status = table ? talk_pages(talk, call, listing, row, table, next) : STATUS_NO_MEMORY;
		if (status == STATUS_OK && table_rows(table) &&
		    !table_print(table, terminal_width(1), talk->color, &out))
			status = STATUS_NO_MEMORY;
		if (status == STATUS_NO_MEMORY)
			error_set(&talk->error, status, "out of memory");
		table_free(table);
	}
	if (status) {
		buffer_free(&out);
		return talk_fail(talk);
	}
	if (!out.length && !arguments_has(talk->arguments, OPTION_QUIET))
		fprintf(stderr, "%s\n", none);
	return talk_print(talk, &out);
}

/* ---- ls -------------------------------------------------------------------------- */

static const struct table_column job_columns[] = {
	{"ID", true, 0},   {"NAME", false, 12},   {"STATE", false, 12}, {"DONE", true, 0},
	{"%", true, 0},    {"FAILED", true, 0},   {"UNKNOWN", true, 0}, {"WAITING", true, 0},
	{"RATE", true, 0}, {"CREATED", false, 0},
};
#define JOB_COLUMNS ((int)(sizeof(job_columns) / sizeof(job_columns[0])))

static const char *state_color(const struct view *view)
{
	if (view->state == JOB_FINISHED)
		return view->counts[ITEM_FAILED] || view->counts[ITEM_UNKNOWN] ? RED : GREEN;
	return view->state == JOB_RUNNING || view->state == JOB_IMPORTING ? NULL : YELLOW;
}

static void count_cell(struct table *table, int64_t count, const char *color)
{
	if (count)
		table_count(table, count, color);
	else
		table_text(table, "", NULL);
}

static void job_state_cell(struct table *table, const struct view *view)
{
	char text[300];

	if (view->reason[0])
		snprintf(text, sizeof(text), "%s: %s", job_state_name(view->state), view->reason);
	else if (!view->active && (view->state == JOB_RUNNING || view->state == JOB_IMPORTING))
		snprintf(text, sizeof(text), "interrupted");
	else
		snprintf(text, sizeof(text), "%s", job_state_name(view->state));
	table_text(table, text, state_color(view));
}

static void job_row(void *context, struct json_span element)
{
	struct table *table = context;
	struct buffer text = {0};
	struct view view;
	char short_text[64];

	if (view_read(element, &view, NULL))
		return;
	snprintf(short_text, sizeof(short_text), "%lld", (long long)view.id);
	table_text(table, short_text, NULL);
	table_text(table, view.name, "\x1b[1m");
	job_state_cell(table, &view);
	text_count(&text, view_final(&view));
	buffer_char(&text, '/');
	text_count(&text, view.total);
	table_text(table, text.failed ? "" : text.data, NULL);
	snprintf(short_text, sizeof(short_text), "%d", (int)view_percent(&view));
	table_text(table, short_text, NULL);
	count_cell(table, view.counts[ITEM_FAILED], RED);
	count_cell(table, view.counts[ITEM_UNKNOWN], MAGENTA);
	count_cell(table, view.counts[ITEM_WAITING], YELLOW);
	buffer_reset(&text, 4096);
	if (view.rate_per_s > 0 && view.active) {
		text_rate(&text, view.rate_per_s);
		buffer_text(&text, "/s");
	}
	table_cell(table, text.data ? text.data : "", text.length, NULL);
	buffer_reset(&text, 4096);
	time_text(&text, view.created_ms);
	table_cell(table, text.data ? text.data : "", text.length < 16 ? text.length : 16, NULL);
	buffer_free(&text);
}

/* No database yet: there are no jobs, and that is all.  A folder that is not
 * there was not meant, though. */
static int no_jobs(struct talk *talk)
{
	char folder[PATH_MAX];
	struct database above = talk->database;
	char *slash = strrchr(above.path, '/');
	struct buffer out = {0};

	if (slash && slash != above.path)
		*slash = '\0';
	snprintf(folder, sizeof(folder), "%s", above.path);
	if (slash && talk->database.chosen && !database_exists(&above)) {
		error_set(&talk->error, STATUS_IO, "there is no folder %s", folder);
		return talk_fail(talk);
	}
	if (talk->json)
		buffer_text(&out, "{\"jobs\":[],\"next\":null}\n");
	else if (!arguments_has(talk->arguments, OPTION_QUIET))
		fprintf(stderr, "no jobs yet (no database at %s)\n", talk->database.path);
	return talk_print(talk, &out);
}

int command_ls(const struct arguments *arguments)
{
	struct talk talk;
	struct api_call call = {.path = "/jobs"};
	struct listing listing = {"jobs", "before", 0,
	                          arguments_number(arguments, OPTION_ROWS, INT64_MAX)};
	enum status status = talk_open(&talk, arguments);

	if (status == STATUS_NOT_FOUND)
		return no_jobs(&talk);
	if (status)
		return talk_fail(&talk);
	return list(&talk, &call, &listing, job_columns, JOB_COLUMNS, job_row, "no jobs");
}

/* ---- groups ------------------------------------------------------------------------ */

static const struct table_column group_columns[] = {
	{"ITEMS", true, 0}, {"CAUSE", false, 20}, {"GROUP", false, 0},
	{"E.G.", true, 0},  {"FIRST", false, 0},  {"LAST", false, 0},
};
#define GROUP_COLUMNS ((int)(sizeof(group_columns) / sizeof(group_columns[0])))

/* "01-02 03:04" */
static void time_cell(struct table *table, int64_t wall_ms)
{
	struct buffer text = {0};

	time_text(&text, wall_ms);
	if (text.length >= 16)
		table_cell(table, text.data + 5, 11, NULL);
	else
		table_text(table, "", NULL);
	buffer_free(&text);
}

static void group_row(void *context, struct json_span group)
{
	struct table *table = context;
	struct buffer text = {0};
	char id[32], seq[32];

	table_count(table, document_integer(group, "count", 0), RED);
	cause_text(&text, group, document_integer(group, "http_status", 0));
	table_cell(table, text.data ? text.data : "", text.length, NULL);
	document_copy(group, "id", id, sizeof(id));
	document_copy(group, "sample_seq", seq, sizeof(seq));
	table_text(table, id, NULL);
	table_text(table, seq, NULL);
	time_cell(table, document_time_ms(group, "first_at"));
	time_cell(table, document_time_ms(group, "last_at"));
	buffer_free(&text);
}

int command_groups(const struct arguments *arguments)
{
	struct talk talk;
	struct api_call call = {0};
	struct listing listing = {"groups", "after", 0,
	                          arguments_number(arguments, OPTION_ROWS, INT64_MAX)};

	if (talk_open(&talk, arguments) || talk_job_path(&talk, &call, "/groups"))
		return talk_fail(&talk);
	return list(&talk, &call, &listing, group_columns, GROUP_COLUMNS, group_row, "no failures");
}

/* ---- completion ---------------------------------------------------------------------- */

static void name_line(void *context, struct json_span element)
{
	struct buffer *out = context;

	document_text(element, "name", out);
	buffer_char(out, '\n');
}

/* For the scripts: job names, one a line; silent where there are none. */
static int job_names(void)
{
	struct arguments arguments = {.command = COMMAND_LS};
	struct api_call call = {.path = "/jobs"};
	struct listing listing = {"jobs", "before", 0, 200};
	struct buffer out = {0};
	struct talk talk;
	char next[PLACE_BYTES];

	if (talk_open(&talk, &arguments) == STATUS_OK)
		talk_pages(&talk, &call, &listing, name_line, &out, next);
	return talk_print(&talk, &out);
}

int command_completion(const struct arguments *arguments)
{
	struct buffer out = {0};
	struct error error;

	if (strcmp(arguments->operands[0], "jobs") == 0)
		return job_names();
	if (!completion_script(&out, arguments->operands[0])) {
		error_set(&error, STATUS_USAGE,
		          "no completion for '%s', but for bash, zsh and fish",
		          arguments->operands[0]);
		return fail_usage("completion", &error);
	}
	bool good = terminal_print(&out);
	buffer_free(&out);
	return good ? EXIT_DONE : EXIT_RUNTIME;
}
