/* How long a retry waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/policy/backoff.h"

static void test_backoff(void **state)
{
	struct random random = {1};
	int64_t low = INT64_MAX, high = 0;

	(void)state;
	assert_int_equal(backoff_bound_ms(500, 60000, 1), 500);
	assert_int_equal(backoff_bound_ms(500, 60000, 7), 32000);
	assert_int_equal(backoff_bound_ms(500, 60000, 8), 60000);
	assert_int_equal(backoff_bound_ms(500, 60000, INT32_MAX), 60000);
	assert_int_equal(backoff_bound_ms(500, INT64_MAX, INT32_MAX), INT64_MAX);
	assert_int_equal(backoff_bound_ms(0, 60000, 3), 0);
	assert_int_equal(backoff_bound_ms(500, 100, 1), 100);
	assert_int_equal(backoff_bound_ms(500, 60000, 0), 500);
	for (int i = 0; i < 10000; i++) {
		int64_t drawn = backoff_draw_ms(500, 60000, 2, &random);

		assert_in_range(drawn, 0, 1000);
		low = drawn < low ? drawn : low;
		high = drawn > high ? drawn : high;
	}
	assert_true(low <= 5 && high >= 995); /* the whole range */
	assert_int_equal(backoff_floor_max_ms(10), 11);
	assert_int_equal(backoff_floor_max_ms(60000), 65000);
	assert_int_equal(backoff_floor_max_ms(INT64_MAX), INT64_MAX);
	assert_int_equal(backoff_floor_max_ms(-1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_backoff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
