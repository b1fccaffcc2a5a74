#include "engine/intake/reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/intake/reader_internal.h"

/* Blanks before the first character that tells the format. */
#define HEAD_BLANKS_MAX 4096

static bool name_ends(const char *name, const char *ending)
{
	size_t length = strlen(name), ending_length = strlen(ending);

	return length >= ending_length && strcasecmp(name + length - ending_length, ending) == 0;
}

static enum items_format format_by_name(const char *name)
{
	static const struct {
		const char *ending;
		enum items_format format;
	} endings[] = {
		{ ".csv", FORMAT_CSV },
		{ ".ndjson", FORMAT_NDJSON },
		{ ".jsonl", FORMAT_NDJSON },
		{ ".txt", FORMAT_LINES },
	};

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (name_ends(name, endings[i].ending))
			return endings[i].format;
	return FORMAT_AUTO;
}

static const struct reader_parser *const parsers[] = {
	&reader_parser_csv,
	&reader_parser_ndjson,
	&reader_parser_json,
	&reader_parser_lines,
};

enum status reader_format_use(struct reader *reader, enum items_format format,
                              struct error *error)
{
	for (size_t i = 0; i < sizeof(parsers) / sizeof(parsers[0]); i++)
		if (parsers[i]->format == format)
			reader->parser = parsers[i];
	reader->format = format;
	reader->parsing = reader->parser->make();
	if (reader->parsing == NULL)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", reader->name);
	return STATUS_OK;
}

struct reader *reader_new(const char *name, enum items_format format, struct reader_sink sink)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return NULL;
	reader->sink = sink;
	reader->here.line = reader->here.column = 1;
	reader->mark = reader->here;
	reader->name = strdup(name);
	if (reader->name == NULL)
		goto failed;
	if (format == FORMAT_AUTO) {
		format = format_by_name(name);
		reader->never_csv = name_ends(name, ".json");
	}
	if (format != FORMAT_AUTO && reader_format_use(reader, format, NULL) != STATUS_OK)
		goto failed;
	return reader;
failed:
	reader_free(reader);
	return NULL;
}

void reader_free(struct reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->parsing != NULL)
		reader->parser->free(reader->parsing);
	buffer_free(&reader->head);
	reader_names_free(&reader->names);
	free(reader->name);
	free(reader);
}

/* ---- the first bytes ------------------------------------------------- */

static const struct {
	const char *bytes;
	size_t length;
	const char *fault; /* NULL: the UTF-8 byte order mark */
} magics[] = {
	{ "\xef\xbb\xbf", 3, NULL },
	{ "\xff\xfe", 2, "UTF-16 text; convert it with: iconv -f UTF-16 -t UTF-8" },
	{ "\xfe\xff", 2, "UTF-16 text; convert it with: iconv -f UTF-16 -t UTF-8" },
	{ "\x1f\x8b", 2, "compressed; unpack it with: gunzip -c" },
	{ "PK\3\4", 4, "a zip archive or an Excel workbook; save it as CSV (UTF-8)" },
};

/* The magic that begins with the head's bytes, or -1. */
static int magic_find(const struct buffer *head)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (head->length <= magics[i].length &&
		    memcmp(head->data, magics[i].bytes, head->length) == 0)
			return (int)i;
	return -1;
}

/* Take bytes into the head as long as they may become a byte order mark or
 * another known beginning.  *taken of them were used. */
static enum status head_magic(struct reader *reader, const char *bytes, size_t length,
                              size_t *taken, struct error *error)
{
	struct buffer *head = &reader->head;

	while (*taken < length) {
		int found;

		buffer_char(head, bytes[*taken]);
		if (head->failed)
			return error_set(error, STATUS_NO_MEMORY, "%s: out of memory",
			                 reader->name);
		found = magic_find(head);
		if (found < 0) {
			head->length--; /* not taken */
			reader->past_magic = true;
			return STATUS_OK;
		}
		++*taken;
		if (head->length < magics[found].length)
			continue;
		if (magics[found].fault != NULL)
			return error_set(error, STATUS_USAGE, "%s: this is %s", reader->name,
			                 magics[found].fault);
		reader->here.offset = head->length;
		head->length = 0;
		reader->past_magic = true;
		return STATUS_OK;
	}
	return STATUS_OK;
}

/* Blank lines and blanks may come before the byte that tells the format.  Line
 * breaks are passed at once, so what is held never contains a row. */
static bool head_blank(struct reader *reader, char c)
{
	struct reader_place *here = &reader->here;

	if (c == '\n' || c == '\r') {
		here->offset += reader->head.length + 1;
		here->line += c == '\r' || !here->after_cr;
		here->after_cr = c == '\r';
		buffer_reset(&reader->head, HEAD_BLANKS_MAX);
		return true;
	}
	if ((c != ' ' && c != '\t') || reader->head.length >= HEAD_BLANKS_MAX)
		return false;
	here->after_cr = false;
	buffer_char(&reader->head, c);
	return true;
}

static enum items_format format_by_byte(const struct reader *reader, char c)
{
	if (c == '{')
		return FORMAT_NDJSON;
	if (c == '[' || reader->never_csv)
		return FORMAT_JSON;
	return FORMAT_CSV;
}

/* A held byte that is no blank ("P", as in "PK\3\4")? */
static bool head_tells(const struct reader *reader)
{
	const struct buffer *head = &reader->head;

	return head->length > 0 && head->data[0] != ' ' && head->data[0] != '\t';
}

static enum status format_detect(struct reader *reader, const char *bytes, size_t length,
                                 size_t *taken, struct error *error)
{
	bool known = head_tells(reader);
	char c = known ? reader->head.data[0] : ' ';

	while (!known && *taken < length) {
		c = bytes[*taken];
		known = !head_blank(reader, c);
		*taken += !known;
	}
	if (reader->head.failed)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", reader->name);
	return known ? reader_format_use(reader, format_by_byte(reader, c), error) : STATUS_OK;
}

/* Pass byte order mark and blanks, find the format, then let the parser have
 * what was held back.  *taken: how many of the bytes were used. */
static enum status reader_begin(struct reader *reader, const char *bytes, size_t length,
                                size_t *taken, struct error *error)
{
	enum status status = STATUS_OK;

	if (!reader->past_magic)
		status = head_magic(reader, bytes, length, taken, error);
	if (status == STATUS_OK && reader->past_magic && reader->parser == NULL)
		status = format_detect(reader, bytes, length, taken, error);
	if (status != STATUS_OK || !reader->past_magic || reader->parser == NULL)
		return status;
	reader->begun = true;
	if (reader->head.length > 0)
		status = reader->parser->feed(reader, reader->head.data, reader->head.length,
		                              error);
	buffer_free(&reader->head);
	return status;
}

/* ---- feeding --------------------------------------------------------- */

/* The stream had ended within the last row that was taken; if it goes on, that
 * must be with a line break, or the row was another one. */
static enum status open_row_check(struct reader *reader, char next, struct error *error)
{
	if (next != '\n' && next != '\r')
		return error_set(error, STATUS_CONFLICT,
		                 "%s: row %" PRId64 " (line %" PRId64
		                 ") was taken already and is longer now",
		                 reader->name, reader->here.row, reader->here.line);
	reader->here.open_row = false;
	return STATUS_OK;
}

enum status reader_feed(struct reader *reader, const char *bytes, size_t length,
                        struct error *error)
{
	enum status status = STATUS_OK;
	size_t taken = 0;

	if (reader->failed != STATUS_OK)
		return error_set(error, reader->failed, "%s: reading was stopped", reader->name);
	if (length == 0)
		return STATUS_OK;
	if (reader->here.open_row)
		status = open_row_check(reader, bytes[0], error);
	if (status == STATUS_OK && !reader->begun)
		status = reader_begin(reader, bytes, length, &taken, error);
	if (status == STATUS_OK && reader->begun && taken < length)
		status = reader->parser->feed(reader, bytes + taken, length - taken, error);
	reader->failed = status;
	return status;
}

enum status reader_end(struct reader *reader, struct error *error)
{
	enum status status = STATUS_OK;

	if (reader->failed != STATUS_OK)
		return error_set(error, reader->failed, "%s: reading was stopped", reader->name);
	if (reader->parser == NULL && head_tells(reader))
		status = reader_format_use(reader, format_by_byte(reader, reader->head.data[0]), error);
	else if (reader->parser == NULL)
		status = error_set(error, STATUS_USAGE, "%s: nothing in it", reader->name);
	if (status == STATUS_OK && !reader->begun && reader->head.length > 0)
		status = reader->parser->feed(reader, reader->head.data, reader->head.length,
		                              error);
	reader->begun = true;
	if (status == STATUS_OK)
		status = reader->parser->end(reader, error);
	/* A second end, or bytes behind it, would be a bug of the caller. */
	reader->failed = status == STATUS_OK ? STATUS_CLOSED : status;
	return status;
}

enum status reader_good(struct reader *reader, struct json_span input, int64_t line,
                        struct error *error)
{
	struct reader_row row = { .input = input, .row = reader->here.row + 1, .line = line };
	enum status status = reader->sink.row(reader->sink.context, &row, error);

	if (status != STATUS_OK)
		return status;
	reader->here.row++;
	reader->here.rows++;
	reader->mark = reader->here;
	return STATUS_OK;
}

enum status reader_bad(struct reader *reader, const struct error *fault, struct json_span raw,
                       struct error *error)
{
	enum status status;

	if (raw.length > READER_RAW_MAX)
		raw.length = READER_RAW_MAX;
	while (raw.length > 0 &&
	       (raw.at[raw.length - 1] == '\n' || raw.at[raw.length - 1] == '\r'))
		raw.length--;
	status = reader->sink.bad(reader->sink.context, reader->here.row + 1, fault, raw, error);
	if (status != STATUS_OK)
		return status;
	reader->here.row++;
	reader->mark = reader->here;
	return STATUS_OK;
}
