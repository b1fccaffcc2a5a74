/* A listening socket out of "127.0.0.1:8420". */
#ifndef SLUICE_WEB_LISTEN_H
#define SLUICE_WEB_LISTEN_H

#include <stdbool.h>

#include "engine/base/status.h"

struct listener {
	int fd;
	int port;           /* as really bound */
	bool loopback;      /* nobody but this machine reaches it */
	char address[64];   /* "127.0.0.1:8420", "[::1]:8420" as really bound */
	char reachable[64]; /* the same, but loopback in place of a wildcard */
};

/* `text`: "A.B.C.D:PORT", "[IPv6]:PORT" or "localhost:PORT"; port 0: any free
 * one.  fall_back: where that port is taken, take a free one.  STATUS_USAGE:
 * not such a text; STATUS_IO: it cannot be listened on; the error names it. */
enum status listen_open(const char *text, bool fall_back, struct listener *listener,
                        struct error *error);

#endif
