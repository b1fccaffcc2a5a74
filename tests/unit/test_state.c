#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/policy/state.h"

static void test_names_go_both_ways(void **state)
{
	enum item_state item = ITEM_DONE;
	enum job_state job = JOB_HALTED;

	(void)state;
	for (int i = 0; i < ITEM_STATES; i++) {
		assert_true(item_state_parse(item_state_name((enum item_state)i), &item));
		assert_int_equal(item, i);
	}
	for (int i = 0; i < JOB_STATES; i++) {
		assert_true(job_state_parse(job_state_name((enum job_state)i), &job));
		assert_int_equal(job, i);
	}
	item = ITEM_WAITING;
	assert_false(item_state_parse("Done", &item));
	assert_false(item_state_parse("", &item));
	assert_int_equal(item, ITEM_WAITING);
	assert_false(job_state_parse("stopped", &job));
}

static void test_item_moves(void **state)
{
	/* from the row to the column, in the enum's order */
	static const char *const moves[ITEM_STATES] = {
	    /*            p r w d f u s */
	    [ITEM_PENDING] = ". x . . . . x",
	    [ITEM_RUNNING] = "x . x x x x x",
	    [ITEM_WAITING] = "x x . . . . x",
	    [ITEM_DONE] = "x . . . . . .",
	    [ITEM_FAILED] = "x . . . . . x",
	    [ITEM_UNKNOWN] = "x . . x x . x",
	    [ITEM_SKIPPED] = "x . . . . . .",
	};

	(void)state;
	for (int from = 0; from < ITEM_STATES; from++) {
		for (int to = 0; to < ITEM_STATES; to++)
			assert_int_equal(item_state_may_move((enum item_state)from, (enum item_state)to),
			                 moves[from][2 * to] == 'x');
	}
}

static void test_job_moves(void **state)
{
	(void)state;
	for (int to = 0; to < JOB_STATES; to++) {
		assert_false(job_state_may_move(JOB_CANCELLED, (enum job_state)to));
		assert_false(job_state_may_move((enum job_state)to, (enum job_state)to));
	}
	assert_true(job_state_may_move(JOB_IMPORTING, JOB_RUNNING));
	assert_true(job_state_may_move(JOB_RUNNING, JOB_PAUSED));
	assert_true(job_state_may_move(JOB_PAUSED, JOB_RUNNING));
	assert_true(job_state_may_move(JOB_RUNNING, JOB_FINISHED));
	assert_true(job_state_may_move(JOB_FINISHED, JOB_RUNNING)); /* a retry by hand */
	assert_true(job_state_may_move(JOB_HALTED, JOB_RUNNING));
	assert_false(job_state_may_move(JOB_FINISHED, JOB_CANCELLED));
	assert_false(job_state_may_move(JOB_FINISHED, JOB_PAUSED));
}

static void test_final(void **state)
{
	(void)state;
	assert_false(item_state_final(ITEM_PENDING));
	assert_false(item_state_final(ITEM_RUNNING));
	assert_false(item_state_final(ITEM_WAITING));
	assert_true(item_state_final(ITEM_DONE));
	assert_true(item_state_final(ITEM_FAILED));
	assert_true(item_state_final(ITEM_UNKNOWN));
	assert_true(item_state_final(ITEM_SKIPPED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_go_both_ways),
	    cmocka_unit_test(test_item_moves),
	    cmocka_unit_test(test_job_moves),
	    cmocka_unit_test(test_final),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
