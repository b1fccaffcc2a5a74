#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdatomic.h>

#include "engine/base/clock.h"
#include "engine/run/pool.h"
#include "tests/unit/raw_server.h"

/* ---- the stage ------------------------------------------------------------ */

struct stage {
	struct raw_server *server;
	struct pool *pool;
	struct secret_set *secrets;
	struct spec *spec;
	struct plan *plan;

	pthread_mutex_t mutex;
	pthread_cond_t came;
	/* guarded by mutex */
	struct queue_list back; /* tasks that came back */
	struct pool_worker *workers[8]; /* that finished something, */
	int finished_by[8];             /* and how much */
	bool signals_blocked;
	char thread_name[16];

	atomic_int unflushed; /* finished calls since the last flush, all workers' */
	int again;            /* submit each task that many times more, from `finished` */
};

static void on_finished(void *context, struct pool_worker *worker, struct task *task)
{
	struct stage *stage = context;
	assert_non_null(worker->jsonpath);
	buffer_reset(&worker->scratch, 100);
	buffer_text(&worker->scratch, "mine");
	random_next(&worker->random);
	atomic_fetch_add(&stage->unflushed, 1);

	sigset_t mask;
	char name[16];
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	pthread_getname_np(pthread_self(), name, sizeof name);
	pthread_mutex_lock(&stage->mutex);
	stage->signals_blocked = sigismember(&mask, SIGTERM) && sigismember(&mask, SIGINT);
	snprintf(stage->thread_name, sizeof stage->thread_name, "%s", name);
	int by = 0;
	while (stage->workers[by] && stage->workers[by] != worker)
		by++;
	stage->workers[by] = worker;
	stage->finished_by[by]++;
	bool again = stage->again > 0;
	if (again) {
		stage->again--;
	} else {
		queue_list_add(&stage->back, &task->node);
		pthread_cond_signal(&stage->came);
	}
	pthread_mutex_unlock(&stage->mutex);
	if (again) {
		struct queue_list list = {0};
		queue_list_add(&list, &task->node);
		pool_submit(stage->pool, &list);
	}
}

static void on_flush(void *context, struct pool_worker *worker)
{
	struct stage *stage = context;
	assert_true(worker->scratch.length == 4); /* something finished before */
	atomic_store(&stage->unflushed, 0);
}

static void plan_open(struct stage *stage)
{
	static const unsigned char uuid[16] = {1};
	struct error error = {0};
	char text[256];
	snprintf(text, sizeof text,
	         "{\"name\":\"t\",\"request\":{\"method\":\"GET\","
	         "\"url\":\"http://127.0.0.1:%d/{{path:raw}}\"}}",
	         stage->server->port);
	stage->secrets = secret_set_new();
	if (spec_parse(text, strlen(text), stage->secrets, &stage->spec, &error) != STATUS_OK ||
	    plan_make(stage->spec, "t", uuid, stage->secrets, &stage->plan, &error) != STATUS_OK)
		fail_msg("%s", error.text);
}

static void pool_open(struct stage *stage, int threads)
{
	struct pool_callbacks callbacks = {on_finished, on_flush, stage};
	struct error error = {0};
	memset(stage->workers, 0, sizeof stage->workers);
	memset(stage->finished_by, 0, sizeof stage->finished_by);
	assert_int_equal(pool_start(threads, callbacks, &stage->pool, &error), STATUS_OK);
}

static int stage_open(void **state)
{
	struct stage *stage = calloc(1, sizeof *stage);
	stage->server = raw_server_start();
	pthread_mutex_init(&stage->mutex, NULL);
	clock_cond_init(&stage->came);
	plan_open(stage);
	pool_open(stage, 3);
	*state = stage;
	return 0;
}

static int stage_close(void **state)
{
	struct stage *stage = *state;
	pool_stop(stage->pool);
	raw_server_stop(stage->server);
	plan_free(stage->plan);
	spec_free(stage->spec);
	secret_set_free(stage->secrets);
	pthread_cond_destroy(&stage->came);
	pthread_mutex_destroy(&stage->mutex);
	free(stage);
	return 0;
}

static struct task *task_for(struct stage *stage, int64_t seq, const char *path)
{
	struct task *task = task_new(stage->pool);
	assert_non_null(task);
	assert_null(task->input);
	assert_null(task->key);
	assert_null(task->result);
	assert_null(task->exchange.plan);
	assert_int_equal(task->attempts, 0);
	struct buffer input = {0};
	buffer_printf(&input, "{\"path\":\"%s\"}", path);
	task->seq = seq;
	task->input_length = input.length;
	task->input = buffer_take(&input);
	task->key = strdup("k");
	task->exchange.plan = stage->plan;
	task->exchange.may_repeat = true;
	task->exchange.body_bytes_max = 1 << 20;
	return task;
}

static void submit(struct stage *stage, int count, const char *path)
{
	struct queue_list list = {0};
	for (int i = 0; i < count; i++)
		queue_list_add(&list, &task_for(stage, i + 1, path)->node);
	pool_submit(stage->pool, &list);
	assert_null(list.head);
	assert_int_equal(list.count, 0);
}

/* Wait until `count` tasks came back, and take them. */
static struct queue_list collect(struct stage *stage, int count)
{
	pthread_mutex_lock(&stage->mutex);
	while (stage->back.count < count)
		pthread_cond_wait(&stage->came, &stage->mutex);
	struct queue_list back = stage->back;
	stage->back = (struct queue_list){0};
	pthread_mutex_unlock(&stage->mutex);
	assert_int_equal(back.count, count);
	return back;
}

/* Each of 1..count once, all ended in `transport`; gives them back. */
static void check_back(struct stage *stage, struct queue_list back, enum transport transport)
{
	int64_t sum = 0;
	for (struct queue_node *node = back.head, *next; node; node = next) {
		struct task *task = (struct task *)node; /* node is the first member */
		next = node->next;
		sum += task->seq;
		assert_int_equal(task->exchange.response.transport, transport);
		task_release(stage->pool, task);
	}
	assert_int_equal(sum, (int64_t)back.count * (back.count + 1) / 2);
}

/* ---- tests ------------------------------------------------------------------ */

static void test_threads_for(void **state)
{
	(void)state;
	static const int rows[][2] = {{0, 4},      {1, 1},       {3, 3},       {4, 4},
	                              {16, 4},     {511, 4},
	                              {512, 5},    {1024, 6},    {10000, 23},  {30720, 64},
	                              {50000, 64}, {100000, 64}, {INT32_MAX, 64}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(pool_threads_for(rows[i][0]), rows[i][1]);
}

static void test_all_come_back(void **state)
{
	struct stage *stage = *state;
	for (int round = 0; round < 3; round++) {
		submit(stage, 100, "ok");
		check_back(stage, collect(stage, 100), TRANSPORT_OK);
	}
	assert_int_equal(raw_server_requests(stage->server), 300);
	assert_true(stage->signals_blocked);
	assert_ptr_equal(strstr(stage->thread_name, "sluice-pool-"), stage->thread_name);
}

static void test_spread(void **state)
{
	struct stage *stage = *state;
	submit(stage, 30, "silent");
	while (raw_server_connections(stage->server) < 30)
		usleep(500);
	assert_int_equal(pool_in_flight(stage->pool), 30);
	pool_abort(stage->pool);
	struct queue_list back = collect(stage, 30);
	for (int i = 0; i < 3; i++)
		assert_int_equal(stage->finished_by[i], 10);
	for (struct queue_node *node = back.head; node; node = node->next)
		assert_true(((struct task *)node)->exchange.response.transport == TRANSPORT_BROKEN ||
		            ((struct task *)node)->exchange.response.transport == TRANSPORT_LOCAL);
	for (struct queue_node *node = back.head, *next; node; node = next) {
		next = node->next;
		task_release(stage->pool, (struct task *)node);
	}
	while (pool_in_flight(stage->pool) > 0)
		usleep(500);

	/* It goes on after an abort. */
	submit(stage, 5, "ok");
	check_back(stage, collect(stage, 5), TRANSPORT_OK);
}

static void test_not_renderable(void **state)
{
	struct stage *stage = *state;
	struct queue_list list = {0};
	struct task *task = task_for(stage, 1, "ok");
	free(task->input);
	task->input = strdup("{\"other\":1}");
	task->input_length = strlen(task->input);
	queue_list_add(&list, &task->node);
	pool_submit(stage->pool, &list);
	struct queue_list back = collect(stage, 1);
	struct response *response = &((struct task *)back.head)->exchange.response;
	assert_non_null(strstr(response->error_text, "'path'"));
	assert_false(response->sent);
	check_back(stage, back, TRANSPORT_RENDER);
	assert_int_equal(raw_server_requests(stage->server), 0);
}

/* Nothing of a task's former life shows in its next one. */
static void test_recycled(void **state)
{
	struct stage *stage = *state;
	submit(stage, 1, "big/500000");
	struct queue_list back = collect(stage, 1);
	struct task *task = (struct task *)back.head;
	assert_int_equal(task->exchange.response.body.length, 500000);
	task->result = task;
	task->attempts = 7;
	task_release(stage->pool, task);
	struct task *again = task_for(stage, 1, "ok"); /* asserts that it is blank */
	assert_ptr_equal(again, task);
	assert_true(exchange_memory(&again->exchange) <= 8 * 65536);
	task_release(stage->pool, again);
	task_release(stage->pool, NULL);
}

static void test_submit_from_finished(void **state)
{
	struct stage *stage = *state;
	stage->again = 200;
	submit(stage, 10, "ok");
	check_back(stage, collect(stage, 10), TRANSPORT_OK);
	assert_int_equal(raw_server_requests(stage->server), 210);
}

#define SUBMITTERS 3

static void *submit_some(void *context)
{
	struct stage *stage = context;
	for (int i = 0; i < 50; i++)
		submit(stage, 2, "ok");
	return NULL;
}

static void test_many_submitters(void **state)
{
	struct stage *stage = *state;
	pthread_t threads[SUBMITTERS];
	for (int i = 0; i < SUBMITTERS; i++)
		pthread_create(&threads[i], NULL, submit_some, stage);
	for (int i = 0; i < SUBMITTERS; i++)
		pthread_join(threads[i], NULL);
	struct queue_list back = collect(stage, SUBMITTERS * 100);
	for (struct queue_node *node = back.head, *next; node; node = next) {
		next = node->next;
		assert_int_equal(((struct task *)node)->exchange.response.http_status, 200);
		task_release(stage->pool, (struct task *)node);
	}
	assert_int_equal(raw_server_requests(stage->server), SUBMITTERS * 100);
}

/* Stopped with work in its inboxes, at the sockets, or with none: all comes back. */
static void test_stop_at_any_moment(void **state)
{
	struct stage *stage = *state;
	for (int round = 0; round < 20; round++) {
		pool_stop(stage->pool);
		pool_open(stage, 1 + round % 3);
		submit(stage, round, round % 2 ? "ok" : "silent");
		if (round % 3 == 0)
			pool_abort(stage->pool);
		pool_stop(stage->pool);
		struct queue_list back = collect(stage, round);
		pool_open(stage, 2);
		for (struct queue_node *node = back.head, *next; node; node = next) {
			next = node->next;
			enum transport transport = ((struct task *)node)->exchange.response.transport;
			assert_true(transport == TRANSPORT_OK || transport == TRANSPORT_LOCAL ||
			            transport == TRANSPORT_BROKEN);
			task_release(stage->pool, (struct task *)node);
		}
	}
	pool_stop(NULL);
}

static void test_every_round_is_flushed(void **state)
{
	struct stage *stage = *state;
	submit(stage, 50, "ok");
	check_back(stage, collect(stage, 50), TRANSPORT_OK);
	struct pool *pool = stage->pool;
	pool_stop(pool);
	assert_int_equal(atomic_load(&stage->unflushed), 0);
	pool_open(stage, 1);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_open, stage_close)

int main(void)
{
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("ALL_PROXY");
	alarm(120);
	if (transfer_global_init(NULL) != STATUS_OK)
		return 1;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_threads_for),
	    STAGED(test_all_come_back),
	    STAGED(test_spread),
	    STAGED(test_not_renderable),
	    STAGED(test_recycled),
	    STAGED(test_submit_from_finished),
	    STAGED(test_many_submitters),
	    STAGED(test_stop_at_any_moment),
	    STAGED(test_every_round_is_flushed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
