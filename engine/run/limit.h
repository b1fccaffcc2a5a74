/* A limit: how many requests at once (semaphore) and how many per second
 * (token bucket), and what was learned of both (policy/adapt).  One per job, or
 * one for all jobs that name the same `share`. */
#ifndef SLUICE_RUN_LIMIT_H
#define SLUICE_RUN_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/semaphore.h"
#include "engine/policy/adapt.h"

struct limits; /* those that are shared, by name */
struct limit;

struct limits *limits_new(void); /* NULL without memory */
/* All of them closed before.  NULL is allowed. */
void limits_free(struct limits *limits);

/* What a job file or a person asks for: ceilings, where it adapts. */
struct limit_settings {
	int concurrency;
	struct rate rate; /* count 0: none */
	int64_t burst;
	bool adapt;
};

/* For one user of it, a job.  memory: what a former process learned, or NULL.
 * With a name, and a limit of that name open already, that one: of what its users
 * ask for the strictest counts.  NULL without memory. */
struct limit *limit_open(struct limits *limits, const char *name, int64_t user,
                         const struct limit_settings *settings, const struct adapt_memory *memory);
void limit_close(struct limit *limit, int64_t user); /* NULL is allowed */

struct semaphore *limit_semaphore(struct limit *limit);

/* What that user asks for from now on; it acts at once on whoever waits. */
void limit_set(struct limit *limit, int64_t user, const struct limit_settings *settings);

/* Tokens that are there now, at most `want`; where none is, 0 and *wait_ns
 * until there may be one. */
int limit_take_tokens(struct limit *limit, int want, int64_t *wait_ns);
void limit_return_tokens(struct limit *limit, int count);
/* Nothing more goes out for so long: the server asked for a break. */
void limit_hold(struct limit *limit, int64_t hold_ns);

/* One goes out, with a permit and a token; *stamp comes back with its result. */
void limit_sent(struct limit *limit, struct adapt_stamp *stamp);
/* It came back (the permit stays with the caller).  answer NULL: it tells nothing. */
void limit_result(struct limit *limit, const struct adapt_stamp *stamp,
                  const struct adapt_answer *answer);

/* Sending begins again after a pause: approach what was learned. */
void limit_resume(struct limit *limit);
/* Items left to send. */
void limit_set_backlog(struct limit *limit, int64_t items);

struct limit_view {
	int concurrency;      /* in force now */
	struct rate rate;     /* in force now; count 0: none */
	const char *bound_by; /* what limits while there is work; static text */
};
void limit_view(struct limit *limit, struct limit_view *view);
bool limit_adapts(struct limit *limit);
void limit_remember(struct limit *limit, struct adapt_memory *memory);

#endif
