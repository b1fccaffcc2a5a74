/* What writer.c (the thread) and writer_calls.c (everybody else's side) share. */
#ifndef SLUICE_RUN_WRITER_INTERNAL_H
#define SLUICE_RUN_WRITER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/run/account.h"
#include "engine/run/bulk.h"
#include "engine/run/message.h"
#include "engine/run/writer.h"

struct command {
	struct message message; /* first */
	writer_command_fn *run;
	void *argument;
	void (*finished)(void *argument, const struct error *error);
	struct error error; /* status OK: done */
	/* writer_call's: guarded by the writer's mutex */
	bool waited, done;
};

struct writer {
	/* immutable */
	struct writer_options options;
	struct queue *queue;
	pthread_t thread;

	/* writer thread only */
	struct db *db;
	struct account *accounts; /* hash by job */
	struct bulk *bulk;
	struct queue_list group;  /* messages of the group under way */
	int64_t tick_ns;
	bool in_command;
	bool running;

	atomic_bool stopping;
	atomic_bool disk_full;
	atomic_bool giving_up;    /* a full disk is not waited out */

	/* guarded by mutex; leaf */
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	struct error health;
	bool dead;
	bool ended;               /* the thread touches nothing any more */
};

/* The account of a job, loaded where it is not.  Writer thread only. */
enum status writer_account(struct writer *writer, int64_t job, struct account **out,
                           struct error *error);

/* Commit the group's messages with claims and counters; rolled back whole where
 * that fails.  writer_group.c. */
enum status writer_run_group(struct writer *writer, struct error *error);
/* Word to lanes, callers and the engine; empties the group.  `lost`: why it
 * could not be committed and never will be; NULL: it was. */
void writer_finish_group(struct writer *writer, const struct error *lost);

#endif
