#include "engine/run/lane.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/lane_internal.h"

/* Items taken from the store ahead of their permits, for jobs whose requests
 * may be repeated: enough for LOOKAHEAD_NS of work, so that a commit's time is
 * bridged, and no more, so that `running` stays near what is really out. */
#define LOOKAHEAD_NS (60 * NS_PER_MS)
#define LOOKAHEAD_MIN 16
#define LOOKAHEAD_MAX 4000

/* Permits taken at a time. */
#define BATCH_MAX 64

/* A lane that may not claim ahead gives its permits back after so long without
 * an item. */
#define CLAIM_WAIT_NS (250 * NS_PER_MS)

/* Beyond this many requests a second what holds them up costs more than it is worth. */
#define FULL_TILT_PER_S 10000

/* How long it sleeps for a grant before it looks again. */
#define GRANT_LOOK_NS (250 * NS_PER_MS)

/* ---- the lane's own thread ------------------------------------------------ */

/* Raise what we want up to the lookahead; poke the writer where that is news. */
static void want_more_locked(struct lane *lane)
{
	int ahead = (int)(lane->sent_per_ns * (double)LOOKAHEAD_NS);
	int target, missing;

	if (!lane->options.repeatable || !lane->claimable)
		return;
	if (ahead < semaphore_limit(limit_semaphore(lane->options.limit)) / 2)
		ahead = semaphore_limit(limit_semaphore(lane->options.limit)) / 2;
	target = ahead < LOOKAHEAD_MIN ? LOOKAHEAD_MIN : ahead > LOOKAHEAD_MAX ? LOOKAHEAD_MAX : ahead;
	missing = target - lane->inbox.count - atomic_load(&lane->want);
	if (missing < (target + 3) / 4)
		return;
	atomic_fetch_add(&lane->want, missing);
	writer_poke(lane->options.writer);
}

static void note_sent_locked(struct lane *lane, int count)
{
	int64_t now = clock_mono_ns();
	double rate;

	lane->sent_count += count;
	if (now - lane->sent_mark_ns < 100 * NS_PER_MS)
		return;
	rate = (double)lane->sent_count / (double)(now - lane->sent_mark_ns);
	lane->sent_per_ns = (lane->sent_per_ns + rate) / 2;
	lane->sent_mark_ns = now;
	lane->sent_count = 0;
	atomic_store(&lane->full_tilt, lane->sent_per_ns * (double)NS_PER_S >= FULL_TILT_PER_S);
}

static void give_back_locked(struct lane *lane)
{
	struct queue_list unsent = lane->inbox;

	memset(&lane->inbox, 0, sizeof(lane->inbox));
	atomic_store(&lane->want, 0);
	if (unsent.count == 0)
		return;
	pthread_mutex_unlock(&lane->mutex);
	writer_unclaim(lane->options.writer, lane->options.job, &unsent);
	pthread_mutex_lock(&lane->mutex);
}

static bool may_send_locked(const struct lane *lane)
{
	return lane->sending && lane->pausing == 0 && !lane->draining && !lane->stop;
}

/* Sleep until there is something to send and nothing against it.  False: stop. */
static bool wait_for_work(struct lane *lane)
{
	bool go;

	pthread_mutex_lock(&lane->mutex);
	for (;;) {
		if (lane->stop)
			break;
		if (!may_send_locked(lane)) {
			give_back_locked(lane);
			if (may_send_locked(lane) || lane->stop)
				continue;
		} else {
			want_more_locked(lane);
			if (lane->inbox.count > 0 || (!lane->options.repeatable && lane->claimable))
				break;
			lane->bound_by = lane->claimable ? "store" : "nothing left";
		}
		clock_cond_wait(&lane->cond, &lane->mutex, CLOCK_NEVER);
	}
	go = !lane->stop;
	pthread_mutex_unlock(&lane->mutex);
	return go;
}

/* Wait until it may be let through; false where something else came up. */
static bool wait_for_grant(struct lane *lane, const char *bound_by, int64_t wait_ns)
{
	int64_t deadline = clock_mono_ns() + wait_ns;
	bool go;

	pthread_mutex_lock(&lane->mutex);
	lane->bound_by = bound_by;
	while (may_send_locked(lane))
		if (clock_cond_wait(&lane->cond, &lane->mutex, deadline) != 0)
			break;
	go = may_send_locked(lane);
	pthread_mutex_unlock(&lane->mutex);
	return go;
}

/* Leave for at most `permits` requests, of the bucket and then of the breaker;
 * waits for the first.  0: look again. */
static int take_grants(struct lane *lane, int permits)
{
	struct limit *limit = lane->options.limit;

	for (;;) {
		const char *bound_by = NULL;
		int64_t wait_ns = 0;
		int tokens = limit_take_tokens(limit, permits, &wait_ns), grants = 0;

		if (tokens > 0) {
			grants = upstream_admit(lane->options.upstream, tokens, &wait_ns);
			bound_by = "breaker";
			if (grants < tokens)
				limit_return_tokens(limit, tokens - grants);
		}
		if (grants > 0)
			return grants;
		/* A rate changed meanwhile is seen within a quarter of a second. */
		if (wait_ns > GRANT_LOOK_NS)
			wait_ns = GRANT_LOOK_NS;
		if (!wait_for_grant(lane, bound_by, wait_ns))
			return 0;
	}
}

/* A lane that may not claim ahead asks for exactly what it can send now. */
static void claim_for_grants(struct lane *lane, int grants)
{
	int64_t deadline = clock_mono_ns() + CLAIM_WAIT_NS;

	pthread_mutex_lock(&lane->mutex);
	if (lane->inbox.count < grants && may_send_locked(lane)) {
		atomic_store(&lane->want, grants - lane->inbox.count);
		writer_poke(lane->options.writer);
		while (lane->inbox.count == 0 && may_send_locked(lane) && lane->claimable)
			if (clock_cond_wait(&lane->cond, &lane->mutex, deadline) != 0)
				break;
	}
	pthread_mutex_unlock(&lane->mutex);
}

static void take_tasks(struct lane *lane, int count, struct queue_list *out)
{
	pthread_mutex_lock(&lane->mutex);
	while (out->count < count && lane->inbox.head != NULL && may_send_locked(lane)) {
		struct queue_node *node = lane->inbox.head;

		lane->inbox.head = node->next;
		if (lane->inbox.head == NULL)
			lane->inbox.tail = NULL;
		lane->inbox.count--;
		queue_list_add(out, node);
	}
	/* Counted before they leave the inbox's lock: lane_idle must see them. */
	atomic_fetch_add(&lane->in_flight, out->count);
	atomic_fetch_add(&lane->unsettled, out->count);
	note_sent_locked(lane, out->count);
	pthread_mutex_unlock(&lane->mutex);
}

static int batch_size(struct lane *lane)
{
	int waiting;

	pthread_mutex_lock(&lane->mutex);
	waiting = lane->options.repeatable ? lane->inbox.count : BATCH_MAX;
	pthread_mutex_unlock(&lane->mutex);
	return waiting < 1 ? 1 : waiting > BATCH_MAX ? BATCH_MAX : waiting;
}

static void set_bound_by(struct lane *lane, const char *what)
{
	pthread_mutex_lock(&lane->mutex);
	lane->bound_by = what;
	pthread_mutex_unlock(&lane->mutex);
}

static void send_some(struct lane *lane)
{
	struct semaphore *semaphore = limit_semaphore(lane->options.limit);
	struct queue_list tasks = {0};
	int permits, grants, sent;

	set_bound_by(lane, NULL);
	permits = semaphore_acquire(semaphore, batch_size(lane), clock_mono_ns() + NS_PER_S);
	if (permits == 0)
		return;
	grants = take_grants(lane, permits);
	if (grants < permits)
		semaphore_release(semaphore, permits - grants);
	if (grants == 0)
		return;
	if (!lane->options.repeatable)
		claim_for_grants(lane, grants);
	take_tasks(lane, grants, &tasks);
	sent = tasks.count;
	if (sent < grants) {
		semaphore_release(semaphore, grants - sent);
		limit_return_tokens(lane->options.limit, grants - sent);
		upstream_unsent(lane->options.upstream, grants - sent);
	}
	if (sent == 0)
		return;
	for (struct queue_node *node = tasks.head; node != NULL; node = node->next) {
		struct task *task = (struct task *)node;

		task->lane = lane;
		limit_sent(lane->options.limit, &task->stamp);
		task->exchange.plan = task->ask ? plan_question(lane->options.plan) : lane->options.plan;
		task->exchange.may_repeat = lane->options.repeatable || task->ask;
		task->exchange.body_bytes_max = plan_spec(lane->options.plan)->body_bytes_max;
	}
	pool_submit(lane->options.pool, &tasks);
}

static void *lane_main(void *argument)
{
	struct lane *lane = argument;

	pthread_setname_np(pthread_self(), "sluice-lane");
	while (wait_for_work(lane))
		send_some(lane);
	return NULL;
}

/* ---- from outside ----------------------------------------------------------- */

static void lane_free(struct lane *lane)
{
	plan_free(lane->options.plan);
	limit_close(lane->options.limit, lane->options.job);
	upstream_close(lane->options.upstream);
	meter_free(lane->meter);
	pthread_mutex_destroy(&lane->mutex);
	pthread_cond_destroy(&lane->cond);
	free(lane);
}

enum status lane_start(const struct lane_options *options, struct lane **out,
                       struct error *error)
{
	struct lane *lane = calloc(1, sizeof(*lane));
	struct writer_client client;
	sigset_t all, old;
	enum status status;
	int failed;

	if (lane == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	client = lane_client(lane);
	lane->options = *options;
	lane->bound_by = "nothing left";
	lane->sent_mark_ns = clock_mono_ns();
	pthread_mutex_init(&lane->mutex, NULL);
	clock_cond_init(&lane->cond);
	lane->meter = meter_new();
	status = lane->meter != NULL ? STATUS_OK
	                             : error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status == STATUS_OK)
		status = writer_attach(options->writer, options->job, &client, error);
	if (status != STATUS_OK) {
		lane->options.plan = NULL; /* still the caller's */
		lane->options.limit = NULL;
		lane->options.upstream = NULL;
		lane_free(lane);
		return status;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failed = pthread_create(&lane->thread, NULL, lane_main, lane);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failed != 0) {
		writer_detach(options->writer, options->job);
		lane->options.plan = NULL;
		lane->options.limit = NULL;
		lane->options.upstream = NULL;
		lane_free(lane);
		return error_set(error, STATUS_NO_MEMORY, "cannot start a lane: %s",
		                 strerror(failed));
	}
	*out = lane;
	return STATUS_OK;
}

void lane_drain(struct lane *lane)
{
	pthread_mutex_lock(&lane->mutex);
	lane->draining = true;
	pthread_cond_signal(&lane->cond);
	pthread_mutex_unlock(&lane->mutex);
	semaphore_poke(limit_semaphore(lane->options.limit));
}

bool lane_idle(struct lane *lane)
{
	bool empty;

	pthread_mutex_lock(&lane->mutex);
	empty = lane->inbox.count == 0;
	pthread_mutex_unlock(&lane->mutex);
	return empty && atomic_load(&lane->unsettled) == 0;
}

void lane_stop(struct lane *lane)
{
	struct queue_list unsent;

	pthread_mutex_lock(&lane->mutex);
	lane->stop = true;
	pthread_cond_signal(&lane->cond);
	pthread_mutex_unlock(&lane->mutex);
	semaphore_poke(limit_semaphore(lane->options.limit));
	pthread_join(lane->thread, NULL);
	writer_detach(lane->options.writer, lane->options.job);
	/* What the writer delivered while the thread was ending. */
	unsent = lane->inbox;
	writer_unclaim(lane->options.writer, lane->options.job, &unsent);
	lane_free(lane);
}

void lane_view(struct lane *lane, struct lane_view *view)
{
	struct limit_view limit;

	limit_view(lane->options.limit, &limit);
	view->in_flight = atomic_load(&lane->in_flight);
	view->concurrency = limit.concurrency;
	view->rate = limit.rate;
	pthread_mutex_lock(&lane->mutex);
	view->bound_by = lane->bound_by != NULL ? lane->bound_by : limit.bound_by;
	pthread_mutex_unlock(&lane->mutex);
}

struct limit *lane_limit(struct lane *lane)
{
	return lane->options.limit;
}

struct upstream *lane_upstream(struct lane *lane)
{
	return lane->options.upstream;
}

struct meter *lane_meter(struct lane *lane)
{
	return lane->meter;
}

const struct plan *lane_plan(const struct lane *lane)
{
	return lane->options.plan;
}

int64_t lane_job(const struct lane *lane)
{
	return lane->options.job;
}
