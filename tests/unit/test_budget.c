#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "engine/policy/budget.h"

#define TRICKLE_MS 350 /* budget.h: one token */

static void test_a_full_budget_defers_nothing(void **state)
{
	struct budget budget;

	(void)state;
	budget_init(&budget, 0);
	for (int i = 0; i < BUDGET_TOKENS / BUDGET_TRANSIENT; i++)
		assert_int_equal(budget_take(&budget, BUDGET_TRANSIENT, 0), 0);
	/* 500 = 35 * 14 + 10: the next one lacks four. */
	assert_int_equal(budget_take(&budget, BUDGET_TRANSIENT, 0), 4 * TRICKLE_MS * NS_PER_MS);
}

static void test_put_off_retries_follow_one_another(void **state)
{
	struct budget budget;
	int64_t first, second;

	(void)state;
	budget_init(&budget, 0);
	while (budget_take(&budget, 1, 0) == 0)
		;
	first = budget_take(&budget, BUDGET_TRANSIENT, 0);
	second = budget_take(&budget, BUDGET_TRANSIENT, 0);
	assert_int_equal(second - first, BUDGET_TRANSIENT * TRICKLE_MS * NS_PER_MS);
	assert_int_equal(budget_take(&budget, BUDGET_THROTTLE, 0) - second,
	                 BUDGET_THROTTLE * TRICKLE_MS * NS_PER_MS);
}

static void test_successes_pay(void **state)
{
	struct budget budget;

	(void)state;
	budget_init(&budget, 0);
	for (int i = 0; i < BUDGET_TOKENS; i++)
		assert_int_equal(budget_take(&budget, 1, 0), 0);
	for (int i = 0; i < BUDGET_TRANSIENT; i++)
		budget_success(&budget, 0);
	assert_int_equal(budget_take(&budget, BUDGET_TRANSIENT, 0), 0);
	assert_true(budget_take(&budget, 1, 0) > 0);
	/* No more than the budget can be saved up. */
	for (int i = 0; i < 3 * BUDGET_TOKENS; i++)
		budget_success(&budget, 0);
	assert_int_equal(budget_take(&budget, BUDGET_TOKENS, 0), 0);
	assert_true(budget_take(&budget, 1, 0) > 0);
}

static void test_the_trickle_pays_debts_only(void **state)
{
	struct budget budget;

	(void)state;
	budget_init(&budget, 0);
	assert_int_equal(budget_take(&budget, BUDGET_TOKENS, 0), 0);
	/* An hour later the empty budget is empty. */
	assert_int_equal(budget_take(&budget, 1, 3600 * NS_PER_S), TRICKLE_MS * NS_PER_MS);
	/* That debt is paid a trickle later, and nothing beyond it. */
	assert_int_equal(budget_take(&budget, 1, 7200 * NS_PER_S), TRICKLE_MS * NS_PER_MS);
}

static void test_nobody_waits_for_ever(void **state)
{
	struct budget budget;
	int64_t longest = 0;

	(void)state;
	budget_init(&budget, 0);
	for (int i = 0; i < 100000; i++) {
		int64_t defer_ns = budget_take(&budget, BUDGET_TRANSIENT, 0);

		longest = defer_ns > longest ? defer_ns : longest;
	}
	assert_in_range(longest, 299 * NS_PER_S, 300 * NS_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_full_budget_defers_nothing),
	    cmocka_unit_test(test_put_off_retries_follow_one_another),
	    cmocka_unit_test(test_successes_pay),
	    cmocka_unit_test(test_the_trickle_pays_debts_only),
	    cmocka_unit_test(test_nobody_waits_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
