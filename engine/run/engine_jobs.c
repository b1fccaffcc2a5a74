/* The façade's part about jobs: making, finding, changing, watching them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/run/account.h"
#include "engine/run/engine_internal.h"

#define ID_DIGITS_MAX 18 /* more do not fit 64 bits for certain */

/* An id as we print it: no sign, no leading zero. */
static enum status find_id(struct engine *engine, const char *digits, int64_t *job,
                           struct error *error)
{
	struct job_row row;
	enum status status;
	long long id = 0;

	if (digits[0] != '0' && strlen(digits) <= ID_DIGITS_MAX)
		id = strtoll(digits, NULL, 10);
	if (id == 0)
		return error_set(error, STATUS_NOT_FOUND, "no job %.40s", digits);
	status = engine_row(engine, id, &row, error);
	if (status != STATUS_OK)
		return status;
	job_row_free(&row);
	*job = id;
	return STATUS_OK;
}

enum status engine_job_find(struct engine *engine, const char *id_or_name, int64_t *job,
                            struct error *error)
{
	struct db *db;
	enum status status;

	if (id_or_name[0] != '\0' && id_or_name[strspn(id_or_name, "0123456789")] == '\0')
		return find_id(engine, id_or_name, job, error);
	status = engine_reader(engine, &db, error);
	if (status != STATUS_OK)
		return status;
	status = jobs_find(db, id_or_name, job, error);
	engine_reader_done(engine, db);
	return status;
}

/* ---- creating and changing ------------------------------------------------- */

struct creation {
	const struct spec *spec;
	bool replace;
	const char *who;
	int64_t job;
};

static enum status create_run(struct writer *writer, struct db *db, void *argument,
                              struct error *error)
{
	struct creation *creation = argument;
	const struct spec *spec = creation->spec;
	unsigned char uuid[16];
	char old_name[sizeof(((struct job_row *)0)->name)];
	int64_t old = 0;
	enum status status = jobs_find(db, spec->name, &old, error);

	if (status == STATUS_OK && !creation->replace)
		return error_set(error, STATUS_CONFLICT, "there is a job named '%s' already",
		                 spec->name);
	if (status == STATUS_OK) {
		struct job_row *row;

		snprintf(old_name, sizeof(old_name), "%.200s@%lld", spec->name, (long long)old);
		status = writer_job(writer, old, &row, error);
		if (status == STATUS_OK)
			status = jobs_rename(db, old, old_name, error);
		if (status != STATUS_OK)
			return status;
		snprintf(row->name, sizeof(row->name), "%s", old_name);
	} else if (status != STATUS_NOT_FOUND) {
		return status;
	}
	random_secure(uuid, sizeof(uuid));
	status = jobs_insert(db, spec->name, uuid, spec->canonical,
	                     spec->idempotent || spec->keyed, clock_wall_ms(), &creation->job,
	                     error);
	if (status == STATUS_OK)
		status = events_add(db, creation->job, clock_wall_ms(), creation->who, "create", NULL,
		                    error);
	return status;
}

enum status engine_job_credentials(struct engine *engine, int64_t job,
                                   const struct secret_set *given, struct error *error)
{
	struct station *station;
	enum status status;

	if (given == NULL)
		return STATUS_OK;
	pthread_mutex_lock(&engine->mutex);
	station = station_of_locked(engine, job);
	/* The set of a lane at work is read by its threads without a lock. */
	if (station == NULL)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	else if (station->lane != NULL || station->starting)
		status = error_set(error, STATUS_CONFLICT, "the job is running");
	else
		status = secret_set_merge(station->secrets, given);
	pthread_mutex_unlock(&engine->mutex);
	return status;
}

enum status engine_job_create(struct engine *engine, const struct spec *spec,
                              const struct secret_set *given, bool replace, const char *who,
                              int64_t *job, struct error *error)
{
	struct creation creation = {spec, replace, who, 0};
	enum status status = writer_call(engine->writer, create_run, &creation, error);

	if (status == STATUS_OK)
		status = engine_job_credentials(engine, creation.job, given, error);
	if (status == STATUS_OK)
		*job = creation.job;
	return status;
}

enum status engine_job_spec(struct engine *engine, int64_t job, char **canonical,
                            struct error *error)
{
	struct job_row row;
	enum status status = engine_row(engine, job, &row, error);

	if (status != STATUS_OK)
		return status;
	*canonical = row.spec;
	row.spec = NULL;
	job_row_free(&row);
	return STATUS_OK;
}

struct update {
	int64_t job;
	const struct spec *spec;
};

static enum status update_run(struct writer *writer, struct db *db, void *argument,
                              struct error *error)
{
	const struct update *update = argument;
	const struct spec *spec = update->spec;
	bool repeatable = spec->idempotent || spec->keyed;
	struct job_row *row;
	char *copy = strdup(spec->canonical);
	enum status status = writer_job(writer, update->job, &row, error);

	if (status == STATUS_OK && copy == NULL)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status == STATUS_OK)
		status = jobs_set_spec(db, update->job, spec->canonical, repeatable, error);
	if (status == STATUS_OK)
		status = jobs_set_limits(db, update->job, -1, "", -1, error);
	if (status == STATUS_OK)
		status = events_add(db, update->job, clock_wall_ms(), "cli", "update", NULL, error);
	if (status != STATUS_OK) {
		free(copy);
		return status;
	}
	free(row->spec);
	row->spec = copy;
	row->repeatable = repeatable;
	row->concurrency_set = row->burst_set = -1;
	row->rate_set[0] = '\0';
	return STATUS_OK;
}

enum status engine_job_update(struct engine *engine, int64_t job, const struct spec *spec,
                              const struct secret_set *given, struct error *error)
{
	struct update update = {job, spec};
	enum status status = engine_job_credentials(engine, job, given, error);

	if (status != STATUS_OK)
		return status;
	return writer_call(engine->writer, update_run, &update, error);
}

/* ---- pause, resume, cancel, seal, remove ------------------------------------- */

/* Why a job stands that was made to be filled first. */
#define NOT_STARTED "not started"

enum wish { WISH_PAUSE, WISH_RESUME, WISH_CANCEL, WISH_SEAL, WISH_HOLD };

struct move {
	int64_t job;
	enum wish wish;
	const char *who;
};

static enum status refuse(const struct job_row *row, const char *what, struct error *error)
{
	return error_set(error, STATUS_CONFLICT, "job '%s' is %s: it cannot be %s", row->name,
	                 job_state_name(row->state), what);
}

static enum status move_run(struct writer *writer, struct db *db, void *argument,
                            struct error *error)
{
	static const char *const past[] = {"paused", "resumed", "cancelled", "sealed", "held"};
	static const char *const verb[] = {"pause", "resume", "cancel", "seal", "hold"};
	const struct move *move = argument;
	struct job_row *row;
	enum status status = writer_job(writer, move->job, &row, error);
	enum job_state to = JOB_PAUSED;
	const char *reason = NULL;
	char detail[40];
	bool begins = false;

	if (status == STATUS_OK && row->removing)
		status = error_set(error, STATUS_NOT_FOUND, "no job %lld", (long long)move->job);
	if (status != STATUS_OK)
		return status;
	switch (move->wish) {
	case WISH_PAUSE:
		if (account_waits_for_leave(row))
			return STATUS_OK;
		/* Paused already, until a time: now by a person, without end. */
		reason = "by user";
		break;
	case WISH_RESUME:
		if (row->state == JOB_RUNNING || row->state == JOB_IMPORTING ||
		    row->state == JOB_FINISHED)
			return STATUS_OK;
		to = row->sealed ? JOB_RUNNING : JOB_IMPORTING;
		begins = row->state == JOB_PAUSED && strcmp(row->reason, NOT_STARTED) == 0;
		account_go_ahead(row);
		break;
	case WISH_CANCEL:
		to = JOB_CANCELLED;
		break;
	case WISH_SEAL:
		if (row->sealed)
			return STATUS_OK;
		row->sealed = true;
		snprintf(detail, sizeof(detail), "%lld items", (long long)row->total);
		return events_add(db, move->job, clock_wall_ms(), move->who, "seal", detail, error);
	case WISH_HOLD:
		reason = NOT_STARTED;
		break;
	}
	if (row->state != to && !job_state_may_move(row->state, to))
		return refuse(row, past[move->wish], error);
	account_set_state(row, to, reason, 0);
	if (to == JOB_CANCELLED)
		row->finished_at_ms = clock_wall_ms();
	return events_add(db, move->job, clock_wall_ms(), move->who,
	                  begins ? "start" : verb[move->wish], NULL, error);
}

static enum status make_move(struct engine *engine, int64_t job, enum wish wish, const char *who,
                             struct error *error)
{
	struct move move = {job, wish, who != NULL ? who : "api"};

	return writer_call(engine->writer, move_run, &move, error);
}

enum status engine_job_pause(struct engine *engine, int64_t job, const char *who,
                             struct error *error)
{
	return make_move(engine, job, WISH_PAUSE, who, error);
}

enum status engine_job_hold(struct engine *engine, int64_t job, const char *who,
                            struct error *error)
{
	return make_move(engine, job, WISH_HOLD, who, error);
}

enum status engine_job_resume(struct engine *engine, int64_t job, const char *who,
                              struct error *error)
{
	enum status status = make_move(engine, job, WISH_RESUME, who, error);
	struct station *station;

	if (status != STATUS_OK)
		return status;
	pthread_mutex_lock(&engine->mutex);
	station = station_find_locked(engine, job);
	if (station != NULL && station->lane != NULL)
		upstream_try_now(lane_upstream(station->lane));
	pthread_mutex_unlock(&engine->mutex);
	return engine_ensure_lane(engine, job, error);
}

enum status engine_job_cancel(struct engine *engine, int64_t job, const char *who,
                              struct error *error)
{
	return make_move(engine, job, WISH_CANCEL, who, error);
}

enum status engine_job_seal_now(struct engine *engine, int64_t job, struct error *error)
{
	return make_move(engine, job, WISH_SEAL, "sluice", error);
}

enum status engine_job_seal(struct engine *engine, int64_t job, const char *who,
                            struct error *error)
{
	struct station *station;
	bool importing;

	pthread_mutex_lock(&engine->mutex);
	station = station_find_locked(engine, job);
	importing = station != NULL && station->importing;
	pthread_mutex_unlock(&engine->mutex);
	if (importing)
		return error_set(error, STATUS_CONFLICT, "items are still coming in");
	return make_move(engine, job, WISH_SEAL, who, error);
}
