/* NDJSON and plain lines: a row is a physical line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/intake/reader_internal.h"

struct lines_reader {
	struct buffer held; /* a line's bytes of earlier chunks; READER_RAW_MAX of one too long */
	bool too_long;      /* the line is, and the rest of it is passed over */
	struct buffer text; /* the JSON object of a plain line */
};

static void *lines_make(void)
{
	return calloc(1, sizeof(struct lines_reader));
}

static void lines_free(void *parsing)
{
	struct lines_reader *lines = parsing;

	buffer_free(&lines->held);
	buffer_free(&lines->text);
	free(lines);
}

static bool line_blank(struct json_span line)
{
	for (size_t i = 0; i < line.length; i++)
		if (line.at[i] != ' ' && line.at[i] != '\t' && line.at[i] != '\r')
			return false;
	return true;
}

static enum status line_bad(struct reader *reader, struct json_span line, int64_t number,
                            const char *at, struct error *fault, struct error *error)
{
	reader_fault_place(reader, fault, number, at);
	return reader_bad(reader, fault, line, error);
}

static enum status line_too_long(struct reader *reader, struct json_span line, int64_t number,
                                 struct error *error)
{
	struct error fault;

	error_set(&fault, STATUS_USAGE, "longer than %u MiB", READER_ROW_MAX >> 20);
	return line_bad(reader, line, number, "", &fault, error);
}

static enum status ndjson_take(struct reader *reader, struct json_span line, int64_t number,
                               struct error *error)
{
	struct json_span value;
	struct json_fault json_fault;
	struct error fault;
	char at[64] = "";
	bool sound;

	sound = json_trim(line.at, line.length, &value, &json_fault);
	if (sound && json_type(value) != JSON_OBJECT) {
		error_set(&fault, STATUS_USAGE, "a JSON object is expected%s",
		          reader->here.row == 0 && json_type(value) == JSON_ARRAY
		              ? " (for a JSON array: --format json)"
		              : "");
		return line_bad(reader, line, number, at, &fault, error);
	}
	value = sound ? reader_unwrap(value) : value;
	if (sound && reader_object_check(&reader->names, line, value, &json_fault))
		return reader_good(reader, value, number, error);
	if (json_fault.reason == NULL)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", reader->name);
	snprintf(at, sizeof(at), ", column %" PRId64,
	         reader_characters(line.at, json_fault.offset) + 1);
	reader_json_fault(line, &json_fault, &fault);
	return line_bad(reader, line, number, at, &fault, error);
}

static enum status plain_take(struct reader *reader, struct json_span line, int64_t number,
                              struct error *error)
{
	struct lines_reader *lines = reader->parsing;
	struct error fault;
	enum status status;

	if (!reader_text_check(line.at, line.length, &fault))
		return line_bad(reader, line, number, "", &fault, error);
	buffer_text(&lines->text, "{\"line\":");
	buffer_json(&lines->text, line.at, line.length);
	buffer_char(&lines->text, '}');
	if (lines->text.failed)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", reader->name);
	if (lines->text.length > READER_ROW_MAX)
		status = line_too_long(reader, line, number, error);
	else
		status = reader_good(reader,
		                     (struct json_span){ lines->text.data, lines->text.length },
		                     number, error);
	buffer_reset(&lines->text, READER_KEEP_MAX);
	return status;
}

/* The line is over, at reader->here; `piece` is its last part. */
static enum status line_take(struct reader *reader, const struct line_piece *piece, int64_t number,
                             struct error *error)
{
	struct lines_reader *lines = reader->parsing;
	struct json_span line = { piece->at, piece->length };
	enum status status = STATUS_OK;

	if (lines->held.length > 0)
		line = (struct json_span){ lines->held.data, lines->held.length };
	if (lines->too_long)
		status = line_too_long(reader, line, number, error);
	else if (line_blank(line))
		; /* passed over */
	else if (reader->parser == &reader_parser_ndjson)
		status = ndjson_take(reader, line, number, error);
	else
		status = plain_take(reader, line, number, error);
	lines->too_long = false;
	buffer_reset(&lines->held, READER_KEEP_MAX);
	return status;
}

/* Keep a part of a line that goes over the end of a chunk. */
static void line_hold(struct lines_reader *lines, const struct line_piece *piece)
{
	if (lines->too_long)
		return;
	if (lines->held.length + piece->length <= READER_ROW_MAX) {
		buffer_append(&lines->held, piece->at, piece->length);
		return;
	}
	lines->too_long = true;
	if (lines->held.length < READER_RAW_MAX) /* then the piece is longer than that */
		buffer_append(&lines->held, piece->at, READER_RAW_MAX);
	if (lines->held.failed)
		return;
	lines->held.length = READER_RAW_MAX;
	lines->held.data[READER_RAW_MAX] = '\0';
}

static enum status lines_feed(struct reader *reader, const char *bytes, size_t length,
                              struct error *error)
{
	struct lines_reader *lines = reader->parsing;
	struct line_cut cut =
	    line_cut_make(bytes, length, reader->parser == &reader_parser_lines);
	struct line_piece piece;

	while (line_cut_next(&cut, &piece)) {
		bool second_half = piece.length == 0 && reader->here.after_cr &&
		                   piece.at[0] == '\n';
		int64_t number = reader->here.line;
		bool whole = lines->held.length == 0 && !lines->too_long &&
		             piece.length <= READER_ROW_MAX && piece.break_length > 0;
		enum status status;

		line_piece_pass(&reader->here, &piece);
		reader->here.line -= second_half;
		if (!whole)
			line_hold(lines, &piece);
		if (lines->held.failed)
			return error_set(error, STATUS_NO_MEMORY, "%s: out of memory",
			                 reader->name);
		if (piece.break_length == 0)
			continue;
		status = line_take(reader, &piece, number, error);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status lines_end(struct reader *reader, struct error *error)
{
	struct lines_reader *lines = reader->parsing;
	struct line_piece piece = { .at = "" };

	if (lines->held.length == 0)
		return STATUS_OK;
	reader->here.open_row = true;
	return line_take(reader, &piece, reader->here.line, error);
}

const struct reader_parser reader_parser_ndjson = {
	.name = "ndjson",
	.format = FORMAT_NDJSON,
	.make = lines_make,
	.free = lines_free,
	.feed = lines_feed,
	.end = lines_end,
};

const struct reader_parser reader_parser_lines = {
	.name = "lines",
	.format = FORMAT_LINES,
	.make = lines_make,
	.free = lines_free,
	.feed = lines_feed,
	.end = lines_end,
};
