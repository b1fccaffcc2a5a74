/* Bytes of a CSV, NDJSON, JSON-array or plain-lines stream -> items, row by
 * row, whatever the chunks.  Push style, so that a file, a pipe and an HTTP
 * upload use the same code.  Memory: one row (at most READER_ROW_MAX).
 *
 * CSV is RFC 4180, strict: BOM stripped, quoted newlines, "" quotes, CRLF or
 * LF, spaces kept; header row gives the member names; every row must have as
 * many fields; names must be unique and not empty.  Values become JSON strings.
 * NDJSON and JSON-array items must be JSON objects, kept byte for byte (white
 * space around them dropped).  A line of FORMAT_LINES becomes {"line": "…"}.
 * Blank lines are passed over.  Input must be UTF-8 without NUL. */
#ifndef SLUICE_RUN_READER_H
#define SLUICE_RUN_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/base/status.h"
#include "engine/request/spec.h"

#define READER_ROW_MAX (16u << 20)

struct reader;

struct reader_row {
	struct json_span input; /* JSON object text; valid during the call */
	int64_t row;            /* record number, 1 = first item (a CSV header is not counted) */
	int64_t line;           /* physical line on which it starts, from 1 */
};

struct reader_sink {
	/* A good row.  Not OK: reading stops and reader_feed returns it. */
	enum status (*row)(void *context, const struct reader_row *row, struct error *error);
	/* A row that cannot be used: `fault` says where and why ("row 17, line 18,
	 * column 3: …"), `raw` its bytes (cut at 1000).  Return OK to go on behind
	 * it (--skip-bad-rows), else reading stops with that status. */
	enum status (*bad)(void *context, int64_t row, const struct error *fault,
	                   struct json_span raw, struct error *error);
	void *context;
};

/* `format` FORMAT_AUTO: by the name's ending (.csv .ndjson .jsonl .json .txt),
 * else by the first bytes ('[' -> JSON array, '{' -> NDJSON, else CSV).
 * `name` is used in messages ("users.csv"). */
struct reader *reader_new(const char *name, enum items_format format, struct reader_sink sink);
void reader_free(struct reader *reader);

enum status reader_feed(struct reader *reader, const char *bytes, size_t length,
                        struct error *error);
/* The stream ended: reports a last row without newline, an unclosed quote or array. */
enum status reader_end(struct reader *reader, struct error *error);

/* A place at which reading can go on later: all rows before byte `offset` of
 * the stream were delivered, none behind it.  `state` is a small JSON text
 * (format, columns, row and line numbers).  Asked between feeds or within
 * row(): answers the newest such place. */
struct reader_mark {
	uint64_t offset;
	int64_t rows;
};
struct reader_mark reader_mark(const struct reader *reader);
void reader_state(const struct reader *reader, struct buffer *out);
/* Continue from a state; the next byte fed is the one at its offset. */
enum status reader_restore(struct reader *reader, const char *state, struct error *error);

/* CSV columns in order as a JSON array of strings; "null" for other formats. */
void reader_columns(const struct reader *reader, struct buffer *out);

#endif
