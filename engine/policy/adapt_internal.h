/* The rooms of the adaptive limits.  Nobody else includes this. */
#ifndef SLUICE_POLICY_ADAPT_INTERNAL_H
#define SLUICE_POLICY_ADAPT_INTERNAL_H

#include "engine/policy/adapt.h"

/* Before anything is known: so many out, and until the first answer no faster
 * than so many a second. */
#define ADAPT_OPENING_FIRST 12
#define ADAPT_PACE_FIRST 200.0

/* Begin anew with this after a rest, and after a refusal before any answer. */
#define ADAPT_PACE_SLOW 20.0

#define ADAPT_PACE_MIN 0.2
#define ADAPT_PACE_MAX 1e6

/* A told wait that is shorter may be a second rounded up, and most of it over:
 * then only the item waits. */
#define ADAPT_HOLD_MS_MIN 1500

double adapt_seconds(int64_t ns);
/* The configured rate per second; ADAPT_PACE_MAX where none is. */
double adapt_pace_ceiling(const struct adapt *adapt);
/* Requests a second over the last few sendings; 0: too few. */
double adapt_measured(const struct adapt *adapt, int64_t now_ns);
/* How many a second over `span_s` until then. */
double adapt_count_rate(const struct adapt_count *count, double span_s, int64_t until_ns);

/* adapt_blame.c */
enum adapt_guilty { ADAPT_GUILTY_RATE, ADAPT_GUILTY_CONCURRENCY };
void adapt_note_accepted(struct adapt *adapt, const struct adapt_stamp *stamp);
enum adapt_guilty adapt_blame(struct adapt *adapt, const struct adapt_stamp *stamp);

/* adapt_rate.c */
void adapt_rate_accepted(struct adapt *adapt, const struct adapt_stamp *stamp, int64_t now_ns);
void adapt_rate_refused(struct adapt *adapt, const struct adapt_stamp *stamp,
                        const struct adapt_answer *answer, int64_t now_ns);
/* The limit as it is known; 0: not yet. */
double adapt_learned(const struct adapt *adapt);
/* Sending begins again: from low up to what was learned. */
void adapt_rate_rest(struct adapt *adapt, int64_t now_ns);

/* adapt_concurrency.c */
void adapt_concurrency_accepted(struct adapt *adapt, int64_t now_ns);
void adapt_concurrency_refused(struct adapt *adapt, const struct adapt_stamp *stamp,
                               int64_t now_ns);
/* The target fails: not refusals, but 5xx and timeouts. */
void adapt_concurrency_overload(struct adapt *adapt, bool failed, int64_t now_ns);

/* adapt_told.c */
void adapt_told(struct adapt *adapt, const struct adapt_stamp *stamp,
                const struct adapt_answer *told, bool accepted, int64_t now_ns);

#endif
