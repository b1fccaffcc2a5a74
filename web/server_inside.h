/* Inside the server: shared by server.c, visit.c and answer.c. */
#ifndef SLUICE_WEB_SERVER_INSIDE_H
#define SLUICE_WEB_SERVER_INSIDE_H

#include <microhttpd.h>
#include <pthread.h>

#include "web/guard.h"
#include "web/listen.h"
#include "web/page.h"
#include "web/patience.h"
#include "web/routes.h"
#include "web/server.h"

struct server {
	/* immutable once started */
	struct engine *engine;
	char token[128];
	char url[768];
	char base_path[128];      /* "" or "/sluice", without a slash at its end */
	char label[64];
	struct route_service service;
	struct listener listener;
	struct patience *patience;
	struct MHD_Daemon *daemon;
	/* guarded by logins_mutex */
	pthread_mutex_t logins_mutex;
	struct guard_logins logins;
};

/* What patience knows a connection by. */
struct watched *connection_watched(struct MHD_Connection *connection);

/* ---- visit.c: one request; libmicrohttpd's callbacks, context is the server -- */

void *visit_begin(void *context, const char *uri, struct MHD_Connection *connection);
enum MHD_Result visit_handle(void *context, struct MHD_Connection *connection, const char *url,
                             const char *method, const char *version, const char *bytes,
                             size_t *length, void **visit);
void visit_end(void *context, struct MHD_Connection *connection, void **visit,
               enum MHD_RequestTerminationCode how);

/* ---- answer.c ----------------------------------------------------------------- */

/* Queue the response, which is taken over (also on failure) and left empty. */
enum MHD_Result answer_route(struct server *server, struct MHD_Connection *connection,
                             struct route_response *response, bool close);
enum MHD_Result answer_page(struct server *server, struct MHD_Connection *connection,
                            const struct page_file *file, bool lasting);
/* NULL: none of that path. */
/* path: "/app.js", or "/@VERSION/app.js", of any version; *lasting: of this one, so that
 * it may be kept for good. */
const struct page_file *answer_page_find(const char *path, bool *lasting);

#endif
