/* A job's recent figures: rate, latency percentiles, and the samples
 * behind the live chart.  Fed by the writer, read by anyone; has its own lock. */
#ifndef SLUICE_RUN_METER_H
#define SLUICE_RUN_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/policy/outcome.h"

#define METER_SAMPLES 3600 /* seconds kept at one-second steps */

struct meter;

struct meter_sample { /* one second, or in the database more */
	int64_t at_ms;            /* wall time of the second's start */
	int32_t done, failed, unknown, skipped; /* items that came to their outcome */
	int32_t retried, throttled;             /* attempts after which an item waits */
	int32_t in_flight, concurrency; /* at the second's end */
	float p50_ms, p95_ms, p99_ms;   /* 0 where nothing finished */
	int32_t step_s;           /* seconds it covers */
};

struct meter_view {
	double rate_per_s;       /* items finished per second, over the last ~10 s */
	double attempts_per_s;
	int64_t p50_ms, p95_ms, p99_ms; /* over the last ~60 s; -1: none */
};

struct meter *meter_new(void);
void meter_free(struct meter *meter);
/* One attempt came back. `final` : the item got its outcome. */
void meter_add(struct meter *meter, int64_t now_mono_ns, int64_t wall_ms, enum decision decision,
               bool final, int64_t latency_us);
/* Call about once a second: closes samples. */
void meter_tick(struct meter *meter, int64_t now_mono_ns, int64_t wall_ms, int in_flight,
                int concurrency);
void meter_view(struct meter *meter, int64_t now_mono_ns, struct meter_view *out);
/* Samples after `since_ms`, oldest first; how many were written (at most max). */
int meter_samples(struct meter *meter, int64_t since_ms, struct meter_sample *out, int max);

#endif
