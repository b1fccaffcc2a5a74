/* A job's course as the store keeps it: however long, not many, and nothing lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/store/samples.h"

#define BEGAN_MS 1767323043000LL /* odd: no width divides it */

static char path[64];

static int open_store(void **state)
{
	struct db *db;

	snprintf(path, sizeof(path), "/tmp/sluice-samples-%ld.db", (long)getpid());
	unlink(path);
	assert_int_equal(db_open(path, DB_WRITER, &db, NULL), STATUS_OK);
	assert_int_equal(db_begin(db, NULL), STATUS_OK); /* one for all of a test */
	*state = db;
	return 0;
}

static int close_store(void **state)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	char name[80];

	db_close(*state);
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, parts[i]);
		unlink(name);
	}
	return 0;
}

static void add(struct db *db, int64_t job, const struct sample_row *rows, int count)
{
	struct error error = {0};

	if (samples_add(db, job, rows, count, &error) != STATUS_OK)
		fail_msg("%s", error.text);
}

struct seen {
	int count, step_s, in_flight;
	int64_t first_ms, last_ms, done, failed, unknown, skipped, retried, throttled;
	double p50_ms;
};

static void see(void *context, const struct sample_row *row)
{
	struct seen *seen = context;

	assert_true(row->at_ms > seen->last_ms);
	assert_int_equal(row->at_ms % (row->step_s * 1000), 0);
	if (seen->count++ == 0)
		seen->first_ms = row->at_ms;
	seen->last_ms = row->at_ms;
	seen->step_s = row->step_s;
	seen->done += row->done;
	seen->failed += row->failed;
	seen->unknown += row->unknown;
	seen->skipped += row->skipped;
	seen->retried += row->retried;
	seen->throttled += row->throttled;
	if (row->in_flight > seen->in_flight)
		seen->in_flight = row->in_flight;
	seen->p50_ms = row->p50_ms;
}

static struct seen look(struct db *db, int64_t job, int64_t since_ms)
{
	struct seen seen = {0};

	assert_int_equal(samples_list(db, job, since_ms, see, &seen, NULL), STATUS_OK);
	return seen;
}

static struct sample_row second(int i)
{
	return (struct sample_row){
	    .at_ms = BEGAN_MS + i * 1000LL, .step_s = 1, .done = 10, .failed = 1, .unknown = i % 2,
	    .skipped = i % 3, .retried = 2, .throttled = 3, .in_flight = i % 100, .concurrency = 30,
	    .p50_ms = 100, .p95_ms = 200, .p99_ms = 300};
}

/* Three hours in handfuls of ten seconds, beside another job. */
static void test_a_long_run(void **state)
{
	struct db *db = *state;
	struct sample_row rows[10];
	const struct sample_row other = second(0);
	struct seen seen;
	int64_t unknown = 0, skipped = 0;

	add(db, 2, &other, 1);
	for (int i = 0; i < 10800; i++) {
		rows[i % 10] = second(i);
		unknown += i % 2;
		skipped += i % 3;
		if (i % 10 == 9)
			add(db, 1, rows, 10);
	}
	seen = look(db, 1, 0);
	assert_true(seen.count <= SAMPLES_MAX && seen.count > SAMPLES_MAX / 4);
	assert_int_equal(seen.step_s, 8);
	assert_int_equal(seen.done, 108000);
	assert_int_equal(seen.failed, 10800);
	assert_int_equal(seen.unknown, unknown);
	assert_int_equal(seen.skipped, skipped);
	assert_int_equal(seen.retried, 21600);
	assert_int_equal(seen.throttled, 32400);
	assert_int_equal(seen.in_flight, 99);
	assert_true(seen.p50_ms > 99.99 && seen.p50_ms < 100.01);
	assert_true(seen.first_ms <= BEGAN_MS && seen.first_ms > BEGAN_MS - 8000);
	assert_int_equal(look(db, 1, seen.last_ms).count, 0);
	assert_int_equal(look(db, 1, seen.last_ms - 1).count, 1);
	assert_int_equal(look(db, 2, 0).count, 1);
}

/* Long silences: twice the width is not half as many, and still it ends. */
static void test_a_sparse_run(void **state)
{
	struct db *db = *state;

	for (int i = 0; i < 3 * SAMPLES_MAX; i++) {
		struct sample_row row = second(i * 3600);

		add(db, 1, &row, 1);
	}
	assert_true(look(db, 1, 0).count <= SAMPLES_MAX);
	assert_int_equal(look(db, 1, 0).done, 30 * SAMPLES_MAX);
}

static void test_percentiles_by_requests(void **state)
{
	struct db *db = *state;
	struct sample_row fast = {.at_ms = 4000, .done = 90, .p50_ms = 10};
	struct sample_row slow = {.at_ms = 4000, .done = 10, .p50_ms = 110};
	struct sample_row idle = {.at_ms = 4000};
	struct seen seen;

	add(db, 1, &fast, 1);
	add(db, 1, &slow, 1);
	add(db, 1, &idle, 1);
	seen = look(db, 1, 0);
	assert_int_equal(seen.count, 1);
	assert_true(seen.p50_ms > 19.99 && seen.p50_ms < 20.01);
}

static void see_count(void *context, int64_t at_ms, int64_t count)
{
	int64_t *sum = context;

	assert_int_equal(at_ms % 10000, 0);
	sum[0] += count;
	sum[1]++;
}

static void test_causes(void **state)
{
	struct db *db = *state;
	struct error error = {0};
	int64_t sum[2] = {0};

	for (int i = 0; i < 100; i++)
		assert_int_equal(group_times_add(db, 1, UINT64_MAX - 1, BEGAN_MS + i * 1000, &error),
		                 STATUS_OK);
	assert_int_equal(group_times_add(db, 1, 7, BEGAN_MS, &error), STATUS_OK);
	assert_int_equal(group_times_list(db, 1, UINT64_MAX - 1, see_count, sum, &error), STATUS_OK);
	assert_int_equal(sum[0], 100);
	assert_in_range(sum[1], 10, 11);
}

#define with_store(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_store(test_a_long_run),
	    with_store(test_a_sparse_run),
	    with_store(test_percentiles_by_requests),
	    with_store(test_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
