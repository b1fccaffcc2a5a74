/* The pace, step by step; what comes of it over a minute is in test_simulation. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "engine/policy/adapt.h"

static const struct adapt_ceilings no_rate = {64, {0, NS_PER_S}, 1};
static const struct adapt_ceilings rate_50 = {64, {50, NS_PER_S}, 10};

static double pace(const struct adapt *adapt)
{
	struct rate rate = adapt_rate(adapt);

	assert_true(rate.count > 0);
	return (double)rate.count / (double)rate.per_ns * 1e9;
}

static struct adapt_answer answered(int http_status)
{
	return (struct adapt_answer){
	    .decision = http_status == 429   ? DECISION_THROTTLE
	                : http_status >= 500 ? DECISION_RETRY
	                                     : DECISION_DONE,
	    .transport = TRANSPORT_OK,
	    .http_status = http_status,
	    .latency_ns = 20 * NS_PER_MS,
	    .wait_ms = -1,
	    .limit = -1,
	    .remaining = -1,
	    .reset_ms = -1,
	};
}

static void sent_and(struct adapt *adapt, int64_t now_ns, int in_flight,
                     const struct adapt_answer *answer)
{
	struct adapt_stamp stamp;

	adapt_sent(adapt, now_ns, in_flight, &stamp);
	adapt_result(adapt, &stamp, answer, now_ns + answer->latency_ns);
}

/* `count` requests at an even rate, all answered so. The time after. */
static int64_t feed(struct adapt *adapt, int64_t from_ns, int count, double rate, int http_status)
{
	struct adapt_answer answer = answered(http_status);

	for (int i = 0; i < count; i++)
		sent_and(adapt, from_ns + (int64_t)(i / rate * 1e9), 1 + (int)(rate / 50), &answer);
	return from_ns + (int64_t)(count / rate * 1e9);
}

/* Refused at 50/s until the pace has settled below it. */
static int64_t meet_the_limit(struct adapt *adapt)
{
	int64_t now = feed(adapt, 0, 100, 50, 200);

	now = feed(adapt, now, 1, 50, 429);
	assert_true(pace(adapt) < 51);
	return now;
}

static void test_opening(void **state)
{
	struct adapt adapt;
	int first, before;
	int64_t now = 0;

	(void)state;
	adapt_init(&adapt, &no_rate, NULL, 0);
	first = adapt_concurrency(&adapt);
	assert_in_range(first, 8, 16);
	assert_true(pace(&adapt) <= 1000);
	assert_string_equal(adapt_bound_by(&adapt, 0, now), "ramp-up");
	now = feed(&adapt, now, 1, 100, 200);
	assert_string_equal(adapt_bound_by(&adapt, adapt_concurrency(&adapt), now), "ramp-up");
	assert_true(pace(&adapt) >= 100000); /* none to speak of */
	for (int i = 0; i < 100; i++) {
		before = adapt_concurrency(&adapt);
		now = feed(&adapt, now, 10, 500, 200);
		assert_true(adapt_concurrency(&adapt) >= before);
	}
	assert_int_equal(adapt_concurrency(&adapt), 64);
	assert_string_equal(adapt_bound_by(&adapt, 64, now), "concurrency");
	assert_string_equal(adapt_bound_by(&adapt, 63, now), "concurrency");
	/* Few ceilings are below the first number. */
	adapt_init(&adapt, &(struct adapt_ceilings){3, {0, NS_PER_S}, 1}, NULL, 0);
	assert_int_equal(adapt_concurrency(&adapt), 3);
}

static void test_a_configured_rate_is_begun_with_and_never_exceeded(void **state)
{
	struct adapt adapt;
	struct rate rate;

	(void)state;
	adapt_init(&adapt, &rate_50, NULL, 0);
	for (int i = 0; i < 50; i++) {
		rate = adapt_rate(&adapt);
		assert_int_equal(rate.count, 50);
		assert_int_equal(rate.per_ns, NS_PER_S);
		assert_int_equal(adapt_burst(&adapt), 10);
		assert_int_equal(adapt_concurrency(&adapt), 64);
		feed(&adapt, i * NS_PER_S, 50, 50, 200);
	}
	assert_string_equal(adapt_bound_by(&adapt, 3, 50 * NS_PER_S), "rate");
	feed(&adapt, 50 * NS_PER_S, 1, 50, 429);
	assert_true(pace(&adapt) < 50);
	assert_string_equal(adapt_bound_by(&adapt, 3, 51 * NS_PER_S), "server");
	for (int i = 0; i < 100; i++)
		feed(&adapt, (51 + i) * NS_PER_S, 50, 50, 200);
	assert_true(pace(&adapt) == 50);
}

static void test_one_overshoot_counts_once(void **state)
{
	struct adapt_stamp stamps[10];
	struct adapt_answer refusal = answered(429);
	struct adapt adapt;
	double after_one;
	int64_t now;

	(void)state;
	adapt_init(&adapt, &no_rate, NULL, 0);
	now = meet_the_limit(&adapt);
	now = feed(&adapt, now, 200, 50, 200);
	for (int i = 0; i < 10; i++)
		adapt_sent(&adapt, now + i * NS_PER_MS, 5, &stamps[i]);
	now += 20 * NS_PER_MS;
	adapt_result(&adapt, &stamps[0], &refusal, now);
	after_one = pace(&adapt);
	for (int i = 1; i < 10; i++)
		adapt_result(&adapt, &stamps[i], &refusal, now + i);
	assert_true(pace(&adapt) == after_one);
}

static void test_a_429_is_a_refusal_whatever_is_decided(void **state)
{
	struct adapt_answer refusal = answered(429);
	struct adapt adapt;

	(void)state;
	refusal.decision = DECISION_FAIL; /* its attempts are used up */
	adapt_init(&adapt, &rate_50, NULL, 0);
	feed(&adapt, 0, 100, 50, 200);
	sent_and(&adapt, 2 * NS_PER_S, 1, &refusal);
	assert_true(pace(&adapt) < 50);
}

static void test_errors_are_no_refusals(void **state)
{
	struct adapt adapt;

	(void)state;
	adapt_init(&adapt, &rate_50, NULL, 0);
	for (int i = 0; i < 200; i++)
		feed(&adapt, i * 100 * NS_PER_MS, 5, 50, i % 20 == 0 ? 503 : 200);
	assert_true(pace(&adapt) == 50);
	assert_int_equal(adapt_concurrency(&adapt), 64);
}

static void test_overload_lowers_concurrency_not_below_one(void **state)
{
	struct adapt_answer failure = answered(500);
	struct adapt adapt;
	int before = 64;

	(void)state;
	adapt_init(&adapt, &rate_50, NULL, 0);
	for (int i = 0; i < 2000; i++)
		sent_and(&adapt, i * 100 * NS_PER_MS, adapt_concurrency(&adapt), &failure);
	assert_true(adapt_concurrency(&adapt) < before / 4);
	assert_true(adapt_concurrency(&adapt) >= 1);
	/* And back, once it works. */
	for (int i = 0; i < 2000; i++) {
		struct adapt_answer success = answered(200);

		sent_and(&adapt, (200 * 10 + i) * 100 * NS_PER_MS, adapt_concurrency(&adapt), &success);
	}
	assert_int_equal(adapt_concurrency(&adapt), 64);
}

/* Refused with more than eight in flight, accepted at any rate. */
static void test_concurrency_is_blamed(void **state)
{
	struct adapt_answer success = answered(200), refusal = answered(429);
	struct adapt adapt;

	(void)state;
	adapt_init(&adapt, &rate_50, NULL, 0);
	for (int i = 0; i < 3000; i++) {
		int in_flight = 1 + i % 12;

		if (in_flight > adapt_concurrency(&adapt))
			in_flight = adapt_concurrency(&adapt);
		sent_and(&adapt, i * 25 * NS_PER_MS, in_flight, in_flight > 8 ? &refusal : &success);
	}
	assert_in_range(adapt_concurrency(&adapt), 7, 10);
	assert_string_equal(adapt_bound_by(&adapt, 64, 75 * NS_PER_S), "server");
}

static void test_holds(void **state)
{
	struct adapt_answer refusal = answered(429);
	struct adapt adapt;
	int64_t done = 2 * NS_PER_S + refusal.latency_ns;

	(void)state;
	adapt_init(&adapt, &rate_50, NULL, 0);
	feed(&adapt, 0, 100, 50, 200);
	refusal.wait_ms = 1000; /* a second rounded up: the item waits, not the limit */
	sent_and(&adapt, 2 * NS_PER_S, 1, &refusal);
	assert_true(adapt_hold_ns(&adapt) <= done);
	refusal.wait_ms = 30000;
	sent_and(&adapt, 2 * NS_PER_S, 1, &refusal);
	assert_int_equal(adapt_hold_ns(&adapt), done + 30 * NS_PER_S);
	refusal.wait_ms = 5000;
	sent_and(&adapt, 2 * NS_PER_S, 1, &refusal);
	assert_int_equal(adapt_hold_ns(&adapt), done + 30 * NS_PER_S);
	assert_string_equal(adapt_bound_by(&adapt, 0, done), "server");
	refusal.wait_ms = INT64_MAX;
	sent_and(&adapt, 2 * NS_PER_S, 1, &refusal);
	assert_true(adapt_hold_ns(&adapt) > done);
}

static void test_long_budgets_are_divided(void **state)
{
	struct adapt_answer answer = answered(200);
	struct adapt adapt;

	(void)state;
	adapt_init(&adapt, &no_rate, NULL, 0);
	answer.limit = 5000;
	answer.remaining = 600;
	answer.reset_ms = 60000;
	sent_and(&adapt, 0, 1, &answer);
	assert_true(fabs(pace(&adapt) - 10) < 0.01);
	adapt_set_backlog(&adapt, 100); /* enough for all that is left */
	sent_and(&adapt, NS_PER_S, 1, &answer);
	assert_true(pace(&adapt) > 1000);
	adapt_set_backlog(&adapt, -1);
	answer.remaining = 0;
	sent_and(&adapt, 2 * NS_PER_S, 1, &answer);
	assert_int_equal(adapt_hold_ns(&adapt), 62 * NS_PER_S + answer.latency_ns);
}

static void test_budgets_that_prove_untrue(void **state)
{
	struct adapt_answer answer = answered(200);
	struct adapt adapt;

	(void)state;
	adapt_init(&adapt, &no_rate, NULL, 0);
	answer.limit = 100;
	answer.remaining = 0;
	answer.reset_ms = 60000;
	for (int i = 0; i < 10; i++)
		sent_and(&adapt, i * NS_PER_S, 1, &answer);
	assert_true(adapt_hold_ns(&adapt) <= 10 * NS_PER_S);
	assert_true(pace(&adapt) > 1000);
}

static void test_memory(void **state)
{
	struct adapt_memory memory;
	struct adapt before, after;
	int64_t now;

	(void)state;
	adapt_init(&before, &no_rate, NULL, 0);
	feed(&before, 0, 100, 50, 200);
	adapt_remember(&before, &memory);
	assert_int_equal(memory.rate_milli, 0); /* no limit was met */
	assert_int_equal(memory.concurrency, 0);

	memory = (struct adapt_memory){400000, 20};
	adapt_init(&after, &no_rate, &memory, 0);
	assert_int_equal(adapt_concurrency(&after), 20);
	assert_in_range((int)pace(&after), 10, 100); /* from low … */
	now = 0;
	for (int i = 0; i < 200 && pace(&after) < 400; i++)
		now = feed(&after, now, 10, pace(&after), 200);
	assert_in_range((int)pace(&after), 400, 500); /* … to what was learned, soon … */
	assert_true(now < 2 * NS_PER_S);
	adapt_remember(&after, &memory);
	assert_int_equal(memory.rate_milli, 400000); /* … and it is known again */
	/* The ceiling is lower than what was learned. */
	adapt_init(&after, &rate_50, &memory, 0);
	assert_true(pace(&after) == 50);
}

static void test_a_rest_is_no_run_up(void **state)
{
	struct adapt_answer success = answered(200);
	struct adapt_memory memory = {400000, 0};
	struct adapt adapt;
	int64_t now = 0;

	(void)state;
	adapt_init(&adapt, &no_rate, &memory, 0);
	for (int i = 0; i < 100; i++)
		now = feed(&adapt, now, 10, pace(&adapt), 200);
	assert_true(pace(&adapt) >= 400);
	sent_and(&adapt, now + 3600 * NS_PER_S, 1, &success);
	assert_true(pace(&adapt) <= 100);
}

static void test_ceilings_change(void **state)
{
	struct adapt adapt;

	(void)state;
	adapt_init(&adapt, &rate_50, NULL, 0);
	feed(&adapt, 0, 100, 50, 200);
	adapt_set_ceilings(&adapt, &(struct adapt_ceilings){8, {200, NS_PER_S}, 1}, 2 * NS_PER_S);
	assert_true(pace(&adapt) == 200);
	assert_int_equal(adapt_concurrency(&adapt), 8);
	adapt_set_ceilings(&adapt, &(struct adapt_ceilings){100, {10, NS_PER_S}, 1}, 3 * NS_PER_S);
	assert_true(pace(&adapt) == 10);
	assert_true(adapt_concurrency(&adapt) > 8);
	assert_int_equal(adapt_burst(&adapt), 1);
}

/* Nothing a server can say makes the pace stop or the numbers run wild. */
static void test_hostile_answers(void **state)
{
	static const int64_t values[] = {INT64_MIN, -1, 0, 1, 2, 50, 1000000, INT64_MAX};
	static const int statuses[] = {200, 204, 429, 500, 503};
	struct random random = {7};
	struct adapt adapt;
	int64_t now = 0;

	(void)state;
	adapt_init(&adapt, &no_rate, NULL, 0);
	for (int i = 0; i < 200000; i++) {
		struct adapt_answer answer = answered(statuses[random_upto(&random, 4)]);

		answer.latency_ns = random_upto(&random, 3 * NS_PER_S);
		answer.wait_ms = values[random_upto(&random, 7)];
		answer.limit = values[random_upto(&random, 7)];
		answer.remaining = values[random_upto(&random, 7)];
		answer.reset_ms = values[random_upto(&random, 7)];
		now += random_upto(&random, 50 * NS_PER_MS);
		sent_and(&adapt, now, 1 + (int)random_upto(&random, 100), &answer);
		assert_true(pace(&adapt) > 0 && pace(&adapt) <= 1e6 + 1);
		assert_true(adapt_burst(&adapt) >= 1);
		assert_in_range(adapt_concurrency(&adapt), 1, 64);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opening),
	    cmocka_unit_test(test_a_configured_rate_is_begun_with_and_never_exceeded),
	    cmocka_unit_test(test_one_overshoot_counts_once),
	    cmocka_unit_test(test_a_429_is_a_refusal_whatever_is_decided),
	    cmocka_unit_test(test_errors_are_no_refusals),
	    cmocka_unit_test(test_overload_lowers_concurrency_not_below_one),
	    cmocka_unit_test(test_concurrency_is_blamed),
	    cmocka_unit_test(test_holds),
	    cmocka_unit_test(test_long_budgets_are_divided),
	    cmocka_unit_test(test_budgets_that_prove_untrue),
	    cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_a_rest_is_no_run_up),
	    cmocka_unit_test(test_ceilings_change),
	    cmocka_unit_test(test_hostile_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
