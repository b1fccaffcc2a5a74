#include "engine/run/export_csv.h"

#include <stdlib.h>
#include <string.h>

#include "engine/intake/exported.h"

#define COLUMNS_BYTES 65536 /* of names that items brought with them */

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
static void put_csv_value(struct export_csv *csv, struct json_span value, struct buffer *out)
{
	enum json_type type = json_type(value);

	if (type == JSON_NULL)
		return;
	if (type != JSON_STRING) {
		put_csv(out, value.at, value.length);
		return;
	}
	buffer_reset(&csv->scratch, 65536);
	json_string_decode(value, &csv->scratch);
	put_csv(out, csv->scratch.data != NULL ? csv->scratch.data : "",
	        csv->scratch.length);
}

/* What a server said.  A spreadsheet would take some beginnings for a formula: those get
 * the quote by which it knows a text.  Numbers keep their sign. */
static void put_said(const char *text, struct buffer *out)
{
	char *end;

	if (text == NULL)
		return;
	if (text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL) {
		(void)strtod(text, &end);
		if (end == text || *end != '\0') {
			struct buffer quoted = {0};

			buffer_char(&quoted, '\'');
			buffer_text(&quoted, text);
			put_csv(out, quoted.data, quoted.length);
			out->failed = out->failed || quoted.failed;
			buffer_free(&quoted);
			return;
		}
	}
	put_csv(out, text, strlen(text));
}

/* Is this name in the header already? */
static bool has_column(const struct export_csv *csv, const char *name)
{
	struct json_span all = {csv->columns.data, csv->columns.length};
	struct json_cursor cursor = json_walk(all);
	struct json_span ignored, column;

	for (size_t i = 0; i < EXPORTED_COLUMNS; i++)
		if (strcmp(name, exported_columns[i]) == 0)
			return true;
	while (json_next(&cursor, &ignored, &column))
		if (json_string_equals(column, name, strlen(name)))
			return true;
	return false;
}

void export_csv_header(struct export_csv *csv, const struct spec *spec, struct buffer *out)
{
	struct json_span all = {csv->columns.data, csv->columns.length};
	struct json_cursor cursor = json_walk(all);
	struct json_span ignored, column;
	bool first = true;

	while (json_next(&cursor, &ignored, &column)) {
		if (!first)
			buffer_char(out, ',');
		put_csv_value(csv, column, out);
		first = false;
	}
	for (size_t i = 0; i < EXPORTED_COLUMNS; i++)
		buffer_printf(out, "%s%s", first && i == 0 ? "" : ",", exported_columns[i]);
	for (int i = 0; i < spec->extract_count; i++) {
		struct buffer name = {0};

		if (has_column(csv, spec->extract[i].name))
			buffer_text(&name, "sluice_");
		buffer_text(&name, spec->extract[i].name);
		buffer_char(out, ',');
		put_csv(out, name.data, name.length);
		buffer_free(&name);
	}
	buffer_text(out, "\r\n");
}

void export_csv_row(struct export_csv *csv, const struct spec *spec, const struct item_row *row,
                    struct buffer *out)
{
	struct json_span all = {csv->columns.data, csv->columns.length};
	struct json_cursor cursor = json_walk(all);
	struct json_span ignored, column, value;
	struct buffer name = {0};
	bool first = true;

	while (json_next(&cursor, &ignored, &column)) {
		buffer_reset(&name, 65536);
		json_string_decode(column, &name);
		if (!first)
			buffer_char(out, ',');
		first = false;
		if (name.data != NULL && json_member(row->input, name.data, name.length, &value))
			put_csv_value(csv, value, out);
	}
	buffer_free(&name);
	buffer_printf(out, "%s%lld,%s,%d,", first ? "" : ",", (long long)row->seq,
	              item_state_name(row->state), row->attempts);
	if (row->http_status != 0)
		buffer_printf(out, "%d", row->http_status);
	buffer_char(out, ',');
	put_said(row->code, out);
	buffer_char(out, ',');
	put_said(row->message, out);
	for (int i = 0; i < spec->extract_count; i++) {
		const char *field = spec->extract[i].name;

		buffer_char(out, ',');
		if (row->extracted.length > 0 && json_member(row->extracted, field, strlen(field), &value))
			put_csv_value(csv, value, out);
	}
	buffer_text(out, "\r\n");
}

/* ---- which columns there are ---------------------------------------------------- */

static bool known_column(const struct export_csv *csv, struct json_span name)
{
	struct json_span all = {csv->columns.data, csv->columns.length};
	struct json_cursor cursor = json_walk(all);
	struct json_span ignored, column;

	while (json_next(&cursor, &ignored, &column))
		if (column.length == name.length && memcmp(column.at, name.at, name.length) == 0)
			return true;
	return false;
}

/* Names that no item before had become columns.  Most items have the names of the
 * one before, in the same order. */
void export_csv_gather(struct export_csv *csv, struct json_span input)
{
	struct json_cursor cursor = json_walk(input);
	struct json_span all = {csv->columns.data, csv->columns.length};
	struct json_cursor columns = json_walk(all);
	struct json_span name, value, ignored, column;
	bool in_step = true;

	while (json_next(&cursor, &name, &value)) {
		in_step = in_step && json_next(&columns, &ignored, &column) &&
		          column.length == name.length && memcmp(column.at, name.at, name.length) == 0;
		if (in_step || csv->columns.length > COLUMNS_BYTES || known_column(csv, name))
			continue;
		csv->columns.length--; /* the ']' */
		if (csv->columns.length > 1)
			buffer_char(&csv->columns, ',');
		buffer_append(&csv->columns, name.at, name.length);
		buffer_char(&csv->columns, ']');
	}
}

/* Of the columns of a source those of its items: a file of ours has more. */
void export_csv_columns(struct export_csv *csv, struct json_span known)
{
	struct exported_run run = EXPORTED_RUN_NONE;
	struct json_cursor cursor = json_walk(known);
	struct json_span ignored, column;
	int count = 0;

	while (json_next(&cursor, &ignored, &column)) {
		buffer_reset(&csv->scratch, 65536);
		json_string_decode(column, &csv->scratch);
		exported_run_see(&run, csv->scratch.data, csv->scratch.length);
	}
	buffer_char(&csv->columns, '[');
	cursor = json_walk(known);
	while (json_next(&cursor, &ignored, &column) && (run.begins <= 0 || count < run.begins)) {
		if (count++ > 0)
			buffer_char(&csv->columns, ',');
		buffer_append(&csv->columns, column.at, column.length);
	}
	buffer_char(&csv->columns, ']');
}

void export_csv_free(struct export_csv *csv)
{
	buffer_free(&csv->columns);
	buffer_free(&csv->scratch);
}
