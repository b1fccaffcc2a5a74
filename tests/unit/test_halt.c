/* Halting thresholds, on a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/policy/halt.h"

static void test_thresholds(void **state)
{
	static const struct {
		struct halt_policy policy;
		int64_t failed, ended;
		const char *reason; /* NULL: goes on */
	} table[] = {
	    {{0, 0, 20}, 1000000, 1000000, NULL},
	    {{5, 0, 20}, 4, 4, NULL},
	    {{5, 0, 20}, 5, 5, "5 items failed, the limit is 5"},
	    {{5, 0, 20}, 7, 100, "7 items failed, the limit is 5"},
	    {{0, 10, 20}, 19, 19, NULL}, /* too few to say */
	    {{0, 10, 20}, 2, 20, "2 of 20 items failed, the limit is 10 %"},
	    {{0, 10, 20}, 1, 20, NULL},
	    {{0, 0.5, 20}, 1, 200, "1 of 200 items failed, the limit is 0.5 %"},
	    {{0, 0.5, 20}, 1, 201, NULL},
	    {{0, 10, 20}, 0, 1000, NULL},
	    {{0, 100, 1}, 1, 1, "1 of 1 items failed, the limit is 100 %"},
	    {{50, 10, 20}, 10, 100, "10 of 100 items failed, the limit is 10 %"},
	    {{5, 0, 20}, -3, 0, NULL}, /* some were retried since */
	    {{0, 10, 0}, INT64_MAX / 200, INT64_MAX / 100, "461"},
	};
	char reason[200];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool halts = halt_reached(&table[i].policy, table[i].failed, table[i].ended, reason,
		                          sizeof(reason));

		assert_int_equal(halts, table[i].reason != NULL);
		if (halts && table[i].reason[3] != '\0')
			assert_string_equal(reason, table[i].reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_thresholds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
