/* The lane's whole policy in virtual time: the ramp, outages, contention. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/policy/backoff.h"
#include "tests/unit/sim_rows.h"

/* ---- without limits --------------------------------------------------------- */

static void open_target(struct sim_lane *lane, struct sim_target *target,
                        const struct sim_setting *setting, struct adapt_ceilings ceilings,
                        uint64_t seed, double seconds)
{
	sim_target_init(target, setting, seed);
	sim_lane_init(lane, target, &ceilings, seed);
	sim_lane_run(lane, (int64_t)(seconds * 1e9));
}

static void test_ramp_costs_little(void **state)
{
	static const struct sim_setting far = {.network_ms = 1, .phases = {{.latency_ms = 198}}};
	static const struct sim_setting near = {.network_ms = 0.2, .phases = {{.latency_ms = 0.6}}};
	const struct adapt_ceilings ceilings = {30, {0, NS_PER_S}, 1};
	struct sim_target target;
	struct sim_lane lane;

	(void)state;
	open_target(&lane, &target, &far, ceilings, 1, 8);
	assert_true(lane.done >= 1000);
	printf("# 1000 items, 200 ms, 30 at once: %.2f s (6.8 s without a ramp)\n",
	       (double)lane.done_at_ns[999] / 1e9);
	assert_true(lane.done_at_ns[999] <= (int64_t)7.5e9);
	sim_lane_free(&lane);

	open_target(&lane, &target, &near, ceilings, 1, 1);
	printf("# 1 ms, 30 at once: %lld in the first second (30000 without a ramp)\n",
	       (long long)lane.done);
	assert_true(lane.done >= 28500);
	sim_lane_free(&lane);
}

static void test_configured_rate_is_kept_to(void **state)
{
	static const struct sim_setting setting = {.network_ms = 1,
	                                           .phases = {{.latency_ms = 100, .jitter_ms = 50}}};
	const struct adapt_ceilings ceilings = {64, {50, NS_PER_S}, 10};

	(void)state;
	for (int seed = 1; seed <= seeds(); seed++) {
		struct sim_target target;
		struct sim_lane lane;
		int64_t first = 0;

		open_target(&lane, &target, &setting, ceilings, (uint64_t)seed, 30);
		assert_in_range(lane.sent, 1500 - 7, 1500 + 7 + 10);
		for (int64_t last = 0; last < lane.sent; last++) {
			while (lane.sent_at_ns[last] - lane.sent_at_ns[first] >= NS_PER_S)
				first++;
			assert_true(last - first + 1 <= 50 + 10);
		}
		sim_lane_free(&lane);
	}
}

/* Slowness is not refusal: at once may be as many as ever. */
static void test_slowness_is_no_refusal(void **state)
{
	static const struct sim_setting setting = {
	    .network_ms = 1,
	    .phases = {{.latency_ms = 50, .jitter_ms = 10},
	               {.from_s = 20, .latency_ms = 400, .jitter_ms = 200},
	               {.from_s = 40, .latency_ms = 1500, .jitter_ms = 1000}},
	};
	const struct adapt_ceilings ceilings = {64, {0, NS_PER_S}, 1};
	struct sim_target target;
	struct sim_lane lane;

	(void)state;
	open_target(&lane, &target, &setting, ceilings, 1, 60);
	assert_int_equal(adapt_concurrency(&lane.adapt), 64);
	assert_true(sim_count(lane.done_at_ns, lane.done, 50, 60) >= 64 * 10 / 2 * 9 / 10);
	sim_lane_free(&lane);
}

/* ---- outages ------------------------------------------------------------------ */

/* Returns the wasted requests beyond what was in flight and the probes. */
static int64_t hold_outage(enum sim_health health, struct adapt_ceilings ceilings, double qps,
                           uint64_t seed)
{
	struct sim_setting setting = {
	    .network_ms = 1,
	    .phases = {{.qps = qps, .burst = 10, .latency_ms = 100, .jitter_ms = 20},
	               {.from_s = 20, .health = health, .latency_ms = 5},
	               {.from_s = 80, .qps = qps, .burst = 10, .latency_ms = 100, .jitter_ms = 20}},
	};
	struct sim_target target;
	struct sim_lane lane;
	int in_flight;
	int64_t wasted, before, after;

	open_target(&lane, &target, &setting, ceilings, seed, 20);
	in_flight = lane.in_flight;
	sim_lane_run(&lane, 105 * NS_PER_S);
	wasted = target.errors + target.unreachable - in_flight - lane.probes;
	before = sim_count(lane.done_at_ns, lane.done, 10, 20);
	after = sim_count(lane.done_at_ns, lane.done, 95, 105);
	printf("# seed %d, %s: in flight %d, probes %lld, beyond %lld; %lld/s before, %lld/s after\n",
	       (int)seed, health == SIM_REFUSES ? "refused" : "503", in_flight,
	       (long long)lane.probes, (long long)wasted, (long long)before / 10,
	       (long long)after / 10);
	assert_int_equal(lane.failed, 0);
	assert_true(lane.opened == 1);
	assert_true((double)after >= 0.9 * (double)before);
	sim_lane_free(&lane);
	return wasted;
}

static void test_outages_cost_time_only(void **state)
{
	const struct adapt_ceilings told = {64, {50, NS_PER_S}, 1};
	const struct adapt_ceilings open = {30, {0, NS_PER_S}, 1};

	(void)state;
	for (int seed = 1; seed <= seeds(); seed++) {
		assert_true(hold_outage(SIM_REFUSES, told, 0, (uint64_t)seed) <= 20);
		assert_true(hold_outage(SIM_FAILS, told, 0, (uint64_t)seed) <= 20);
		assert_true(hold_outage(SIM_REFUSES, open, 50, (uint64_t)seed) <= 20);
		assert_true(hold_outage(SIM_FAILS, open, 50, (uint64_t)seed) <= 20);
	}
}

/* At full speed, failing at once, while thirty good answers are still to come:
 * those hide the outage for a moment. */
static void test_sudden_failure_at_full_speed(void **state)
{
	const struct adapt_ceilings open = {30, {0, NS_PER_S}, 1};
	double beyond[SEEDS_MAX];
	int count = seeds();

	(void)state;
	for (int i = 0; i < count; i++)
		beyond[i] = (double)hold_outage(SIM_FAILS, open, 0, (uint64_t)i + 1);
	qsort(beyond, (size_t)count, sizeof(beyond[0]), compare);
	assert_true(beyond[count / 2] <= 20);
	assert_true(beyond[count - 1] <= 100);
}

/* ---- backoff -------------------------------------------------------------------- */

enum { CONTEND_READ, CONTEND_WRITE };

struct contender {
	int attempt;
	int64_t version;
};

static double network_ms(struct random *random)
{
	double sum = 0;

	for (int i = 0; i < 12; i++)
		sum += sim_uniform(random);
	return fabs(10 + 2 * (sum - 6));
}

/* Writers of one record, each of which must win once: M. Brooker's simulation
 * ("Exponential Backoff And Jitter", 2015; base 5 ms, cap 2 s).  Calls made. */
static int64_t contend(int clients, bool jitter, uint64_t seed)
{
	struct contender *contenders = calloc((size_t)clients, sizeof(*contenders));
	struct random random = {seed};
	struct sim_clock clock = {0};
	struct sim_event event;
	int64_t version = 0, calls = 0;

	assert_non_null(contenders);
	for (int i = 0; i < clients; i++)
		sim_clock_at(&clock, (int64_t)(network_ms(&random) * 1e6), CONTEND_READ, &contenders[i]);
	while (sim_clock_next(&clock, INT64_MAX, &event)) {
		struct contender *contender = event.what;
		double ms = network_ms(&random) + network_ms(&random); /* back, and out again */

		calls++;
		if (event.kind == CONTEND_READ) {
			contender->version = version;
			sim_clock_at(&clock, event.at_ns + (int64_t)(ms * 1e6), CONTEND_WRITE, contender);
		} else if (contender->version == version) {
			version++;
		} else {
			int64_t wait_ms;

			contender->attempt++;
			wait_ms = jitter ? backoff_draw_ms(5, 2000, contender->attempt, &random)
			                 : backoff_bound_ms(5, 2000, contender->attempt);
			sim_clock_at(&clock, event.at_ns + (int64_t)((ms + (double)wait_ms) * 1e6),
			             CONTEND_READ, contender);
		}
	}
	assert_int_equal(version, clients);
	sim_clock_free(&clock);
	free(contenders);
	return calls;
}

static void test_jitter_halves_contention(void **state)
{
	double share[SEEDS_MAX];
	int count = seeds();

	(void)state;
	for (int i = 0; i < count; i++)
		share[i] = (double)contend(190, true, (uint64_t)i + 1) /
		           (double)contend(190, false, (uint64_t)i + 1);
	qsort(share, (size_t)count, sizeof(share[0]), compare);
	printf("# 190 clients: calls with jitter %.2f of those without (worst %.2f)\n",
	       share[count / 2], share[count - 1]);
	assert_true(share[count - 1] <= 0.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ramp_costs_little),
	    cmocka_unit_test(test_configured_rate_is_kept_to),
	    cmocka_unit_test(test_slowness_is_no_refusal),
	    cmocka_unit_test(test_outages_cost_time_only),
	    cmocka_unit_test(test_sudden_failure_at_full_speed),
	    cmocka_unit_test(test_jitter_halves_contention),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
