/* The writer: the one thread with the one connection that writes.
 *
 * It gathers results and commands and commits them in groups (1000 results or
 * 20 ms, sooner where a lane is starved or somebody waits), together with the
 * counters and the next claims; claimed items go to their lanes only after
 * COMMIT returned.  A group that met a full disk is kept and tried again; any
 * other failure of a commit stops the writer for good (writer_health). */
#ifndef SLUICE_RUN_WRITER_H
#define SLUICE_RUN_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/queue.h"
#include "engine/run/pool.h"
#include "engine/run/settle.h"
#include "engine/store/jobs.h"

struct writer;

/* A lane as the writer sees it.  Called on the writer's thread; must not call
 * back or block. */
struct writer_client {
	/* How many items it would take now. */
	int (*want)(void *lane);
	/* It has nothing to send though it could: commit soon. */
	bool (*starved)(void *lane);
	/* Results that are not on disk yet hold its last permits. */
	bool (*awaits)(void *lane);
	/* Claimed and committed: the lane's now.  Lowers what it wants. */
	void (*deliver)(void *lane, struct queue_list *tasks);
	/* The job's row after a commit that touched it.  claimable: there is
	 * something to claim at this moment. */
	void (*changed)(void *lane, const struct job_row *row, bool claimable);
	/* A result is on disk (for the meter); before its memory goes. */
	void (*recorded)(void *lane, const struct settlement *settlement);
	/* A result survives a crash, though not yet power loss; then, that all of a
	 * commit were told of. */
	void (*written)(void *lane, struct settlement *settlement);
	void (*group_written)(void *lane);
	/* What was learned, into the row that is about to be saved. */
	void (*remember)(void *lane, struct job_row *row);
	void *lane;
};

struct writer_options {
	struct db *db;      /* the writer's from now on, closed by writer_stop */
	struct pool *pool;  /* for task_new; NULL in ENGINE_MAINTAIN */
	/* After a commit: a job's row changed (any job, client or not).  Writer's thread. */
	void (*changed)(void *context, const struct job_row *row);
	/* About once a second. */
	void (*tick)(void *context);
	void *context;
};
enum status writer_start(const struct writer_options *options, struct writer **writer,
                         struct error *error);
/* Commits what is queued, stops, closes the database.  NULL is allowed. */
void writer_stop(struct writer *writer);

/* STATUS_OK, or why it stopped. */
enum status writer_health(struct writer *writer, struct error *error);
/* Is it waiting for space on the disk? */
bool writer_disk_full(struct writer *writer);
/* From now on a full disk is an end, too: nobody waits for space any more. */
void writer_give_up(struct writer *writer);

/* Hand over results; blocks while too many wait. Emptied. */
void writer_push_results(struct writer *writer, struct queue_list *settlements);

/* Give back tasks that were claimed and not sent. */
void writer_unclaim(struct writer *writer, int64_t job, struct queue_list *tasks);

/* Run `run` on the writer's thread inside its transaction and wait until that
 * is committed.  What a failing command did is undone. */
typedef enum status writer_command_fn(struct writer *writer, struct db *db, void *argument,
                                      struct error *error);
enum status writer_call(struct writer *writer, writer_command_fn *run, void *argument,
                        struct error *error);
/* The same without waiting; `finished` runs on the writer's thread after the
 * commit or the failure. */
enum status writer_post(struct writer *writer, writer_command_fn *run, void *argument,
                        void (*finished)(void *argument, const struct error *error));

/* For commands: the job's row, to be changed in place (it is saved at commit).
 * *row stays valid during the command. */
enum status writer_job(struct writer *writer, int64_t job, struct job_row **row,
                       struct error *error);
/* For commands: forget a job that was deleted. */
void writer_forget(struct writer *writer, int64_t job);
/* For commands: `seq` now has an outcome or waits in resend. */
void writer_settled(struct writer *writer, int64_t job, int64_t seq);

/* For commands: a bulk operation was added. */
void writer_bulk_kick(struct writer *writer);

/* Attach a lane to its job / take it off (waits until no call is under way). */
enum status writer_attach(struct writer *writer, int64_t job, const struct writer_client *client,
                          struct error *error);
void writer_detach(struct writer *writer, int64_t job);

/* Wake it: a lane wants items. Any thread. */
void writer_poke(struct writer *writer);

#endif
