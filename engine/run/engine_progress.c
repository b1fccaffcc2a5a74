/* The façade's part about progress: the row's counters, and what the lane and
 * its meter know. */
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/policy/forecast.h"
#include "engine/run/engine_internal.h"
#include "engine/store/items.h"
#include "engine/store/samples.h"

static void progress_of_row(const struct job_row *row, struct engine_progress *out)
{
	struct limit_settings limits = {0};
	struct spec *spec = NULL;
	struct error ignored;

	memset(out, 0, sizeof(*out));
	out->id = row->id;
	snprintf(out->name, sizeof(out->name), "%s", row->name);
	out->state = row->state;
	snprintf(out->reason, sizeof(out->reason), "%s", row->reason);
	out->resume_at_ms = row->resume_at_ms;
	out->state_since_ms = row->state_since_ms > 0 ? row->state_since_ms : row->created_at_ms;
	out->total = row->total;
	memcpy(out->counts, row->counts, sizeof(out->counts));
	out->attempts = row->attempts;
	out->retries = row->retries;
	out->throttled = row->throttled;
	out->bad_rows = row->bad_rows;
	out->p50_ms = out->p95_ms = out->p99_ms = -1;
	out->worked_s = -1;
	out->created_at_ms = row->created_at_ms;
	out->started_at_ms = row->started_at_ms;
	out->finished_at_ms = row->finished_at_ms;
	out->bound_by = "nothing left";
	if (spec_parse(row->spec, strlen(row->spec), NULL, &spec, &ignored) != STATUS_OK)
		return;
	limits_of(spec, row, &limits);
	out->canary_sent = spec->canary > 0 && !row->canary_passed &&
	                   row->claim_cursor >= spec->canary && row->total > spec->canary;
	spec_free(spec);
	out->concurrency = out->concurrency_now = limits.concurrency;
	out->rate = limits.rate;
	out->rate_now = rate_per_s(limits.rate);
	out->burst = limits.burst;
	out->adapt = limits.adapt;
}

static const char *bound_by(const struct engine_progress *progress, const struct lane_view *view)
{
	const bool idle = strcmp(view->bound_by, "store") == 0 ||
	                  strcmp(view->bound_by, "nothing left") == 0;

	if (progress->counts[ITEM_PENDING] + progress->counts[ITEM_WAITING] == 0)
		return "nothing left";
	if (idle && progress->canary_sent)
		return "canary";
	if (idle && progress->counts[ITEM_PENDING] == 0)
		return "retries";
	return view->bound_by;
}

static void progress_eta(struct db *db, const struct meter_view *meter,
                         struct engine_progress *out)
{
	struct forecast forecast = {
	    .open_items = out->counts[ITEM_PENDING] + out->counts[ITEM_RUNNING] +
	                  out->counts[ITEM_WAITING],
	    .waiting = out->counts[ITEM_WAITING],
	    .settled = out->counts[ITEM_DONE] + out->counts[ITEM_FAILED] +
	               out->counts[ITEM_UNKNOWN] + out->counts[ITEM_SKIPPED],
	    .attempts = out->attempts,
	    .rate_per_s = meter->rate_per_s,
	    .attempts_per_s = meter->attempts_per_s,
	    .limit_per_s = out->rate_now,
	    .at_limit = strcmp(out->bound_by, "rate") == 0,
	    .latency_s = meter->p50_ms > 0 ? (double)meter->p50_ms / 1000.0 : 0,
	};
	int64_t last_due_ms = 0, now_ms = clock_wall_ms();

	if (forecast.waiting > 0 &&
	    items_last_due(db, out->id, &last_due_ms, NULL) == STATUS_OK && last_due_ms > now_ms)
		forecast.waiting_last_s = (double)(last_due_ms - now_ms) / 1000.0;
	out->eta_known = forecast_eta(&forecast, out->eta_s);
}

static void progress_of_lane(struct engine *engine, struct db *db, struct engine_progress *out)
{
	struct station *station;
	struct meter_view meter = {.p50_ms = -1, .p95_ms = -1, .p99_ms = -1};
	struct lane_view view = {0};

	pthread_mutex_lock(&engine->mutex);
	station = station_find_locked(engine, out->id);
	out->active = station != NULL && !station->ended &&
	              (station->lane != NULL || station->starting || station->queued);
	if (station != NULL && station->lane != NULL) {
		lane_view(station->lane, &view);
		meter_view(lane_meter(station->lane), clock_mono_ns(), &meter);
	}
	pthread_mutex_unlock(&engine->mutex);
	out->in_flight = view.in_flight;
	if (view.concurrency > 0) {
		out->concurrency_now = view.concurrency;
		out->rate_now = rate_per_s(view.rate);
	}
	out->rate_per_s = meter.rate_per_s;
	out->p50_ms = meter.p50_ms;
	out->p95_ms = meter.p95_ms;
	out->p99_ms = meter.p99_ms;
	if (view.bound_by != NULL)
		out->bound_by = bound_by(out, &view);
	/* Without a lane nothing is sent, whatever the limits are. */
	if (out->state < JOB_PAUSED && view.bound_by != NULL)
		progress_eta(db, &meter, out);
}

static void finish_progress(struct engine *engine, struct db *db, const struct job_row *row,
                            struct engine_progress *out)
{
	progress_of_row(row, out);
	progress_of_lane(engine, db, out);
	if (engine->writer != NULL && writer_disk_full(engine->writer) && out->state < JOB_PAUSED) {
		out->state = JOB_PAUSED;
		snprintf(out->reason, sizeof(out->reason), "disk full");
	}
}

/* Not for each of a listing: it reads all samples. */
static enum status progress_worked(struct db *db, struct engine_progress *out, struct error *error)
{
	double span_s = (double)(out->finished_at_ms - out->started_at_ms) / 1000;
	int64_t seconds = 0;
	enum status status;

	if (out->finished_at_ms == 0 || out->started_at_ms == 0)
		return STATUS_OK;
	status = samples_worked(db, out->id, &seconds, error);
	/* A sample is a second at least: a short run is as long as it took. */
	out->worked_s = seconds > 0 && (double)seconds < span_s ? (double)seconds : span_s;
	return status;
}

enum status engine_job_progress(struct engine *engine, int64_t job, struct engine_progress *out,
                                struct error *error)
{
	struct job_row row;
	struct db *db;
	enum status status = engine_row(engine, job, &row, error);

	if (status != STATUS_OK)
		return status;
	status = engine_reader(engine, &db, error);
	if (status == STATUS_OK) {
		finish_progress(engine, db, &row, out);
		status = progress_worked(db, out, error);
		engine_reader_done(engine, db);
	}
	job_row_free(&row);
	return status;
}

struct listing {
	struct engine *engine;
	struct db *db;
	void (*visit)(void *context, const struct engine_progress *progress);
	void *context;
};

static void list_one(void *context, const struct job_row *row)
{
	struct listing *listing = context;
	struct engine_progress progress;

	finish_progress(listing->engine, listing->db, row, &progress);
	listing->visit(listing->context, &progress);
}

enum status engine_jobs(struct engine *engine, int64_t before, int limit,
                        void (*visit)(void *context, const struct engine_progress *progress),
                        void *context, struct error *error)
{
	struct listing listing = {engine, NULL, visit, context};
	enum status status = engine_reader(engine, &listing.db, error);

	if (status != STATUS_OK)
		return status;
	status = jobs_list(listing.db, before, limit, list_one, &listing, error);
	engine_reader_done(engine, listing.db);
	return status;
}
