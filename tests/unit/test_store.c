/* The store's verbs: claims, outcomes, retries by hand and recovery, walked at
 * random against the invariant and against a plain model of every item. */
#include "tests/unit/store_walk.h"

static void walks_repeatable(void **state)
{
	walk(*state, true);
}

static void walks_unrepeatable(void **state)
{
	walk(*state, false);
}

static void keys_are_unique(void **state)
{
	struct store *store = *state;
	struct error error = {0};

	make_job(store, true);
	must(db_begin(store->db, &error), &error);
	assert_int_equal(items_insert(store->db, store->row.id, ITEMS + 1, "{}", 2, "k5", 2, &error),
	                 STATUS_CONFLICT);
	assert_non_null(strstr(error.text, "'k5'"));
	must(items_insert(store->db, store->row.id + 1, 1, "{}", 2, "k5", 2, &error), &error);
	db_rollback(store->db);
}

static void removes_everything(void **state)
{
	struct store *store = *state;
	struct error error = {0};
	bool more = true;
	int steps = 0;

	walk(store, true);
	must(db_begin(store->db, &error), &error);
	while (more) {
		must(jobs_remove_some(store->db, store->row.id, 100, &more, &error), &error);
		steps++;
	}
	must(db_commit(store->db, &error), &error);
	assert_true(steps >= 3);
	assert_int_equal(jobs_get(store->db, store->row.id, &store->row, &error), STATUS_NOT_FOUND);
	job_row_free(&store->row);
	memset(&store->row, 0, sizeof(store->row));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(walks_repeatable, open_store, close_store),
	    cmocka_unit_test_setup_teardown(walks_unrepeatable, open_store, close_store),
	    cmocka_unit_test_setup_teardown(keys_are_unique, open_store, close_store),
	    cmocka_unit_test_setup_teardown(removes_everything, open_store, close_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
