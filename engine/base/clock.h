/* The two clocks.  Monotonic nanoseconds order events and time waits inside
 * one run; wall milliseconds (Unix epoch) are what the database keeps, because
 * they mean something after a restart. */
#ifndef SLUICE_BASE_CLOCK_H
#define SLUICE_BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL
#define MS_PER_S 1000LL
#define CLOCK_NEVER INT64_MAX /* a deadline that does not come */

int64_t clock_mono_ns(void);
int64_t clock_wall_ms(void);

/* Tests put virtual clocks in; NULL members mean the real one.  Call before
 * any thread is started. */
struct clock_source {
	int64_t (*mono_ns)(void);
	int64_t (*wall_ms)(void);
};
void clock_replace(const struct clock_source *source);

/* A condition variable whose timed waits follow CLOCK_MONOTONIC. */
void clock_cond_init(pthread_cond_t *cond);

/* Wait until signalled or mono time `deadline_ns` (CLOCK_NEVER: no limit).
 * The mutex is held at call and return.  Returns 0 or ETIMEDOUT. */
int clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline_ns);

/* "2026-01-02T03:04:05Z" for wall ms; `out` holds at least 32 bytes. */
void clock_iso8601(int64_t wall_ms, char out[32]);

#endif
