/* Bytes of a CSV, NDJSON, JSON-array or plain-lines stream -> items, row by
 * row, whatever the chunks.  Push style, so that a file, a pipe and an HTTP
 * upload use the same code.  Memory: one row (at most READER_ROW_MAX).
 *
 * CSV is RFC 4180, strict: BOM stripped, quoted newlines, "" quotes, lines end
 * in CRLF, LF or CR, spaces kept; header row gives the member names; every row
 * must have as many fields; names must be unique and not empty.  Values become
 * JSON strings.  NDJSON and JSON-array items must be JSON objects, kept byte
 * for byte (white space around them dropped); one that no two programs read alike
 * (a name twice in an object, half a surrogate pair) is a bad row, and so is one
 * nested deeper than JSON_DEPTH_MAX.  Of an item that `sluice export` wrote its
 * "input" is taken.  A line of FORMAT_LINES becomes
 * {"line":"…"}.  Blank lines are passed over.  Input must be UTF-8 without NUL.
 *
 * What the sink and the caller see depends on the bytes alone, never on how
 * they were cut into chunks.  After a failure the reader takes no more. */
#ifndef SLUICE_INTAKE_READER_H
#define SLUICE_INTAKE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/base/status.h"
#include "engine/request/spec.h"

#define READER_ROW_MAX (16u << 20) /* bytes of a row, and of the JSON made of it */
#define READER_COLUMNS_MAX 16384   /* of a CSV header */
#define READER_RAW_MAX 1000        /* bytes of a bad row that are shown */

struct reader;

struct reader_row {
	struct json_span input; /* JSON object text; valid during the call */
	int64_t row;            /* record number, 1 = first item (a CSV header is not counted) */
	int64_t line;           /* physical line on which it starts, from 1 */
};

struct reader_sink {
	/* A good row.  Not OK: reading stops and reader_feed returns it. */
	enum status (*row)(void *context, const struct reader_row *row, struct error *error);
	/* A row that cannot be used: `fault` says where and why ("users.csv: row 17
	 * (line 18), column 'city': …"), `raw` its bytes (cut at READER_RAW_MAX).
	 * Return OK to go on behind it (--skip-bad-rows), else reading stops with
	 * that status.  Faults behind which no next row can be made out (a quote
	 * that is never closed, an array that is none) do not come here:
	 * reader_feed or reader_end returns them at once. */
	enum status (*bad)(void *context, int64_t row, const struct error *fault,
	                   struct json_span raw, struct error *error);
	void *context;
};

/* `format` FORMAT_AUTO: by the name's ending (.csv .ndjson .jsonl .txt), else
 * by the first bytes ('[' -> JSON array, '{' -> NDJSON, else CSV; a name in
 * .json is never CSV).  `name` is used in messages ("users.csv").  NULL: no memory. */
struct reader *reader_new(const char *name, enum items_format format, struct reader_sink sink);
void reader_free(struct reader *reader);

enum status reader_feed(struct reader *reader, const char *bytes, size_t length,
                        struct error *error);
/* The stream ended: reports a last row without newline, an unclosed quote or array. */
enum status reader_end(struct reader *reader, struct error *error);

/* A place at which reading can go on later: all rows before byte `offset` of
 * the stream were taken by the sink, none behind it.  `state` is a small JSON
 * text (format, columns, row and line numbers).  May be asked at any time:
 * answers the newest such place; within row() or bad() that is the end of the
 * row before. */
struct reader_mark {
	uint64_t offset;
	int64_t rows; /* good rows before it */
};
struct reader_mark reader_mark(const struct reader *reader);
void reader_state(const struct reader *reader, struct buffer *out);
/* Continue from a state, on a new reader; the next byte fed is the one at its
 * offset.  STATUS_CORRUPT: not a state.  A later feed returns STATUS_CONFLICT
 * where the last row had ended with the stream and now goes on. */
enum status reader_restore(struct reader *reader, const char *state, struct error *error);

/* FORMAT_AUTO: nothing was read that tells. */
enum items_format reader_format(const struct reader *reader);
/* CSV columns in order as a JSON array of strings; "null" for other formats. */
void reader_columns(const struct reader *reader, struct buffer *out);

#endif
