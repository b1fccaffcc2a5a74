/* CSV, parsed by libcsv in strict mode.
 *
 * libcsv tells no positions.  So it is fed piece by piece, each ending behind a
 * physical line break: a row can only end with a piece, and csv_parse's return
 * value is the place of a fault within it. */
#include <csv.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/intake/reader_csv.h"
#include "engine/intake/reader_internal.h"

#define PLACE_MAX 256 /* room for csv_columns_place() */

struct csv_reader {
	struct csv_parser parser;
	struct csv_columns columns;

	/* The row being read. */
	bool in_row;
	bool row_ended;    /* libcsv said so */
	bool skipping;     /* it is broken: pass over the rest of its line */
	bool faulty;       /* `fault` says why it cannot be used */
	struct error fault;
	int64_t line;      /* on which it begins */
	uint64_t length;   /* its bytes up to now */
	int field_count;   /* fields that are complete */
	struct buffer text; /* the JSON object */
	struct buffer raw;  /* its first bytes, those of earlier chunks */
	const char *raw_at; /* where it goes on in this chunk */
};

static int csv_never_space(unsigned char c)
{
	(void)c;
	return 0; /* blanks are data (RFC 4180); libcsv would trim them */
}

static void csv_parser_begin(struct csv_reader *csv)
{
	csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI);
	csv_set_space_func(&csv->parser, csv_never_space);
	csv_set_blk_size(&csv->parser, 16384); /* growth of its field buffer: the default is 128 */
}

static void *csv_make(void)
{
	struct csv_reader *csv = calloc(1, sizeof(*csv));

	if (csv != NULL)
		csv_parser_begin(csv);
	return csv;
}

static void csv_reader_free(void *parsing)
{
	struct csv_reader *csv = parsing;

	csv_free(&csv->parser);
	csv_columns_free(&csv->columns);
	buffer_free(&csv->text);
	buffer_free(&csv->raw);
	free(csv);
}

/* ---- faults ---------------------------------------------------------- */

/* Put the place before csv->fault: field `index` of the row, or -1 for all of it. */
static void csv_fault_place(struct reader *reader, int index)
{
	struct csv_reader *csv = reader->parsing;
	char at[PLACE_MAX] = "";

	csv->faulty = true;
	if (index >= 0)
		csv_columns_place(&csv->columns, index, at, sizeof(at));
	if (csv->columns.complete)
		reader_fault_place(reader, &csv->fault, csv->line, at);
	else
		error_prefix(&csv->fault, "%s: header row (line %" PRId64 ")%s", reader->name,
		             csv->line, at);
}

/* libcsv stopped at byte `at` of a piece. */
static void csv_fault_syntax(struct reader *reader, const struct line_piece *piece, size_t at)
{
	struct csv_reader *csv = reader->parsing;
	const char *why = csv->parser.quoted
	                      ? "text behind the closing quote (a quote within a quoted field "
	                        "is written twice)"
	                      : "a quote within a field that does not begin with one";
	int64_t character = reader->here.column + reader_characters(piece->at, at);

	error_set(&csv->fault, STATUS_USAGE, "%s, at line %" PRId64 ", character %" PRId64, why,
	          reader->here.line, character);
	csv_fault_place(reader, csv->field_count);
}

static struct json_span csv_raw(struct csv_reader *csv, const char *end)
{
	size_t length = csv->raw_at == NULL ? 0 : (size_t)(end - csv->raw_at);

	if (length > READER_RAW_MAX)
		length = READER_RAW_MAX;
	if (csv->raw.length == 0)
		return (struct json_span){ csv->raw_at, length };
	if (length > 0)
		buffer_append(&csv->raw, csv->raw_at, length);
	return (struct json_span){ csv->raw.data, csv->raw.length };
}

/* ---- libcsv's callbacks ---------------------------------------------- */

static void csv_field(void *bytes, size_t length, void *context)
{
	struct reader *reader = context;
	struct csv_reader *csv = reader->parsing;
	int index = csv->field_count++;

	if (csv->faulty)
		return;
	if (!reader_text_check(bytes, length, &csv->fault)) {
		csv_fault_place(reader, index);
	} else if (!csv->columns.complete) {
		if (csv_columns_add(&csv->columns, bytes, length, &csv->fault) != STATUS_OK)
			csv_fault_place(reader, index);
	} else if (index < csv->columns.items) {
		const struct csv_name *name = &csv->columns.list[index];

		buffer_append(&csv->text, csv->columns.prefixes.data + name->prefix_at,
		              name->prefix_length);
		buffer_json(&csv->text, bytes, length);
		if (csv->text.length >= READER_ROW_MAX) {
			error_set(&csv->fault, STATUS_USAGE, "longer than %u MiB as JSON",
			          READER_ROW_MAX >> 20);
			csv_fault_place(reader, -1);
		}
	}
}

static void csv_row_end(int terminator, void *context)
{
	struct reader *reader = context;
	struct csv_reader *csv = reader->parsing;

	(void)terminator;
	csv->row_ended = true;
}

/* ---- rows ------------------------------------------------------------ */

static void csv_row_reset(struct csv_reader *csv)
{
	if (csv_get_buffer_size(&csv->parser) > READER_KEEP_MAX)
		csv_free(&csv->parser);
	buffer_reset(&csv->text, READER_KEEP_MAX);
	buffer_reset(&csv->raw, READER_KEEP_MAX);
	csv->raw_at = NULL;
	csv->in_row = csv->row_ended = csv->skipping = csv->faulty = false;
	csv->length = 0;
	csv->field_count = 0;
}

/* reader->here is behind the header row: the next line is the first item's. */
static enum status csv_header_take(struct reader *reader, struct error *error)
{
	struct csv_reader *csv = reader->parsing;

	if (!csv->faulty && csv_columns_finish(&csv->columns, &csv->fault) != STATUS_OK)
		csv_fault_place(reader, -1);
	if (csv->faulty)
		return reader_fail(&csv->fault, error);
	csv_row_reset(csv);
	return STATUS_OK;
}

static enum status csv_bad_take(struct reader *reader, const char *end, struct error *error)
{
	struct csv_reader *csv = reader->parsing;
	enum status status;

	if (csv->fault.status != STATUS_USAGE)
		return reader_fail(&csv->fault, error);
	status = reader_bad(reader, &csv->fault, csv_raw(csv, end), error);
	if (status != STATUS_OK)
		return status;
	if (csv->skipping) {
		csv_free(&csv->parser);
		csv_parser_begin(csv);
	}
	csv_row_reset(csv);
	return STATUS_OK;
}

/* The row is over, at reader->here; its last bytes in this chunk are before `end`. */
static enum status csv_row_take(struct reader *reader, const char *end, struct error *error)
{
	struct csv_reader *csv = reader->parsing;
	enum status status;

	if (!csv->columns.complete)
		return csv_header_take(reader, error);
	if (!csv->faulty && csv->field_count != csv->columns.count) {
		error_set(&csv->fault, STATUS_USAGE, "expected %d field%s, found %d",
		          csv->columns.count, csv->columns.count == 1 ? "" : "s",
		          csv->field_count);
		csv_fault_place(reader, -1);
	}
	if (csv->faulty)
		return csv_bad_take(reader, end, error);
	buffer_char(&csv->text, '}');
	if (csv->text.failed)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", reader->name);
	status = reader_good(reader, (struct json_span){ csv->text.data, csv->text.length },
	                     csv->line, error);
	if (status == STATUS_OK)
		csv_row_reset(csv);
	return status;
}

/* ---- feeding --------------------------------------------------------- */

/* Give libcsv one piece.  Not OK: no next row can be found. */
static enum status csv_piece_parse(struct reader *reader, const struct line_piece *piece,
                                   struct error *error)
{
	struct csv_reader *csv = reader->parsing;
	size_t length = piece->length + piece->break_length, allowed, parsed;

	allowed = READER_ROW_MAX - csv->length < length ? READER_ROW_MAX - csv->length : length;
	csv->length += allowed;
	parsed = csv_parse(&csv->parser, piece->at, allowed, csv_field, csv_row_end, reader);
	if (parsed < allowed && csv_error(&csv->parser) != CSV_EPARSE)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", reader->name);
	if (parsed < allowed) {
		csv->skipping = true;
		if (!csv->faulty)
			csv_fault_syntax(reader, piece, parsed);
		return STATUS_OK;
	}
	if (allowed == length)
		return STATUS_OK;
	error_set(&csv->fault, STATUS_USAGE, "longer than %u MiB; is a quote not closed?",
	          READER_ROW_MAX >> 20);
	csv_fault_place(reader, csv->field_count);
	return reader_fail(&csv->fault, error);
}

static enum status csv_feed(struct reader *reader, const char *bytes, size_t length,
                            struct error *error)
{
	struct csv_reader *csv = reader->parsing;
	struct line_cut cut = line_cut_make(bytes, length, true);
	struct line_piece piece;
	enum status status;

	csv->raw_at = bytes;
	while (line_cut_next(&cut, &piece)) {
		/* The LF of a CRLF that was cut in two ends no further line. */
		bool second_half = piece.length == 0 && reader->here.after_cr &&
		                   piece.at[0] == '\n';

		if (!csv->in_row && piece.length > 0) {
			csv->in_row = true;
			csv->line = reader->here.line;
			csv->raw_at = piece.at;
		}
		if (csv->in_row && !csv->skipping) {
			status = csv_piece_parse(reader, &piece, error);
			if (status != STATUS_OK)
				return status;
		}
		line_piece_pass(&reader->here, &piece);
		reader->here.line -= second_half;
		if (piece.break_length > 0 && (csv->row_ended || csv->skipping)) {
			status = csv_row_take(reader, cut.at, error);
			if (status != STATUS_OK)
				return status;
		}
	}
	if (csv->in_row && csv->raw.length < READER_RAW_MAX) {
		size_t rest = (size_t)(bytes + length - csv->raw_at);
		size_t room = READER_RAW_MAX - csv->raw.length;

		buffer_append(&csv->raw, csv->raw_at, rest < room ? rest : room);
	}
	csv->raw_at = NULL;
	return STATUS_OK;
}

static enum status csv_end(struct reader *reader, struct error *error)
{
	struct csv_reader *csv = reader->parsing;

	if (!csv->in_row && !csv->columns.complete)
		return error_set(error, STATUS_USAGE, "%s: no header row", reader->name);
	if (!csv->in_row)
		return STATUS_OK;
	if (!csv->skipping && csv_fini(&csv->parser, csv_field, csv_row_end, reader) != 0) {
		error_set(&csv->fault, STATUS_USAGE, "its quote is not closed");
		csv_fault_place(reader, csv->field_count);
		csv->skipping = true;
		/* Good rows may be inside the quote: that is not for skipping. */
		if (csv->line != reader->here.line)
			return reader_fail(&csv->fault, error);
	}
	reader->here.open_row = true;
	return csv_row_take(reader, NULL, error);
}

/* ---- columns --------------------------------------------------------- */

static void csv_columns_show(const struct reader *reader, struct buffer *out)
{
	const struct csv_reader *csv = reader->parsing;

	if (csv->columns.complete)
		csv_columns_write(&csv->columns, out);
	else
		buffer_text(out, "null");
}

static enum status csv_resume(struct reader *reader, struct json_span columns,
                                       struct error *error)
{
	struct csv_reader *csv = reader->parsing;
	struct json_cursor cursor;
	struct json_span name, value;
	struct buffer plain = { 0 };
	enum status status = STATUS_OK;

	if (columns.length == 0 || json_type(columns) != JSON_ARRAY)
		return error_set(error, STATUS_CORRUPT, "no columns");
	cursor = json_walk(columns);
	while (status == STATUS_OK && json_next(&cursor, &name, &value)) {
		if (json_type(value) != JSON_STRING) {
			status = error_set(error, STATUS_CORRUPT, "a column is no string");
			break;
		}
		buffer_reset(&plain, READER_KEEP_MAX);
		json_string_decode(value, &plain);
		status = plain.failed ? error_set(error, STATUS_NO_MEMORY, "out of memory")
		                      : csv_columns_add(&csv->columns, plain.data, plain.length,
		                                        error);
	}
	if (status == STATUS_OK && csv->columns.count == 0)
		status = error_set(error, STATUS_CORRUPT, "no columns");
	if (status == STATUS_OK)
		status = csv_columns_finish(&csv->columns, error);
	if (status == STATUS_USAGE)
		status = error_set(error, STATUS_CORRUPT, "unfit columns");
	buffer_free(&plain);
	return status;
}

const struct reader_parser reader_parser_csv = {
	.name = "csv",
	.format = FORMAT_CSV,
	.make = csv_make,
	.free = csv_reader_free,
	.feed = csv_feed,
	.end = csv_end,
	.columns = csv_columns_show,
	.resume = csv_resume,
};
