/* The API as commands see it: over HTTP to the sluice that owns the database,
 * or, where nobody does, in this process.  Either way the same JSON comes. */
#ifndef SLUICE_CLI_API_H
#define SLUICE_CLI_API_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/base/status.h"
#include "engine/cli/database.h"
#include "engine/link/client.h"
#include "engine/run/engine.h"

struct api;

/* STATUS_NOT_FOUND: no database there.  STATUS_OWNED: its owner has no API (--no-ui). */
enum status api_open(const struct database *database, struct api **api, struct error *error);
/* The same for questions only: where nobody owns it, it is read and not changed. */
enum status api_look(const struct database *database, struct api **api, struct error *error);
/* Over an engine that this process has open already; it stays the caller's. */
enum status api_inside(struct engine *engine, struct api **api, struct error *error);
void api_close(struct api *api); /* NULL is allowed */
/* Does another process work on the database? */
bool api_owned(const struct api *api);

#define API_QUERY_MAX 8

struct api_call {
	const char *method; /* NULL: "GET" */
	char path[512];     /* behind /api/v1, decoded: "/jobs/crm/items" */
	struct client_query query[API_QUERY_MAX];
	int query_count;
	const char *body; /* JSON, or NULL */
};

void api_path(struct api_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Add ?name=value; nothing where value is NULL.  Both must outlive the call. */
void api_query(struct api_call *call, const char *name, const char *value);

/* Call and collect a JSON answer (checked); *document lies in *answer, which is
 * reset first.  An answer that is an error becomes `error` with the status that
 * fits: 400 USAGE, 404 NOT_FOUND, 409 CONFLICT, else IO. */
enum status api_document(struct api *api, const struct api_call *call, struct buffer *answer,
                         struct json_span *document, struct error *error);
/* Call and collect text. */
enum status api_text(struct api *api, const struct api_call *call, struct buffer *answer,
                     struct error *error);
/* Call and hand the answer on as it comes; false from the sink ends it (STATUS_CLOSED). */
enum status api_stream(struct api *api, const struct api_call *call,
                       bool (*sink)(void *context, const char *bytes, size_t length), void *context,
                       struct error *error);

#endif
