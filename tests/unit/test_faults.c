/* A batch on a disk that runs full or breaks, at every point it writes at. */
#include "tests/unit/disk.h"
#include "tests/unit/engine_bench.h"

#define ITEMS 12
#define POINTS_MAX 400

/* As bench_setup, on a database that is new for each point. */
static void fresh(struct bench *bench, const char *method, int point)
{
	snprintf(bench->db, sizeof(bench->db), "%s/%s-%d.db", bench->directory, method, point);
	pthread_mutex_lock(&bench->ledger->mutex);
	memset(bench->ledger->hits, 0, sizeof(bench->ledger->hits));
	bench->ledger->requests = 0;
	pthread_mutex_unlock(&bench->ledger->mutex);
	bench_open(bench, ENGINE_RUN);
}

static bool shows_disk_full(struct bench *bench, int64_t job)
{
	struct engine_progress progress = bench_progress(bench, job);

	return progress.state == JOB_PAUSED && strcmp(progress.reason, "disk full") == 0;
}

static bool ended(struct bench *bench, int64_t job)
{
	return bench_progress(bench, job).state == JOB_FINISHED;
}

/* Takes turns of outcomes that need rows of different tables. */
static void answer_variously(struct ledger *ledger, int item, int hit, struct reply *reply)
{
	(void)ledger;
	(void)hit;
	if (item % 6 == 0)
		reply->status = 404;
	else if (item % 6 == 1)
		reply->status = 500;
}

/* Import and start, on a thread of their own: commands wait for space. */
struct beginning {
	struct bench *bench;
	int64_t job;
	const char *path;
	pthread_t thread;
};

static void *begin_main(void *argument)
{
	struct beginning *beginning = argument;
	const struct engine_import import = {.path = beginning->path, .format = FORMAT_NDJSON};

	if (engine_job_import(beginning->bench->engine, beginning->job, &import, NULL) == STATUS_OK)
		(void)engine_job_start(beginning->bench->engine, beginning->job, NULL);
	return NULL;
}

static void begin(struct beginning *beginning, struct bench *bench, int64_t job)
{
	*beginning = (struct beginning){.bench = bench, .job = job};
	beginning->path = bench_items(bench, "items", 1, ITEMS);
	pthread_create(&beginning->thread, NULL, begin_main, beginning);
}

/* Import and run with the disk full from the point-th write on, until it shows;
 * then there is space again.  False: the whole went by without. */
static bool full_at(struct bench *bench, const char *method, int point)
{
	struct error error = {0};
	struct beginning beginning;
	struct engine_progress progress;
	bool repeats = strcmp(method, "PUT") == 0;
	int64_t job;
	bool met;

	fresh(bench, method, point);
	job = bench_job(bench, "full", method, ",\"limits\":{\"concurrency\":6}");
	disk_break(DISK_FULL, point);

	begin(&beginning, bench, job);
	bench_until(ended(bench, job) || shows_disk_full(bench, job));
	met = disk_failed() > 0;
	if (met) {
		assert_true(shows_disk_full(bench, job));
		must(engine_health(bench->engine, &error), &error);
	}
	disk_mend();
	/* A command wakes the writer, which tries again at once. */
	if (met)
		must(engine_job_resume(bench->engine, job, "tester", &error), &error);
	pthread_join(beginning.thread, NULL);
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	if (repeats) {
		assert_counts(&progress, ITEMS * 4 / 6, ITEMS * 2 / 6, 0, 0);
		assert_int_equal(ledger_requests(bench->ledger), ITEMS + 3 * ITEMS / 6);
		assert_int_equal(progress.attempts, ITEMS + 3 * ITEMS / 6);
	} else {
		assert_counts(&progress, ITEMS * 4 / 6, ITEMS / 6, ITEMS / 6, 0);
		assert_int_equal(ledger_requests(bench->ledger), ITEMS);
		assert_int_equal(ledger_hits_max(bench->ledger, 1, ITEMS), 1);
	}
	bench_sound(bench);
	bench_close(bench);
	return met;
}

static void test_full_at_every_write(void **state)
{
	static const char *const methods[] = {"POST", "PUT"};
	struct bench *bench = *state;

	bench_close(bench);
	ledger_set_answer(bench->ledger, answer_variously);
	for (size_t i = 0; i < 2; i++) {
		int point = 0;

		/* A run differs a little from the next: the end is when several in a row
		 * had fewer writes. */
		for (int passed = 0; passed < 3 && point < POINTS_MAX; point++)
			passed = full_at(bench, methods[i], point) ? 0 : passed + 1;
		assert_in_range(point, 10, POINTS_MAX - 1);
	}
}

/* Ending must not wait for space: what could not be recorded is in doubt at
 * the next start, and nothing is sent twice. */
static void test_ended_while_full(void **state)
{
	struct bench *bench = *state;
	int64_t job;

	ledger_gate(bench->ledger, false);
	job = bench_job_of(bench, "ended", "POST", ",\"limits\":{\"concurrency\":4}", ITEMS);
	bench_start(bench, job);
	bench_until(ledger_parked(bench->ledger) == 4);
	disk_break(DISK_FULL, 0);
	ledger_gate(bench->ledger, true);
	bench_until(shows_disk_full(bench, job));
	bench_close(bench);
	disk_mend();
	assert_int_equal(ledger_requests(bench->ledger), 4);
	bench_open(bench, ENGINE_RUN);
	bench_sound(bench);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_UNKNOWN], 4);
	bench_start(bench, job);
	bench_wait(bench, job);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], ITEMS - 4);
	assert_int_equal(ledger_hits_max(bench->ledger, 1, ITEMS), 1);
}

/* Nobody waits for space where nothing runs: a command says so and ends. */
static void test_full_without_running(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job_of(bench, "kept", "PUT", "", ITEMS);
	struct error error = {0};

	bench_until(bench_progress(bench, job).state == JOB_RUNNING);
	bench_close(bench);
	bench_open(bench, ENGINE_MAINTAIN);
	disk_break(DISK_FULL, 0);
	expect_refusal(engine_job_pause(bench->engine, job, NULL, &error), STATUS_DISK_FULL, &error,
	               "full");
	disk_mend();
	bench_close(bench);
	bench_open(bench, ENGINE_MAINTAIN);
	must(engine_job_pause(bench->engine, job, NULL, &error), &error);
}

/* The disk breaks at a point; then: nothing more is sent, the engine says so
 * and can be closed, and the next one takes it up.  False: it never came so far. */
static bool broken_at(struct bench *bench, const char *method, enum disk_fault fault, int point)
{
	struct engine_progress progress;
	struct beginning beginning;
	struct error error = {0};
	int requests, unknown;
	int64_t job;
	bool met;

	fresh(bench, method, point);
	job = bench_job(bench, "broken", method, ",\"limits\":{\"concurrency\":6}");
	disk_break(fault, point);
	begin(&beginning, bench, job);
	bench_until(ended(bench, job) || engine_health(bench->engine, &error) != STATUS_OK);
	met = disk_failed() > 0;
	pthread_join(beginning.thread, NULL);
	if (met) {
		assert_int_equal(error.status, STATUS_IO);
		assert_int_equal(engine_job_pause(bench->engine, job, NULL, &error), STATUS_IO);
		bench_until(bench_progress(bench, job).in_flight == 0);
		engine_drain(bench->engine);
	}
	requests = ledger_requests(bench->ledger);
	bench_close(bench);
	assert_int_equal(ledger_requests(bench->ledger), requests);
	disk_mend();
	if (!met)
		return false;
	bench_open(bench, ENGINE_RUN);
	bench_sound(bench);
	bench_import(bench, job, beginning.path);
	bench_start(bench, job);
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	unknown = (int)progress.counts[ITEM_UNKNOWN];
	assert_int_equal(progress.total, ITEMS);
	assert_int_equal(progress.counts[ITEM_DONE] + unknown, ITEMS);
	if (strcmp(method, "PUT") == 0) {
		assert_int_equal(unknown, 0);
		assert_in_range(ledger_hits_min(bench->ledger, 1, ITEMS), 1, 2);
		assert_in_range(ledger_hits_max(bench->ledger, 1, ITEMS), 1, 2);
	} else {
		/* A claim may be on disk though the sync failed: in doubt, and not sent. */
		assert_in_range(ledger_requests(bench->ledger), ITEMS - unknown, ITEMS);
		assert_int_equal(ledger_hits_max(bench->ledger, 1, ITEMS), 1);
	}
	bench_sound(bench);
	bench_close(bench);
	return true;
}

static void break_everywhere(struct bench *bench, enum disk_fault fault, int points_min)
{
	static const char *const methods[] = {"POST", "PUT"};

	bench_close(bench);
	for (size_t i = 0; i < 2; i++) {
		int point = 0;

		for (int passed = 0; passed < 3 && point < POINTS_MAX; point++)
			passed = broken_at(bench, methods[i], fault, point) ? 0 : passed + 1;
		assert_in_range(point, points_min, POINTS_MAX - 1);
	}
}

static void test_sync_fails_at_every_point(void **state)
{
	break_everywhere(*state, DISK_SYNC_FAILS, 6);
}

static void test_write_fails_at_every_point(void **state)
{
	break_everywhere(*state, DISK_WRITE_FAILS, 10);
}

/* A disk that is broken from the start is said at open. */
static void test_broken_at_open(void **state)
{
	struct bench *bench = *state;
	struct error error = {0};

	bench_close(bench);
	for (int point = 0; point < 20; point++) {
		snprintf(bench->db, sizeof(bench->db), "%s/open-%d.db", bench->directory, point);
		disk_break(DISK_WRITE_FAILS, point);
		if (bench_try_open(bench, ENGINE_RUN, &error) == STATUS_OK)
			assert_int_equal(disk_failed(), 0);
		disk_mend();
		bench_close(bench);
		bench_open(bench, ENGINE_RUN); /* half made is made good */
		bench_sound(bench);
		bench_close(bench);
	}
}

static int quiet_setup(void **state)
{
	int failed = bench_setup(state);

	log_set_level((enum log_level)-1); /* the faults are meant */
	return failed;
}

static int quiet_teardown(void **state)
{
	disk_mend();
	return bench_teardown(state);
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, quiet_setup, quiet_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_bench(test_full_at_every_write),
	    with_bench(test_ended_while_full),
	    with_bench(test_full_without_running),
	    with_bench(test_sync_fails_at_every_point),
	    with_bench(test_write_fails_at_every_point),
	    with_bench(test_broken_at_open),
	};

	disk_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
