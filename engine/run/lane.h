/* A lane: one thread per running job that turns claimed items into requests at
 * the pace the limit allows.  It is the only waiter on its semaphore and token
 * bucket (with a shared limit: one of few), so nothing herds. */
#ifndef SLUICE_RUN_LANE_H
#define SLUICE_RUN_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/request/plan.h"
#include "engine/run/limit.h"
#include "engine/run/meter.h"
#include "engine/run/pool.h"
#include "engine/run/writer.h"

struct lane;

struct lane_options {
	int64_t job;
	struct plan *plan;     /* the lane's from now on */
	bool repeatable;       /* interrupted requests may be sent again */
	struct limit *limit;       /* closed by the lane */
	struct upstream *upstream; /* closed by the lane */
	struct writer *writer;
	struct pool *pool;
};

/* Attaches itself to the writer and begins as the job's state allows. */
enum status lane_start(const struct lane_options *options, struct lane **lane,
                       struct error *error);
/* Send nothing more; what is claimed and unsent goes back.  In-flight requests
 * go on; wait for them with lane_idle. */
void lane_drain(struct lane *lane);
/* Nothing of it is in flight or on its way to the writer. */
bool lane_idle(struct lane *lane);
/* Needs lane_drain and lane_idle before.  Joins the thread, detaches, frees. */
void lane_stop(struct lane *lane);

/* Pool threads: an exchange of this lane ended. Becomes a settlement (NULL: no
 * memory; the item stays claimed and is recovered at the next start). */
struct settlement *lane_settle(struct lane *lane, struct pool_worker *worker, struct task *task);

struct lane_view {
	int in_flight;          /* requests out */
	int concurrency;        /* in force now */
	struct rate rate;       /* in force now; count 0: none */
	const char *bound_by;   /* static text */
};
void lane_view(struct lane *lane, struct lane_view *view);
struct limit *lane_limit(struct lane *lane);
struct upstream *lane_upstream(struct lane *lane);
struct meter *lane_meter(struct lane *lane);
const struct plan *lane_plan(const struct lane *lane);

int64_t lane_job(const struct lane *lane);

#endif
