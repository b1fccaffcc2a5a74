#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/policy/state.h"
#include "engine/store/migrate.h"

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
	assert_false(item_state_parse(NULL, &item));
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

/* The names in the last "state … CHECK (state = 'a' OR state = 'b')" of a table, as a
 * set of numbers; every one must be a state's name. */
static unsigned names_in_schema(const char *table, bool (*parse)(const char *, int *))
{
	const char *found = NULL;
	char create[64], name[32];
	unsigned set = 0;
	int used;

	snprintf(create, sizeof(create), "CREATE TABLE %s (", table);
	for (int i = 0; i < migration_count; i++) {
		const char *here = strstr(migration_text[i], create);

		found = here ? here : found;
	}
	assert_non_null(found);
	found = strstr(found, "CHECK (state = ");
	assert_non_null(found);
	found += strlen("CHECK (");
	while (sscanf(found, " state = '%31[a-z]'%n", name, &used) == 1) {
		int number;

		if (!parse(name, &number))
			fail_msg("%s: '%s' is no state", table, name);
		set |= 1U << number;
		found += used;
		found += strncmp(found, " OR", 3) == 0 ? 3 : 0;
	}
	assert_int_equal(*found, ')');
	return set;
}

static bool parse_item(const char *name, int *number)
{
	enum item_state item = ITEM_PENDING;
	bool good = item_state_parse(name, &item);

	*number = (int)item;
	return good;
}

static bool parse_job(const char *name, int *number)
{
	enum job_state job = JOB_IMPORTING;
	bool good = job_state_parse(name, &job);

	*number = (int)job;
	return good;
}

static void test_schema_has_the_same_names(void **state)
{
	unsigned finals = 0;

	(void)state;
	for (int i = 0; i < ITEM_STATES; i++)
		finals |= item_state_final((enum item_state)i) ? 1U << i : 0;
	assert_int_equal(names_in_schema("job", parse_job), (1U << JOB_STATES) - 1);
	assert_int_equal(names_in_schema("outcome", parse_item), finals);
	assert_int_equal(names_in_schema("resend", parse_item), ((1U << ITEM_STATES) - 1) & ~finals);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_go_both_ways),
	    cmocka_unit_test(test_item_moves),
	    cmocka_unit_test(test_job_moves),
	    cmocka_unit_test(test_final),
	    cmocka_unit_test(test_schema_has_the_same_names),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
