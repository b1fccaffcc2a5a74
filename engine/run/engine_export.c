/* The façade's part about export: rows out as NDJSON or CSV, page by page, so
 * that memory stays flat and no read transaction lasts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/engine_internal.h"
#include "engine/run/report.h"
#include "engine/store/filter.h"
#include "engine/store/reads.h"

/* Columns of items that were no CSV: of so many items, and no more than so much. */
#define COLUMNS_OF_ITEMS 100000
#define COLUMNS_BYTES 65536
#define PAGE_ROWS 500
#define PAGE_SCAN 20000

struct engine_export {
	struct engine *engine;
	struct job_row row;
	struct spec *spec;
	struct filter *filter;
	enum export_format format;
	int64_t after;
	bool begun;              /* the header line is out */
	struct buffer columns;   /* JSON array of the CSV columns */
	struct buffer scratch;
	struct buffer *out;      /* of the call under way */
	char *selection;         /* the filter's text */
};

#define REPORT_FILTER "state:failed,unknown"
#define REPORT_CAUSES 100

/* ---- NDJSON ------------------------------------------------------------------- */

/* No printf in here: it took a sixth of an export's time. */
static void put_text(struct buffer *out, const char *before, const char *text)
{
	buffer_text(out, before);
	buffer_json_text(out, text);
}

static void put_ndjson(struct buffer *out, const struct item_row *row)
{
	buffer_text(out, "{\"seq\":\"");
	buffer_int64(out, row->seq);
	put_text(out, "\",\"key\":", row->key);
	put_text(out, ",\"state\":", item_state_name(row->state));
	buffer_text(out, ",\"attempts\":");
	buffer_int64(out, row->attempts);
	buffer_text(out, ",\"http_status\":");
	if (row->http_status != 0)
		buffer_int64(out, row->http_status);
	else
		buffer_text(out, "null");
	put_text(out, ",\"class\":",
	         row->class_name != NULL && row->class_name[0] ? row->class_name : NULL);
	put_text(out, ",\"code\":", row->code);
	put_text(out, ",\"message\":", row->message);
	buffer_text(out, ",\"input\":");
	buffer_append(out, row->input.at, row->input.length);
	buffer_text(out, ",\"extracted\":");
	if (row->extracted.length > 0)
		buffer_append(out, row->extracted.at, row->extracted.length);
	else
		buffer_text(out, "null");
	buffer_text(out, ",\"response\":");
	if (row->body.at != NULL)
		buffer_json(out, row->body.at, row->body.length);
	else
		buffer_text(out, "null");
	buffer_text(out, "}\n");
}

/* ---- CSV ------------------------------------------------------------------------ */

static void put_csv(struct buffer *out, const char *text, size_t length)
{
	bool quote = length == 0 ? false : text[0] == ' ' || text[length - 1] == ' ';

	for (size_t i = 0; i < length && !quote; i++)
		quote = text[i] == '"' || text[i] == ',' || text[i] == '\n' || text[i] == '\r';
	if (!quote) {
		buffer_append(out, text, length);
		return;
	}
	buffer_char(out, '"');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"')
			buffer_char(out, '"');
		buffer_char(out, text[i]);
	}
	buffer_char(out, '"');
}

/* A value as CSV shows it: strings decoded, null as nothing, others as written. */
static void put_csv_value(struct engine_export *export, struct json_span value)
{
	enum json_type type = json_type(value);

	if (type == JSON_NULL)
		return;
	if (type != JSON_STRING) {
		put_csv(export->out, value.at, value.length);
		return;
	}
	buffer_reset(&export->scratch, 65536);
	json_string_decode(value, &export->scratch);
	put_csv(export->out, export->scratch.data != NULL ? export->scratch.data : "",
	        export->scratch.length);
}

static bool has_column(struct engine_export *export, const char *name)
{
	struct json_span all = {export->columns.data, export->columns.length};
	struct json_cursor cursor = json_walk(all);
	struct json_span ignored, column;

	while (json_next(&cursor, &ignored, &column))
		if (json_string_equals(column, name, strlen(name)))
			return true;
	return false;
}

/* Our own columns stand behind the input's, so that the file can go in again. */
static const char *const own_columns[] = {"sluice_seq",         "sluice_state", "sluice_attempts",
                                          "sluice_http_status", "sluice_code",  "sluice_message"};
#define OWN_COLUMNS (sizeof(own_columns) / sizeof(own_columns[0]))

static bool is_own(struct engine_export *export, struct json_span column)
{
	for (size_t i = 0; i < OWN_COLUMNS; i++)
		if (json_string_equals(column, own_columns[i], strlen(own_columns[i])))
			return true;
	buffer_reset(&export->scratch, 65536);
	json_string_decode(column, &export->scratch);
	if (export->scratch.length < 7 || memcmp(export->scratch.data, "sluice_", 7) != 0)
		return false;
	for (int i = 0; i < export->spec->extract_count; i++)
		if (strcmp(export->scratch.data + 7, export->spec->extract[i].name) == 0)
			return true;
	return false;
}

static void put_csv_header(struct engine_export *export)
{
	struct json_span all = {export->columns.data, export->columns.length};
	struct json_cursor cursor = json_walk(all);
	struct json_span ignored, column;
	bool first = true;

	while (json_next(&cursor, &ignored, &column)) {
		if (is_own(export, column))
			continue;
		if (!first)
			buffer_char(export->out, ',');
		put_csv_value(export, column);
		first = false;
	}
	for (size_t i = 0; i < OWN_COLUMNS; i++)
		buffer_printf(export->out, "%s%s", first && i == 0 ? "" : ",", own_columns[i]);
	for (int i = 0; i < export->spec->extract_count; i++) {
		struct buffer name = {0};

		if (has_column(export, export->spec->extract[i].name))
			buffer_text(&name, "sluice_");
		buffer_text(&name, export->spec->extract[i].name);
		buffer_char(export->out, ',');
		put_csv(export->out, name.data, name.length);
		buffer_free(&name);
	}
	buffer_text(export->out, "\r\n");
}

static void put_csv_row(struct engine_export *export, const struct item_row *row)
{
	struct json_span all = {export->columns.data, export->columns.length};
	struct json_cursor cursor = json_walk(all);
	struct json_span ignored, column, value;
	struct buffer *out = export->out;
	struct buffer name = {0};
	bool first = true;

	while (json_next(&cursor, &ignored, &column)) {
		if (is_own(export, column))
			continue;
		buffer_reset(&name, 65536);
		json_string_decode(column, &name);
		if (!first)
			buffer_char(out, ',');
		first = false;
		if (name.data != NULL && json_member(row->input, name.data, name.length, &value))
			put_csv_value(export, value);
	}
	buffer_free(&name);
	buffer_printf(out, "%s%lld,%s,%d,", first ? "" : ",", (long long)row->seq,
	              item_state_name(row->state), row->attempts);
	if (row->http_status != 0)
		buffer_printf(out, "%d", row->http_status);
	buffer_char(out, ',');
	if (row->code != NULL)
		put_csv(out, row->code, strlen(row->code));
	buffer_char(out, ',');
	if (row->message != NULL)
		put_csv(out, row->message, strlen(row->message));
	for (int i = 0; i < export->spec->extract_count; i++) {
		const char *field = export->spec->extract[i].name;

		buffer_char(out, ',');
		if (row->extracted.length > 0 && json_member(row->extracted, field, strlen(field), &value))
			put_csv_value(export, value);
	}
	buffer_text(out, "\r\n");
}

/* ---- the pages -------------------------------------------------------------------- */

static bool known_column(const struct engine_export *export, struct json_span name)
{
	struct json_span all = {export->columns.data, export->columns.length};
	struct json_cursor cursor = json_walk(all);
	struct json_span ignored, column;

	while (json_next(&cursor, &ignored, &column))
		if (column.length == name.length && memcmp(column.at, name.at, name.length) == 0)
			return true;
	return false;
}

/* Names that no item before had become columns.  Most items have the names of the
 * one before, in the same order. */
static enum status gather_members(void *context, const struct item_row *row)
{
	struct engine_export *export = context;
	struct json_cursor cursor = json_walk(row->input);
	struct json_span all = {export->columns.data, export->columns.length};
	struct json_cursor columns = json_walk(all);
	struct json_span name, value, ignored, column;
	bool in_step = true;

	while (json_next(&cursor, &name, &value)) {
		in_step = in_step && json_next(&columns, &ignored, &column) &&
		          column.length == name.length && memcmp(column.at, name.at, name.length) == 0;
		if (in_step || export->columns.length > COLUMNS_BYTES || known_column(export, name))
			continue;
		export->columns.length--; /* the ']' */
		if (export->columns.length > 1)
			buffer_char(&export->columns, ',');
		buffer_append(&export->columns, name.at, name.length);
		buffer_char(&export->columns, ']');
	}
	return export->columns.failed ? STATUS_NO_MEMORY : STATUS_OK;
}

/* The columns of the source, or, for items that were no CSV, the members of the
 * first COLUMNS_OF_ITEMS items. */
static enum status find_columns(struct engine_export *export, struct error *error)
{
	struct item_query query = {.limit = 1000, .scan_max = 100000, .parts = ITEM_INPUT};
	const char *known = export->row.source_columns;
	enum status status = STATUS_OK;
	int64_t next = 0;
	struct db *db;

	if (known != NULL && known[0] == '[' && json_check(known, strlen(known), NULL)) {
		buffer_text(&export->columns, known);
		return STATUS_OK;
	}
	buffer_text(&export->columns, "[]");
	do {
		status = engine_reader(export->engine, &db, error);
		if (status != STATUS_OK)
			break;
		status = reads_items(db, &export->row, &query, gather_members, export, &next, error);
		engine_reader_done(export->engine, db);
		query.after = next;
	} while (status == STATUS_OK && next > 0 && next <= COLUMNS_OF_ITEMS);
	return status;
}

enum status engine_export_open(struct engine *engine, int64_t job, enum export_format format,
                               const char *filter, struct engine_export **out,
                               struct error *error)
{
	struct engine_export *export = calloc(1, sizeof(*export));
	enum status status;

	if (export == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	export->engine = engine;
	export->format = format;
	if (format == EXPORT_HTML && (filter == NULL || filter[0] == '\0'))
		filter = REPORT_FILTER;
	export->selection = strdup(filter != NULL ? filter : "");
	status = export->selection != NULL ? filter_parse(filter, &export->filter, error)
	                                   : error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status == STATUS_OK)
		status = engine_row(engine, job, &export->row, error);
	if (status == STATUS_OK)
		status = spec_parse(export->row.spec, strlen(export->row.spec), NULL, &export->spec, error);
	if (status == STATUS_OK && format == EXPORT_CSV)
		status = find_columns(export, error);
	if (status == STATUS_OK)
		*out = export;
	else
		engine_export_close(export);
	return status;
}

static enum status put_row(void *context, const struct item_row *row)
{
	struct engine_export *export = context;

	if (export->format == EXPORT_CSV)
		put_csv_row(export, row);
	else if (export->format == EXPORT_HTML)
		report_item(export->out, row);
	else
		put_ndjson(export->out, row);
	return export->out->failed ? STATUS_NO_MEMORY : STATUS_OK;
}

/* All that stands before the items. */
static enum status put_report(struct engine_export *export, struct error *error)
{
	struct report_course course = {0};
	struct engine_progress progress;
	const int64_t job = export->row.id;
	int step_s;
	enum status status = engine_job_progress(export->engine, job, &progress, error);

	if (status == STATUS_OK)
		status = engine_series(export->engine, job, 0, report_course_add, &course, &step_s,
		                       error);
	if (status == STATUS_OK && course.failed)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status == STATUS_OK) {
		report_begin(export->out, &progress, &course);
		report_causes_begin(export->out);
		status = engine_groups(export->engine, job, REPORT_CAUSES, report_cause, export->out,
		                       error);
		report_causes_end(export->out);
		report_items_begin(export->out, export->selection);
	}
	free(course.samples);
	return status;
}

enum status engine_export_next(struct engine_export *export, struct buffer *out, bool *end,
                               struct error *error)
{
	const struct item_query query = {
	    .filter = export->filter,
	    .after = export->after,
	    .limit = PAGE_ROWS,
	    .scan_max = PAGE_SCAN,
	    .extracted = true,
	    .body = export->format == EXPORT_NDJSON,
	};
	struct db *db;
	enum status status = STATUS_OK;

	export->out = out;
	if (!export->begun && export->format == EXPORT_CSV)
		put_csv_header(export);
	if (!export->begun && export->format == EXPORT_HTML)
		status = put_report(export, error);
	export->begun = true;
	if (status == STATUS_OK)
		status = engine_reader(export->engine, &db, error);
	if (status != STATUS_OK)
		return status;
	status = reads_items(db, &export->row, &query, put_row, export, &export->after, error);
	engine_reader_done(export->engine, db);
	*end = status != STATUS_OK || export->after == 0;
	if (status == STATUS_OK && *end && export->format == EXPORT_HTML)
		report_end(out);
	return status;
}

void engine_export_close(struct engine_export *export)
{
	if (export == NULL)
		return;
	filter_free(export->filter);
	spec_free(export->spec);
	job_row_free(&export->row);
	buffer_free(&export->columns);
	buffer_free(&export->scratch);
	free(export->selection);
	free(export);
}
