/* The guarantee, put to the test: the database as a crash would leave it, at
 * many moments of a batch, is opened and run to its end against the ledger. */
#include <stdatomic.h>

#include "tests/unit/disk.h"
#include "tests/unit/engine_bench.h"

#define ITEMS 150
#define COPIES 12
#define EVERY (ITEMS / COPIES)

static struct {
	const struct bench *bench;
	bool power;  /* the power goes, and what was not synced may be lost */
	int arrived;
	atomic_int copies; /* taken */
	int hits[COPIES][ITEMS + 1]; /* the ledger at that moment */
} crash;

static void copy_path(const struct bench *bench, int number, char path[96])
{
	snprintf(path, 96, "%s/copy-%d.db", bench->directory, number);
}

/* On the server's thread, with the request in and its answer not out. */
static void answer_and_copy(struct ledger *ledger, int item, int hit, struct reply *reply)
{
	char path[96];

	if (item % 7 == 3)
		reply->status = 500;
	if (item % 7 == 4)
		reply->drop = hit == 1;
	if (crash.copies == COPIES || ++crash.arrived % EVERY != 0)
		return;
	for (int n = 1; n <= ITEMS; n++)
		crash.hits[crash.copies][n] = ledger_hits(ledger, n);
	copy_path(crash.bench, crash.copies, path);
	disk_copy(path, crash.power ? (uint64_t)crash.copies + 1 : 0);
	crash.copies++;
}

static void forget_hits(struct ledger *ledger)
{
	pthread_mutex_lock(&ledger->mutex);
	memset(ledger->hits, 0, sizeof(ledger->hits));
	pthread_mutex_unlock(&ledger->mutex);
}

/* Take up the batch as copy `number` has it. */
static void take_up(struct bench *bench, int number, bool repeatable)
{
	static struct listed before;
	struct engine_progress progress;
	int64_t job = 1;

	copy_path(bench, number, bench->db);
	forget_hits(bench->ledger);
	bench_open(bench, ENGINE_RUN);
	bench_sound(bench);
	bench_list(bench, job, NULL, 100, &before);
	assert_int_equal(before.count, ITEMS);
	for (int i = 0; i < before.count; i++) {
		bool arrived = crash.hits[number][before.seqs[i]] > 0;

		assert_int_not_equal(before.states[i], ITEM_RUNNING);
		/* An outcome that is recorded was preceded by a request; one that has
		 * arrived is not forgotten where it may not be repeated. */
		if (before.states[i] == ITEM_DONE)
			assert_true(arrived);
		if (arrived && !repeatable)
			assert_true(item_state_final(before.states[i]));
	}
	bench_start(bench, job);
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	assert_int_equal(progress.state, JOB_FINISHED);
	assert_int_equal(progress.total, ITEMS);
	for (int i = 0; i < before.count; i++) {
		int hits = ledger_hits(bench->ledger, (int)before.seqs[i]);

		if (item_state_final(before.states[i]))
			assert_int_equal(hits, 0);
		else if (!repeatable)
			assert_int_equal(hits, 1);
		else
			assert_true(hits >= 1);
	}
	bench_sound(bench);
	bench_close(bench);
}

static void crash_everywhere(struct bench *bench, const char *method, bool power)
{
	int64_t job;

	bench_close(bench);
	crash.arrived = 0;
	atomic_store(&crash.copies, 0);
	crash.bench = bench;
	crash.power = power;
	snprintf(bench->db, sizeof(bench->db), "%s/kept.db", bench->directory);
	disk_keep(bench->db);
	bench_open(bench, ENGINE_RUN);
	job = bench_job_of(bench, "crash", method, ",\"limits\":{\"concurrency\":8}", ITEMS);
	bench_until(bench_progress(bench, job).state == JOB_RUNNING);
	ledger_set_answer(bench->ledger, answer_and_copy);
	bench_start(bench, job);
	bench_wait(bench, job);
	ledger_set_answer(bench->ledger, NULL);
	bench_close(bench);
	disk_keep(NULL);
	assert_int_equal(crash.copies, COPIES);
	for (int i = 0; i < COPIES; i++)
		take_up(bench, i, strcmp(method, "PUT") == 0);
}

static void test_killed(void **state)
{
	crash_everywhere(*state, "POST", false);
}

static void test_killed_repeatable(void **state)
{
	crash_everywhere(*state, "PUT", false);
}

static void test_power_cut(void **state)
{
	crash_everywhere(*state, "POST", true);
}

static void test_power_cut_repeatable(void **state)
{
	crash_everywhere(*state, "PUT", true);
}

static int quiet_setup(void **state)
{
	int failed = bench_setup(state);

	log_set_level((enum log_level)-1);
	return failed;
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, quiet_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_bench(test_killed),
	    with_bench(test_killed_repeatable),
	    with_bench(test_power_cut),
	    with_bench(test_power_cut_repeatable),
	};

	disk_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
