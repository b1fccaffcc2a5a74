/* The far side of one or several jobs: a host and a credential.  What says
 * something about it, and not about one job's pace, is kept here once: whether
 * it is down (circuit breaker), and how many retries it is due (budget). */
#ifndef SLUICE_RUN_UPSTREAM_H
#define SLUICE_RUN_UPSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/policy/breaker.h"

struct upstreams; /* all that this process talks to */
struct upstream;

struct upstreams *upstreams_new(void); /* NULL without memory */
/* All of them closed before.  NULL is allowed. */
void upstreams_free(struct upstreams *upstreams);

/* The one with this key (plan_upstream), made where nobody has it open; then
 * `memory` is what a former process knew of it (NULL: nothing).  NULL without
 * memory. */
struct upstream *upstream_open(struct upstreams *upstreams, uint64_t key,
                               const struct breaker_memory *memory);
void upstream_close(struct upstream *upstream); /* NULL is allowed */

/* How many of `want` requests may go out now; 0: not before *wait_ns.  Each
 * comes back through upstream_result or upstream_unsent. */
int upstream_admit(struct upstream *upstream, int want, int64_t *wait_ns);
void upstream_unsent(struct upstream *upstream, int count);

/* One came back, that was sent at sent_ns.  `fresh`: its item's first attempt.
 * Only those open a breaker by failing (5xx, timeouts): items that always fail
 * are tried again and again, and are no outage. */
struct upstream_word {
	enum breaker_news news;
	bool forgiven;         /* the attempt is not to be charged, nor to end its item */
	int64_t probe_wall_ms; /* with BREAKER_OPENS, _STAYS_OPEN, _REOPENS */
};
void upstream_result(struct upstream *upstream, enum breaker_sign sign, int64_t sent_ns, bool fresh,
                     int enough, struct random *random, struct upstream_word *word);

/* A success pays for retries … */
void upstream_success(struct upstream *upstream);
/* … and this takes one (cost: BUDGET_*): ms that it must wait at least, 0 while
 * there is budget. */
int64_t upstream_defer_ms(struct upstream *upstream, int cost);
/* Nearly all that was sent there of late succeeded. */
bool upstream_calm(struct upstream *upstream);

/* A person resumed a job: try at once. */
void upstream_try_now(struct upstream *upstream);
bool upstream_down(struct upstream *upstream);
void upstream_remember(struct upstream *upstream, struct breaker_memory *memory);

#endif
