/* A small HTTP client for talking to the sluice that owns a database, at the
 * address and with the token of its lock file.  Never goes through a proxy,
 * never follows a redirect.  One thread at a time per client. */
#ifndef SLUICE_LINK_CLIENT_H
#define SLUICE_LINK_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/status.h"

struct client;

/* address: "127.0.0.1:8420", "[::1]:8420".  Connects at the first call. */
enum status client_new(const char *address, const char *token, struct client **client,
                       struct error *error);
void client_free(struct client *client); /* NULL is allowed */

struct client_query {
	const char *name, *value; /* plain; encoded here */
};

struct client_request {
	const char *method; /* "GET" */
	const char *path;   /* decoded, "/api/v1/jobs/my job"; encoded here */
	const struct client_query *query;
	int query_count;
	const char *body; /* JSON, or NULL */
	size_t body_length;
};

/* Gets the body piece by piece, with the answer's status; false: stop. */
typedef bool client_sink(void *context, int http_status, const char *bytes, size_t length);

/* One call.  OK: an answer came, whatever its status, and the sink took all of
 * it.  STATUS_NOT_FOUND: nobody listens there.  STATUS_TIMEOUT: it went silent
 * for ten minutes.  STATUS_CLOSED: the sink stopped it.  STATUS_IO: it broke off. */
enum status client_call(struct client *client, const struct client_request *request,
                        client_sink *sink, void *context, int *http_status, struct error *error);

#endif
