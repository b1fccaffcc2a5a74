/* Reading the API's JSON documents: by path, exactly.  Numbers that name
 * things are strings in the API; either form is read here. */
#ifndef SLUICE_CLI_DOCUMENT_H
#define SLUICE_CLI_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/json.h"

/* The value at a dotted path ("counts.done"); length 0 where there is none.
 * The document passed json_check. */
struct json_span document_at(struct json_span document, const char *path);
/* Is there a value that is not null? */
bool document_has(struct json_span document, const char *path);
/* A string's decoded bytes, or any other value as written, appended; nothing for null. */
void document_text(struct json_span document, const char *path, struct buffer *out);
/* The same into a fixed array, cut on a character boundary; "" for nothing. */
void document_copy(struct json_span document, const char *path, char *out, size_t size);
int64_t document_integer(struct json_span document, const char *path, int64_t otherwise);
double document_number(struct json_span document, const char *path, double otherwise);
bool document_true(struct json_span document, const char *path);
/* An ISO 8601 UTC time as Unix milliseconds; 0 where there is none. */
int64_t document_time_ms(struct json_span document, const char *path);

#endif
