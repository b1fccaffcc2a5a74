/* The façade's part about lanes: which jobs run here, starting and ending them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/run/engine_internal.h"

/* ---- stations ----------------------------------------------------------- */

struct station *station_find_locked(struct engine *engine, int64_t job)
{
	struct station *station = NULL;

	HASH_FIND(hh, engine->stations, &job, sizeof(job), station);
	return station;
}

struct station *station_of_locked(struct engine *engine, int64_t job)
{
	struct station *station = station_find_locked(engine, job);

	if (station != NULL)
		return station;
	station = calloc(1, sizeof(*station));
	if (station == NULL)
		return NULL;
	station->job = job;
	station->secrets = secret_set_new();
	if (station->secrets == NULL) {
		free(station);
		return NULL;
	}
	HASH_ADD(hh, engine->stations, job, sizeof(job), station);
	return station;
}

/* ---- lanes ------------------------------------------------------------------ */

void limits_of(const struct spec *spec, const struct job_row *row, struct limit_settings *out)
{
	out->concurrency = row->concurrency_set >= 0 ? (int)row->concurrency_set : spec->concurrency;
	out->rate = spec->rate;
	if (strcmp(row->rate_set, "none") == 0)
		out->rate = (struct rate){0};
	else if (row->rate_set[0] != '\0')
		(void)rate_parse(row->rate_set, &out->rate, NULL);
	out->adapt = spec->adapt;
	out->burst = row->burst_set >= 0 ? row->burst_set : spec->burst;
	if (out->burst < 1)
		out->burst = 1;
}

static enum status make_lane(struct engine *engine, int64_t job, struct secret_set *secrets,
                             struct lane **lane, struct error *error)
{
	struct lane_options options = {.job = job, .writer = engine->writer, .pool = engine->pool};
	struct job_row row;
	struct limit_settings limits;
	struct spec *spec = NULL;
	enum status status = engine_row(engine, job, &row, error);

	if (status != STATUS_OK)
		return status;
	status = spec_parse(row.spec, strlen(row.spec), NULL, &spec, error);
	if (status == STATUS_OK)
		status = plan_make(spec, row.name, row.uuid, secrets, &options.plan, error);
	if (status == STATUS_OK) {
		limits_of(spec, &row, &limits);
		options.repeatable = row.repeatable;
		options.limit = limit_open(engine->limits, spec->share, job, &limits, &row.pace);
		options.upstream =
		    upstream_open(engine->upstreams, plan_upstream(options.plan), &row.upstream);
		status = options.limit != NULL && options.upstream != NULL
		             ? lane_start(&options, lane, error)
		             : error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	if (status != STATUS_OK) {
		plan_free(options.plan);
		limit_close(options.limit, job);
		upstream_close(options.upstream);
		if (error != NULL)
			error_prefix(error, "job '%s'", row.name);
	}
	spec_free(spec);
	job_row_free(&row);
	return status;
}

/* Lanes that work; an ended one that idles is no load. */
static int busy_lanes_locked(struct engine *engine)
{
	int count = 0;

	for (struct station *station = engine->stations; station != NULL;
	     station = station->hh.next)
		count += (station->lane != NULL && !station->ended) || station->starting;
	return count;
}

enum status engine_ensure_lane(struct engine *engine, int64_t job, struct error *error)
{
	struct secret_set *secrets;
	struct station *station;
	struct lane *lane = NULL;
	enum status status;

	if (engine->mode != ENGINE_RUN)
		return STATUS_OK;
	pthread_mutex_lock(&engine->mutex);
	station = station_of_locked(engine, job);
	if (station != NULL && station->removing) {
		pthread_mutex_unlock(&engine->mutex);
		return error_set(error, STATUS_NOT_FOUND, "no job %lld", (long long)job);
	}
	if (station == NULL || station->lane != NULL || station->starting || engine->draining ||
	    busy_lanes_locked(engine) >= engine->running_max) {
		if (station != NULL && station->lane == NULL && !station->starting)
			station->queued = true;
		pthread_mutex_unlock(&engine->mutex);
		return station != NULL ? STATUS_OK : STATUS_NO_MEMORY;
	}
	station->starting = true;
	station->queued = false;
	secrets = station->secrets;
	pthread_mutex_unlock(&engine->mutex);

	status = make_lane(engine, job, secrets, &lane, error);

	pthread_mutex_lock(&engine->mutex);
	station->starting = false;
	if (status == STATUS_OK)
		station->lane = lane;
	engine->serial++;
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->mutex);
	if (status == STATUS_OK && engine->draining)
		lane_drain(lane);
	return status;
}

struct note {
	int64_t job;
	const char *reason;
};

static enum status pause_run(struct writer *writer, struct db *db, void *argument,
                             struct error *error)
{
	const struct note *note = argument;
	struct job_row *row;
	enum status status = writer_job(writer, note->job, &row, error);

	if (status != STATUS_OK || (row->state != JOB_RUNNING && row->state != JOB_IMPORTING))
		return status;
	row->state = JOB_PAUSED;
	snprintf(row->reason, sizeof(row->reason), "%s", note->reason);
	return events_add(db, note->job, clock_wall_ms(), "sluice", "pause", note->reason, error);
}

/* Start a job that nobody waits for: if it cannot be, it says so and pauses. */
static void start_unattended(struct engine *engine, int64_t job)
{
	struct error error = {0};
	struct note note = {job, error.text};

	if (engine_ensure_lane(engine, job, &error) == STATUS_OK)
		return;
	log_warn("%s", error.text);
	(void)writer_call(engine->writer, pause_run, &note, NULL);
}

static int64_t next_queued_locked(struct engine *engine)
{
	if (engine->draining || busy_lanes_locked(engine) >= engine->running_max)
		return 0;
	for (struct station *station = engine->stations; station != NULL;
	     station = station->hh.next)
		if (station->queued && !station->starting)
			return station->job;
	return 0;
}

void *engine_supervise(void *argument)
{
	struct engine *engine = argument;

	pthread_setname_np(pthread_self(), "sluice-starter");
	(void)engine_removals_finish(engine, NULL);
	pthread_mutex_lock(&engine->mutex);
	while (!engine->closing) {
		int64_t job = next_queued_locked(engine);

		if (job == 0) {
			clock_cond_wait(&engine->changed, &engine->mutex, CLOCK_NEVER);
			continue;
		}
		pthread_mutex_unlock(&engine->mutex);
		start_unattended(engine, job);
		pthread_mutex_lock(&engine->mutex);
	}
	pthread_mutex_unlock(&engine->mutex);
	return NULL;
}

enum status engine_job_start(struct engine *engine, int64_t job, struct error *error)
{
	return engine_ensure_lane(engine, job, error);
}

struct unfinished {
	int64_t jobs[4096];
	int count;
};

static void note_unfinished(void *context, const struct job_row *row)
{
	struct unfinished *list = context;
	bool by_person = row->state == JOB_PAUSED && row->resume_at_ms == 0;

	if (row->state >= JOB_FINISHED || by_person || list->count == 4096)
		return;
	list->jobs[list->count++] = row->id;
}

enum status engine_start_all(struct engine *engine, struct error *error)
{
	struct unfinished *list = calloc(1, sizeof(*list));
	struct db *db = NULL;
	enum status status;

	if (list == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = engine_reader(engine, &db, error);
	if (status == STATUS_OK)
		status = jobs_list(db, 0, 1000000, note_unfinished, list, error);
	engine_reader_done(engine, db);
	/* Oldest first. */
	for (int i = list->count - 1; status == STATUS_OK && i >= 0; i--)
		start_unattended(engine, list->jobs[i]);
	free(list);
	return status;
}

void engine_lanes_stop(struct engine *engine)
{
	struct station *station, *next;

	HASH_ITER(hh, engine->stations, station, next) {
		struct lane *lane = station->lane;

		/* The writer's tick looks at lanes until they are gone from here. */
		pthread_mutex_lock(&engine->mutex);
		station->lane = NULL;
		pthread_mutex_unlock(&engine->mutex);
		if (lane != NULL)
			lane_stop(lane);
	}
}

void engine_stations_free(struct engine *engine)
{
	struct station *station, *next;

	HASH_ITER(hh, engine->stations, station, next) {
		HASH_DEL(engine->stations, station);
		secret_set_free(station->secrets);
		free(station);
	}
}
