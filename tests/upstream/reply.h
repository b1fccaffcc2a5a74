/* Writing responses. */
#ifndef UPSTREAM_REPLY_H
#define UPSTREAM_REPLY_H

#include "tests/upstream/message.h"
#include "tests/upstream/settings.h"

struct reply {
	int status;        /* 0: none, the connection is closed */
	int code;          /* the application's own, 0: success */
	const char *note;
	struct span id;
	bool at_once;      /* not after the usual latency */
	bool echo;         /* the body repeats the request */
	bool head_only;
	bool truncate;     /* promise the whole body, send half */
	bool close;
	int64_t tokens;    /* left in the rate limit */
};

void reply_write(const struct reply *reply, const struct settings *settings,
                 const struct message *message, struct bytes *out);
/* A JSON body of our own. */
void reply_plain(int status, bool close, struct span body, struct bytes *out);

#endif
