/* Pages of items: whatever index drives the scan, each match is there once. */
#include "tests/unit/store_walk.h"

#include "engine/store/filter.h"
#include "engine/store/reads.h"

static enum status count_row(void *context, const struct item_row *row)
{
	int64_t *seen = context;

	assert_true(row->seq > seen[0]);
	seen[0] = row->seq;
	seen[1]++;
	return STATUS_OK;
}

static int64_t pages_of(struct store *store, const char *text, struct item_query query)
{
	struct filter *filter = NULL;
	struct error error = {0};
	int64_t seen[2] = {0, 0}, next = 0;

	must(filter_parse(text, &filter, &error), &error);
	query.filter = filter;
	do {
		must(reads_items(store->db, &store->row, &query, count_row, seen, &next, &error), &error);
		assert_true(next == 0 || next >= query.after);
		query.after = next;
	} while (next != 0);
	filter_free(filter);
	return seen[1];
}

/* Given up by what was looked at, or by the time it took: the same. */
static int64_t pages(struct store *store, const char *text, int limit)
{
	const struct item_query by_rows = {.limit = limit, .scan_max = 50};
	const struct item_query by_time = {
	    .limit = limit, .scan_max = 1000, .scan_ns = 1, .scan_least = 5};
	int64_t found = pages_of(store, text, by_rows);

	assert_int_equal(pages_of(store, text, by_time), found);
	return found;
}

/* Whatever drives the scan, the pages hold each match once, in order. */
static void pages_are_whole(void **state)
{
	static const char *const forms[] = {"state:%s", "state:%s seq:1-", "-state:xx state:%s"};
	struct store *store = *state;

	walk(store, true);
	for (int i = 0; i < ITEM_STATES; i++)
		for (int form = 0; form < 2; form++)
			for (int limit = 1; limit <= 100; limit += 33) {
				char text[64];

				snprintf(text, sizeof(text), forms[form], item_state_name((enum item_state)i));
				assert_int_equal(pages(store, text, limit), store->row.counts[i]);
			}
	assert_int_equal(pages(store, NULL, 7), ITEMS);
	assert_int_equal(pages(store, "seq:10-20", 3), 11);
	assert_int_equal(pages(store, "key:k17", 3), 1);
	assert_int_equal(pages(store, "field.n:17", 3), 1);
	assert_int_equal(pages(store, "state:failed,unknown,skipped", 4),
	                 store->row.counts[ITEM_FAILED] + store->row.counts[ITEM_UNKNOWN] +
	                     store->row.counts[ITEM_SKIPPED]);
	assert_int_equal(pages(store, "-state:done", 4), ITEMS - store->row.counts[ITEM_DONE]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(pages_are_whole, open_store, close_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
