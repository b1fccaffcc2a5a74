/* The HTTP API (INTERFACE section 5) over the façade, without a network: the
 * server calls it for requests from outside, the command line calls it in
 * process, so both tell the same story. */
#ifndef SLUICE_WEB_ROUTES_H
#define SLUICE_WEB_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buffer.h"
#include "engine/run/engine.h"

struct route_request {
	const char *method;       /* "GET" */
	const char *path;         /* decoded, "/api/v1/jobs/1"; no query */
	const char *(*query)(void *context, const char *name); /* decoded value or NULL */
	void *context;
	const char *body;         /* whole body of small requests (<= 1 MiB) */
	size_t body_length;
	const char *who;          /* for the audit log: "api", "cli", "page" */
};

struct route_response {
	int status;               /* HTTP */
	const char *content_type; /* static text */
	const char *file_name;    /* for Content-Disposition, NULL */
	struct buffer body;       /* the whole, or the first piece */
	/* More pieces: called until it answers false; NULL: body is all. */
	bool (*next)(void *stream, struct buffer *piece);
	void (*close)(void *stream);
	void *stream;
};
void route_response_free(struct route_response *response);

/* Always fills a response (errors are application/problem+json). */
void routes_dispatch(struct engine *engine, const struct route_request *request,
                     struct route_response *response);

/* An upload of items (POST /jobs/{id}/items) is streamed: */
bool routes_is_upload(const char *method, const char *path);

/* A problem+json response out of an error. */
void routes_problem(struct route_response *response, int http_status, const char *title,
                    const char *detail);
#endif
