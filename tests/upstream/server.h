/* The epoll loop: listeners, connections, held answers. */
#ifndef UPSTREAM_SERVER_H
#define UPSTREAM_SERVER_H

#include "tests/upstream/script.h"
#include "tests/upstream/timers.h"

struct connection; /* server.c */

struct server {
	struct script *script;
	int epoll, signals, parent;
	int control;                     /* bound by the caller */
	int holder;                      /* bound to `port` but never listening: keeps it ours while down */
	int port, listener;              /* -1: settings.down */
	struct connection **connections; /* by descriptor */
	size_t connections_size;
	struct timers timers;
	uint32_t generation;
	bool stop;
};

/* A socket bound on 127.0.0.1; port 0: a free one.  -1 with errno. */
int server_bind(int port, int *bound);
/* Begin to listen (unless the settings say down). */
bool server_open(struct server *server);
/* Run until a signal arrives on `signals` or `parent` (a pidfd, or -1) ends. */
bool server_run(struct server *server);

#endif
