/* The HTTP API (INTERFACE section 5) over the façade, without a network: the
 * server calls it for requests from outside, the command line calls it in
 * process, so both tell the same story. */
#ifndef SLUICE_WEB_ROUTES_H
#define SLUICE_WEB_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buffer.h"
#include "engine/run/engine.h"

#define ROUTES_PREFIX "/api/v1"
#define ROUTES_BODY_BYTES_MAX (1u << 20)

/* What a server says of itself. */
struct route_service {
	const char *label;     /* "prod", or NULL */
	const char *base_path; /* "/sluice", or "" */
	const char *listen;    /* "127.0.0.1:8420" */
	bool read_only;        /* whatever changes something is refused with 403 */
};

struct route_request {
	const char *method;       /* "GET" */
	const char *path;         /* decoded, "/api/v1/jobs/1"; no query */
	/* Decoded value or NULL.  May be NULL itself: there is no query. */
	const char *(*query)(void *context, const char *name);
	/* The names in the order they were given, NULL beyond; goes with `query`. */
	const char *(*query_name)(void *context, int index);
	void *context;
	const char *body;         /* whole body of small requests (<= 1 MiB) */
	size_t body_length;
	const char *who;          /* for the audit log: "api", "cli", "page" */
	const struct route_service *service; /* NULL: in process */
};

struct route_response {
	int status;               /* HTTP */
	const char *content_type; /* static text; NULL where there is no body (204) */
	const char *file_name;    /* for Content-Disposition, plain ASCII, the response's own; NULL */
	char allow[64];           /* with 405: "GET, POST"; else "" */
	char location[136];       /* with 308; else "" */
	struct buffer body;       /* the whole, or the first piece */
	/* Appends the next piece (maybe an empty one) to `piece`, or answers false:
	 * there is none any more.  A piece that is `failed` breaks the stream off
	 * before its end.  NULL: body is all. */
	bool (*next)(void *stream, struct buffer *piece);
	void (*close)(void *stream);
	void *stream;
};
/* Closes the stream too.  A zero-initialised response is allowed. */
void route_response_free(struct route_response *response);

/* Always fills a response (errors are application/problem+json).  A HEAD is
 * dispatched as GET by the caller. */
void routes_dispatch(struct engine *engine, const struct route_request *request,
                     struct route_response *response);

/* An upload of items (POST /jobs/{id}/items) may be of any length: the server
 * streams it through the following instead of routes_dispatch (which also
 * takes it, as one small body). */
bool routes_is_upload(const char *method, const char *path);
struct route_upload;
/* `request` without its body.  NULL: refused, *response says why. */
struct route_upload *routes_upload_open(struct engine *engine, const struct route_request *request,
                                        struct route_response *response);
/* A bad row is told by routes_upload_close; what follows it is passed over. */
void routes_upload_feed(struct route_upload *upload, const char *bytes, size_t length);
/* Ends it and fills *response; NULL: the client went away in the middle. */
void routes_upload_close(struct route_upload *upload, struct route_response *response);

/* Fill a zero-initialised response with a problem+json.  title NULL: the
 * status code's usual name. */
void routes_problem(struct route_response *response, int http_status, const char *title,
                    const char *detail);

#endif
