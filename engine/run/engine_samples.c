/* The façade's part about a job's course: the seconds that its meter closed are
 * written down now and then, so that a chart shows the whole run, also after a
 * restart; what was not written yet comes from the meter. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/engine_internal.h"
#include "engine/store/samples.h"

#define KEEP_EVERY_TICKS 10
#define KEEP_AT_ONCE 60

/* Seconds on their way to the database. */
struct course {
	struct engine *engine;
	int64_t job, last_ms;
	int count;
	struct sample_row rows[KEEP_AT_ONCE];
};

static bool is_silent(const struct meter_sample *sample)
{
	return sample->in_flight == 0 && sample->done + sample->failed + sample->unknown +
	                                         sample->skipped + sample->retried +
	                                         sample->throttled ==
	                                     0;
}

static struct sample_row row_of(const struct meter_sample *sample)
{
	return (struct sample_row){
	    .at_ms = sample->at_ms,
	    .step_s = sample->step_s,
	    .done = sample->done,
	    .failed = sample->failed,
	    .unknown = sample->unknown,
	    .skipped = sample->skipped,
	    .retried = sample->retried,
	    .throttled = sample->throttled,
	    .in_flight = sample->in_flight,
	    .concurrency = sample->concurrency,
	    .p50_ms = sample->p50_ms,
	    .p95_ms = sample->p95_ms,
	    .p99_ms = sample->p99_ms,
	};
}

static struct meter_sample sample_of(const struct sample_row *row)
{
	return (struct meter_sample){
	    .at_ms = row->at_ms,
	    .step_s = row->step_s,
	    .done = (int32_t)row->done,
	    .failed = (int32_t)row->failed,
	    .unknown = (int32_t)row->unknown,
	    .skipped = (int32_t)row->skipped,
	    .retried = (int32_t)row->retried,
	    .throttled = (int32_t)row->throttled,
	    .in_flight = row->in_flight,
	    .concurrency = row->concurrency,
	    .p50_ms = (float)row->p50_ms,
	    .p95_ms = (float)row->p95_ms,
	    .p99_ms = (float)row->p99_ms,
	};
}

/* ---- writing ----------------------------------------------------------------- */

/* What the meter closed and is not written; silent seconds are not worth it.
 * Mutex held.  False: there was nothing. */
static bool collect_locked(struct station *station, struct course *course)
{
	struct meter_sample samples[KEEP_AT_ONCE];
	int count = meter_samples(lane_meter(station->lane), station->sampled_ms, samples,
	                          KEEP_AT_ONCE);

	course->job = station->job;
	course->count = 0;
	for (int i = 0; i < count; i++) {
		course->last_ms = samples[i].at_ms;
		if (!is_silent(&samples[i]))
			course->rows[course->count++] = row_of(&samples[i]);
	}
	if (count > 0 && course->count == 0)
		station->sampled_ms = course->last_ms;
	return course->count > 0;
}

static enum status keep_run(struct writer *writer, struct db *db, void *argument,
                            struct error *error)
{
	const struct course *course = argument;
	struct job_row *row;
	enum status status = writer_job(writer, course->job, &row, error);

	if (status != STATUS_OK || row->removing)
		return status;
	return samples_add(db, course->job, course->rows, course->count, error);
}

static void kept(const struct course *course, bool good)
{
	struct engine *engine = course->engine;
	struct station *station;

	pthread_mutex_lock(&engine->mutex);
	station = station_find_locked(engine, course->job);
	if (station != NULL) {
		station->sampling = false;
		if (good)
			station->sampled_ms = course->last_ms;
	}
	pthread_mutex_unlock(&engine->mutex);
}

static void keep_finished(void *argument, const struct error *error)
{
	struct course *course = argument;

	kept(course, error->status == STATUS_OK);
	free(course);
}

/* Mutex held: the course of the first station that has one to write, or NULL. */
static struct course *next_locked(struct engine *engine, bool all)
{
	struct course *course = calloc(1, sizeof(*course));

	for (struct station *station = engine->stations; course != NULL && station != NULL;
	     station = station->hh.next) {
		bool over = station->end_sampled && !station->end_kept;

		if (station->lane == NULL || station->sampling || !(all || over))
			continue;
		station->end_kept = station->end_sampled;
		if (collect_locked(station, course)) {
			course->engine = engine;
			station->sampling = true;
			return course;
		}
	}
	free(course);
	return NULL;
}

void engine_samples_tick(struct engine *engine)
{
	bool all = ++engine->ticks % KEEP_EVERY_TICKS == 0;
	struct course *course;

	for (;;) {
		pthread_mutex_lock(&engine->mutex);
		course = next_locked(engine, all);
		pthread_mutex_unlock(&engine->mutex);
		if (course == NULL)
			return;
		if (writer_post(engine->writer, keep_run, course, keep_finished) != STATUS_OK) {
			kept(course, false);
			free(course);
			return;
		}
	}
}

void engine_samples_flush(struct engine *engine)
{
	const int64_t now_ns = clock_mono_ns(), wall_ms = clock_wall_ms();
	struct course *course;
	enum status status = STATUS_OK;

	pthread_mutex_lock(&engine->mutex);
	for (struct station *station = engine->stations; station != NULL;
	     station = station->hh.next)
		if (station->lane != NULL && !station->end_sampled) {
			struct lane_view view;

			lane_view(station->lane, &view);
			/* Closes the second under way. */
			meter_tick(lane_meter(station->lane), now_ns + NS_PER_S, wall_ms + MS_PER_S,
			           view.in_flight, view.concurrency);
		}
	pthread_mutex_unlock(&engine->mutex);
	while (status == STATUS_OK) {
		pthread_mutex_lock(&engine->mutex);
		course = next_locked(engine, true);
		pthread_mutex_unlock(&engine->mutex);
		if (course == NULL)
			return;
		status = writer_call(engine->writer, keep_run, course, NULL);
		kept(course, status == STATUS_OK);
		free(course);
	}
}

/* ---- reading ------------------------------------------------------------------- */

struct series {
	int64_t until_ms; /* what is kept behind it is told by the meter too */
	int step_s;
	void (*visit)(void *context, const struct meter_sample *sample);
	void *context;
};

static void show_kept(void *context, const struct sample_row *row)
{
	struct series *series = context;
	struct meter_sample sample = sample_of(row);

	series->step_s = row->step_s;
	if (series->until_ms > 0 && row->at_ms > series->until_ms)
		return;
	/* The last one may be still to fill. */
	if (series->until_ms > 0 && row->at_ms + row->step_s * MS_PER_S > series->until_ms + MS_PER_S)
		sample.step_s = (int32_t)((series->until_ms + MS_PER_S - row->at_ms) / MS_PER_S);
	series->visit(series->context, &sample);
}

/* The meter's seconds behind what is written, or, for one who asks again and
 * whom the meter can tell all, behind since_ms.  *whole: nothing else is needed. */
static int fresh(struct engine *engine, int64_t job, int64_t since_ms,
                 struct meter_sample *samples, int64_t *until_ms, bool *whole)
{
	struct station *station;
	int count = 0;

	*until_ms = 0;
	*whole = false;
	pthread_mutex_lock(&engine->mutex);
	station = station_find_locked(engine, job);
	if (station != NULL && station->lane != NULL) {
		struct meter *meter = lane_meter(station->lane);

		*until_ms = station->sampled_ms;
		count = meter_samples(meter, 0, samples, 1);
		*whole = count > 0 && since_ms >= samples[0].at_ms;
		if (!*whole && since_ms < station->sampled_ms)
			since_ms = station->sampled_ms;
		count = meter_samples(meter, since_ms, samples, METER_SAMPLES);
	}
	pthread_mutex_unlock(&engine->mutex);
	return count;
}

enum status engine_series(struct engine *engine, int64_t job, int64_t since_ms,
                          void (*visit)(void *context, const struct meter_sample *sample),
                          void *context, int *step_s, struct error *error)
{
	struct meter_sample *samples = calloc(METER_SAMPLES, sizeof(*samples));
	struct series series = {.step_s = 1, .visit = visit, .context = context};
	enum status status = STATUS_OK;
	struct db *db;
	bool whole;
	int count;

	if (samples == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	count = fresh(engine, job, since_ms, samples, &series.until_ms, &whole);
	if (!whole)
		status = engine_reader(engine, &db, error);
	if (!whole && status == STATUS_OK) {
		status = samples_list(db, job, since_ms, show_kept, &series, error);
		engine_reader_done(engine, db);
	}
	for (int i = 0; status == STATUS_OK && i < count; i++)
		visit(context, &samples[i]);
	if (status == STATUS_OK)
		*step_s = series.step_s;
	free(samples);
	return status;
}
