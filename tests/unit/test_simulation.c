/* The pace against targets with hidden limits, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/sim_rows.h"

static void test_hidden_rates(void **state)
{
	static const struct row rows[] = {
	    ROW("50/s, window, 20 ms", 0.95, 0.02, .limiter = SIM_WINDOW,
	        .phases = {{.qps = 50, .latency_ms = 20, .jitter_ms = 4}}),
	    ROW("50/s, window, 200 ms", 0.95, 0.02, .limiter = SIM_WINDOW,
	        .phases = {{.qps = 50, .latency_ms = 200, .jitter_ms = 40}}),
	    ROW("50/s, bucket of 10, 200 ms", 0.95, 0.02,
	        .phases = {{.qps = 50, .burst = 10, .latency_ms = 200, .jitter_ms = 40}}),
	    ROW("50/s, bucket of 50, 20 ms", 0.95, 0.02,
	        .phases = {{.qps = 50, .burst = 50, .latency_ms = 20, .jitter_ms = 4}}),
	    ROW("50/s, bucket of 50, 200 ms", 0.95, 0.02,
	        .phases = {{.qps = 50, .burst = 50, .latency_ms = 200, .jitter_ms = 40}}),
	    ROW("400/s, window, 20 ms", 0.95, 0.01, .limiter = SIM_WINDOW,
	        .phases = {{.qps = 400, .latency_ms = 20, .jitter_ms = 4}}),
	    ROW("400/s, bucket of 10, 20 ms", 0.95, 0.01,
	        .phases = {{.qps = 400, .burst = 10, .latency_ms = 20, .jitter_ms = 4}}),
	    ROW("400/s, bucket of 400, 20 ms", 0.95, 0.01,
	        .phases = {{.qps = 400, .burst = 400, .latency_ms = 20, .jitter_ms = 4}}),
	};

	(void)state;
	hold_all(rows, COUNT(rows));
}

static void test_hidden_concurrency(void **state)
{
	static const struct row rows[] = {
	    ROW("8 at once, 200 ms", 0.85, 0.02,
	        .phases = {{.concurrency = 8, .latency_ms = 200, .jitter_ms = 20}}),
	    ROW("8 at once, 200 ms, slow refusals", 0.85, 0.02, .slow_refusals = true,
	        .phases = {{.concurrency = 8, .latency_ms = 200, .jitter_ms = 20}}),
	    ROW("8 at once, 50 ms", 0.85, 0.02,
	        .phases = {{.concurrency = 8, .latency_ms = 50, .jitter_ms = 20}}),
	};

	(void)state;
	hold_all(rows, COUNT(rows));
}

static void test_limits_that_move(void **state)
{
	static const struct row rows[] = {
	    ROW("50/s, then 15/s, bucket of 10, 20 ms", 0.93, 0.03,
	        .phases = {{.qps = 50, .burst = 10, .latency_ms = 20, .jitter_ms = 4},
	                   {.from_s = 30, .qps = 15, .burst = 10, .latency_ms = 20, .jitter_ms = 4}}),
	    ROW("50/s, then 15/s, bucket of 10, 200 ms", 0.93, 0.03,
	        .phases = {{.qps = 50, .burst = 10, .latency_ms = 200, .jitter_ms = 40},
	                   {.from_s = 30, .qps = 15, .burst = 10, .latency_ms = 200, .jitter_ms = 40}}),
	    ROW("50/s, then 15/s, window, 20 ms", 0.93, 0.035, .limiter = SIM_WINDOW,
	        .phases = {{.qps = 50, .latency_ms = 20, .jitter_ms = 4},
	                   {.from_s = 30, .qps = 15, .latency_ms = 20, .jitter_ms = 4}}),
	    ROW("15/s, then 50/s, bucket of 10, 20 ms", 0.93, 0.03,
	        .phases = {{.qps = 15, .burst = 10, .latency_ms = 20, .jitter_ms = 4},
	                   {.from_s = 30, .qps = 50, .burst = 10, .latency_ms = 20, .jitter_ms = 4}}),
	    ROW("15/s, then 50/s, bucket of 10, 200 ms", 0.93, 0.03,
	        .phases = {{.qps = 15, .burst = 10, .latency_ms = 200, .jitter_ms = 40},
	                   {.from_s = 30, .qps = 50, .burst = 10, .latency_ms = 200, .jitter_ms = 40}}),
	    ROW("15/s, then 50/s, window, 20 ms", 0.90, 0.035, .limiter = SIM_WINDOW,
	        .phases = {{.qps = 15, .latency_ms = 20, .jitter_ms = 4},
	                   {.from_s = 30, .qps = 50, .latency_ms = 20, .jitter_ms = 4}}),
	};

	(void)state;
	hold_all(rows, COUNT(rows));
}

static void test_slow_targets(void **state)
{
	static const struct row rows[] = {
	    ROW("5/s, bucket of 5, 2 s", 0.95, 0.10,
	        .phases = {{.qps = 5, .burst = 5, .latency_ms = 2000, .jitter_ms = 400}}),
	    ROW("5/s, bucket of 10, 2 s", 0.95, 0.10,
	        .phases = {{.qps = 5, .burst = 10, .latency_ms = 2000, .jitter_ms = 400}}),
	    ROW("5/s, window, 2 s", 0.85, 0.10, .limiter = SIM_WINDOW,
	        .phases = {{.qps = 5, .latency_ms = 2000, .jitter_ms = 400}}),
	    ROW("50/s, bucket of 10, 200 ms, slow refusals", 0.95, 0.04, .slow_refusals = true,
	        .phases = {{.qps = 50, .burst = 10, .latency_ms = 200, .jitter_ms = 40}}),
	    ROW("50/s, window, 200 ms, slow refusals", 0.95, 0.05, .slow_refusals = true,
	        .limiter = SIM_WINDOW, .phases = {{.qps = 50, .latency_ms = 200, .jitter_ms = 40}}),
	};

	(void)state;
	hold_all(rows, COUNT(rows));
}

/* Without any burst a request that comes a little early is refused, so the
 * limit itself cannot be reached by a sender whose wakes are late at times. */
static void test_buckets_of_one(void **state)
{
	static const struct row rows[] = {
	    ROW("50/s, bucket of 1, 20 ms", 0.93, 0.02,
	        .phases = {{.qps = 50, .burst = 1, .latency_ms = 20, .jitter_ms = 4}}),
	    ROW("50/s, bucket of 1, 200 ms", 0.92, 0.02,
	        .phases = {{.qps = 50, .burst = 1, .latency_ms = 200, .jitter_ms = 40}}),
	    ROW("400/s, bucket of 1, 20 ms", 0.87, 0.01,
	        .phases = {{.qps = 400, .burst = 1, .latency_ms = 20, .jitter_ms = 4}}),
	};

	(void)state;
	hold_all(rows, COUNT(rows));
}

static void test_noise(void **state)
{
	static const struct row rows[] = {
	    ROW("50/s, bucket of 10, 5 % fail at random", 0.90, 0.02, .error_share = 0.05,
	        .phases = {{.qps = 50, .burst = 10, .latency_ms = 50, .jitter_ms = 10}}),
	    ROW("50/s, bucket of 10, network of 10-110 ms", 0.95, 0.04, .network_jitter_ms = 100,
	        .phases = {{.qps = 50, .burst = 10, .latency_ms = 50, .jitter_ms = 10}}),
	    ROW("400/s, bucket of 10, network of 1-101 ms", 0.90, 0.01, .network_jitter_ms = 100,
	        .phases = {{.qps = 400, .burst = 10, .latency_ms = 50, .jitter_ms = 10}}),
	    ROW("50/s, window, Retry-After: 1", 0.95, 0.02, .retry_after_s = 1, .limiter = SIM_WINDOW,
	        .phases = {{.qps = 50, .latency_ms = 50, .jitter_ms = 10}}),
	    ROW("50/s, bucket of 10, Retry-After: 1", 0.95, 0.02, .retry_after_s = 1,
	        .phases = {{.qps = 50, .burst = 10, .latency_ms = 50, .jitter_ms = 10}}),
	};

	(void)state;
	hold_all(rows, COUNT(rows));
}

static void test_told_rates(void **state)
{
	static const struct row rows[] = {
	    ROW("50/s told, window, 20 ms", 0.97, 0.005, .tells = true, .limiter = SIM_WINDOW,
	        .phases = {{.qps = 50, .latency_ms = 20, .jitter_ms = 4}}),
	    ROW("50/s told, window, 200 ms", 0.97, 0.005, .tells = true, .limiter = SIM_WINDOW,
	        .phases = {{.qps = 50, .latency_ms = 200, .jitter_ms = 40}}),
	    ROW("50/s told, bucket of 50, 20 ms", 0.97, 0.005, .tells = true,
	        .phases = {{.qps = 50, .burst = 50, .latency_ms = 20, .jitter_ms = 4}}),
	    ROW("50/s told, bucket of 50, 200 ms", 0.97, 0.005, .tells = true,
	        .phases = {{.qps = 50, .burst = 50, .latency_ms = 200, .jitter_ms = 40}}),
	    ROW("50/s told, bucket of 10, 20 ms", 0.90, 0.01, .tells = true,
	        .phases = {{.qps = 50, .burst = 10, .latency_ms = 20, .jitter_ms = 4}}),
	};

	(void)state;
	hold_all(rows, COUNT(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hidden_rates),
	    cmocka_unit_test(test_hidden_concurrency),
	    cmocka_unit_test(test_limits_that_move),
	    cmocka_unit_test(test_slow_targets),
	    cmocka_unit_test(test_buckets_of_one),
	    cmocka_unit_test(test_noise),
	    cmocka_unit_test(test_told_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
