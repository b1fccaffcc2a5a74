/* One group of the writer: its transaction, and what follows the commit. */
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/writer_internal.h"

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
	struct account *account = writer->accounts, *next;

	for (; account != NULL; account = next) {
		next = account->hh.next;
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

/* What the group records survives a crash from here on: requests that waited for
 * that may go while the disk is still at it. */
static void tell_written(void *context)
{
	struct writer *writer = context;
	struct queue_node *node;
	struct account *account = NULL;

	for (node = writer->group.head; node != NULL; node = node->next) {
		struct settlement *settlement = (struct settlement *)node;

		if (settlement->message.kind != MESSAGE_RESULT)
			continue;
		if (account == NULL || account->job != settlement->job)
			HASH_FIND(hh, writer->accounts, &settlement->job, sizeof(settlement->job),
			          account);
		if (account != NULL && account->attached)
			account->client.written(account->client.lane, settlement);
	}
	for (account = writer->accounts; account != NULL; account = account->hh.next)
		if (account->attached)
			account->client.group_written(account->client.lane);
}

enum status writer_run_group(struct writer *writer, struct error *error)
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
		status = db_commit_telling(writer->db, tell_written, writer, error);
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
void writer_finish_group(struct writer *writer, const struct error *lost)
{
	struct queue_node *node = writer->group.head, *next;
	struct queue_list commands = {0};
	struct account *account;
	int64_t now_ms = clock_wall_ms();

	tell_written(writer); /* of a lost group, too: nobody waits for it any more */
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
