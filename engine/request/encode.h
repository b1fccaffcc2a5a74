/* The ways a field's bytes are written where they stand. */
#ifndef SLUICE_REQUEST_ENCODE_H
#define SLUICE_REQUEST_ENCODE_H

#include <stddef.h>

#include "engine/base/buffer.h"

/* Percent-encode all but the unreserved characters (RFC 3986, 2.3). */
void encode_percent(struct buffer *out, const char *bytes, size_t length);

/* Percent-encode only what may not stand in a path or query at all: control
 * characters, blanks, " # < > \ ^ ` { | } and bytes that are not ASCII.  '%'
 * stays, so that text which is encoded already comes through. */
void encode_url_rest(struct buffer *out, const char *bytes, size_t length);

/* RFC 4648, section 4, with padding. */
void encode_base64(struct buffer *out, const char *bytes, size_t length);

#endif
