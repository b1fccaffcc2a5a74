/* A job's progress as the API's document tells it, typed for display. */
#ifndef SLUICE_CLI_VIEW_H
#define SLUICE_CLI_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/json.h"
#include "engine/base/status.h"
#include "engine/policy/state.h"

struct view {
	int64_t id;
	char name[256]; /* made safe for a terminal */
	enum job_state state;
	char reason[256]; /* "" none; safe too */
	int64_t total;
	int64_t counts[ITEM_STATES];
	int64_t attempts, retries, throttled;
	int64_t bad_rows;
	int64_t in_flight;
	double rate_per_s;
	bool eta_known;
	double eta_s[2];
	int64_t p50_ms, p95_ms, p99_ms; /* -1: none yet */
	int64_t concurrency, concurrency_now;
	double limit_per_s; /* 0: no limit */
	int64_t burst;
	char bound_by[64];
	int64_t created_ms, started_ms, finished_ms; /* 0: not yet */
	int64_t resume_at_ms; /* a pause that ends by itself; 0 */
	bool active;                                 /* a process works on it */
};

/* STATUS_IO where the document is none of a job's. */
enum status view_read(struct json_span document, struct view *view, struct error *error);

/* Items with an outcome: done, failed, unknown, skipped. */
int64_t view_final(const struct view *view);
/* 0..100; 0 for an empty job. */
double view_percent(const struct view *view);
/* Finished or cancelled: nothing more will be sent by itself. */
bool view_over(const struct view *view);

#endif
