/* The façade's part about limits set by hand, live. */
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/engine_internal.h"

struct setting {
	int64_t job;
	const struct engine_limits *limits;
	const char *who;
	struct limit_settings now; /* out */
};

static enum status setting_check(const struct engine_limits *limits, struct error *error)
{
	struct rate rate;

	if (limits->concurrency == 0 || limits->concurrency > 100000)
		return error_set(error, STATUS_USAGE, "concurrency: must be 1 to 100000");
	if (limits->burst == 0 || limits->burst > 1000000)
		return error_set(error, STATUS_USAGE, "burst: must be 1 to 1000000");
	if (limits->rate == NULL || limits->rate[0] == '\0' || strcmp(limits->rate, "none") == 0)
		return STATUS_OK;
	if (strlen(limits->rate) >= sizeof(((struct job_row *)0)->rate_set))
		return error_set(error, STATUS_USAGE, "rate: too long");
	if (rate_parse(limits->rate, &rate, error) == STATUS_OK)
		return STATUS_OK;
	if (error != NULL)
		error_prefix(error, "rate");
	return STATUS_USAGE;
}

static enum status setting_run(struct writer *writer, struct db *db, void *argument,
                               struct error *error)
{
	struct setting *setting = argument;
	const struct engine_limits *limits = setting->limits;
	struct spec *spec = NULL;
	struct job_row *row;
	char detail[160];
	enum status status = writer_job(writer, setting->job, &row, error);

	if (status != STATUS_OK)
		return status;
	if (limits->concurrency > 0)
		row->concurrency_set = limits->concurrency;
	if (limits->rate != NULL)
		snprintf(row->rate_set, sizeof(row->rate_set), "%s",
		         limits->rate[0] != '\0' ? limits->rate : "none");
	if (limits->burst > 0)
		row->burst_set = limits->burst;
	status = jobs_set_limits(db, setting->job, row->concurrency_set, row->rate_set,
	                         row->burst_set, error);
	if (status == STATUS_OK)
		status = spec_parse(row->spec, strlen(row->spec), NULL, &spec, error);
	if (status != STATUS_OK)
		return status;
	limits_of(spec, row, &setting->now);
	spec_free(spec);
	snprintf(detail, sizeof(detail), "concurrency %d, rate %s, burst %lld",
	         setting->now.concurrency,
	         setting->now.rate.count == 0 ? "none" : row->rate_set[0] ? row->rate_set : "as given",
	         (long long)setting->now.burst);
	return events_add(db, setting->job, clock_wall_ms(), setting->who, "set", detail, error);
}

enum status engine_job_set(struct engine *engine, int64_t job, const struct engine_limits *limits,
                           const char *who, struct error *error)
{
	struct setting setting = {.job = job, .limits = limits, .who = who != NULL ? who : "api"};
	struct station *station;
	enum status status = setting_check(limits, error);

	if (status == STATUS_OK)
		status = writer_call(engine->writer, setting_run, &setting, error);
	if (status != STATUS_OK)
		return status;
	pthread_mutex_lock(&engine->mutex);
	station = station_find_locked(engine, job);
	if (station != NULL && station->lane != NULL)
		limit_set(lane_limit(station->lane), setting.job, &setting.now);
	pthread_mutex_unlock(&engine->mutex);
	return STATUS_OK;
}
