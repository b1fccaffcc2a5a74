/* A limit: how many requests at once (semaphore) and how many per second
 * (token bucket).  One per job today; jobs that name the same `share` will hold
 * the same one. */
#ifndef SLUICE_RUN_LIMIT_H
#define SLUICE_RUN_LIMIT_H

#include <stdint.h>

#include "engine/base/semaphore.h"
#include "engine/policy/bucket.h"

struct limit;

struct limit *limit_new(int concurrency, struct rate rate, int64_t burst); /* NULL without memory */
void limit_free(struct limit *limit);

struct semaphore *limit_semaphore(struct limit *limit);

/* New values; they act at once on whoever waits. */
void limit_set(struct limit *limit, int concurrency, struct rate rate, int64_t burst);

/* Tokens that are there now, at most `want`; where none is, 0 and *wait_ns
 * until there may be one. */
int limit_take_tokens(struct limit *limit, int want, int64_t *wait_ns);
void limit_return_tokens(struct limit *limit, int count);

#endif
