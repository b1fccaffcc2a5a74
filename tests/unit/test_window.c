/* The window of claimed items, against a plain array of what is settled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "engine/run/window.h"

static void test_starts_settled(void **state)
{
	static const int64_t starts[] = {0, 1, 62, 63, 64, 65, 127, 128, 1000000007};

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct window window;

		window_init(&window, starts[i]);
		assert_int_equal(window.low, starts[i]);
		assert_true(window_extend(&window, starts[i] + 1));
		assert_int_equal(window.low, starts[i]);
		window_settle(&window, starts[i] + 1);
		assert_int_equal(window.low, starts[i] + 1);
		window_free(&window);
	}
}

static void test_settles_in_any_order(void **state)
{
	struct window window;

	(void)state;
	window_init(&window, 10);
	assert_true(window_extend(&window, 14));
	window_settle(&window, 12);
	window_settle(&window, 14);
	assert_int_equal(window.low, 10);
	window_settle(&window, 11);
	assert_int_equal(window.low, 12);
	window_settle(&window, 13);
	assert_int_equal(window.low, 14);
	window_free(&window);
}

static void test_ignores_what_is_outside(void **state)
{
	struct window window;

	(void)state;
	window_init(&window, 5);
	window_settle(&window, 6); /* nothing is claimed, no memory is there */
	assert_true(window_extend(&window, 7));
	window_settle(&window, 5);
	window_settle(&window, 0);
	window_settle(&window, -3);
	window_settle(&window, 8);
	window_settle(&window, INT64_MAX);
	assert_int_equal(window.low, 5);
	assert_true(window_extend(&window, 8));
	assert_true(window_extend(&window, 3)); /* never back */
	assert_int_equal(window.high, 8);
	window_settle(&window, 6);
	window_settle(&window, 6); /* twice is once */
	window_settle(&window, 7);
	/* 8 was outside when it was settled, so it does not count */
	assert_int_equal(window.low, 7);
	window_free(&window);
}

/* One item hangs while a hundred thousand pass it; memory follows the span
 * and is used again once the item is settled. */
static void test_one_straggler(void **state)
{
	const int64_t span = 100000;
	struct window window;
	int64_t words;

	(void)state;
	window_init(&window, 0);
	for (int round = 0; round < 3; round++) {
		int64_t from = round * span;

		assert_true(window_extend(&window, from + span));
		for (int64_t seq = from + 2; seq <= from + span; seq++)
			window_settle(&window, seq);
		assert_int_equal(window.low, from);
		if (round == 0)
			words = window.words;
		window_settle(&window, from + 1);
		assert_int_equal(window.low, from + span);
	}
	assert_true(window.words <= 2 * words);
	window_free(&window);
}

#define MODEL 4000

static void test_agrees_with_a_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct random random = {.state = seed};
		bool settled[MODEL + 1] = {false};
		int64_t start = random_upto(&random, 200), low = start, high = start;
		struct window window;

		window_init(&window, start);
		while (low < MODEL) {
			if (high < MODEL && random_upto(&random, 3) == 0) {
				high += random_upto(&random, MODEL - high < 300 ? MODEL - high : 300);
				assert_true(window_extend(&window, high));
			}
			for (int i = 0; i < 40 && high > low; i++) {
				int64_t seq = low + 1 + random_upto(&random, high - low - 1);

				settled[seq] = true;
				window_settle(&window, seq);
			}
			while (low < high && settled[low + 1])
				low++;
			assert_int_equal(window.low, low);
			assert_int_equal(window.high, high);
		}
		window_free(&window);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_starts_settled),
	    cmocka_unit_test(test_settles_in_any_order),
	    cmocka_unit_test(test_ignores_what_is_outside),
	    cmocka_unit_test(test_one_straggler),
	    cmocka_unit_test(test_agrees_with_a_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
