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
#define QUEUE_BOUND 4096
#define TICK_NS NS_PER_S
#define DISK_FULL_RETRY_NS (5 * NS_PER_S)

/* ---- accounts --------------------------------------------------------- */

enum status writer_account(struct writer *writer, int64_t job, struct account **out,
                           struct error *error)
{
	struct account *account = NULL;
	enum status status;

	HASH_FIND(hh, writer->accounts, &job, sizeof(job), account);
	if (account == NULL) {
		status = account_load(writer->db, job, &account, error);
		if (status != STATUS_OK)
			return status;
		HASH_ADD(hh, writer->accounts, job, sizeof(job), account);
	}
	*out = account;
	return STATUS_OK;
}

enum status writer_job(struct writer *writer, int64_t job, struct job_row **row,
                       struct error *error)
{
	struct account *account;
	enum status status = writer_account(writer, job, &account, error);

	if (status != STATUS_OK)
		return status;
	account->dirty = true;
	*row = &account->row;
	return STATUS_OK;
}

void writer_forget(struct writer *writer, int64_t job)
{
	struct account *account = NULL;

	HASH_FIND(hh, writer->accounts, &job, sizeof(job), account);
	if (account == NULL || account->attached)
		return;
	HASH_DEL(writer->accounts, account);
	account_free(account, writer->options.pool);
}

void writer_settled(struct writer *writer, int64_t job, int64_t seq)
{
	struct account *account = NULL;

	HASH_FIND(hh, writer->accounts, &job, sizeof(job), account);
	if (account != NULL)
		account_settled(account, seq);
}

static enum status flush_accounts(struct writer *writer, int64_t now_ms, struct error *error)
{
	enum status status = STATUS_OK;

	for (struct account *account = writer->accounts; account != NULL && status == STATUS_OK;
	     account = account->hh.next)
		status = account_flush(account, writer->db, now_ms, error);
	return status;
}

/* After a rollback memory must say again what the database says.  An account
 * whose row is not there (its creation was undone) is dropped. */
static void reload_accounts(struct writer *writer, bool command_only)
{
	struct account *account, *next;

	HASH_ITER(hh, writer->accounts, account, next) {
		if (account_reload(account, writer->db, writer->options.pool, command_only, NULL) ==
		    STATUS_OK)
			continue;
		HASH_DEL(writer->accounts, account);
		account_free(account, writer->options.pool);
	}
	bulk_rolled_back(writer->bulk);
}

/* ---- one group --------------------------------------------------------- */

static enum status run_result(struct writer *writer, struct settlement *settlement,
                              int64_t now_ms, struct error *error)
{
	struct account *account;
	enum status status = writer_account(writer, settlement->job, &account, error);

	if (status != STATUS_OK)
		return status;
	return account_record(account, writer->db, settlement, now_ms, error);
}

/* Does this failure concern the whole database, not one command? */
static bool grave(enum status status)
{
	return status == STATUS_IO || status == STATUS_DISK_FULL || status == STATUS_CORRUPT;
}

/* A command runs under a savepoint, with all accounts saved before it, so that
 * what it did can be taken back alone. */
static enum status run_command(struct writer *writer, struct command *command, int64_t now_ms,
                               struct error *error)
{
	enum status status = flush_accounts(writer, now_ms, error);

	if (status == STATUS_OK)
		status = db_savepoint(writer->db, error);
	if (status != STATUS_OK)
		return status;
	for (struct account *account = writer->accounts; account != NULL;
	     account = account->hh.next)
		account->settled_before = account->settled_count;
	memset(&command->error, 0, sizeof(command->error));
	writer->in_command = true;
	status = command->run(writer, writer->db, command->argument, &command->error);
	writer->in_command = false;
	if (status == STATUS_OK)
		status = flush_accounts(writer, now_ms, &command->error);
	command->error.status = status;
	if (status == STATUS_OK)
		return db_savepoint_keep(writer->db, error);
	if (grave(status)) {
		*error = command->error;
		return status;
	}
	status = db_savepoint_undo(writer->db, error);
	if (status == STATUS_OK)
		reload_accounts(writer, true);
	return status;
}

static enum status run_messages(struct writer *writer, int64_t now_ms, struct error *error)
{
	enum status status = STATUS_OK;
	struct queue_node *node;

	for (node = writer->group.head; node != NULL && status == STATUS_OK; node = node->next) {
		struct message *message = (struct message *)node;

		if (message->kind == MESSAGE_RESULT)
			status = run_result(writer, (struct settlement *)message, now_ms, error);
		else
			status = run_command(writer, (struct command *)message, now_ms, error);
	}
	return status;
}

static enum status run_accounts(struct writer *writer, int64_t now_ms, struct error *error)
{
	enum status status = STATUS_OK;

	for (struct account *account = writer->accounts; account != NULL && status == STATUS_OK;
	     account = account->hh.next) {
		status = account_wake(account, writer->db, now_ms, error);
		if (status == STATUS_OK && !atomic_load(&writer->stopping))
			status = account_claim(account, writer->db, writer->options.pool, now_ms, error);
	}
	return status;
}

static enum status run_group(struct writer *writer, struct error *error)
{
	int64_t now_ms = clock_wall_ms();
	enum status status = db_begin(writer->db, error);

	if (status != STATUS_OK)
		return status;
	status = run_messages(writer, now_ms, error);
	if (status == STATUS_OK && bulk_busy(writer->bulk))
		status = bulk_step(writer->bulk, writer, writer->db, now_ms, error);
	if (status == STATUS_OK)
		status = run_accounts(writer, now_ms, error);
	if (status == STATUS_OK)
		status = flush_accounts(writer, now_ms, error);
	if (status == STATUS_OK)
		status = db_commit(writer->db, error);
	if (status != STATUS_OK) {
		db_rollback(writer->db);
		reload_accounts(writer, false);
	}
	return status;
}

/* ---- after the commit --------------------------------------------------- */

static void finish_command(struct writer *writer, struct command *command)
{
	if (command->waited) {
		pthread_mutex_lock(&writer->mutex);
		command->done = true;
		pthread_cond_broadcast(&writer->cond);
		pthread_mutex_unlock(&writer->mutex);
		return;
	}
	if (command->finished != NULL)
		command->finished(command->argument, &command->error);
	free(command);
}

static void finish_result(struct writer *writer, struct settlement *settlement)
{
	struct account *account = NULL;

	HASH_FIND(hh, writer->accounts, &settlement->job, sizeof(settlement->job), account);
	if (account != NULL && account->attached && account->client.recorded != NULL)
		account->client.recorded(account->client.lane, settlement);
	settlement_free(writer->options.pool, settlement);
}

/* `lost`: the group could not be committed and never will be. */
static void finish_group(struct writer *writer, const struct error *lost)
{
	struct queue_node *node = writer->group.head, *next;
	struct queue_list commands = {0};
	struct account *account;
	int64_t now_ms = clock_wall_ms();

	/* Lanes first: they wait for work. */
	for (account = writer->accounts; lost == NULL && account != NULL; account = account->hh.next)
		account_committed(account, now_ms);
	for (; node != NULL; node = next) {
		struct message *message = (struct message *)node;

		next = node->next;
		if (message->kind == MESSAGE_RESULT) {
			finish_result(writer, (struct settlement *)message);
			continue;
		}
		if (lost != NULL)
			((struct command *)message)->error = *lost;
		queue_list_add(&commands, node);
	}
	memset(&writer->group, 0, sizeof(writer->group));
	/* Results before word of them: whoever hears that the job is finished
	 * finds its lane idle. */
	for (account = writer->accounts; account != NULL; account = account->hh.next) {
		if (account->touched && lost == NULL)
			writer->options.changed(writer->options.context, &account->row);
		account->touched = false;
	}
	for (node = commands.head; node != NULL; node = next) {
		next = node->next;
		finish_command(writer, (struct command *)node);
	}
}

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
		    (account->attached && account_claimable(account, now_ms) &&
		     account->client.want(account->client.lane) > 0))
			return true;
	return false;
}

static void gather(struct writer *writer)
{
	struct queue_list more = {0};
	int64_t end_ns;

	queue_take(writer->queue, &more, next_timer_ns(writer));
	append(&writer->group, &more);
	if (writer->group.count == 0)
		return;
	end_ns = clock_mono_ns() + GROUP_NS_MAX;
	while (writer->group.count < GROUP_RESULTS_MAX && clock_mono_ns() < end_ns &&
	       !has_command(&writer->group) && !lane_starved(writer, clock_wall_ms())) {
		queue_take(writer->queue, &more, end_ns);
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
	do {
		finish_group(writer, error);
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
		status = run_group(writer, &error);
		if (status == STATUS_OK) {
			if (atomic_exchange(&writer->disk_full, false))
				log_info("there is space on the disk again");
			finish_group(writer, NULL);
		} else if (status == STATUS_DISK_FULL && !atomic_load(&writer->stopping) &&
		           !atomic_load(&writer->giving_up)) {
			wait_for_space(writer, &error);
		} else {
			fail_group(writer, &error);
			break;
		}
	}
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
	failed = pthread_create(&writer->thread, NULL, writer_main, writer);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failed != 0) {
		writer_stop(writer);
		return error_set(error, STATUS_NO_MEMORY, "cannot start the writer: %s",
		                 strerror(failed));
	}
	writer->running = true;
	*out = writer;
	return STATUS_OK;
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
