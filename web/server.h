/* libmicrohttpd: listens, guards, and hands requests to routes.h and the page.
 * Never touches the writer; closes connections that outlive their deadline. */
#ifndef SLUICE_WEB_SERVER_H
#define SLUICE_WEB_SERVER_H

#include <stdbool.h>

#include "engine/base/status.h"
#include "engine/run/engine.h"

struct server;
struct patience_limits;

struct server_options {
	struct engine *engine;
	const char *listen;   /* "127.0.0.1:8420", "[::1]:0" */
	bool fall_back;       /* take a free port where that one is taken */
	const char *token;    /* printable characters, no blanks: 1..127, 16 at least where not on loopback */
	const char *base_path; /* "/sluice": also answer below it, for a proxy in front; NULL, "" */
	const char *label;    /* shown on the page: "prod"; NULL */
	bool read_only;       /* nothing is changed through it */
	const struct patience_limits *patience; /* with slow clients; NULL: the usual */
};
/* Answers requests whose Host is "localhost" or an IP address with the port
 * listened on, and whose Origin, where a browser sends one, is the same
 * (guard.h says why).  So a forwarded port must have the same number, and a
 * proxy in front must pass such a Host on.
 * STATUS_IO: the address cannot be listened on.  STATUS_USAGE: a base path or a
 * label that cannot be.
 *
 * Listening on an address that is not loopback is allowed only with a token
 * from SLUICE_TOKEN (the caller checks) and logs a warning. */
enum status server_start(const struct server_options *options, struct server **server,
                         struct error *error);
/* "127.0.0.1:8420" as really bound. */
const char *server_address(const struct server *server);
/* "http://127.0.0.1:8420/#token=…" */
const char *server_url(const struct server *server);
/* Ends connections, running uploads and exports included, and waits for the
 * calls that are in the engine: they must end by themselves (engine_drain).
 * NULL is allowed. */
void server_stop(struct server *server);

#endif
