/* What `run` and `serve` have in common: the engine, the dashboard over it, and
 * the signals that end both. */
#ifndef SLUICE_CLI_SESSION_H
#define SLUICE_CLI_SESSION_H

#include <stdbool.h>

#include "engine/base/status.h"
#include "engine/cli/api.h"
#include "engine/cli/database.h"
#include "engine/cli/options.h"
#include "engine/cli/stopper.h"
#include "engine/run/engine.h"
#include "web/server.h"

struct session {
	struct database database;
	struct engine *engine;
	struct server *server; /* NULL: --no-ui */
	struct api *api;       /* over the engine, in process */
	struct stopper *stopper;
};

/* Open the database (made where there is none), start the dashboard and the
 * thread that waits for signals.  concurrency: expected, to size the pool; 0:
 * as for serve.  STATUS_OWNED says by whom and where. */
enum status session_open(struct session *session, const struct arguments *arguments,
                         int concurrency, struct error *error);
/* Drains first, where nobody did.  A zeroed session is allowed. */
void session_close(struct session *session);

#endif
