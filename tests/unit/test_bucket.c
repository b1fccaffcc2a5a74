#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/policy/bucket.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HOUR_NS (3600 * NS_PER_S)

static const struct rate per_s_50 = {50, NS_PER_S};

static void test_worked_example(void **state)
{
	struct bucket bucket;

	(void)state;
	bucket_init(&bucket, per_s_50, 1, 0);
	assert_int_equal(bucket_take(&bucket, 0, 5), 1);
	assert_int_equal(bucket_wait_ns(&bucket, 0), 20 * NS_PER_MS);
	assert_int_equal(bucket_take(&bucket, 20 * NS_PER_MS - 1, 5), 0);
	assert_int_equal(bucket_wait_ns(&bucket, 20 * NS_PER_MS - 1), 1);
	assert_int_equal(bucket_wait_ns(&bucket, 20 * NS_PER_MS), 0);
	assert_int_equal(bucket_take(&bucket, 60 * NS_PER_MS, 5), 1);
	assert_int_equal(bucket_take(&bucket, 60 * NS_PER_MS, 5), 0);
}

static void test_no_limit(void **state)
{
	struct bucket bucket;

	(void)state;
	bucket_init(&bucket, (struct rate){0, 0}, 1, 5);
	assert_int_equal(bucket_take(&bucket, 5, 1000), 1000);
	assert_int_equal(bucket_wait_ns(&bucket, 5), 0);
	bucket_return(&bucket, 10);
	assert_int_equal(bucket_take(&bucket, 0, 0), 0);
	/* A limit set live begins with one token. */
	bucket_set(&bucket, per_s_50, 10, 100);
	assert_int_equal(bucket_take(&bucket, 100, 1000), 1);
}

static void test_starts_full(void **state)
{
	struct bucket bucket;

	(void)state;
	bucket_init(&bucket, per_s_50, 10, 1000);
	assert_int_equal(bucket_take(&bucket, 1000, 4), 4);
	assert_int_equal(bucket_take(&bucket, 1000, 100), 6);
	assert_int_equal(bucket_wait_ns(&bucket, 1000), 20 * NS_PER_MS);
}

/* The acceptance figure: 50/s, burst 1, ten seconds, asked late each time. */
static void test_fifty_a_second(void **state)
{
	struct random random = {3};
	int64_t times[600];
	int count = 0;
	struct bucket bucket;
	int64_t now_ns = 12345;

	(void)state;
	bucket_init(&bucket, per_s_50, 1, now_ns);
	while (now_ns < 12345 + 10 * NS_PER_S) {
		assert_true(count < 600);
		if (bucket_take(&bucket, now_ns, 8) == 1)
			times[count++] = now_ns;
		/* Woken up to 15 ms late. */
		now_ns += bucket_wait_ns(&bucket, now_ns) + random_upto(&random, 15 * NS_PER_MS);
	}
	assert_in_range(count, 499, 501);
	for (int i = 0; i + 51 < count; i++)
		assert_true(times[i + 51] - times[i] > NS_PER_S);
}

/* Rates of all kinds, asked at random times for random amounts, some given
 * back: never more than burst + rate * time, and, where somebody always asks
 * before the bucket runs over, exactly that. */
static void run_property(struct rate rate, int64_t burst, uint64_t seed)
{
	struct random random = {seed};
	int64_t interval_ns = rate.per_ns / rate.count + 1;
	int64_t start_ns = random_upto(&random, HOUR_NS);
	int64_t now_ns = start_ns;
	__extension__ typedef __int128 wide;
	wide taken = 0;
	struct bucket bucket;

	bucket_init(&bucket, rate, burst, now_ns);
	for (int i = 0; i < 3000; i++) {
		int want = (int)random_upto(&random, 2000) + 1;
		int got = bucket_take(&bucket, now_ns, want);
		int back = (int)random_upto(&random, got);
		wide earned = burst + (wide)(now_ns - start_ns) * rate.count / rate.per_ns;
		int64_t wait_ns;

		assert_in_range(got, 0, want);
		if (random_next(&random) % 4 == 0) {
			bucket_return(&bucket, back);
			got -= back;
		}
		taken += got;
		if (taken > earned)
			fail_msg("%lld/%lld burst %lld: %lld too many after %lld ns",
			         (long long)rate.count, (long long)rate.per_ns, (long long)burst,
			         (long long)(taken - earned), (long long)(now_ns - start_ns));
		/* Take the rest: all that was earned must be there. */
		while ((got = bucket_take(&bucket, now_ns, INT32_MAX)) > 0)
			taken += got;
		assert_true(taken == earned);
		wait_ns = bucket_wait_ns(&bucket, now_ns);
		assert_true(wait_ns > 0 && wait_ns <= interval_ns);
		/* Exactly then, not earlier. */
		assert_int_equal(bucket_take(&bucket, now_ns + wait_ns - 1, 1), 0);
		if (i % 2)
			now_ns += wait_ns;
		else
			now_ns += random_upto(&random,
			                      (int64_t)((wide)rate.per_ns * burst / rate.count) - 1);
	}
}

static void test_property(void **state)
{
	static const struct rate rates[] = {
	    {7, NS_PER_S},         {50, NS_PER_S},          {3, NS_PER_S},     {1, HOUR_NS},
	    {1000000, NS_PER_S},   {999983, NS_PER_S},      {1, NS_PER_S},     {100, 60 * NS_PER_S},
	    {5000, HOUR_NS},       {3000000001LL, NS_PER_S}, {86399, HOUR_NS}, {1, 1},
	    {7, 10},
	};
	static const int64_t bursts[] = {1, 2, 10, 1000};

	(void)state;
	for (size_t r = 0; r < COUNT(rates); r++) {
		for (size_t b = 0; b < COUNT(bursts); b++) {
			/* Several tokens in one nanosecond overflow a small bucket. */
			if (rates[r].count / rates[r].per_ns < bursts[b])
				run_property(rates[r], bursts[b], r * 10 + b);
		}
	}
}

/* 7/s does not divide a second: after a day not one token is missing. */
static void test_no_drift(void **state)
{
	const int64_t day_s = 86400;
	struct bucket bucket;
	int64_t now_ns = 0, taken = 0;

	(void)state;
	bucket_init(&bucket, (struct rate){7, NS_PER_S}, 1, 0);
	while (now_ns <= day_s * NS_PER_S) {
		taken += bucket_take(&bucket, now_ns, 1);
		now_ns += bucket_wait_ns(&bucket, now_ns);
	}
	assert_int_equal(taken, day_s * 7 + 1);
}

static void test_idle_earns_the_burst(void **state)
{
	struct bucket bucket;

	(void)state;
	bucket_init(&bucket, per_s_50, 5, 0);
	assert_int_equal(bucket_take(&bucket, 0, 5), 5);
	assert_int_equal(bucket_take(&bucket, 100 * HOUR_NS, 100), 5);
	assert_int_equal(bucket_take(&bucket, INT64_MAX / 2, 100), 5);
	bucket_return(&bucket, 3);
	assert_int_equal(bucket_take(&bucket, INT64_MAX / 2, 100), 3);
	/* Returning more than was taken does not exceed the burst. */
	bucket_return(&bucket, INT32_MAX);
	assert_int_equal(bucket_take(&bucket, INT64_MAX / 2, INT32_MAX), 5);
}

static void test_change_of_rate(void **state)
{
	struct bucket bucket;
	int64_t now_ns = 10 * NS_PER_S;

	(void)state;
	/* A slow rate's wait does not outlive it. */
	bucket_init(&bucket, (struct rate){1, HOUR_NS}, 1, now_ns);
	assert_int_equal(bucket_take(&bucket, now_ns, 1), 1);
	bucket_set(&bucket, per_s_50, 1, now_ns);
	assert_int_equal(bucket_wait_ns(&bucket, now_ns), 20 * NS_PER_MS);

	/* Slower: the token that was due soon still comes, then the new pace. */
	bucket_set(&bucket, (struct rate){1, NS_PER_S}, 1, now_ns + 10 * NS_PER_MS);
	now_ns += 20 * NS_PER_MS;
	assert_int_equal(bucket_take(&bucket, now_ns, 9), 1);
	assert_int_equal(bucket_wait_ns(&bucket, now_ns), NS_PER_S);

	/* What lies ready is cut to the new burst, and not made more by a faster rate. */
	bucket_init(&bucket, (struct rate){1, NS_PER_S}, 10, now_ns);
	assert_int_equal(bucket_take(&bucket, now_ns, 4), 4);
	bucket_set(&bucket, (struct rate){1000, NS_PER_S}, 10, now_ns + NS_PER_S / 2);
	assert_int_equal(bucket_take(&bucket, now_ns + NS_PER_S / 2, 100), 6);
	bucket_init(&bucket, per_s_50, 10, now_ns);
	bucket_set(&bucket, per_s_50, 3, now_ns);
	assert_int_equal(bucket_take(&bucket, now_ns, 100), 3);
	/* A larger burst is not a gift either. */
	bucket_set(&bucket, per_s_50, 100, now_ns);
	assert_int_equal(bucket_take(&bucket, now_ns, 100), 0);
	assert_int_equal(bucket_wait_ns(&bucket, now_ns), 20 * NS_PER_MS);
}

/* Setting the same limits over and over, as a controller does, costs nothing. */
static void test_setting_often_loses_nothing(void **state)
{
	struct bucket bucket;
	int64_t taken = 0;

	(void)state;
	bucket_init(&bucket, (struct rate){7, NS_PER_S}, 1, 0);
	for (int64_t now_ns = 0; now_ns < 100 * NS_PER_S; now_ns += 10 * NS_PER_MS) {
		bucket_set(&bucket, (struct rate){7, NS_PER_S}, 1, now_ns);
		taken += bucket_take(&bucket, now_ns, 1);
	}
	assert_int_equal(taken, 700);

	/* Between two rates, never more than the faster one allows. */
	taken = 0;
	bucket_init(&bucket, (struct rate){7, NS_PER_S}, 1, 0);
	for (int64_t now_ns = 0, i = 0; now_ns < 100 * NS_PER_S; now_ns += 10 * NS_PER_MS, i++) {
		bucket_set(&bucket, (struct rate){i % 2 ? 7 : 8, NS_PER_S}, 1, now_ns);
		taken += bucket_take(&bucket, now_ns, 1);
	}
	assert_in_range(taken, 690, 801);
}

static void test_hostile_values(void **state)
{
	struct bucket bucket;

	(void)state;
	bucket_init(&bucket, (struct rate){INT64_MAX, INT64_MAX}, INT64_MAX, INT64_MAX);
	assert_true(bucket_take(&bucket, INT64_MAX, INT32_MAX) > 0);
	bucket_set(&bucket, (struct rate){1, INT64_MAX}, INT64_MAX, INT64_MIN);
	assert_true(bucket_wait_ns(&bucket, INT64_MIN) >= 0);
	assert_true(bucket_take(&bucket, INT64_MAX, INT32_MAX) >= 0);
	bucket_return(&bucket, INT32_MAX);
	bucket_init(&bucket, per_s_50, 0, 0); /* as burst 1 */
	assert_int_equal(bucket_take(&bucket, 0, 10), 1);
	assert_int_equal(bucket_take(&bucket, 0, -1), 0);
	bucket_return(&bucket, -1);
	assert_int_equal(bucket_take(&bucket, 0, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_worked_example),
	    cmocka_unit_test(test_no_limit),
	    cmocka_unit_test(test_starts_full),
	    cmocka_unit_test(test_fifty_a_second),
	    cmocka_unit_test(test_property),
	    cmocka_unit_test(test_no_drift),
	    cmocka_unit_test(test_idle_earns_the_burst),
	    cmocka_unit_test(test_change_of_rate),
	    cmocka_unit_test(test_setting_often_loses_nothing),
	    cmocka_unit_test(test_hostile_values),
	};

	return cmocka_run_group_tests_name("bucket", tests, NULL, NULL);
}
