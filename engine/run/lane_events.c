/* What the writer and the pool tell a lane, on their threads. */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/run/lane_internal.h"

#define QUICK_US 50000

/* ---- the writer's side ------------------------------------------------- */

static int lane_want(void *context)
{
	struct lane *lane = context;

	return atomic_load(&lane->want);
}

static bool lane_starved(void *context)
{
	struct lane *lane = context;
	bool starved;

	pthread_mutex_lock(&lane->mutex);
	starved = lane->inbox.count == 0 && atomic_load(&lane->want) > 0 && lane->sending;
	pthread_mutex_unlock(&lane->mutex);
	/* Half of its permits wait for the disk. */
	return starved || 2 * atomic_load(&lane->unwritten) >=
	                      semaphore_limit(limit_semaphore(lane->options.limit));
}

static bool lane_awaits(void *context)
{
	struct lane *lane = context;
	struct semaphore *semaphore = limit_semaphore(lane->options.limit);

	return atomic_load(&lane->unwritten) > 0 &&
	       semaphore_in_flight(semaphore) >= semaphore_limit(semaphore);
}

static void list_append(struct queue_list *to, struct queue_list *from)
{
	if (from->head == NULL)
		return;
	if (to->head == NULL) {
		*to = *from;
	} else {
		to->tail->next = from->head;
		to->tail = from->tail;
		to->count += from->count;
	}
	memset(from, 0, sizeof(*from));
}

static void lane_deliver(void *context, struct queue_list *tasks)
{
	struct lane *lane = context;
	int count = tasks->count;

	pthread_mutex_lock(&lane->mutex);
	list_append(&lane->inbox, tasks);
	atomic_fetch_sub(&lane->want, count);
	pthread_cond_signal(&lane->cond);
	pthread_mutex_unlock(&lane->mutex);
}

static void lane_changed(void *context, const struct job_row *row, bool claimable)
{
	struct lane *lane = context;
	bool sending = row->state == JOB_RUNNING || row->state == JOB_IMPORTING;

	limit_set_backlog(lane->options.limit, row->counts[ITEM_PENDING] + row->counts[ITEM_WAITING]);
	pthread_mutex_lock(&lane->mutex);
	if (sending != lane->sending || claimable != lane->claimable) {
		if (sending && !lane->sending)
			limit_resume(lane->options.limit);
		lane->sending = sending;
		lane->claimable = claimable;
		if (!sending)
			atomic_store(&lane->want, 0);
		pthread_cond_signal(&lane->cond);
	}
	pthread_mutex_unlock(&lane->mutex);
	if (!sending)
		semaphore_poke(limit_semaphore(lane->options.limit));
}

static bool pauses(const struct settlement *settlement)
{
	return settlement->pause_by_rule || settlement->pause_until_ms > 0;
}

static void lane_recorded(void *context, const struct settlement *settlement)
{
	struct lane *lane = context;

	meter_add(lane->meter, clock_mono_ns(), clock_wall_ms(), settlement->record.decision,
	          settlement->final, settlement->latency_us);
	if (pauses(settlement)) {
		pthread_mutex_lock(&lane->mutex);
		lane->pausing--;
		pthread_cond_signal(&lane->cond);
		pthread_mutex_unlock(&lane->mutex);
	}
	atomic_fetch_sub(&lane->unsettled, 1);
}

static void lane_written(void *context, struct settlement *settlement)
{
	struct lane *lane = context;

	lane->written += settlement->holds_permit;
	settlement->holds_permit = false;
}

static void lane_group_written(void *context)
{
	struct lane *lane = context;
	int written = lane->written;

	lane->written = 0;
	if (written == 0)
		return;
	atomic_fetch_sub(&lane->unwritten, written);
	semaphore_release(limit_semaphore(lane->options.limit), written);
}

/* ---- pool threads' side -------------------------------------------------- */

/* A quick request that may be repeated keeps its permit until its outcome is
 * written: else as many as are let out at once would be answered between two
 * commits, and a crash would send those again on top of what is out.  A slow one
 * need not: few are answered meanwhile.  Nor one of a lane at full tilt, where it
 * would cost a quarter of the speed.  And for one that may not be repeated it would be
 * a commit more between two requests, for nothing. */
static bool holds_permit(const struct lane *lane, const struct task *task)
{
	return lane->options.repeatable && task->exchange.response.total_us < QUICK_US &&
	       !atomic_load(&lane->full_tilt);
}

struct settlement *lane_settle(struct lane *lane, struct pool_worker *worker, struct task *task)
{
	const struct pace pace = {lane->options.limit, lane->options.upstream};
	struct settlement *settlement;

	settlement = settle(worker, task, &pace, lane->options.job, clock_wall_ms());
	/* The server's wait stops all: one 429 must not be followed by what else
	 * was about to go out. */
	if (settlement != NULL && settlement->hold_ms > 0)
		limit_hold(pace.limit, settlement->hold_ms * NS_PER_MS);
	if (settlement != NULL && pauses(settlement)) {
		/* Nothing more goes out until the writer has paused the job. */
		pthread_mutex_lock(&lane->mutex);
		lane->pausing++;
		pthread_mutex_unlock(&lane->mutex);
	}
	atomic_fetch_sub(&lane->in_flight, 1);
	if (settlement == NULL) {
		atomic_fetch_sub(&lane->unsettled, 1);
		log_error("out of memory: an outcome could not be kept; its item is taken up at "
		          "the next start");
	}
	if (settlement != NULL && holds_permit(lane, task)) {
		settlement->holds_permit = true;
		atomic_fetch_add(&lane->unwritten, 1);
	} else {
		semaphore_release(limit_semaphore(lane->options.limit), 1);
	}
	return settlement;
}

static void lane_remember(void *context, struct job_row *row)
{
	struct lane *lane = context;

	limit_remember(lane->options.limit, &row->pace);
	upstream_remember(lane->options.upstream, &row->upstream);
}

struct writer_client lane_client(struct lane *lane)
{
	return (struct writer_client){
	    .want = lane_want,
	    .starved = lane_starved,
	    .awaits = lane_awaits,
	    .deliver = lane_deliver,
	    .changed = lane_changed,
	    .recorded = lane_recorded,
	    .written = lane_written,
	    .group_written = lane_group_written,
	    .remember = lane_remember,
	    .lane = lane,
	};
}
