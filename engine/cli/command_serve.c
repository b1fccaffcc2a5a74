/* serve: every unfinished job, and the dashboard, until a signal. */
#include <stdio.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/cli/command.h"
#include "engine/cli/session.h"

/* serve's jobs come and go: DESIGN's fixed pool. */
#define SERVE_THREADS_CONCURRENCY (12 * 512)
#define HEALTH_EVERY_NS NS_PER_S

static int serve(struct session *session)
{
	struct error error;

	if (session->server)
		log_info("page: %s", server_url(session->server));
	if (engine_start_all(session->engine, &error))
		return fail_with(&error);
	while (!stopper_asked(session->stopper)) {
		stopper_wait(session->stopper, clock_mono_ns() + HEALTH_EVERY_NS);
		if (engine_health(session->engine, &error)) {
			error_prefix(&error,
			             "nothing more can be recorded, so nothing more is sent");
			fail_with(&error);
			return EXIT_RUNTIME;
		}
	}
	while (!stopper_drained(session->stopper)) {
		struct timespec moment = {0, 20 * NS_PER_MS};
		nanosleep(&moment, NULL);
	}
	return EXIT_DONE;
}

int command_serve(const struct arguments *arguments)
{
	struct session session = {0};
	struct error error;
	int code;

	if (session_open(&session, arguments, SERVE_THREADS_CONCURRENCY, &error))
		return fail_with(&error);
	code = serve(&session);
	session_close(&session);
	return code;
}
