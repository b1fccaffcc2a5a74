/* Where a reader stands, as text, and back. */
#include <inttypes.h>
#include <string.h>

#include "engine/intake/reader_internal.h"

struct reader_mark reader_mark(const struct reader *reader)
{
	return (struct reader_mark){ .offset = reader->mark.offset, .rows = reader->mark.rows };
}

enum items_format reader_format(const struct reader *reader)
{
	return reader->parser != NULL ? reader->parser->format : FORMAT_AUTO;
}

void reader_columns(const struct reader *reader, struct buffer *out)
{
	if (reader->parser != NULL && reader->parser->columns != NULL)
		reader->parser->columns(reader, out);
	else
		buffer_text(out, "null");
}

void reader_state(const struct reader *reader, struct buffer *out)
{
	const struct reader_place *mark = &reader->mark;

	buffer_printf(out,
	              "{\"format\":\"%s\",\"offset\":%" PRIu64 ",\"row\":%" PRId64
	              ",\"rows\":%" PRId64 ",\"line\":%" PRId64 ",\"column\":%" PRId64
	              ",\"after_cr\":%d,\"open_row\":%d,\"columns\":",
	              reader->parser == NULL ? "auto" : reader->parser->name, mark->offset,
	              mark->row, mark->rows, mark->line, mark->column, mark->after_cr,
	              mark->open_row);
	reader_columns(reader, out);
	buffer_char(out, '}');
}

/* A member that is an integer in 0..max. */
static bool state_number(struct json_span state, const char *name, uint64_t max, uint64_t *number)
{
	struct json_span text;
	uint64_t value = 0;

	if (!json_member(state, name, strlen(name), &text) || text.length == 0)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		uint64_t digit = (unsigned char)text.at[i] - (uint64_t)'0';

		if (digit > 9 || digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*number = value;
	return true;
}

static bool place_parse(struct json_span state, struct reader_place *place)
{
	uint64_t row, rows, line, column, after_cr, open_row;

	if (!state_number(state, "offset", INT64_MAX, &place->offset) ||
	    !state_number(state, "row", INT64_MAX, &row) ||
	    !state_number(state, "rows", row, &rows) ||
	    !state_number(state, "line", INT64_MAX, &line) ||
	    !state_number(state, "column", INT64_MAX, &column) ||
	    !state_number(state, "after_cr", 1, &after_cr) ||
	    !state_number(state, "open_row", 1, &open_row))
		return false;
	place->row = (int64_t)row;
	place->rows = (int64_t)rows;
	place->line = (int64_t)line;
	place->column = (int64_t)column;
	place->after_cr = after_cr != 0;
	place->open_row = open_row != 0;
	return true;
}

static enum status state_format(struct reader *reader, struct json_span state, struct error *error)
{
	static const struct reader_parser *const parsers[] = {
		&reader_parser_csv,
		&reader_parser_ndjson,
		&reader_parser_json,
		&reader_parser_lines,
	};
	struct json_span format;

	if (!json_member(state, "format", strlen("format"), &format) ||
	    json_type(format) != JSON_STRING)
		return error_set(error, STATUS_CORRUPT, "no format");
	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++) {
		if (!json_string_equals(format, parsers[i]->name, strlen(parsers[i]->name)))
			continue;
		if (reader->parser == NULL)
			return reader_format_use(reader, parsers[i]->format, error);
		if (reader->parser == parsers[i])
			return STATUS_OK;
		return error_set(error, STATUS_CONFLICT, "%s: was read as %s and is %s now",
		                 reader->name, parsers[i]->name, reader->parser->name);
	}
	return error_set(error, STATUS_CORRUPT, "unknown format");
}

static enum status state_restore(struct reader *reader, struct json_span state,
                                 struct error *error)
{
	struct reader_place place;
	struct json_span columns = { NULL, 0 };
	enum status status;

	if (!place_parse(state, &place))
		return error_set(error, STATUS_CORRUPT, "no place");
	if (place.row == 0) /* no row was taken: from the start, as a new reader does */
		return place.offset == 0 ? STATUS_OK
		                         : error_set(error, STATUS_CORRUPT, "no rows before it");
	status = state_format(reader, state, error);
	if (status != STATUS_OK)
		return status;
	json_member(state, "columns", strlen("columns"), &columns);
	if (reader->parser->resume != NULL)
		status = reader->parser->resume(reader, columns, error);
	if (status != STATUS_OK)
		return status;
	reader->here = reader->mark = place;
	reader->past_magic = reader->begun = true;
	return STATUS_OK;
}

enum status reader_restore(struct reader *reader, const char *state, struct error *error)
{
	struct json_span text;
	enum status status;

	if (!json_trim(state, strlen(state), &text, NULL))
		status = error_set(error, STATUS_CORRUPT, "not JSON");
	else
		status = state_restore(reader, text, error);
	if (status != STATUS_OK && status != STATUS_CONFLICT && error != NULL)
		error_prefix(error, "%s: the stored state of the import", reader->name);
	reader->failed = status;
	return status;
}
