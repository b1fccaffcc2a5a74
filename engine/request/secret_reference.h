/* Secret references inside a text, and their values: what template and spec
 * need below secret.h. */
#ifndef SLUICE_REQUEST_SECRET_REFERENCE_H
#define SLUICE_REQUEST_SECRET_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/request/secret.h"

/* Cut a text into plain runs and references.  `$${` is a plain run "${"; a
 * `${` that does not go on with env:, file: or given: is plain, too. */
struct secret_piece {
	bool reference;
	const char *at; /* the run, or the reference without its braces: "env:NAME" */
	size_t length;
};
/* *at starts at 0; false at the end.  A reference without a closing brace is the
 * last piece and has length 0 (secret_value then says so). */
bool secret_next(const char *text, size_t length, size_t *at, struct secret_piece *piece);

/* The value of "env:NAME", "file:PATH" or "given:PATH"; it stays the set's. */
enum status secret_value(struct secret_set *set, const char *reference, size_t length,
                         const char **value, size_t *value_length, struct error *error);

/* Wipe and free a buffer that held a value. */
void secret_buffer_free(struct buffer *buffer);

/* A set that resolves nothing: every well-formed reference gets a marker in
 * place of its value, made of letters and digits only, so that every encoding
 * leaves it as it is.  For checking a template without its secrets, and for
 * showing a request with the references' names. */
struct secret_set *secret_set_new_markers(void);
bool secret_set_has_markers(const struct secret_set *set);
/* What has been asked of a set: "file:PATH" and so on, in order; NULL past the last. */
const char *secret_set_reference(const struct secret_set *set, int index);
/* How a value is written where it stands: as it is, with what may not stand in a
 * URL percent-encoded, with all but the unreserved, or inside a JSON string. */
enum secret_coding { CODING_NONE, CODING_URL, CODING_PERCENT, CODING_JSON };
/* Write a marker down as one that stands for a value in this coding. */
void secret_marker_put(struct buffer *out, const char *marker, size_t length,
                       enum secret_coding coding);

struct secret_marker {
	size_t at, length;
	int index; /* for secret_set_reference */
	const char *reference; /* NUL-terminated, the set's */
	enum secret_coding coding;
};
/* The first marker in a text; false: none. */
bool secret_marker_find(const struct secret_set *set, const char *text, size_t length,
                        struct secret_marker *marker);

#endif
