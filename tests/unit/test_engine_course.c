/* The façade: a job's course, and that of its causes, during the run and after. */
#include "tests/unit/engine_acts.h"

struct seen {
	int64_t done, failed, unknown, retried, last_ms;
	int count;
};

static void see_sample(void *context, const struct meter_sample *sample)
{
	struct seen *seen = context;

	assert_true(sample->at_ms > seen->last_ms);
	assert_true(sample->step_s >= 1);
	seen->last_ms = sample->at_ms;
	seen->done += sample->done;
	seen->failed += sample->failed;
	seen->unknown += sample->unknown;
	seen->retried += sample->retried;
	seen->count++;
}

static struct seen look(struct bench *bench, int64_t job, int64_t since_ms)
{
	struct seen seen = {0};
	struct error error = {0};
	int step_s = 0;

	must(engine_series(bench->engine, job, since_ms, see_sample, &seen, &step_s, &error), &error);
	assert_int_equal(step_s, 1);
	return seen;
}

/* Every outcome is in the course once, and stays there. */
static void test_series_outlive_the_process(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	struct seen seen;

	bench_until(look(bench, job, 0).done == 35);
	seen = look(bench, job, 0);
	assert_int_equal(seen.failed, 10);
	assert_int_equal(seen.unknown, 5);
	assert_int_equal(look(bench, job, seen.last_ms).count, 0);
	for (int round = 0; round < 2; round++) {
		bench_close(bench);
		bench_open(bench, round == 0 ? ENGINE_RUN : ENGINE_MAINTAIN);
		seen = look(bench, job, 0);
		assert_int_equal(seen.done, 35);
		assert_int_equal(seen.failed, 10);
		assert_int_equal(seen.unknown, 5);
	}
	bench_sound(bench);
}

/* Closed in the second that it worked in. */
static void test_series_of_a_run_broken_off(void **state)
{
	struct bench *bench = *state;
	int64_t job;

	ledger_gate(bench->ledger, true);
	job = bench_job_of(bench, "broken off", "PUT", ",\"limits\":{\"concurrency\":1}", 400);
	bench_start(bench, job);
	bench_until(bench_progress(bench, job).counts[ITEM_DONE] > 20);
	engine_drain(bench->engine);
	bench_close(bench);
	bench_open(bench, ENGINE_RUN);
	assert_int_equal(look(bench, job, 0).done, bench_progress(bench, job).counts[ITEM_DONE]);
	bench_start(bench, job);
	bench_wait(bench, job);
	bench_close(bench);
	bench_open(bench, ENGINE_RUN);
	assert_int_equal(look(bench, job, 0).done, 400);
}

struct trends {
	int groups;
	int64_t sum, samples;
};

static void see_group(void *context, const struct engine_group *group)
{
	struct trends *trends = context;

	trends->groups++;
	assert_in_range(group->trend_count, 1, GROUP_TREND_MAX);
	assert_int_equal(group->trend_step_s % 10, 0);
	assert_true(group->trend_at_ms <= group->first_at_ms);
	assert_true(group->trend_at_ms + group->trend_count * group->trend_step_s * MS_PER_S >
	            group->last_at_ms);
	for (int i = 0; i < group->trend_count; i++)
		trends->sum += group->trend[i];
	for (int i = 0; i < group->sample_count; i++)
		assert_int_equal(group->samples[i] % 10, group->sample_seq % 10);
	trends->samples += group->sample_count;
}

static void test_causes_over_time(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	const struct engine_selection lost = {.filter = "http:404"};
	struct trends trends = {0};
	struct error error = {0};
	int groups;

	must(engine_groups(bench->engine, job, NULL, 100, see_group, &trends, &error), &error);
	groups = trends.groups;
	assert_int_equal(trends.sum, 15);
	assert_int_equal(trends.samples, 15);
	/* What was mended is no example any more. */
	assert_int_equal(act(bench, job, ACTION_RETRY, &lost).changed, 5);
	bench_wait(bench, job);
	memset(&trends, 0, sizeof(trends));
	must(engine_groups(bench->engine, job, NULL, 100, see_group, &trends, &error), &error);
	assert_int_equal(trends.groups, groups - 1);
	assert_int_equal(trends.samples, 10);
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_bench(test_series_outlive_the_process),
	    with_bench(test_series_of_a_run_broken_off),
	    with_bench(test_causes_over_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
