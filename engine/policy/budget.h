/* The retry budget of one target: retries are paid for by successes, so that a
 * failing target is not hit harder than a healthy one.  An empty budget defers
 * a retry; it never ends an item.
 * Source of the figures: AWS SDKs' standard retry mode.
 *
 * Pure: plain memory, time is a parameter, the caller owns the lock. */
#ifndef SLUICE_POLICY_BUDGET_H
#define SLUICE_POLICY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_TOKENS 500
#define BUDGET_TRANSIENT 14
#define BUDGET_THROTTLE 5

struct budget {
	int64_t tokens;  /* below 0: retries that were put off wait for so many */
	int64_t paid_ns; /* until when the trickle was counted */
};

void budget_init(struct budget *budget, int64_t now_ns);
/* An attempt succeeded: one token back. */
void budget_success(struct budget *budget, int64_t now_ns);
/* A retry costing so many tokens is to come: it must wait at least so many ns
 * longer; 0 while the budget lasts.  Put-off retries follow one another at the
 * pace of the trickle (one token each 350 ms: a transient one per 5 s). */
int64_t budget_take(struct budget *budget, int cost, int64_t now_ns);
/* Nearly all of it is left: nearly everything succeeded of late. */
bool budget_ample(const struct budget *budget);

#endif
