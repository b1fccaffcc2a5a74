#include "engine/run/engine.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/run/engine_internal.h"
#include "engine/store/items.h"

#define RUNNING_MAX_DEFAULT 64

/* ---- readers ----------------------------------------------------------- */

enum status engine_reader(struct engine *engine, struct db **db, struct error *error)
{
	*db = NULL;
	pthread_mutex_lock(&engine->readers_mutex);
	if (engine->reader_count > 0)
		*db = engine->readers[--engine->reader_count];
	pthread_mutex_unlock(&engine->readers_mutex);
	if (*db != NULL)
		return STATUS_OK;
	return db_open(engine->db_path, DB_READER, db, error);
}

void engine_reader_done(struct engine *engine, struct db *db)
{
	if (db == NULL)
		return;
	pthread_mutex_lock(&engine->readers_mutex);
	if (engine->reader_count < READERS_KEPT) {
		engine->readers[engine->reader_count++] = db;
		db = NULL;
	}
	pthread_mutex_unlock(&engine->readers_mutex);
	db_close(db);
}

enum status engine_row(struct engine *engine, int64_t job, struct job_row *row,
                       struct error *error)
{
	struct db *db;
	enum status status = engine_reader(engine, &db, error);

	if (status != STATUS_OK)
		return status;
	status = jobs_get(db, job, row, error);
	engine_reader_done(engine, db);
	if (status == STATUS_OK && row->removing) {
		job_row_free(row);
		return error_set(error, STATUS_NOT_FOUND, "no job %lld", (long long)job);
	}
	return status;
}

/* ---- what the writer tells ------------------------------------------------------ */

void engine_notify(struct engine *engine)
{
	pthread_mutex_lock(&engine->mutex);
	engine->serial++;
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->mutex);
}

static void on_changed(void *context, const struct job_row *row)
{
	struct engine *engine = context;
	struct station *station;

	pthread_mutex_lock(&engine->mutex);
	station = station_find_locked(engine, row->id);
	if (station != NULL)
		station->ended = row->state == JOB_FINISHED || row->state == JOB_CANCELLED ||
		                 row->state == JOB_HALTED;
	engine->serial++;
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->mutex);
}

static void on_tick(void *context)
{
	struct engine *engine = context;
	int64_t now_ns = clock_mono_ns(), wall_ms = clock_wall_ms();

	engine_watch_files(engine);
	pthread_mutex_lock(&engine->mutex);
	for (struct station *station = engine->stations; station != NULL;
	     station = station->hh.next) {
		struct lane_view view;

		if (station->lane == NULL || (station->ended && station->end_sampled))
			continue;
		/* It ended within a second that only the next tick closes. */
		station->end_ticks = station->ended ? station->end_ticks + 1 : 0;
		station->end_sampled = station->end_ticks >= 2;
		station->end_kept = station->end_kept && station->end_sampled;
		lane_view(station->lane, &view);
		meter_tick(lane_meter(station->lane), now_ns, wall_ms, view.in_flight,
		           view.concurrency);
	}
	pthread_mutex_unlock(&engine->mutex);
	engine_samples_tick(engine);
}

/* ---- the pool's callbacks -------------------------------------------------- */

/* Results of this round on this pool thread, handed on in one list. */
static _Thread_local struct queue_list round_results;

static void on_finished(void *context, struct pool_worker *worker, struct task *task)
{
	struct engine *engine = context;
	struct settlement *settlement = lane_settle(task->lane, worker, task);

	if (settlement == NULL)
		task_release(engine->pool, task);
	else
		queue_list_add(&round_results, &settlement->message.node);
}

static void on_flush(void *context, struct pool_worker *worker)
{
	struct engine *engine = context;

	(void)worker;
	writer_push_results(engine->writer, &round_results);
}

/* ---- open and close ------------------------------------------------------------ */

static void raise_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* What a former process left in flight of one job.  It went out not long before
 * that process last wrote, at written_ms. */
static enum status recover_job(struct db *db, struct job_row *row, int64_t written_ms,
                               struct error *error)
{
	struct recovery recovery;
	struct spec *spec = NULL;
	struct error ignored;
	bool asks = false, by_key_only = false;
	enum status status;

	if (spec_parse(row->spec, strlen(row->spec), NULL, &spec, &ignored) == STATUS_OK) {
		asks = spec->verify_url != NULL;
		by_key_only = spec->keyed && !spec->idempotent;
	}
	spec_free(spec);
	status = items_recover(db, row, by_key_only ? written_ms : 0, asks, clock_wall_ms(),
	                       &recovery, error);
	if (status != STATUS_OK || recovery.put_back + recovery.unknown == 0)
		return status;
	log_info("job '%s' was interrupted: %lld items that were under way are %s", row->name,
	         (long long)(recovery.put_back + recovery.unknown),
	         row->repeatable ? "sent (again)"
	         : asks          ? "asked after: they may have arrived"
	                         : "unknown: they may have arrived");
	return jobs_save(db, row, error);
}

/* Job by job, before anything runs. */
static enum status recover_all(struct db *db, int64_t written_ms, struct error *error)
{
	int64_t job = 0;
	enum status status = db_begin(db, error);

	while (status == STATUS_OK) {
		struct job_row row;

		status = jobs_next(db, job, &row, error);
		if (status != STATUS_OK)
			break;
		job = row.id;
		status = recover_job(db, &row, written_ms, error);
		job_row_free(&row);
	}
	if (status == STATUS_NOT_FOUND)
		status = db_commit(db, error);
	if (status != STATUS_OK)
		db_rollback(db);
	return status;
}

static enum status start_threads(struct engine *engine, const struct engine_options *options,
                                 struct db **db, struct error *error)
{
	struct pool_callbacks callbacks = {on_finished, on_flush, engine};
	struct writer_options writer = {.changed = on_changed, .tick = on_tick, .context = engine};
	int threads = options->threads > 0 ? options->threads : pool_threads_for(options->concurrency);
	sigset_t all, old;
	enum status status = STATUS_OK;

	if (engine->mode == ENGINE_RUN) {
		status = transfer_global_init(error);
		if (status == STATUS_OK)
			status = pool_start(threads, callbacks, &engine->pool, error);
	}
	if (status != STATUS_OK)
		return status;
	writer.db = *db;
	writer.pool = engine->pool;
	*db = NULL; /* the writer's from here on */
	status = writer_start(&writer, &engine->writer, error);
	if (status == STATUS_OK && engine->mode != ENGINE_RUN)
		return engine_removals_finish(engine, error);
	if (status != STATUS_OK)
		return status;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&engine->supervisor, NULL, engine_supervise, engine) != 0)
		status = error_set(error, STATUS_NO_MEMORY, "cannot start a thread");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (status != STATUS_OK)
		engine->supervisor = 0;
	return status;
}

enum status engine_open(const struct engine_options *options, struct engine **out,
                        struct error *error)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	struct db *db = NULL;
	int64_t written_ms;
	enum status status;

	if (engine == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	engine->mode = options->mode;
	engine->running_max = options->running_max > 0 ? options->running_max : RUNNING_MAX_DEFAULT;
	engine->db_path = strdup(options->db_path);
	engine->limits = limits_new();
	engine->upstreams = upstreams_new();
	pthread_mutex_init(&engine->mutex, NULL);
	pthread_mutex_init(&engine->readers_mutex, NULL);
	clock_cond_init(&engine->changed);
	raise_open_files();
	status = engine->db_path != NULL && engine->limits != NULL && engine->upstreams != NULL
	             ? STATUS_OK
	             : error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status == STATUS_OK && engine->mode == ENGINE_LOOK) {
		status = db_open(engine->db_path, DB_READER, &db, error);
		goto out; /* no writer, no threads */
	}
	if (status == STATUS_OK)
		status = owner_take(engine->db_path, &engine->owner, NULL, &engine->last_owner, error);
	written_ms = db_written_ms(options->db_path);
	if (status == STATUS_OK)
		status = db_open(engine->db_path, DB_WRITER, &db, error);
	if (status == STATUS_OK && !owner_watch(engine->owner))
		status = error_set(error, STATUS_IO, "%s: %s", engine->db_path, strerror(errno));
	if (status == STATUS_OK)
		status = recover_all(db, written_ms, error);
	if (status == STATUS_OK)
		status = start_threads(engine, options, &db, error);
out:
	db_close(db);
	if (status != STATUS_OK) {
		engine_close(engine);
		return status;
	}
	*out = engine;
	return STATUS_OK;
}

void engine_close(struct engine *engine)
{
	if (engine == NULL)
		return;
	atomic_store(&engine->stopping, true);
	pthread_mutex_lock(&engine->mutex);
	engine->closing = engine->draining = true;
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->mutex);
	if (engine->writer != NULL)
		writer_give_up(engine->writer);
	if (engine->supervisor != 0)
		pthread_join(engine->supervisor, NULL);
	engine_imports_stop(engine);
	if (engine->pool != NULL) {
		engine_abort(engine);
		engine_drain(engine);
		engine_samples_flush(engine);
		engine_lanes_stop(engine);
	}
	/* The writer's connection is the last to close: it folds the WAL in.  The
	 * pool goes after the writer, which gives tasks back to it. */
	for (int i = 0; i < engine->reader_count; i++)
		db_close(engine->readers[i]);
	writer_stop(engine->writer);
	if (engine->pool != NULL)
		pool_stop(engine->pool);
	engine_stations_free(engine);
	limits_free(engine->limits);
	upstreams_free(engine->upstreams);
	owner_release(engine->owner);
	pthread_mutex_destroy(&engine->mutex);
	pthread_mutex_destroy(&engine->readers_mutex);
	pthread_cond_destroy(&engine->changed);
	free(engine->db_path);
	free(engine);
}

/* ---- waiting and ending --------------------------------------------------------- */

static bool all_idle_locked(struct engine *engine)
{
	for (struct station *station = engine->stations; station != NULL;
	     station = station->hh.next)
		if (station->lane != NULL && !lane_idle(station->lane))
			return false;
	return true;
}

void engine_drain(struct engine *engine)
{
	pthread_mutex_lock(&engine->mutex);
	engine->draining = true;
	atomic_store(&engine->stopping, true);
	for (struct station *station = engine->stations; station != NULL;
	     station = station->hh.next)
		if (station->lane != NULL)
			lane_drain(station->lane);
	while (!all_idle_locked(engine)) {
		/* A dead writer records nothing more: waiting would not end. */
		if (writer_health(engine->writer, NULL) != STATUS_OK &&
		    pool_in_flight(engine->pool) == 0)
			break;
		/* What a lane was just handing over when the abort came. */
		if (engine->aborted)
			pool_abort(engine->pool);
		clock_cond_wait(&engine->changed, &engine->mutex, clock_mono_ns() + 50 * NS_PER_MS);
	}
	pthread_mutex_unlock(&engine->mutex);
}

void engine_abort(struct engine *engine)
{
	pthread_mutex_lock(&engine->mutex);
	engine->aborted = true;
	engine->draining = true;
	for (struct station *station = engine->stations; station != NULL;
	     station = station->hh.next)
		if (station->lane != NULL)
			lane_drain(station->lane);
	pthread_mutex_unlock(&engine->mutex);
	writer_give_up(engine->writer);
	if (engine->pool != NULL)
		pool_abort(engine->pool);
}

bool engine_job_wait(struct engine *engine, int64_t job, int64_t deadline_ns)
{
	struct station *station;
	bool ended = false;
	uint64_t serial;

	pthread_mutex_lock(&engine->mutex);
	serial = engine->serial;
	for (;;) {
		station = station_find_locked(engine, job);
		ended = station == NULL || (station->lane == NULL && !station->starting &&
		                            !station->queued && !station->importing) ||
		        (station->ended && (station->lane == NULL || lane_idle(station->lane)));
		if (ended || engine->serial != serial)
			break;
		if (clock_cond_wait(&engine->changed, &engine->mutex, deadline_ns) != 0)
			break;
	}
	pthread_mutex_unlock(&engine->mutex);
	return ended;
}

enum status engine_health(struct engine *engine, struct error *error)
{
	return writer_health(engine->writer, error);
}

const char *engine_versions(void)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s %s", transfer_version(), db_version());
	return text;
}
