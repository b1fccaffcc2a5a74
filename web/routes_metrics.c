/* GET /metrics: Prometheus text, one family after the other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/spec.h"
#include "web/handlers.h"

#define METRICS_JOBS_MAX 1000 /* the newest ones */

struct gathered {
	struct engine_progress *jobs;
	int count, capacity;
};

static void gather(void *context, const struct engine_progress *progress)
{
	struct gathered *gathered = context;

	if (gathered->count < gathered->capacity)
		gathered->jobs[gathered->count++] = *progress;
}

/* job="…" with what the format reserves escaped. */
static void write_label(struct buffer *out, const char *name)
{
	buffer_text(out, "job=\"");
	for (; *name != '\0'; name++) {
		if (*name == '\\' || *name == '"')
			buffer_char(out, '\\');
		if (*name == '\n')
			buffer_text(out, "\\n");
		else
			buffer_char(out, *name);
	}
	buffer_char(out, '"');
}

static void write_head(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_sample(struct buffer *out, const char *name,
                         const struct engine_progress *progress, double value)
{
	buffer_printf(out, "%s{", name);
	write_label(out, progress->name);
	if (isnan(value))
		buffer_text(out, "} NaN\n");
	else
		buffer_printf(out, "} %.17g\n", value);
}

/* ---- families with one sample a job ----------------------------------------- */

static double attempts_of(const struct engine_progress *p) { return (double)p->attempts; }
static double retries_of(const struct engine_progress *p) { return (double)p->retries; }
static double throttled_of(const struct engine_progress *p) { return (double)p->throttled; }
static double total_of(const struct engine_progress *p) { return (double)p->total; }
static double bad_rows_of(const struct engine_progress *p) { return (double)p->bad_rows; }
static double in_flight_of(const struct engine_progress *p) { return p->in_flight; }
static double concurrency_of(const struct engine_progress *p) { return p->concurrency_now; }
static double rate_of(const struct engine_progress *p) { return p->rate_per_s; }
static double rate_limit_of(const struct engine_progress *p) { return p->rate_now; }
static double active_of(const struct engine_progress *p) { return p->active ? 1 : 0; }

static double configured_of(const struct engine_progress *p) { return p->concurrency; }
static double configured_rate_of(const struct engine_progress *p) { return rate_per_s(p->rate); }
static double eta_of(const struct engine_progress *p) { return p->eta_known ? p->eta_s[1] : NAN; }
static double seconds_of(int64_t wall_ms) { return (double)wall_ms / 1000; }
static double started_of(const struct engine_progress *p) { return seconds_of(p->started_at_ms); }
static double finished_of(const struct engine_progress *p) { return seconds_of(p->finished_at_ms); }
static double resume_of(const struct engine_progress *p) { return seconds_of(p->resume_at_ms); }

static const struct family {
	const char *name, *type, *help;
	double (*value)(const struct engine_progress *progress);
} families[] = {
	{"sluice_items_expected", "gauge", "Items of the job in all.", total_of},
	{"sluice_bad_rows", "gauge", "Rows of the input that were left out.", bad_rows_of},
	{"sluice_attempts_total", "counter", "Requests sent.", attempts_of},
	{"sluice_retries_total", "counter", "Requests sent again.", retries_of},
	{"sluice_throttled_total", "counter", "Answers that asked to slow down.", throttled_of},
	{"sluice_in_flight", "gauge", "Requests whose answer is not yet in.", in_flight_of},
	{"sluice_concurrency_limit", "gauge", "Requests allowed in flight now.", concurrency_of},
	{"sluice_rate_per_second", "gauge", "Items finished a second, of late.", rate_of},
	{"sluice_rate_limit_per_second", "gauge", "Requests allowed a second now, 0 without limit.",
	 rate_limit_of},
	{"sluice_concurrency_configured", "gauge", "Requests in flight that were asked for.",
	 configured_of},
	{"sluice_rate_configured_per_second", "gauge",
	 "Requests a second that were asked for, 0 without limit.", configured_rate_of},
	{"sluice_eta_seconds", "gauge", "Until it is done, at the longest; NaN where not known.",
	 eta_of},
	{"sluice_job_started_timestamp_seconds", "gauge", "When it began, 0 where it did not.",
	 started_of},
	{"sluice_job_finished_timestamp_seconds", "gauge", "When it was done, 0 where it is not.",
	 finished_of},
	{"sluice_job_resume_timestamp_seconds", "gauge", "When a pause ends by itself, else 0.",
	 resume_of},
	{"sluice_job_active", "gauge", "1 while this process works on the job.", active_of},
};

static void write_families(struct buffer *out, const struct gathered *gathered)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		const struct family *family = &families[i];

		write_head(out, family->name, family->type, family->help);
		for (int job = 0; job < gathered->count; job++)
			write_sample(out, family->name, &gathered->jobs[job],
			             family->value(&gathered->jobs[job]));
	}
}

/* ---- families with several --------------------------------------------------- */

static void write_items(struct buffer *out, const struct gathered *gathered)
{
	write_head(out, "sluice_items", "gauge", "Items by state.");
	for (int job = 0; job < gathered->count; job++) {
		for (int state = 0; state < ITEM_STATES; state++) {
			buffer_text(out, "sluice_items{");
			write_label(out, gathered->jobs[job].name);
			buffer_printf(out, ",state=\"%s\"} %lld\n",
			              item_state_name((enum item_state)state),
			              (long long)gathered->jobs[job].counts[state]);
		}
	}
}

static void write_states(struct buffer *out, const struct gathered *gathered)
{
	write_head(out, "sluice_job_state", "gauge", "1 for the state that the job is in.");
	for (int job = 0; job < gathered->count; job++) {
		for (int state = 0; state < JOB_STATES; state++) {
			buffer_text(out, "sluice_job_state{");
			write_label(out, gathered->jobs[job].name);
			buffer_printf(out, ",state=\"%s\"} %d\n",
			              job_state_name((enum job_state)state),
			              (int)gathered->jobs[job].state == state);
		}
	}
}

static void write_latency(struct buffer *out, const struct engine_progress *progress,
                          const char *quantile, int64_t ms)
{
	if (ms < 0)
		return;
	buffer_text(out, "sluice_latency_seconds{");
	write_label(out, progress->name);
	buffer_printf(out, ",quantile=\"%s\"} %.3f\n", quantile, (double)ms / 1000);
}

static void write_latencies(struct buffer *out, const struct gathered *gathered)
{
	write_head(out, "sluice_latency_seconds", "gauge", "How long answers took, of late.");
	for (int job = 0; job < gathered->count; job++) {
		write_latency(out, &gathered->jobs[job], "0.5", gathered->jobs[job].p50_ms);
		write_latency(out, &gathered->jobs[job], "0.95", gathered->jobs[job].p95_ms);
		write_latency(out, &gathered->jobs[job], "0.99", gathered->jobs[job].p99_ms);
	}
}

void metrics_show(struct call *call)
{
	struct buffer *out = &call->response->body;
	struct gathered gathered = {.capacity = METRICS_JOBS_MAX};
	struct error error = {0};

	gathered.jobs = calloc(METRICS_JOBS_MAX, sizeof(*gathered.jobs));
	if (gathered.jobs == NULL) {
		reply_problem(call, 500, "out of memory");
		return;
	}
	if (engine_jobs(call->engine, 0, METRICS_JOBS_MAX, gather, &gathered, &error)
	    != STATUS_OK) {
		reply_error(call, &error);
		goto out;
	}
	call->response->status = 200;
	call->response->content_type = "text/plain; version=0.0.4; charset=utf-8";
	write_head(out, "sluice_build_info", "gauge", "1; which sluice this is.");
	buffer_text(out, "sluice_build_info{version=\"" SLUICE_VERSION "\"} 1\n");
	write_head(out, "sluice_healthy", "gauge", "0 where the engine had to stop by itself.");
	buffer_printf(out, "sluice_healthy %d\n", engine_health(call->engine, NULL) == STATUS_OK);
	write_items(out, &gathered);
	write_states(out, &gathered);
	write_families(out, &gathered);
	write_latencies(out, &gathered);
out:
	free(gathered.jobs);
}
