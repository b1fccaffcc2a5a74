/* The façade's part about bulk operations: what became of them, waiting for one,
 * stopping one. */
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/bulk.h"
#include "engine/run/engine_internal.h"
#include "engine/store/operations.h"

static const char *const action_names[] = {
    [ACTION_RETRY] = "retry",
    [ACTION_SKIP] = "skip",
    [ACTION_RESOLVE_DONE] = "resolve_done",
    [ACTION_RESOLVE_FAILED] = "resolve_failed",
};

const char *engine_action_name(enum engine_action action)
{
	return action_names[action];
}

void engine_operation_of_row(const struct operation_row *row, struct engine_operation *out)
{
	memset(out, 0, sizeof(*out));
	out->id = row->id;
	for (int i = 0; i < (int)(sizeof(action_names) / sizeof(action_names[0])); i++)
		if (strcmp(action_names[i], row->action) == 0)
			out->action = (enum engine_action)i;
	snprintf(out->who, sizeof(out->who), "%s", row->who);
	snprintf(out->reason, sizeof(out->reason), "%s", row->reason);
	out->cancelled_at_ms = row->cancelled_at_ms;
	out->created_at_ms = row->created_at_ms;
	out->finished_at_ms = row->finished_at_ms;
	out->matched = row->matched;
	out->changed = row->changed;
	snprintf(out->selection, sizeof(out->selection), "%.255s", row->selection);
}

struct operation_showing {
	void (*visit)(void *context, const struct engine_operation *operation);
	void *context;
};

static void show_operation(void *context, const struct operation_row *row)
{
	const struct operation_showing *showing = context;
	struct engine_operation operation;

	engine_operation_of_row(row, &operation);
	showing->visit(showing->context, &operation);
}

enum status engine_operation(struct engine *engine, int64_t job, int64_t id,
                             struct engine_operation *out, struct error *error)
{
	struct operation_row row;
	struct db *db;
	enum status status = engine_reader(engine, &db, error);

	if (status != STATUS_OK)
		return status;
	status = operations_get(db, job, id, &row, error);
	engine_reader_done(engine, db);
	if (status == STATUS_OK)
		engine_operation_of_row(&row, out);
	return status;
}

enum status engine_operations(struct engine *engine, int64_t job, int64_t before, int limit,
                              void (*visit)(void *context, const struct engine_operation *),
                              void *context, struct error *error)
{
	struct operation_showing showing = {visit, context};
	struct db *db;
	enum status status = engine_reader(engine, &db, error);

	if (status != STATUS_OK)
		return status;
	status = operations_list(db, job, before, limit, show_operation, &showing, error);
	engine_reader_done(engine, db);
	return status;
}

enum status engine_operation_wait(struct engine *engine, int64_t job, int64_t id,
                                  int64_t deadline_ns, struct error *error)
{
	for (;;) {
		struct engine_operation operation = {0};
		uint64_t serial;
		int timed_out = 0;
		enum status status;

		pthread_mutex_lock(&engine->mutex);
		serial = engine->serial;
		pthread_mutex_unlock(&engine->mutex);
		status = engine_operation(engine, job, id, &operation, error);
		if (status == STATUS_OK)
			status = writer_health(engine->writer, error);
		if (status != STATUS_OK || operation.finished_at_ms != 0)
			return status;
		pthread_mutex_lock(&engine->mutex);
		while (engine->serial == serial && timed_out == 0)
			timed_out = clock_cond_wait(&engine->changed, &engine->mutex, deadline_ns);
		pthread_mutex_unlock(&engine->mutex);
		if (timed_out != 0)
			return error_set(error, STATUS_TIMEOUT, "operation %lld goes on", (long long)id);
	}
}

/* ---- stopping one ------------------------------------------------------------------ */

struct stop {
	int64_t job, id;
	const char *who;
};

static enum status stop_run(struct writer *writer, struct db *db, void *argument,
                            struct error *error)
{
	const struct stop *stop = argument;
	struct operation_row row;
	enum status status = operations_get(db, stop->job, stop->id, &row, error);

	if (status != STATUS_OK)
		return status;
	if (row.finished_at_ms != 0)
		return error_set(error, STATUS_CONFLICT, "operation %lld is over%s", (long long)stop->id,
		                 row.cancelled_at_ms != 0 ? ": it was cancelled" : "");
	row.finished_at_ms = row.cancelled_at_ms = clock_wall_ms();
	status = operations_save(db, &row, error);
	if (status != STATUS_OK)
		return status;
	writer_bulk_kick(writer);
	snprintf(row.who, sizeof(row.who), "%s", stop->who);
	return bulk_log(db, &row, row.cancelled_at_ms, error);
}

enum status engine_operation_cancel(struct engine *engine, int64_t job, int64_t id,
                                    const char *who, struct engine_operation *out,
                                    struct error *error)
{
	struct stop stop = {job, id, who != NULL ? who : "api"};
	enum status status = writer_call(engine->writer, stop_run, &stop, error);

	if (status != STATUS_OK)
		return status;
	return engine_operation(engine, job, id, out, error);
}
