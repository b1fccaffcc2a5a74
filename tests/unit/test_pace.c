/* What an answer tells the limit and the upstream, and what these say of its
 * item: on a clock that stands still until told to move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/settle_pace.h"

static _Atomic int64_t now_ns = 1000 * NS_PER_S;

static int64_t virtual_ns(void)
{
	return atomic_load(&now_ns);
}

static int64_t virtual_ms(void)
{
	return 1700000000000 + virtual_ns() / NS_PER_MS;
}

struct stage {
	struct limits *limits;
	struct upstreams *upstreams;
	struct pace pace;
	struct task task;
	struct random random;
	struct verdict verdict;
	struct upstream_word word;
};

static const struct retry_policy policy = {2, 500, 60000, 0};

static int up(void **state)
{
	const struct limit_settings settings = {8, {0, 0}, 1, true};
	struct stage *stage = calloc(1, sizeof(*stage));

	stage->limits = limits_new();
	stage->upstreams = upstreams_new();
	stage->pace.limit = limit_open(stage->limits, NULL, 1, &settings, NULL);
	stage->pace.upstream = upstream_open(stage->upstreams, 7, NULL);
	stage->random.state = 1;
	*state = stage;
	return 0;
}

static int down(void **state)
{
	struct stage *stage = *state;

	limit_close(stage->pace.limit, 1);
	upstream_close(stage->pace.upstream);
	limits_free(stage->limits);
	upstreams_free(stage->upstreams);
	free(stage);
	return 0;
}

/* A GET goes out and comes back so; status 0: no connection. */
static const struct verdict *answered(struct stage *stage, int status, int attempts, int spent)
{
	struct attempt_facts facts = {
	    .transport = status ? TRANSPORT_OK : TRANSPORT_CONNECT,
	    .http_status = status,
	    .sent = status != 0,
	    .idempotent = true,
	    .attempt = spent + 1,
	    .hints = {.wait_ms = -1, .limit = -1, .remaining = -1, .pace_remaining = -1},
	};
	int64_t wait_ns;

	stage->task.attempts = attempts;
	stage->task.spent = spent;
	stage->task.exchange.response.total_us = 20000;
	(void)upstream_admit(stage->pace.upstream, 1, &wait_ns);
	limit_sent(stage->pace.limit, &stage->task.stamp);
	atomic_fetch_add(&now_ns, 20 * NS_PER_MS);
	pace_decide(&stage->pace, &stage->task, &facts, &policy, &stage->random, &stage->verdict,
	            &stage->word);
	return &stage->verdict;
}

static void test_throttles_cost_time(void **state)
{
	struct stage *stage = *state;

	/* Beyond retry.max, and still not charged. */
	for (int attempts = 0; attempts < 20; attempts++) {
		assert_int_equal(answered(stage, 429, attempts, 0)->decision, DECISION_THROTTLE);
		assert_false(stage->verdict.charge_attempt);
		assert_false(stage->verdict.final);
	}
	/* An item that is refused for ever is refused for reasons of its own. */
	assert_true(answered(stage, 429, 20, 0)->charge_attempt);
	assert_true(answered(stage, 429, 22, 2)->final);
}

static void test_fixed_limits_charge_them(void **state)
{
	struct stage *stage = *state;

	limit_set(stage->pace.limit, 1, &(struct limit_settings){8, {0, 0}, 1, false});
	assert_true(answered(stage, 429, 0, 0)->charge_attempt);
	assert_true(answered(stage, 429, 2, 2)->final);
}

static void test_outage(void **state)
{
	struct stage *stage = *state;
	int64_t wait_ns;

	for (int i = 0; i < 9; i++) {
		assert_int_equal(answered(stage, 0, 0, 0)->decision, DECISION_RETRY);
		assert_true(stage->verdict.charge_attempt);
		assert_int_equal(stage->word.news, BREAKER_NOTHING);
	}
	assert_false(upstream_down(stage->pace.upstream));
	(void)answered(stage, 0, 0, 0);
	assert_int_equal(stage->word.news, BREAKER_OPENS);
	assert_false(stage->verdict.charge_attempt);
	assert_true(stage->word.probe_wall_ms >= virtual_ms() + 5000);
	assert_true(upstream_down(stage->pace.upstream));
	assert_int_equal(upstream_admit(stage->pace.upstream, 5, &wait_ns), 0);
	assert_true(wait_ns >= 5 * NS_PER_S);
	/* What was out at the time, on its last attempt: it goes on. */
	assert_false(answered(stage, 0, 2, 2)->final);
	assert_int_equal(stage->verdict.decision, DECISION_RETRY);
	/* The probe fails, the next one does not. */
	atomic_fetch_add(&now_ns, 6 * NS_PER_S);
	assert_false(answered(stage, 503, 2, 2)->final);
	assert_int_equal(stage->word.news, BREAKER_STAYS_OPEN);
	upstream_try_now(stage->pace.upstream);
	assert_int_equal(answered(stage, 200, 2, 2)->decision, DECISION_DONE);
	assert_int_equal(stage->word.news, BREAKER_ANSWERS);
	assert_int_equal(upstream_admit(stage->pace.upstream, 100, &wait_ns), 2);
	upstream_unsent(stage->pace.upstream, 2);
	assert_int_equal(answered(stage, 503, 2, 2)->decision, DECISION_RETRY);
	assert_false(stage->verdict.charge_attempt);
}

static void test_items_that_always_fail(void **state)
{
	struct stage *stage = *state;

	/* A tail of nothing but second attempts that fail is no outage. */
	for (int i = 0; i < 50; i++)
		(void)answered(stage, 500, 1, 1);
	assert_false(upstream_down(stage->pace.upstream));
	assert_true(answered(stage, 500, 2, 2)->final);
	/* First attempts are. */
	for (int i = 0; i < 20; i++)
		(void)answered(stage, 500, 0, 0);
	assert_true(upstream_down(stage->pace.upstream));
}

static void test_credentials(void **state)
{
	struct stage *stage = *state;

	for (int i = 0; i < 9; i++) {
		assert_true(answered(stage, 401, 0, 0)->final);
		assert_int_equal(stage->word.news, BREAKER_NOTHING);
	}
	(void)answered(stage, 401, 0, 0);
	assert_int_equal(stage->word.news, BREAKER_CREDENTIALS);
	/* It and what was in flight wait for the person, too. */
	assert_false(stage->verdict.final);
	assert_false(answered(stage, 403, 0, 0)->final);
	upstream_try_now(stage->pace.upstream);
	/* It says that they hold now.  They do not: paused at once, and nothing lost. */
	assert_false(answered(stage, 401, 0, 0)->final);
	assert_int_equal(stage->word.news, BREAKER_CREDENTIALS);
}

static void test_retry_budget(void **state)
{
	struct stage *stage = *state;
	int put_off = 0;

	for (int i = 0; i < 200; i++) { /* one in ten of 2,000 fails: more than is paid for */
		for (int j = 0; j < 9; j++)
			(void)answered(stage, 200, 0, 0);
		(void)answered(stage, 503, 0, 0);
		assert_false(stage->verdict.final);
		assert_true(stage->verdict.wait_ms <= 2500); /* flaky is not down */
		put_off += strcmp(stage->verdict.source, "retry budget") == 0;
	}
	assert_in_range(put_off, 1, 199);
}

static int64_t longest_first_wait(struct stage *stage, int status, int attempts)
{
	int64_t longest = 0;

	for (int i = 0; i < 200; i++) {
		for (int j = 0; j < 19; j++)
			(void)answered(stage, 200, 0, 0);
		(void)answered(stage, status, attempts, attempts);
		if (stage->verdict.wait_ms > longest)
			longest = stage->verdict.wait_ms;
	}
	return longest;
}

/* One in twenty fails: no reason to leave the target alone.  Again and again, or
 * one after the other, is. */
static void test_an_isolated_failure_waits_less(void **state)
{
	struct stage *stage = *state;

	assert_in_range(longest_first_wait(stage, 503, 0), 100, 125);
	assert_in_range(longest_first_wait(stage, 503, 1), 900, 1000);
	for (int i = 0; i < 12; i++)
		(void)answered(stage, 503, 0, 0);
	(void)answered(stage, 503, 0, 0);
	assert_int_equal(stage->verdict.wait_ms_max, 500);
}

static void test_one_upstream_for_two(void **state)
{
	struct stage *stage = *state;
	struct upstream *other = upstream_open(stage->upstreams, 8, NULL);
	struct upstream *same = upstream_open(stage->upstreams, 7, NULL);
	struct breaker_memory memory;

	assert_ptr_equal(same, stage->pace.upstream);
	assert_ptr_not_equal(other, same);
	for (int i = 0; i < 10; i++)
		(void)answered(stage, 0, 0, 0);
	assert_true(upstream_down(same));
	assert_false(upstream_down(other));
	/* It is down still when a new process opens it. */
	upstream_remember(same, &memory);
	upstream_close(other);
	other = upstream_open(stage->upstreams, 9, &memory);
	assert_true(upstream_down(other));
	upstream_close(other);
	upstream_close(same);
}

static void test_shared_limit(void **state)
{
	struct stage *stage = *state;
	const struct limit_settings first = {4, {50, NS_PER_S}, 1, false};
	const struct limit_settings second = {8, {10, NS_PER_S}, 1, false};
	struct limit *one = limit_open(stage->limits, "crm", 1, &first, NULL);
	struct limit *other = limit_open(stage->limits, "crm", 2, &second, NULL);
	struct limit *apart = limit_open(stage->limits, "erp", 3, &first, NULL);
	struct limit_view view;

	assert_ptr_equal(one, other);
	assert_ptr_not_equal(one, apart);
	/* The strictest of what both ask for, whoever came last. */
	limit_view(one, &view);
	assert_int_equal(view.rate.count, 10);
	assert_int_equal(semaphore_limit(limit_semaphore(one)), 4);
	limit_set(one, 1, &(struct limit_settings){2, {0, 0}, 1, false});
	limit_view(one, &view);
	assert_int_equal(view.rate.count, 10);
	assert_int_equal(semaphore_limit(limit_semaphore(one)), 2);
	limit_close(one, 1);
	assert_int_equal(semaphore_limit(limit_semaphore(other)), 8);
	limit_close(other, 2);
	limit_close(apart, 3);
}

int main(void)
{
	const struct clock_source source = {.mono_ns = virtual_ns, .wall_ms = virtual_ms};
#define staged(test) cmocka_unit_test_setup_teardown(test, up, down)
	const struct CMUnitTest tests[] = {
	    staged(test_throttles_cost_time),   staged(test_fixed_limits_charge_them),
	    staged(test_outage),                staged(test_items_that_always_fail),
	    staged(test_credentials),           staged(test_retry_budget),
	    staged(test_one_upstream_for_two),  staged(test_shared_limit),
	    staged(test_an_isolated_failure_waits_less),
	};

	clock_replace(&source);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
