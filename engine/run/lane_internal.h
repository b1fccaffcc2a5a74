/* What lane.c (its thread) and lane_events.c (what others tell it) share. */
#ifndef SLUICE_RUN_LANE_INTERNAL_H
#define SLUICE_RUN_LANE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/run/lane.h"

struct lane {
	/* immutable */
	struct lane_options options;
	struct meter *meter;
	pthread_t thread;

	atomic_int in_flight;    /* given to the pool and not yet back */
	atomic_int unsettled;    /* given to the pool and not yet on disk */
	atomic_int unwritten;    /* answered, not yet written, and holding their permits */
	int written;             /* of those, by the group under way; writer thread only */
	atomic_bool full_tilt;   /* so quick that none holds its permit */
	atomic_int want;         /* what the writer may claim for us */

	/* guarded by mutex.  Lock order: the lane's before none; it is a leaf. */
	pthread_mutex_t mutex;
	pthread_cond_t cond;     /* inbox, flags */
	struct queue_list inbox; /* claimed and unsent */
	bool sending;            /* the job's state lets us send */
	bool claimable;          /* there is something to claim */
	bool draining, stop;
	int pausing;             /* answers that pause the job, on their way to the writer */
	const char *bound_by;    /* NULL: by its limit */
	int64_t sent_mark_ns;    /* lookahead: rate of sending */
	int64_t sent_count;
	double sent_per_ns;
	bool joinable;
};

/* The lane as the writer calls it. */
struct writer_client lane_client(struct lane *lane);

#endif
