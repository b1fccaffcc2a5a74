/* The fixed pool: pthreads that each drive their own transfer (curl multi).
 * In-flight work is bounded by the lanes' semaphores, not by threads. */
#ifndef SLUICE_RUN_POOL_H
#define SLUICE_RUN_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/queue.h"
#include "engine/base/random.h"
#include "engine/base/status.h"
#include "engine/policy/adapt.h"
#include "engine/request/jsonpath.h"
#include "engine/request/transfer.h"

/* One item on its way.  Whoever holds the pointer owns it: lane -> pool ->
 * `finished` callback -> writer. */
struct task {
	struct queue_node node;
	void *lane;               /* opaque here */
	int64_t seq;
	char *input;              /* JSON text, NUL-terminated, owned by the task */
	size_t input_length;
	char *key;                /* or NULL, owned by the task */
	bool resend;              /* claimed from the store's resend table */
	int attempts;             /* sent before, ever */
	int spent;                /* attempts charged to the present budget before this one */
	bool ask;                 /* the exchange asks what became of the item */
	struct adapt_stamp stamp; /* the lane's, of when it went out */
	int64_t since_ms;         /* wall time of this budget's first attempt, 0: this one */
	struct exchange exchange;
	void *result;             /* set by `finished`'s owner */
};

/* What a pool thread has at hand for its callbacks; used by that thread only. */
struct pool_worker {
	struct jsonpath *jsonpath;
	struct random random;
	struct buffer scratch;
};

struct pool;

/* `finished` runs on the pool thread when an exchange ended (or could not be
 * rendered: TRANSPORT_RENDER with the fault in response.error_text).  It gets
 * the task back and must be quick.  `flush` runs after each round of
 * finished calls, so that results can be handed on in one list. */
struct pool_callbacks {
	void (*finished)(void *context, struct pool_worker *worker, struct task *task);
	void (*flush)(void *context, struct pool_worker *worker);
	void *context;
};

/* All functions may be called from any thread, pool_start and pool_stop aside:
 * those from the owner's. */

/* Threads for a concurrency: 4, and one more per 512, at most 64; never more
 * than the concurrency.  0: not known, 4. */
int pool_threads_for(int concurrency);

enum status pool_start(int threads, struct pool_callbacks callbacks, struct pool **pool,
                       struct error *error);
/* Hand over a list of tasks (emptied by it), spread over the threads by load.
 * Wants of each task: seq, input, key, exchange.plan, may_repeat, body_bytes_max. */
void pool_submit(struct pool *pool, struct queue_list *tasks);
/* Tasks submitted whose `finished` has not returned. */
int pool_in_flight(struct pool *pool);
/* Abort what is under way; every task still comes back through `finished`.
 * Does not wait for that; what is submitted later runs as ever. */
void pool_abort(struct pool *pool);
/* Joins the threads and frees the pool.  What is still in flight is aborted and
 * comes back first; no task may be out of the pool afterwards, and nobody may
 * submit any more.  NULL is allowed. */
void pool_stop(struct pool *pool);

/* Tasks are recycled with their buffers, within a fixed amount of memory.  A
 * new one is all zero but for memory its buffers hold; NULL without memory. */
struct task *task_new(struct pool *pool);
/* Frees input and key; `result` is its owner's. NULL is allowed. */
void task_release(struct pool *pool, struct task *task);

#endif
