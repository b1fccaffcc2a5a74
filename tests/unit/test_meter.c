#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "engine/base/histogram.h"
#include "engine/base/random.h"
#include "engine/run/meter.h"

#define START_NS (5000 * NS_PER_S + 123456789)
#define WALL_MS 1767323040250LL

static int64_t wall_at(int64_t mono_ns)
{
	return WALL_MS + (mono_ns - START_NS) / NS_PER_MS;
}

static void assert_near(double value, double expected, double percent)
{
	if (fabs(value - expected) > expected * percent / 100)
		fail_msg("%g is not near %g", value, expected);
}

/* `per_s` results a second, evenly, for a while; latency 80 ms. */
static int64_t feed(struct meter *meter, int64_t from_ns, int per_s, double seconds)
{
	int64_t step_ns = NS_PER_S / per_s, now_ns = from_ns;

	for (int i = 0; i < (int)(per_s * seconds); i++) {
		meter_add(meter, now_ns, wall_at(now_ns), DECISION_DONE, true, 80000);
		now_ns += step_ns;
	}
	return now_ns;
}

static void test_empty(void **state)
{
	struct meter *meter = meter_new();
	struct meter_sample sample;
	struct meter_view view;

	(void)state;
	meter_view(meter, START_NS, &view);
	assert_true(view.rate_per_s == 0 && view.attempts_per_s == 0);
	assert_int_equal(view.p50_ms, -1);
	assert_int_equal(view.p99_ms, -1);
	assert_int_equal(meter_samples(meter, 0, &sample, 1), 0);
	meter_free(meter);
	meter_free(NULL);
}

static void test_rate(void **state)
{
	static const double after_s[] = {1, 2, 5, 10, 30, 100};
	struct meter_view view;

	(void)state;
	for (size_t i = 0; i < sizeof(after_s) / sizeof(after_s[0]); i++) {
		struct meter *meter = meter_new();
		int64_t now_ns = feed(meter, START_NS, 200, after_s[i]);

		meter_view(meter, now_ns, &view);
		assert_near(view.rate_per_s, 200, 10); /* from the first second on */
		assert_near(view.attempts_per_s, 200, 10);
		meter_free(meter);
	}
}

static void test_first_result_is_no_rate_of_thousands(void **state)
{
	struct meter *meter = meter_new();
	struct meter_view view;

	(void)state;
	meter_add(meter, START_NS, WALL_MS, DECISION_DONE, true, 200);
	meter_view(meter, START_NS, &view);
	assert_true(view.rate_per_s > 0 && view.rate_per_s <= 2);
	meter_free(meter);
}

static void test_rate_follows_and_ends(void **state)
{
	struct meter *meter = meter_new();
	struct meter_view view;
	int64_t now_ns = feed(meter, START_NS, 1000, 30);

	(void)state;
	now_ns = feed(meter, now_ns, 100, 11);
	meter_view(meter, now_ns, &view);
	assert_near(view.rate_per_s, 100, 10);
	meter_view(meter, now_ns + 11 * NS_PER_S, &view);
	assert_true(view.rate_per_s == 0);
	/* After a pause the silence is not averaged in. */
	now_ns = feed(meter, now_ns + 600 * NS_PER_S, 100, 2);
	meter_view(meter, now_ns, &view);
	assert_near(view.rate_per_s, 100, 10);
	meter_free(meter);
}

static void test_retries_are_attempts_not_items(void **state)
{
	struct meter *meter = meter_new();
	struct meter_view view;
	int64_t now_ns = START_NS;

	(void)state;
	for (int i = 0; i < 1000; i++, now_ns += 10 * NS_PER_MS)
		meter_add(meter, now_ns, wall_at(now_ns), i % 2 ? DECISION_DONE : DECISION_RETRY, i % 2,
		          1000);
	meter_view(meter, now_ns, &view);
	assert_near(view.attempts_per_s, 100, 5);
	assert_near(view.rate_per_s, 50, 5);
	meter_free(meter);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Against the exact percentiles of the same values, over five orders of magnitude. */
static void test_histogram_error(void **state)
{
	enum { VALUES = 20000 };
	static const double fractions[] = {0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0};
	static int64_t values[VALUES];
	static struct histogram histogram;
	struct random random = {11};

	(void)state;
	assert_int_equal(histogram_quantile(&histogram, 0.5), -1);
	for (int i = 0; i < VALUES; i++) {
		values[i] = random_upto(&random, (int64_t)1 << (4 + i % 24));
		histogram_add(&histogram, values[i]);
	}
	qsort(values, VALUES, sizeof(values[0]), compare);
	for (size_t i = 0; i < sizeof(fractions) / sizeof(fractions[0]); i++) {
		int64_t exact = values[(int)ceil(fractions[i] * VALUES) - 1];
		int64_t read = histogram_quantile(&histogram, fractions[i]);

		if (llabs(read - exact) > exact / 33 + 1)
			fail_msg("%g: %lld, exactly %lld", fractions[i], (long long)read,
			         (long long)exact);
	}
	histogram_reset(&histogram);
	assert_int_equal(histogram_quantile(&histogram, 0.5), -1);
}

static void test_histogram_edges(void **state)
{
	static struct histogram histogram, other;

	(void)state;
	for (int64_t value = 0; value < (int64_t)1 << 32; value = value * 5 / 4 + 1) {
		int64_t read;

		histogram_reset(&histogram);
		histogram_add(&histogram, value);
		read = histogram_quantile(&histogram, 0.5);
		if (llabs(read - value) * 60 > value)
			fail_msg("%lld read as %lld", (long long)value, (long long)read);
	}
	histogram_reset(&histogram);
	histogram_add(&histogram, -5);
	assert_int_equal(histogram_quantile(&histogram, 1), 0);
	histogram_add(&other, INT64_MAX);
	histogram_merge(&histogram, &other);
	assert_int_equal(histogram.total, 2);
	assert_true(histogram_quantile(&histogram, 1) > 4200000000LL);
	assert_int_equal(histogram_quantile(&histogram, 0), 0);
}

static void test_latency_slides(void **state)
{
	struct meter *meter = meter_new();
	struct meter_view view;
	int64_t now_ns = START_NS;

	(void)state;
	for (int i = 0; i < 1000; i++)
		meter_add(meter, now_ns, WALL_MS, DECISION_DONE, true, i < 990 ? 100000 : 900000);
	meter_view(meter, now_ns, &view);
	assert_near((double)view.p50_ms, 100, 3);
	assert_near((double)view.p95_ms, 100, 3);
	assert_near((double)view.p99_ms, 100, 3);
	for (int i = 0; i < 10; i++)
		meter_add(meter, now_ns, WALL_MS, DECISION_RETRY, false, 900000);
	meter_view(meter, now_ns, &view);
	assert_near((double)view.p99_ms, 900, 3);
	/* A minute later only what came since counts. */
	now_ns += 50 * NS_PER_S;
	meter_add(meter, now_ns, wall_at(now_ns), DECISION_DONE, true, 5000);
	now_ns += 15 * NS_PER_S;
	meter_view(meter, now_ns, &view);
	assert_int_equal(view.p99_ms, 5);
	/* An attempt without a latency is none of them. */
	meter_add(meter, now_ns, wall_at(now_ns), DECISION_FAIL, true, -1);
	meter_view(meter, now_ns + 60 * NS_PER_S, &view);
	assert_int_equal(view.p50_ms, -1);
	meter_free(meter);
}

static void test_samples(void **state)
{
	struct meter *meter = meter_new();
	struct meter_sample samples[10];
	int64_t now_ns = START_NS;

	(void)state;
	meter_tick(meter, now_ns, wall_at(now_ns), 0, 16);
	meter_add(meter, now_ns, wall_at(now_ns), DECISION_DONE, true, 20000);
	meter_add(meter, now_ns, wall_at(now_ns), DECISION_SKIP, true, 20000);
	meter_add(meter, now_ns, wall_at(now_ns), DECISION_FAIL, true, 40000);
	meter_add(meter, now_ns, wall_at(now_ns), DECISION_UNKNOWN, true, 40000);
	meter_add(meter, now_ns, wall_at(now_ns), DECISION_RETRY, false, 40000);
	meter_add(meter, now_ns, wall_at(now_ns), DECISION_RETRY, true, 40000);
	meter_add(meter, now_ns, wall_at(now_ns), DECISION_THROTTLE, false, 40000);
	assert_int_equal(meter_samples(meter, 0, samples, 10), 0); /* not over yet */
	now_ns += NS_PER_S;
	meter_tick(meter, now_ns, wall_at(now_ns), 7, 12);
	now_ns += NS_PER_S;
	meter_tick(meter, now_ns, wall_at(now_ns), 9, 13);

	assert_int_equal(meter_samples(meter, 0, samples, 10), 2);
	assert_int_equal(samples[0].at_ms, WALL_MS / 1000 * 1000);
	assert_int_equal(samples[0].step_s, 1);
	assert_int_equal(samples[0].done, 1);
	assert_int_equal(samples[0].skipped, 1);
	assert_int_equal(samples[0].failed, 2); /* one had no attempts left */
	assert_int_equal(samples[0].unknown, 1);
	assert_int_equal(samples[0].retried, 1);
	assert_int_equal(samples[0].throttled, 1);
	assert_int_equal(samples[0].in_flight, 7);
	assert_int_equal(samples[0].concurrency, 12);
	assert_near(samples[0].p50_ms, 40, 3);
	assert_near(samples[0].p99_ms, 40, 3);
	assert_int_equal(samples[1].at_ms, samples[0].at_ms + 1000);
	assert_int_equal(samples[1].done, 0);
	assert_int_equal(samples[1].in_flight, 9);
	assert_true(samples[1].p50_ms == 0);

	/* From a cursor on, and no more than there is room for. */
	assert_int_equal(meter_samples(meter, samples[0].at_ms, samples, 10), 1);
	assert_int_equal(samples[0].in_flight, 9);
	assert_int_equal(meter_samples(meter, samples[0].at_ms, samples, 10), 0);
	assert_int_equal(meter_samples(meter, 0, samples, 1), 1);
	assert_int_equal(samples[0].in_flight, 7);
	assert_int_equal(meter_samples(meter, 0, samples, 0), 0);
	meter_free(meter);
}

static void test_samples_in_a_ring(void **state)
{
	struct meter *meter = meter_new();
	struct meter_sample *samples = calloc(METER_SAMPLES, sizeof(*samples));
	int64_t now_ns = START_NS;

	(void)state;
	assert_non_null(samples);
	for (int i = 0; i < METER_SAMPLES + 100; i++, now_ns += NS_PER_S)
		meter_tick(meter, now_ns, wall_at(now_ns), i, 1);
	assert_int_equal(meter_samples(meter, 0, samples, METER_SAMPLES), METER_SAMPLES);
	assert_int_equal(samples[METER_SAMPLES - 1].in_flight, METER_SAMPLES + 99);
	for (int i = 1; i < METER_SAMPLES; i++)
		assert_int_equal(samples[i].at_ms, samples[i - 1].at_ms + 1000);
	free(samples);
	meter_free(meter);
}

static void test_labels_rise_whatever_the_wall_clock_does(void **state)
{
	static const int64_t jumps_ms[] = {0, 3, -9, 3600000, -7200000, 999, -999, 500000};
	struct meter *meter = meter_new();
	struct meter_sample samples[100];
	int64_t now_ns = START_NS, jump_ms = 0;
	int count;

	(void)state;
	for (int i = 0; i < 80; i++, now_ns += NS_PER_S) {
		jump_ms += jumps_ms[i % 8];
		meter_tick(meter, now_ns, wall_at(now_ns) + jump_ms, 1, 1);
		meter_tick(meter, now_ns, wall_at(now_ns) + jump_ms, 1, 1); /* same second */
	}
	count = meter_samples(meter, 0, samples, 100);
	assert_int_equal(count, 79);
	for (int i = 1; i < count; i++)
		assert_true(samples[i].at_ms >= samples[i - 1].at_ms + 1000);
	for (int i = 0; i < count; i++)
		assert_int_equal(samples[i].at_ms % 1000, 0);
	meter_free(meter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_rate),
	    cmocka_unit_test(test_first_result_is_no_rate_of_thousands),
	    cmocka_unit_test(test_rate_follows_and_ends),
	    cmocka_unit_test(test_retries_are_attempts_not_items),
	    cmocka_unit_test(test_histogram_error),
	    cmocka_unit_test(test_histogram_edges),
	    cmocka_unit_test(test_latency_slides),
	    cmocka_unit_test(test_samples),
	    cmocka_unit_test(test_samples_in_a_ring),
	    cmocka_unit_test(test_labels_rise_whatever_the_wall_clock_does),
	};

	return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
