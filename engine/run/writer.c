#include "engine/run/writer.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/run/writer_internal.h"

#define GROUP_RESULTS_MAX 1000
#define GROUP_NS_MAX (20 * NS_PER_MS)
/* Where results hold back requests: long enough for a bunch of them. */
#define GROUP_NS_AWAITED NS_PER_MS
/* Once so many are there, the writer is not woken for each, but for as many again,
 * or after so long. */
#define GROUP_STEP 64
#define GROUP_STEP_NS (2 * NS_PER_MS)
#define QUEUE_BOUND 4096
#define TICK_NS NS_PER_S
#define DISK_FULL_RETRY_NS (5 * NS_PER_S)

static void die(struct writer *writer, const struct error *why)
{
	pthread_mutex_lock(&writer->mutex);
	writer->dead = true;
	writer->health = *why;
	pthread_mutex_unlock(&writer->mutex);
	log_error("%s; nothing more is sent", why->text);
	queue_close(writer->queue);
}

/* ---- the loop ----------------------------------------------------------- */

static void append(struct queue_list *to, struct queue_list *from)
{
	if (from->head == NULL)
		return;
	if (to->head == NULL)
		*to = *from;
	else {
		to->tail->next = from->head;
		to->tail = from->tail;
		to->count += from->count;
	}
	memset(from, 0, sizeof(*from));
}

static bool has_command(const struct queue_list *list)
{
	for (const struct queue_node *node = list->head; node != NULL; node = node->next)
		if (((const struct message *)node)->kind == MESSAGE_COMMAND)
			return true;
	return false;
}

static bool lane_starved(struct writer *writer, int64_t now_ms)
{
	for (struct account *account = writer->accounts; account != NULL; account = account->hh.next)
		if (account->attached && account_claimable(account, now_ms) &&
		    account->client.starved(account->client.lane))
			return true;
	return false;
}

/* Mono time of the next thing to do without a message. */
static int64_t next_timer_ns(struct writer *writer)
{
	int64_t now_ms = clock_wall_ms(), first_ms = INT64_MAX;
	int64_t now_ns = clock_mono_ns();

	if (bulk_busy(writer->bulk))
		return now_ns;
	for (struct account *account = writer->accounts; account != NULL;
	     account = account->hh.next) {
		int64_t timer_ms = account_timer_ms(account);

		/* Items came due, or back, after this group's claims: the lane asked
		 * before, and does not ask again. */
		if (account_hungry(account, now_ms))
			return now_ns;
		if (timer_ms < first_ms)
			first_ms = timer_ms;
	}
	if (first_ms - now_ms > 1000)
		return writer->tick_ns;
	if (first_ms <= now_ms)
		return now_ns;
	now_ns += (first_ms - now_ms) * NS_PER_MS;
	return now_ns < writer->tick_ns ? now_ns : writer->tick_ns;
}

/* Is there anything to commit?  (Not: a tick, or a poke that came to nothing.) */
static bool has_work(struct writer *writer)
{
	int64_t now_ms = clock_wall_ms();

	if (writer->group.count > 0 || bulk_busy(writer->bulk))
		return true;
	for (struct account *account = writer->accounts; account != NULL;
	     account = account->hh.next)
		if (account->dirty || account_timer_ms(account) <= now_ms ||
		    account_hungry(account, now_ms))
			return true;
	return false;
}

/* Has a lane nothing left to send with but what this group frees? */
static bool awaited(struct writer *writer)
{
	for (struct account *account = writer->accounts; account != NULL; account = account->hh.next)
		if (account->attached && account->client.awaits(account->client.lane))
			return true;
	return false;
}

static void gather(struct writer *writer)
{
	struct queue_list more = {0};
	int64_t end_ns, step_ns;

	queue_take(writer->queue, &more, next_timer_ns(writer));
	append(&writer->group, &more);
	if (writer->group.count == 0)
		return;
	end_ns = clock_mono_ns() + (awaited(writer) ? GROUP_NS_AWAITED : GROUP_NS_MAX);
	while (writer->group.count < GROUP_RESULTS_MAX && clock_mono_ns() < end_ns &&
	       !has_command(&writer->group) && !lane_starved(writer, clock_wall_ms())) {
		step_ns = clock_mono_ns() + GROUP_STEP_NS;
		if (writer->group.count < GROUP_STEP)
			queue_take(writer->queue, &more, end_ns);
		else
			queue_take_many(writer->queue, &more, GROUP_STEP,
			                step_ns < end_ns ? step_ns : end_ns);
		append(&writer->group, &more);
	}
}

/* As long as nothing can be recorded nothing more is to be sent. */
static void halt_lanes(struct writer *writer)
{
	for (struct account *account = writer->accounts; account != NULL;
	     account = account->hh.next) {
		struct job_row row = account->row;

		row.state = JOB_PAUSED;
		if (account->attached)
			account->client.changed(account->client.lane, &row, false);
	}
}

/* Nothing of the group is in; it stays in memory and is tried again, with
 * every job's row: so that there is something to write, and lanes are told. */
static void wait_for_space(struct writer *writer, const struct error *error)
{
	struct queue_list none = {0};

	if (!atomic_exchange(&writer->disk_full, true)) {
		log_error("%s; trying again every 5 s, outcomes are kept in memory", error->text);
		halt_lanes(writer);
	}
	for (struct account *account = writer->accounts; account != NULL;
	     account = account->hh.next)
		account->dirty = true;
	queue_take(writer->queue, &none, clock_mono_ns() + DISK_FULL_RETRY_NS);
	append(&writer->group, &none);
}

static void tick(struct writer *writer)
{
	if (clock_mono_ns() < writer->tick_ns)
		return;
	writer->tick_ns = clock_mono_ns() + TICK_NS;
	writer->options.tick(writer->options.context);
}

static void fail_group(struct writer *writer, const struct error *error)
{
	struct queue_list rest = {0};

	die(writer, error);
	halt_lanes(writer);
	for (struct account *account = writer->accounts; account != NULL;
	     account = account->hh.next)
		account->attached = false;
	do {
		writer_finish_group(writer, error);
		memset(&rest, 0, sizeof(rest));
		queue_take(writer->queue, &rest, clock_mono_ns());
		append(&writer->group, &rest);
	} while (writer->group.count > 0);
}

static void *writer_main(void *argument)
{
	struct writer *writer = argument;
	struct error error;

	pthread_setname_np(pthread_self(), "sluice-writer");
	/* Not before writer_start has told its caller who we are. */
	pthread_mutex_lock(&writer->mutex);
	pthread_mutex_unlock(&writer->mutex);
	for (;;) {
		enum status status;

		gather(writer);
		if (atomic_load(&writer->stopping) && writer->group.count == 0 &&
		    queue_length(writer->queue) == 0)
			break;
		memset(&error, 0, sizeof(error));
		tick(writer);
		if (!has_work(writer))
			continue;
		status = writer_run_group(writer, &error);
		if (status == STATUS_OK) {
			if (atomic_exchange(&writer->disk_full, false))
				log_info("there is space on the disk again");
			writer_finish_group(writer, NULL);
		} else if (status == STATUS_DISK_FULL && !atomic_load(&writer->stopping) &&
		           !atomic_load(&writer->giving_up)) {
			wait_for_space(writer, &error);
		} else {
			fail_group(writer, &error);
			break;
		}
	}
	pthread_mutex_lock(&writer->mutex);
	writer->ended = true;
	pthread_cond_broadcast(&writer->cond);
	pthread_mutex_unlock(&writer->mutex);
	return NULL;
}

/* ---- start and stop ------------------------------------------------------- */

enum status writer_start(const struct writer_options *options, struct writer **out,
                         struct error *error)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	sigset_t all, old;
	int failed;

	if (writer == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	writer->options = *options;
	writer->db = options->db;
	atomic_store(&writer->giving_up, options->pool == NULL);
	writer->queue = queue_new(QUEUE_BOUND);
	writer->bulk = bulk_new();
	pthread_mutex_init(&writer->mutex, NULL);
	clock_cond_init(&writer->cond);
	if (writer->queue == NULL || writer->bulk == NULL) {
		writer_stop(writer);
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_mutex_lock(&writer->mutex);
	failed = pthread_create(&writer->thread, NULL, writer_main, writer);
	writer->running = failed == 0;
	if (failed == 0)
		*out = writer; /* the thread's callbacks look there */
	pthread_mutex_unlock(&writer->mutex);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failed == 0)
		return STATUS_OK;
	writer_stop(writer);
	return error_set(error, STATUS_NO_MEMORY, "cannot start the writer: %s", strerror(failed));
}

void writer_stop(struct writer *writer)
{
	struct account *account, *next;

	if (writer == NULL)
		return;
	if (writer->running) {
		atomic_store(&writer->stopping, true);
		queue_poke(writer->queue);
		pthread_join(writer->thread, NULL);
	}
	HASH_ITER(hh, writer->accounts, account, next) {
		HASH_DEL(writer->accounts, account);
		account_free(account, writer->options.pool);
	}
	bulk_free(writer->bulk);
	queue_free(writer->queue);
	db_close(writer->db);
	pthread_mutex_destroy(&writer->mutex);
	pthread_cond_destroy(&writer->cond);
	free(writer);
}

enum status writer_health(struct writer *writer, struct error *error)
{
	enum status status;

	pthread_mutex_lock(&writer->mutex);
	status = writer->dead ? writer->health.status : STATUS_OK;
	if (writer->dead && error != NULL)
		*error = writer->health;
	pthread_mutex_unlock(&writer->mutex);
	return status;
}

bool writer_disk_full(struct writer *writer)
{
	return atomic_load(&writer->disk_full);
}

void writer_give_up(struct writer *writer)
{
	if (writer == NULL)
		return;
	atomic_store(&writer->giving_up, true);
	queue_poke(writer->queue);
}
