/* The façade: ending and taking up again, several jobs, ownership. */
#include "tests/unit/engine_bench.h"

/* ---- ending and taking up again ---------------------------------------------------- */

/* Closed in the middle, opened again, to the end. */
static void close_in_the_middle(struct bench *bench, const char *method, int items)
{
	struct engine_progress progress;
	int64_t job;

	ledger_gate(bench->ledger, false);
	job = bench_job_of(bench, "broken off", method, ",\"limits\":{\"concurrency\":8}", items);
	bench_start(bench, job);
	bench_until(ledger_parked(bench->ledger) == 8);
	bench_close(bench); /* eight are out and will not be heard of */
	ledger_gate(bench->ledger, true);
	bench_open(bench, ENGINE_RUN);
	bench_sound(bench);
	bench_start(bench, job);
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	assert_int_equal(progress.counts[ITEM_DONE] + progress.counts[ITEM_UNKNOWN], items);
	bench_sound(bench);
}

static void test_taken_up_again(void **state)
{
	struct bench *bench = *state;

	close_in_the_middle(bench, "PUT", 300);
	assert_int_equal(bench_progress(bench, 1).counts[ITEM_DONE], 300);
	assert_int_equal(ledger_hits_max(bench->ledger, 1, 300), 2);
	assert_int_equal(ledger_requests(bench->ledger), 308);
}

static void test_taken_up_again_without_repeating(void **state)
{
	struct bench *bench = *state;

	close_in_the_middle(bench, "POST", 300);
	assert_int_equal(bench_progress(bench, 1).counts[ITEM_UNKNOWN], 8);
	assert_int_equal(ledger_hits_max(bench->ledger, 1, 300), 1);
	assert_int_equal(ledger_requests(bench->ledger), 300);
}

static void *drain(void *argument)
{
	engine_drain(argument);
	return NULL;
}

/* A drain waits for what is out, records it, and gives the rest back. */
static void test_drain(void **state)
{
	struct bench *bench = *state;
	struct engine_progress progress;
	pthread_t drainer;
	int64_t job;

	ledger_gate(bench->ledger, false);
	job = bench_job_of(bench, "drain", "PUT", ",\"limits\":{\"concurrency\":5}", 200);
	bench_start(bench, job);
	bench_until(ledger_parked(bench->ledger) == 5);
	pthread_create(&drainer, NULL, drain, bench->engine);
	bench_until(bench_progress(bench, job).counts[ITEM_RUNNING] == 5);
	ledger_gate(bench->ledger, true);
	pthread_join(drainer, NULL);
	bench_until(bench_progress(bench, job).counts[ITEM_RUNNING] == 0);
	progress = bench_progress(bench, job);
	assert_counts(&progress, 5, 0, 0, 0);
	assert_int_equal(progress.counts[ITEM_PENDING], 195);
	assert_int_equal(ledger_requests(bench->ledger), 5);
	bench_close(bench);
	bench_open(bench, ENGINE_RUN);
	bench_start(bench, job);
	bench_wait(bench, job);
	assert_int_equal(ledger_hits_max(bench->ledger, 1, 200), 1);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], 200);
}

static void test_abort_cuts_a_drain_short(void **state)
{
	struct bench *bench = *state;
	pthread_t drainer;
	int64_t job;

	ledger_gate(bench->ledger, false);
	job = bench_job_of(bench, "abort", "POST", ",\"limits\":{\"concurrency\":5}", 20);
	bench_start(bench, job);
	bench_until(ledger_parked(bench->ledger) == 5);
	pthread_create(&drainer, NULL, drain, bench->engine);
	engine_abort(bench->engine);
	pthread_join(drainer, NULL);
	bench_close(bench);
	bench_open(bench, ENGINE_MAINTAIN);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_UNKNOWN], 5);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_PENDING], 15);
	bench_sound(bench);
}

/* ---- several jobs, removal, ownership ------------------------------------------------ */

static void test_running_cap(void **state)
{
	struct bench *bench = *state;
	const struct engine_options options = {
	    .db_path = bench->db, .mode = ENGINE_RUN, .threads = 2, .running_max = 2};
	struct error error = {0};
	char name[16];

	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "job %d", i);
		bench_job_of(bench, name, "PUT", "", 30);
	}
	bench_until(bench_progress(bench, 6).state == JOB_RUNNING);
	bench_close(bench);
	must(engine_open(&options, &bench->engine, &error), &error);
	must(engine_start_all(bench->engine, &error), &error);
	for (int64_t job = 1; job <= 6; job++) {
		bench_wait(bench, job);
		assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], 30);
	}
	assert_int_equal(ledger_requests(bench->ledger), 180);
}

static void test_remove_beside_a_running_job(void **state)
{
	struct bench *bench = *state;
	int64_t done = bench_job_of(bench, "done", "PUT", "", 200), busy, found;
	struct error error = {0};
	struct engine_progress progress;

	bench_start(bench, done);
	bench_wait(bench, done);
	ledger_gate(bench->ledger, false);
	busy = bench_job_of(bench, "busy", "PUT", "", 100);
	bench_start(bench, busy);
	bench_until(ledger_parked(bench->ledger) > 0);
	expect_refusal(engine_job_remove(bench->engine, busy, &error), STATUS_CONFLICT, &error,
	               "'busy' is at work");
	must(engine_job_remove(bench->engine, done, &error), &error);
	assert_int_equal(engine_job_progress(bench->engine, done, &progress, NULL), STATUS_NOT_FOUND);
	assert_int_equal(engine_job_find(bench->engine, "done", &found, NULL), STATUS_NOT_FOUND);
	assert_int_equal(engine_job_remove(bench->engine, done, NULL), STATUS_NOT_FOUND);
	ledger_gate(bench->ledger, true);
	bench_wait(bench, busy);
	assert_int_equal(bench_progress(bench, busy).counts[ITEM_DONE], 100);
	bench_sound(bench);
}

static void test_one_owner(void **state)
{
	struct bench *bench = *state;
	const struct engine_options options = {.db_path = bench->db, .mode = ENGINE_MAINTAIN};
	struct engine *second = NULL;
	struct engine_owner owner;
	struct error error = {0};
	char pid[32], token[128];

	snprintf(pid, sizeof(pid), "process %ld", (long)getpid());
	expect_refusal(engine_open(&options, &second, &error), STATUS_OWNED, &error, pid);
	assert_null(second);
	must(engine_announce(bench->engine, "127.0.0.1:8420", "secret", &error), &error);
	must(engine_owner(bench->db, &owner, &error), &error);
	assert_int_equal(owner.pid, getpid());
	assert_string_equal(owner.address, "127.0.0.1:8420");
	assert_string_equal(owner.token, "secret");
	bench_close(bench);
	assert_int_equal(engine_owner(bench->db, &owner, &error), STATUS_NOT_FOUND);
	bench_open(bench, ENGINE_MAINTAIN);
	assert_true(engine_last_token(bench->engine, token));
	assert_string_equal(token, "secret");
}

/* Without running it, a database answers and takes commands, and sends nothing. */
static void test_maintain(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job_of(bench, "kept", "PUT", "", 20);
	struct error error = {0};

	bench_until(bench_progress(bench, job).state == JOB_RUNNING);
	bench_close(bench);
	bench_open(bench, ENGINE_MAINTAIN);
	bench_start(bench, job);
	must(engine_job_pause(bench->engine, job, NULL, &error), &error);
	must(engine_job_resume(bench->engine, job, NULL, &error), &error);
	must(engine_health(bench->engine, &error), &error);
	assert_false(bench_progress(bench, job).active);
	assert_true(engine_job_wait(bench->engine, job, CLOCK_NEVER));
	bench_sound(bench);
	assert_int_equal(ledger_requests(bench->ledger), 0);
	must(engine_job_remove(bench->engine, job, &error), &error);
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_bench(test_taken_up_again),
	    with_bench(test_taken_up_again_without_repeating),
	    with_bench(test_drain),
	    with_bench(test_abort_cuts_a_drain_short),
	    with_bench(test_running_cap),
	    with_bench(test_remove_beside_a_running_job),
	    with_bench(test_one_owner),
	    with_bench(test_maintain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
