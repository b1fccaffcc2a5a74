/* An exact JSON scanner: it finds values and never converts them, so that
 * 1234567890123456789 and 0.10 stay as they were written.  (cJSON, which reads
 * the job file's structure, keeps numbers as doubles.)
 *
 * Everything here works on (pointer, length); nothing needs a NUL, nothing is
 * allocated, and no input makes it read outside the span. */
#ifndef SLUICE_BASE_JSON_H
#define SLUICE_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buffer.h"
#include "engine/base/utf8.h"

#define JSON_DEPTH_MAX 256

struct json_span {
	const char *at;
	size_t length;
};

enum json_type {
	JSON_NONE, /* not a value */
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_fault {
	size_t offset;      /* byte at which it is wrong, from 0 */
	const char *reason; /* static text: "unterminated string" */
};

/* Is this exactly one strict RFC 8259 value, valid UTF-8 (no lone surrogate
 * escapes are refused: they are legal in the grammar), no deeper than
 * JSON_DEPTH_MAX, white space around it allowed?  Fills *fault (may be NULL)
 * where it is not. */
bool json_check(const char *text, size_t length, struct json_fault *fault);

/* As json_check, and *value becomes the span without surrounding white space. */
bool json_trim(const char *text, size_t length, struct json_span *value, struct json_fault *fault);

/* The following need text that json_check accepted. */

enum json_type json_type(struct json_span value); /* by its first byte */

/* Walk an object or array.  Start with json_walk(), call json_next() until it
 * answers false.  For objects *name is the still-quoted member name; for
 * arrays it is empty.  Both spans lie inside the container. */
struct json_cursor {
	const char *at, *end;
	bool object;
};
struct json_cursor json_walk(struct json_span container);
bool json_next(struct json_cursor *cursor, struct json_span *name, struct json_span *value);

/* The value of an object's member `name` (plain bytes, unescaped); the first
 * one where a name stands twice, as SQLite's functions do.  False: no such
 * member, or not an object. */
bool json_member(struct json_span object, const char *name, size_t name_length,
                 struct json_span *value);

/* Does a quoted JSON string equal these plain bytes? */
bool json_string_equals(struct json_span string, const char *bytes, size_t length);

/* Append the decoded bytes (UTF-8) of a quoted JSON string.  A lone surrogate
 * becomes U+FFFD. */
void json_string_decode(struct json_span string, struct buffer *out);

/* Compare two JSON numbers (or any decimal text of that grammar) exactly, of
 * any length: <0, 0, >0. 0.10 equals 1e-1. */
int json_number_compare(struct json_span a, struct json_span b);

#endif
