/* HTTP/1.1 requests out of a byte stream: Content-Length and chunked bodies,
 * pipelining, Expect: 100-continue.  Strict where a lax reading could hide a
 * client's mistake. */
#ifndef UPSTREAM_MESSAGE_H
#define UPSTREAM_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAD_BYTES_MAX 65536
#define BODY_BYTES_MAX (256u << 20)

struct bytes {
	char *data;
	size_t length, capacity;
};

/* Room for `more` bytes after length; exits the process without memory. */
void bytes_reserve(struct bytes *bytes, size_t more);
void bytes_append(struct bytes *bytes, const char *data, size_t length);
void bytes_format(struct bytes *bytes, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

struct span {
	const char *at;
	size_t length;
};

bool span_is(struct span span, const char *text); /* ASCII case does not matter */

enum message_progress {
	MESSAGE_PARTIAL,  /* more bytes are needed */
	MESSAGE_CONTINUE, /* as PARTIAL, and the client waits for "100 Continue"; said once */
	MESSAGE_READY,    /* the request is complete: look, then message_next() */
	MESSAGE_BAD,      /* answer 400 and close */
};

struct message {
	struct bytes in; /* what was received; the request starts at 0 */

	/* valid at MESSAGE_READY, until bytes are added or message_next() */
	struct span method, target, path, query, head /* header lines with their CRLF */, body;
	bool keep_alive;

	/* parser's own */
	int state;
	size_t scanned, head_length, body_length, chunk_left;
	bool chunked, expect;
};

enum message_progress message_parse(struct message *message);
/* Forget the finished request; what followed it (pipelining) moves to the front. */
void message_next(struct message *message);
void message_free(struct message *message);

/* A header's value, trimmed; false where it is absent. */
bool message_header(const struct message *message, const char *name, struct span *value);
/* A query parameter's value as sent; false where it is absent. */
bool message_query(const struct message *message, const char *name, struct span *value);

#endif
