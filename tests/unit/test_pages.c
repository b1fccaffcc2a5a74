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

/* What an item alone says, for the comparison with its row on the page. */
struct said {
	struct store *store;
	struct item_row row;
	char class_name[64];
	int compared, bodies, extracted;
};

static void say(void *context, const struct item_row *row)
{
	struct said *said = context;

	said->row = *row;
	snprintf(said->class_name, sizeof(said->class_name), "%s", row->class_name);
}

static void ignore_attempt(void *context, const struct attempt_row *row)
{
	(void)context;
	(void)row;
}

/* Every text that the walk gave an item names it. */
static int texts_of(struct json_span span, int64_t seq)
{
	char own[64];

	if (span.at == NULL)
		return 0;
	snprintf(own, sizeof(own), "{\"n\":%lld}", (long long)seq);
	assert_int_equal(span.length, strlen(own));
	assert_memory_equal(span.at, own, span.length);
	return 1;
}

static enum status compare_row(void *context, const struct item_row *row)
{
	struct said *said = context;
	const struct item_row *alone = &said->row;
	struct error error = {0};

	/* On a second connection: the statements of the page stay where they are. */
	must(reads_item(said->store->other, &said->store->row, row->seq, say, ignore_attempt, said,
	                &error),
	     &error);
	assert_int_equal(row->state, said->store->model[row->seq].state);
	assert_int_equal(row->state, alone->state);
	assert_int_equal(row->attempts, alone->attempts);
	assert_int_equal(row->http_status, alone->http_status);
	assert_int_equal(row->group, alone->group);
	assert_int_equal(row->duration_ms, alone->duration_ms);
	assert_int_equal(row->at_ms, alone->at_ms);
	assert_int_equal(row->due_ms, alone->due_ms);
	assert_int_equal(row->in_resend, alone->in_resend);
	assert_string_equal(row->class_name, said->class_name);
	assert_int_equal(row->extracted.length, alone->extracted.length);
	assert_int_equal(texts_of(row->input, row->seq), 1);
	said->bodies += texts_of(row->body, row->seq);
	said->extracted += texts_of(row->extracted, row->seq);
	said->compared++;
	return STATUS_OK;
}

/* A page walks along six tables at once, an item alone is looked up in each: dense or
 * with gaps of any width, both say the same. */
static void pages_say_what_items_say(void **state)
{
	static const char *const filters[] = {NULL, "state:failed", "state:waiting", "state:done",
	                                      "-state:done", "seq:250-"};
	struct store *store = *state;
	struct said said = {.store = store};
	struct error error = {0};

	walk(store, true);
	must(db_open(store->path, DB_READER, &store->other, &error), &error);
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct item_query query = {.limit = 1000, .scan_max = 1000, .extracted = true, .body = true};
		struct filter *filter = NULL;
		int64_t next;

		must(filter_parse(filters[i], &filter, &error), &error);
		query.filter = filter;
		must(reads_items(store->db, &store->row, &query, compare_row, &said, &next, &error),
		     &error);
		assert_int_equal(next, 0);
		filter_free(filter);
	}
	assert_true(said.compared > ITEMS);
	assert_true(said.bodies > ITEMS / 2);
	assert_true(said.extracted > 10);
	db_close(store->other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(pages_are_whole, open_store, close_store),
	    cmocka_unit_test_setup_teardown(pages_say_what_items_say, open_store, close_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
