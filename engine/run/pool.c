#include "engine/run/pool.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"

#define THREADS_USUAL 4
#define THREADS_MAX 64
#define CONCURRENCY_PER_THREAD 512

#define CONNECTIONS_PER_THREAD 256   /* kept idle; transfer grows it where more are busy */
#define IDLE_WAIT_MS 60000           /* a thread with nothing to do is woken, so this is free */
#define BUFFER_KEEP_MAX 65536        /* of each buffer of a task put by */
#define SPARE_MEMORY_MAX (32u << 20) /* of all tasks put by */

struct worker {
	/* immutable */
	struct pool *pool;
	struct transfer *transfer;
	pthread_t thread;

	/* worker thread only */
	struct pool_worker hands;
	bool flush_due;

	atomic_int load; /* tasks given and not finished: the worker's and submitters' */

	/* guarded by mutex */
	pthread_mutex_t mutex;
	struct queue_list inbox;
	bool asleep; /* went, or is about to go, to sleep having found the inbox empty */
	bool abort, stop;
};

struct pool {
	/* immutable */
	struct pool_callbacks callbacks;
	struct worker *workers;
	int threads;

	atomic_uint turn; /* which worker a submit looks at first */

	/* guarded by spare_mutex */
	pthread_mutex_t spare_mutex;
	struct queue_node *spare;
	size_t spare_memory;
};

int pool_threads_for(int concurrency)
{
	int threads = THREADS_USUAL + concurrency / CONCURRENCY_PER_THREAD;
	int most = concurrency > 0 && concurrency < THREADS_MAX ? concurrency : THREADS_MAX;
	return threads < most ? threads : most;
}

/* ---- tasks ------------------------------------------------------------ */

static struct task *task_of_node(struct queue_node *node)
{
	return (struct task *)((char *)node - offsetof(struct task, node));
}

static struct task *task_of_exchange(struct exchange *exchange)
{
	return (struct task *)((char *)exchange - offsetof(struct task, exchange));
}

static size_t task_memory(const struct task *task)
{
	return sizeof *task + exchange_memory(&task->exchange);
}

static void task_free(struct task *task)
{
	exchange_free(&task->exchange);
	free(task);
}

struct task *task_new(struct pool *pool)
{
	struct task *task = NULL;
	pthread_mutex_lock(&pool->spare_mutex);
	if (pool->spare) {
		task = task_of_node(pool->spare);
		pool->spare = pool->spare->next;
		pool->spare_memory -= task_memory(task);
	}
	pthread_mutex_unlock(&pool->spare_mutex);
	if (!task)
		return calloc(1, sizeof *task);
	task->node.next = NULL;
	return task;
}

void task_release(struct pool *pool, struct task *task)
{
	if (!task)
		return;
	free(task->input);
	free(task->key);
	memset(task, 0, offsetof(struct task, exchange));
	task->result = NULL;
	exchange_reset(&task->exchange, BUFFER_KEEP_MAX);
	size_t memory = task_memory(task);
	bool kept = false;
	pthread_mutex_lock(&pool->spare_mutex);
	if (pool->spare_memory + memory <= SPARE_MEMORY_MAX) {
		task->node.next = pool->spare;
		pool->spare = &task->node;
		pool->spare_memory += memory;
		kept = true;
	}
	pthread_mutex_unlock(&pool->spare_mutex);
	if (!kept)
		task_free(task);
}

/* ---- the worker's side -------------------------------------------------- */

static void task_finished(struct worker *worker, struct task *task)
{
	struct pool_callbacks *callbacks = &worker->pool->callbacks;
	callbacks->finished(callbacks->context, &worker->hands, task);
	atomic_fetch_sub_explicit(&worker->load, 1, memory_order_release);
	worker->flush_due = true;
}

static void exchange_finished(void *context, struct exchange *exchange)
{
	task_finished(context, task_of_exchange(exchange));
}

static void task_refuse(struct worker *worker, struct task *task, const char *fault)
{
	struct response *response = &task->exchange.response;
	response->transport = TRANSPORT_RENDER;
	response->started_wall_ms = clock_wall_ms();
	snprintf(response->error_text, sizeof response->error_text, "%.*s",
	         (int)sizeof response->error_text - 1, fault);
	task_finished(worker, task);
}

static void task_begin(struct worker *worker, struct task *task)
{
	struct error error;
	struct json_span input = {task->input, task->input_length};
	enum status status =
	    plan_render(task->exchange.plan, task->seq, task->key,
	                task->key ? strlen(task->key) : 0, input, &task->exchange.request, &error);
	if (status == STATUS_OK)
		transfer_start(worker->transfer, &task->exchange);
	else
		task_refuse(worker, task, error.text);
}

/* What a worker does in one round. */
struct orders {
	struct queue_list tasks;
	bool abort, stop;
};

/* Under the one lock: take what is there or, where nothing is, tell submitters
 * to wake us. */
static struct orders worker_take(struct worker *worker)
{
	struct orders orders;
	pthread_mutex_lock(&worker->mutex);
	orders = (struct orders){worker->inbox, worker->abort, worker->stop};
	worker->inbox = (struct queue_list){0};
	worker->abort = false;
	worker->asleep = !orders.tasks.head && !orders.abort && !orders.stop;
	pthread_mutex_unlock(&worker->mutex);
	return orders;
}

static void *worker_main(void *context)
{
	struct worker *worker = context;
	struct pool_callbacks *callbacks = &worker->pool->callbacks;
	for (;;) {
		struct orders orders = worker_take(worker);
		for (struct queue_node *node = orders.tasks.head, *next; node; node = next) {
			next = node->next; /* the task may be gone once it began */
			task_begin(worker, task_of_node(node));
		}
		if (orders.abort || orders.stop)
			transfer_abort_all(worker->transfer);
		bool idle = !orders.tasks.head && !orders.abort && !orders.stop;
		transfer_run(worker->transfer, idle ? IDLE_WAIT_MS : 0);
		if (worker->flush_due) {
			worker->flush_due = false;
			callbacks->flush(callbacks->context, &worker->hands);
		}
		if (orders.stop)
			return NULL;
	}
}

/* ---- the submitters' side ------------------------------------------------ */

/* Move up to `count` nodes. */
static struct queue_list list_cut(struct queue_list *list, int count)
{
	struct queue_list cut = {0};
	if (count >= list->count) {
		cut = *list;
		*list = (struct queue_list){0};
		return cut;
	}
	cut.head = list->head;
	struct queue_node *last = list->head;
	for (int i = 1; i < count; i++)
		last = last->next;
	cut.tail = last;
	cut.count = count;
	list->head = last->next;
	list->count -= count;
	last->next = NULL;
	return cut;
}

static void worker_give(struct worker *worker, struct queue_list tasks)
{
	atomic_fetch_add_explicit(&worker->load, tasks.count, memory_order_relaxed);
	pthread_mutex_lock(&worker->mutex);
	assert(!worker->stop);
	if (worker->inbox.tail)
		worker->inbox.tail->next = tasks.head;
	else
		worker->inbox.head = tasks.head;
	worker->inbox.tail = tasks.tail;
	worker->inbox.count += tasks.count;
	bool wake = worker->asleep;
	worker->asleep = false; /* one wake is enough */
	pthread_mutex_unlock(&worker->mutex);
	if (wake)
		transfer_wake(worker->transfer);
}

/* Fill every worker up to the level at which all have the same.  A worker that
 * just finished some gets as many: its connections are open, and most often it
 * is still awake. */
void pool_submit(struct pool *pool, struct queue_list *tasks)
{
	if (!tasks->head)
		return;
	unsigned threads = (unsigned)pool->threads;
	unsigned turn = atomic_fetch_add_explicit(&pool->turn, 1, memory_order_relaxed);
	int total = tasks->count + pool_in_flight(pool);
	int level = (total + pool->threads - 1) / pool->threads;
	for (unsigned i = 0; i < threads && tasks->head; i++) {
		struct worker *worker = &pool->workers[(turn + i) % threads];
		int room = level - atomic_load_explicit(&worker->load, memory_order_relaxed);
		if (room > 0)
			worker_give(worker, list_cut(tasks, room));
	}
	/* Others submitted at the same time: the level was too low. */
	if (tasks->head)
		worker_give(&pool->workers[turn % threads], list_cut(tasks, tasks->count));
}

int pool_in_flight(struct pool *pool)
{
	int total = 0;
	for (int i = 0; i < pool->threads; i++)
		total += atomic_load_explicit(&pool->workers[i].load, memory_order_acquire);
	return total;
}

static void worker_order(struct worker *worker, bool stop)
{
	pthread_mutex_lock(&worker->mutex);
	if (stop)
		worker->stop = true;
	else
		worker->abort = true;
	worker->asleep = false;
	pthread_mutex_unlock(&worker->mutex);
	transfer_wake(worker->transfer);
}

void pool_abort(struct pool *pool)
{
	for (int i = 0; i < pool->threads; i++)
		worker_order(&pool->workers[i], false);
}

/* ---- start and stop ------------------------------------------------------- */

static enum status worker_init(struct worker *worker, struct pool *pool, struct error *error)
{
	worker->pool = pool;
	worker->transfer = transfer_new(CONNECTIONS_PER_THREAD, exchange_finished, worker);
	worker->hands.jsonpath = jsonpath_new();
	if (!worker->transfer || !worker->hands.jsonpath)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	random_seed(&worker->hands.random);
	return STATUS_OK;
}

static void worker_free(struct worker *worker)
{
	transfer_free(worker->transfer);
	jsonpath_free(worker->hands.jsonpath);
	buffer_free(&worker->hands.scratch);
	pthread_mutex_destroy(&worker->mutex);
}

static void pool_free(struct pool *pool)
{
	for (int i = 0; i < pool->threads; i++)
		worker_free(&pool->workers[i]);
	while (pool->spare) {
		struct task *task = task_of_node(pool->spare);
		pool->spare = pool->spare->next;
		task_free(task);
	}
	pthread_mutex_destroy(&pool->spare_mutex);
	free(pool->workers);
	free(pool);
}

/* Stop and join the first `count` workers. */
static void workers_join(struct pool *pool, int count)
{
	for (int i = 0; i < count; i++)
		worker_order(&pool->workers[i], true);
	for (int i = 0; i < count; i++)
		pthread_join(pool->workers[i].thread, NULL);
}

/* Signals are the main thread's: a thread inherits the mask it is made under. */
static enum status workers_start(struct pool *pool, struct error *error)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int started = 0, fault = 0;
	for (; started < pool->threads; started++) {
		struct worker *worker = &pool->workers[started];
		fault = pthread_create(&worker->thread, NULL, worker_main, worker);
		if (fault)
			break;
		char name[16];
		snprintf(name, sizeof name, "sluice-pool-%d", started % 100);
		pthread_setname_np(worker->thread, name);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!fault)
		return STATUS_OK;
	workers_join(pool, started);
	return error_set(error, STATUS_NO_MEMORY, "thread %d of %d could not be started: %s",
	                 started + 1, pool->threads, strerror(fault));
}

enum status pool_start(int threads, struct pool_callbacks callbacks, struct pool **out,
                       struct error *error)
{
	assert(threads >= 1);
	struct pool *pool = calloc(1, sizeof *pool);
	struct worker *workers = calloc((size_t)threads, sizeof *workers);
	if (!pool || !workers) {
		free(pool);
		free(workers);
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	pool->callbacks = callbacks;
	pool->workers = workers;
	pool->threads = threads;
	pthread_mutex_init(&pool->spare_mutex, NULL);
	for (int i = 0; i < threads; i++)
		pthread_mutex_init(&workers[i].mutex, NULL);

	enum status status = STATUS_OK;
	for (int i = 0; i < threads && status == STATUS_OK; i++)
		status = worker_init(&workers[i], pool, error);
	if (status == STATUS_OK)
		status = workers_start(pool, error);
	if (status != STATUS_OK) {
		pool_free(pool);
		return status;
	}
	*out = pool;
	return STATUS_OK;
}

void pool_stop(struct pool *pool)
{
	if (!pool)
		return;
	workers_join(pool, pool->threads);
	assert(pool_in_flight(pool) == 0);
	pool_free(pool);
}
