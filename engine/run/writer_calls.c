/* The writer, seen from other threads: results, commands, attaching. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/writer_internal.h"
#include "engine/store/items.h"

void writer_push_results(struct writer *writer, struct queue_list *settlements)
{
	struct queue_node *node, *next;

	if (settlements->count == 0 || queue_push(writer->queue, settlements))
		return;
	/* The writer is dead: the outcomes cannot be kept; recovery on the next
	 * open treats these items as in flight. */
	for (node = settlements->head; node != NULL; node = next) {
		next = node->next;
		settlement_free(writer->options.pool, (struct settlement *)node);
	}
	memset(settlements, 0, sizeof(*settlements));
}

static bool push_command(struct writer *writer, struct command *command)
{
	struct queue_list list = {0};

	queue_list_add(&list, &command->message.node);
	return queue_push_urgent(writer->queue, &list);
}

enum status writer_call(struct writer *writer, writer_command_fn *run, void *argument,
                        struct error *error)
{
	struct command command = {
	    .message.kind = MESSAGE_COMMAND, .run = run, .argument = argument, .waited = true};

	if (!push_command(writer, &command)) {
		enum status status = writer_health(writer, error);

		return status != STATUS_OK ? status
		                           : error_set(error, STATUS_CLOSED, "the engine is stopping");
	}
	pthread_mutex_lock(&writer->mutex);
	while (!command.done)
		clock_cond_wait(&writer->cond, &writer->mutex, CLOCK_NEVER);
	pthread_mutex_unlock(&writer->mutex);
	if (command.error.status != STATUS_OK && error != NULL)
		*error = command.error;
	return command.error.status;
}

enum status writer_post(struct writer *writer, writer_command_fn *run, void *argument,
                        void (*finished)(void *argument, const struct error *error))
{
	struct command *command = calloc(1, sizeof(*command));

	if (command == NULL)
		return STATUS_NO_MEMORY;
	command->message.kind = MESSAGE_COMMAND;
	command->run = run;
	command->argument = argument;
	command->finished = finished;
	if (push_command(writer, command))
		return STATUS_OK;
	free(command);
	return STATUS_CLOSED;
}

/* ---- giving back, attaching ----------------------------------------------- */

struct unclaim {
	struct pool *pool;
	struct queue_list tasks;
	int64_t job;
};

static enum status unclaim_run(struct writer *writer, struct db *db, void *argument,
                               struct error *error)
{
	struct unclaim *unclaim = argument;
	const int64_t now_ms = clock_wall_ms();
	struct job_row *row;
	enum status status = writer_job(writer, unclaim->job, &row, error);

	for (struct queue_node *node = unclaim->tasks.head; node != NULL && status == STATUS_OK;
	     node = node->next) {
		const struct task *task = (const struct task *)node;

		status = items_unclaim(db, row, task->seq, task->attempts, task->spent,
		                       task->since_ms, task->ask, now_ms, error);
		writer_settled(writer, unclaim->job, task->seq);
	}
	return status;
}

static void unclaim_finished(void *argument, const struct error *error)
{
	struct unclaim *unclaim = argument;
	struct queue_node *node = unclaim->tasks.head, *next;

	(void)error; /* where it failed, recovery finds them as claimed */
	for (; node != NULL; node = next) {
		next = node->next;
		task_release(unclaim->pool, (struct task *)node);
	}
	free(unclaim);
}

void writer_unclaim(struct writer *writer, int64_t job, struct queue_list *tasks)
{
	struct unclaim *unclaim;

	if (tasks->count == 0)
		return;
	unclaim = calloc(1, sizeof(*unclaim));
	if (unclaim == NULL)
		return; /* leaks at the end of memory; the items stay claimed and are recovered */
	unclaim->pool = writer->options.pool;
	unclaim->job = job;
	unclaim->tasks = *tasks;
	memset(tasks, 0, sizeof(*tasks));
	if (writer_post(writer, unclaim_run, unclaim, unclaim_finished) != STATUS_OK)
		unclaim_finished(unclaim, NULL);
}

struct attach {
	int64_t job;
	const struct writer_client *client; /* NULL: detach */
};

static enum status attach_run(struct writer *writer, struct db *db, void *argument,
                              struct error *error)
{
	struct attach *attach = argument;
	struct account *account;
	enum status status = writer_account(writer, attach->job, &account, error);

	(void)db;
	if (status != STATUS_OK)
		return status;
	account->attached = attach->client != NULL;
	if (attach->client != NULL)
		account->client = *attach->client;
	account->dirty = true; /* so that the lane is told how things stand */
	return STATUS_OK;
}

enum status writer_attach(struct writer *writer, int64_t job, const struct writer_client *client,
                          struct error *error)
{
	struct attach attach = {job, client};

	return writer_call(writer, attach_run, &attach, error);
}

void writer_detach(struct writer *writer, int64_t job)
{
	struct attach attach = {job, NULL};

	if (writer_call(writer, attach_run, &attach, NULL) == STATUS_OK)
		return;
	/* A writer that is dying may be at a lane at this moment. */
	pthread_mutex_lock(&writer->mutex);
	while (writer->dead && !writer->ended)
		clock_cond_wait(&writer->cond, &writer->mutex, CLOCK_NEVER);
	pthread_mutex_unlock(&writer->mutex);
}

void writer_bulk_kick(struct writer *writer)
{
	bulk_kick(writer->bulk);
}

void writer_poke(struct writer *writer)
{
	queue_poke(writer->queue);
}
