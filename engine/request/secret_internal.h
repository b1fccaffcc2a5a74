/* What secret.c and secret_mask.c share. */
#ifndef SLUICE_REQUEST_SECRET_INTERNAL_H
#define SLUICE_REQUEST_SECRET_INTERNAL_H

#include <stdint.h>

#include "engine/request/secret_reference.h"

#define SECRET_MASK_MIN 4 /* a shorter value is masked where it stands alone */

/* Locked memory, handed out and never taken back before the set goes. */
struct secret_chunk {
	struct secret_chunk *next;
	size_t size, used; /* of the whole mapping, this head included */
};

struct secret_entry {
	char *reference;
	char *value; /* in locked memory, NUL-terminated */
	size_t length;
};

/* What is looked for: a value, or the part of its base64 that depends on
 * nothing else. */
struct secret_form {
	const char *at; /* in locked memory */
	size_t length;
	int next;       /* the next that begins with the same byte, -1 */
	bool alone;     /* only where it stands alone */
	bool edge;      /* base64 whose next character holds some bits of it, too */
};

struct secret_set {
	struct secret_chunk *chunks;
	struct secret_entry *entries;
	int entry_count, entry_capacity;
	struct secret_form *forms;
	int form_count, form_capacity;
	int first[256]; /* by their first byte: 1 + the index of a form, 0: none */
	unsigned char pairs[8192]; /* a bit for each two bytes a form may begin with in a text */
	char marker[24]; /* what every marker begins with; "" in an ordinary set */
};

/* Copy bytes into locked memory; NULL without memory. */
char *secret_keep(struct secret_set *set, const char *bytes, size_t length);
/* Let secret_mask know a value; false without memory. */
bool secret_mask_add(struct secret_set *set, const char *value, size_t length);

/* A text to look through: as it was written, or without its outer escapes. */
struct secret_text {
	const char *bytes;
	size_t length;
	const uint16_t *widths; /* how many bytes of the original each is; NULL: one */
};
struct secret_span {
	size_t from, to; /* in the original */
};
/* Append a struct secret_span for each place where values stand; `cut`: the text
 * went on. */
void secret_find(const struct secret_set *set, const struct secret_text *text, bool cut,
                 struct buffer *spans);
/* The same for values that are written with escapes inside other escapes.  Where
 * memory is lacking the spans have failed. */
void secret_find_nested(const struct secret_set *set, const struct secret_text *text, bool cut,
                        struct buffer *spans);

/* One character written as an escape: %41 \u0041 \" &amp; &#65; &#x41; or, for a
 * blank, +.  Its bytes to `out`, the text's bytes it takes to *taken; returns
 * how many bytes it stands for, 0: none begins here.  `nested`: an escape
 * inside another (%2541 \\u0041 &amp;amp;).  `wanted` is what is hoped for:
 * \\ may be a backslash, or the beginning of a nested escape. */
size_t secret_unescape(const char *at, const char *end, bool nested, char wanted, char out[4],
                       size_t *taken);

#endif
