/* The façade's part about removing jobs.
 *
 * What somebody works on is not removed: a job of a `sluice run` while that
 * lives, one that takes items in, one that sends or will go on by itself.  What
 * is left: finished, cancelled and halted jobs, those that a person paused and
 * that have nothing in flight, and those that nobody here works on. */
#include "engine/base/clock.h"
#include "engine/run/engine_internal.h"

#define REMOVE_STEP 5000

struct removal {
	int64_t job;
	bool lane;  /* a lane stands ready: the state says whether it may go */
	bool more;
};

void engine_job_attend(struct engine *engine, int64_t job)
{
	struct station *station;

	pthread_mutex_lock(&engine->mutex);
	station = station_of_locked(engine, job);
	if (station != NULL)
		station->attended = true;
	pthread_mutex_unlock(&engine->mutex);
}

/* Nothing starts it again from here on, and nobody finds it. */
static enum status remove_begin(struct writer *writer, struct db *db, void *argument,
                                struct error *error)
{
	const struct removal *removal = argument;
	struct job_row *row;
	enum status status = writer_job(writer, removal->job, &row, error);

	if (status != STATUS_OK)
		return status;
	if (row->removing)
		return error_set(error, STATUS_NOT_FOUND, "no job %lld", (long long)removal->job);
	if (removal->lane && (row->state < JOB_PAUSED || row->resume_at_ms != 0))
		return error_set(error, STATUS_CONFLICT,
		                 "job '%s' is at work: cancel it before it is removed", row->name);
	row->removing = true;
	return jobs_set_removing(db, removal->job, error);
}

static enum status remove_forget(struct writer *writer, struct db *db, void *argument,
                                 struct error *error)
{
	const struct removal *removal = argument;

	(void)db;
	(void)error;
	writer_forget(writer, removal->job);
	return STATUS_OK;
}

static enum status remove_step(struct writer *writer, struct db *db, void *argument,
                               struct error *error)
{
	struct removal *removal = argument;

	(void)writer;
	return jobs_remove_some(db, removal->job, REMOVE_STEP, &removal->more, error);
}

/* In steps, so that a running batch beside it is not held up. */
static enum status remove_rest(struct engine *engine, int64_t job, struct error *error)
{
	struct removal removal = {.job = job, .more = true};
	enum status status = STATUS_OK;

	while (status == STATUS_OK && removal.more)
		status = writer_call(engine->writer, remove_step, &removal, error);
	return status;
}

/* May it go, as far as this process's own work on it tells?  From OK on no lane
 * is made for it. */
static enum status claim_locked(struct engine *engine, const struct job_row *row,
                                struct removal *removal, struct error *error)
{
	struct station *station = station_of_locked(engine, row->id);

	if (station == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (station->attended)
		return error_set(error, STATUS_CONFLICT,
		                 "job '%s' is the one that this `sluice run` was started for: it can "
		                 "be removed when that has ended",
		                 row->name);
	if (station->importing || station->correcting > 0)
		return error_set(error, STATUS_CONFLICT, "job '%s' is taking items in", row->name);
	if (station->starting || station->queued)
		return error_set(error, STATUS_CONFLICT,
		                 "job '%s' is at work: cancel it before it is removed", row->name);
	if (station->lane != NULL && !lane_idle(station->lane))
		return error_set(error, STATUS_CONFLICT,
		                 "job '%s' is at work: requests are in flight", row->name);
	removal->lane = station->lane != NULL;
	station->removing = true;
	return STATUS_OK;
}

/* Take the lane off; what a last moment gave it comes to its end first. */
static void stop_lane(struct engine *engine, int64_t job)
{
	struct station *station;
	struct lane *lane = NULL;

	pthread_mutex_lock(&engine->mutex);
	station = station_find_locked(engine, job);
	if (station != NULL && station->lane != NULL) {
		lane_drain(station->lane);
		while (!lane_idle(station->lane) && writer_health(engine->writer, NULL) == STATUS_OK)
			clock_cond_wait(&engine->changed, &engine->mutex,
			                clock_mono_ns() + 50 * NS_PER_MS);
		lane = station->lane;
		station->lane = NULL;
		station->ended = true;
	}
	pthread_mutex_unlock(&engine->mutex);
	if (lane != NULL)
		lane_stop(lane);
}

enum status engine_job_remove(struct engine *engine, int64_t job, struct error *error)
{
	struct removal removal = {.job = job};
	struct station *station;
	struct job_row row;
	enum status status = engine_row(engine, job, &row, error);

	if (status != STATUS_OK)
		return status;
	pthread_mutex_lock(&engine->mutex);
	status = claim_locked(engine, &row, &removal, error);
	pthread_mutex_unlock(&engine->mutex);
	job_row_free(&row);
	if (status != STATUS_OK)
		return status;
	status = writer_call(engine->writer, remove_begin, &removal, error);
	if (status != STATUS_OK) {
		pthread_mutex_lock(&engine->mutex);
		station = station_find_locked(engine, job);
		if (station != NULL)
			station->removing = false;
		pthread_mutex_unlock(&engine->mutex);
		return status;
	}
	stop_lane(engine, job);
	status = writer_call(engine->writer, remove_forget, &removal, error);
	if (status == STATUS_OK)
		status = remove_rest(engine, job, error);
	return status;
}

enum status engine_removals_finish(struct engine *engine, struct error *error)
{
	struct job_row row;
	int64_t after = 0;
	struct db *db;
	enum status status = engine_reader(engine, &db, error);

	while (status == STATUS_OK) {
		bool removing;

		status = jobs_next(db, after, &row, error);
		if (status != STATUS_OK)
			break;
		after = row.id;
		removing = row.removing;
		job_row_free(&row);
		if (removing)
			status = remove_rest(engine, after, error);
	}
	engine_reader_done(engine, db);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
