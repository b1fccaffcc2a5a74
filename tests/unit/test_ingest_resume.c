/* Items of a source that was taken in before, whole or in part, and may have changed. */
#include "tests/unit/ingest_bench.h"

/* From the state after every batch the rest must come as it came at first. */
static void test_resume(void **state)
{
	static const char *const names[] = { "u.csv", "u.ndjson", "u.json" };

	(void)state;
	for (size_t n = 0; n < 3; n++) {
		struct buffer text = { 0 };
		struct taken taken = { 0 };
		struct ingest_options options;
		struct ingest *ingest;

		many_rows(names[n], 5500, &text);
		put_bytes(names[n], text.data, text.length);
		options = options_for(names[n]);
		options.key = "id";
		ingest = open_ok(&options);
		run_ok(ingest, NULL, &taken);
		assert_int_equal(taken.row_count, 5500);
		assert_true(taken.batch_count >= 6);
		for (int i = 0; i < taken.state_count; i++) {
			struct taken rest = { 0 };

			assert_int_equal(relation_of(ingest, &taken.states[i]), SOURCE_SAME);
			run_ok(ingest, &taken.states[i], &rest);
			assert_int_equal(last_state(&rest)->rows, 5500);
			assert_string_equal(rest.rows.data == NULL ? "" : rest.rows.data,
			                    taken.rows.data + taken.rows_at[i]);
			taken_free(&rest);
		}
		ingest_close(ingest);
		taken_free(&taken);
		buffer_free(&text);
	}
}

/* The very same file is not judged again, and a changed one is. */
static void test_recognised(void **state)
{
	struct ingest_options options;
	struct taken taken = { 0 };
	struct ingest_sink sink = { take_batch, &taken };
	struct error error = { STATUS_OK, "" };
	struct buffer columns = { 0 };
	struct ingest *ingest;

	(void)state;
	put("u.csv", "id,b\n1,x\n2,y\n3\n");
	options = options_for("u.csv");
	options.rows_max = 2;
	take_all(&options, &taken);
	options.known = last_state(&taken);
	options.rows_max = 0;
	ingest = open_ok(&options); /* row 3 was behind the limit, and is not judged now */
	assert_true(ingest_checked(ingest));
	assert_int_equal(ingest_rows_checked(ingest), 2);
	ingest_columns(ingest, &columns);
	assert_string_equal(columns.data, "[\"id\",\"b\"]");
	assert_int_equal(relation_of(ingest, last_state(&taken)), SOURCE_SAME);
	assert_int_equal(ingest_run(ingest, options.known, sink, &error), STATUS_USAGE);
	assert_string_equal(error.text, "u.csv: row 3 (line 4): expected 2 fields, found 1 (0 rows "
	                                "before it were taken in)");
	ingest_close(ingest);
	put("u.csv", "id,b\n1,x\n2,y\n4\n");
	open_fails(&options, STATUS_USAGE, "u.csv: row 3 (line 4): expected 2 fields, found 1");
	put("u.csv", "id,b\n1,x\n2,y\n3\n4\n");
	open_fails(&options, STATUS_USAGE, "u.csv: row 3 (line 4): expected 2 fields, found 1");
	buffer_free(&columns);
	taken_free(&taken);
}

static void test_compare(void **state)
{
	static const struct {
		const char *name, *before, *after;
		enum source_relation relation;
	} cases[] = {
		{ "u.csv", "a\n1\n2\n", "a\n1\n2\n", SOURCE_SAME },
		{ "u.csv", "a\n1\n2\n", "a\n1\n2\n3\n", SOURCE_APPENDED },
		{ "u.csv", "a\n1\n2", "a\n1\n2\n3\n", SOURCE_APPENDED },
		{ "u.csv", "a\n1\n2", "a\n1\n23\n", SOURCE_DIFFERS },
		{ "u.csv", "a\n1\n2\n", "a\n1\n2\n\n\n", SOURCE_SAME },
		{ "u.csv", "a\n1\n2\n", "a\n1\n3\n", SOURCE_DIFFERS },
		{ "u.csv", "a\n1\n2\n", "a\n1\n", SOURCE_DIFFERS },
		{ "u.csv", "a\n1\n2\n", "b\n1\n2\n3\n", SOURCE_DIFFERS },
		{ "u.csv", "a\n", "a\n1\n", SOURCE_APPENDED },
		{ "u.ndjson", "{}", "{}\n{}", SOURCE_APPENDED },
		{ "u.ndjson", "{}", "{} ", SOURCE_DIFFERS },
		{ "u.json", "[{},{\"a\":1}]\n", "[{},{\"a\":1},\n{}]\n", SOURCE_APPENDED },
		{ "u.json", "[{},{\"a\":1}]\n", "[{},{\"a\":1}]", SOURCE_SAME },
		{ "u.json", "[{},{\"a\":1}]\n", "[{},{\"a\":2},{}]", SOURCE_DIFFERS },
		{ "u.json", "[{}]\n", "{}\n", SOURCE_DIFFERS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct taken taken = { 0 };
		struct ingest_options options;
		struct ingest *ingest;

		put(cases[i].name, cases[i].before);
		options = options_for(cases[i].name);
		take_all(&options, &taken);
		put(cases[i].name, cases[i].after);
		ingest = open_ok(&options);
		if (relation_of(ingest, last_state(&taken)) != cases[i].relation)
			fail_msg("case %zu: relation %d", i,
			         (int)relation_of(ingest, last_state(&taken)));
		assert_int_equal(relation_of(ingest, NULL), SOURCE_NEW);
		if (cases[i].relation == SOURCE_APPENDED) {
			struct taken more = { 0 };

			run_ok(ingest, last_state(&taken), &more);
			assert_int_equal(more.row_count, 1);
			assert_int_equal(last_state(&more)->rows, ingest_rows_checked(ingest));
			taken_free(&more);
		}
		ingest_close(ingest);
		taken_free(&taken);
	}
}

/* The import was broken off, and then the file was changed. */
static void test_compare_interrupted(void **state)
{
	struct buffer text = { 0 };
	struct taken taken = { .batches_max = 1 };
	struct ingest_sink sink = { take_batch, &taken };
	struct ingest_options options;
	struct ingest *ingest;
	struct error error;

	(void)state;
	many_rows("u.ndjson", 2500, &text);
	put_bytes("u.ndjson", text.data, text.length);
	options = options_for("u.ndjson");
	ingest = open_ok(&options);
	assert_int_equal(ingest_run(ingest, NULL, sink, &error), STATUS_USAGE);
	assert_string_equal(error.text, "row 7: the key stands twice");
	assert_int_equal(last_state(&taken)->rows, 1000);
	assert_false(last_state(&taken)->complete);
	ingest_close(ingest);

	buffer_text(&text, "{\"id\":\"more\"}\n");
	put_bytes("u.ndjson", text.data, text.length);
	ingest = open_ok(&options);
	assert_int_equal(relation_of(ingest, last_state(&taken)), SOURCE_APPENDED);
	ingest_close(ingest);

	text.data[text.length - 30] = '0'; /* behind what is in */
	put_bytes("u.ndjson", text.data, text.length);
	options.skip_bad_rows = true;
	ingest = open_ok(&options);
	assert_int_equal(relation_of(ingest, last_state(&taken)), SOURCE_DIFFERS);
	ingest_close(ingest);

	text.data[5] = '#'; /* within what is in */
	put_bytes("u.ndjson", text.data, text.length);
	ingest = open_ok(&options);
	assert_int_equal(relation_of(ingest, last_state(&taken)), SOURCE_DIFFERS);
	taken.batches_max = 0;
	assert_int_equal(ingest_run(ingest, last_state(&taken), sink, &error), STATUS_CONFLICT);
	assert_int_equal(taken.batch_count, 1);
	assert_string_equal(error.text, "u.ndjson: is not what was taken in before: the first 11557 "
	                                "bytes differ");
	ingest_close(ingest);
	taken_free(&taken);
	buffer_free(&text);
}

static void test_changed_while_read(void **state)
{
	static const struct {
		const char *after;
		enum status status;
	} cases[] = {
		{ "{\"a\":1}\n{\"a\":2}\n", STATUS_OK },
		{ "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", STATUS_OK }, /* grown: not our rows */
		{ "{\"a\":1}\n{\"a\":9}\n", STATUS_CONFLICT },
		{ "{\"a\":1}\n{\"a\"=2}\n", STATUS_CONFLICT },
		{ "{\"a\":1}\n", STATUS_CONFLICT },
		{ "", STATUS_CONFLICT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct taken taken = { 0 };
		struct ingest_sink sink = { take_batch, &taken };
		struct error error = { STATUS_OK, "" };
		struct ingest_options options;
		struct ingest *ingest;

		put("u.ndjson", "{\"a\":1}\n{\"a\":2}\n");
		options = options_for("u.ndjson");
		ingest = open_ok(&options);
		put("u.ndjson", cases[i].after);
		assert_int_equal(ingest_run(ingest, NULL, sink, &error), cases[i].status);
		if (cases[i].status == STATUS_OK) {
			assert_int_equal(taken.row_count, 2);
		} else {
			assert_string_equal(error.text,
			                    "u.ndjson: changed while it was being read");
			assert_int_equal(taken.batch_count, 0);
		}
		ingest_close(ingest);
		taken_free(&taken);
	}
}

static enum status walk_to(void *context, int64_t seq, struct json_span input, struct error *error)
{
	struct buffer *seen = context;

	buffer_printf(seen, "%" PRId64 " %.*s\n", seq, (int)input.length, input.at);
	return seq < 3 ? STATUS_OK : error_set(error, STATUS_NOT_FOUND, "far enough");
}

static void test_walk(void **state)
{
	struct ingest_options options;
	struct buffer seen = { 0 };
	struct ingest *ingest;
	struct error error;

	(void)state;
	put("u.ndjson", "{\"a\":1}\n{bad}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n");
	options = options_for("u.ndjson");
	options.skip_bad_rows = true;
	ingest = open_ok(&options);
	assert_int_equal(ingest_walk(ingest, walk_to, &seen, &error), STATUS_NOT_FOUND);
	assert_string_equal(seen.data, "1 {\"a\":1}\n2 {\"a\":2}\n3 {\"a\":3}\n");
	ingest_close(ingest);
	buffer_free(&seen);
}

static void test_stop(void **state)
{
	static atomic_bool stop;
	struct taken taken = { 0 };
	struct ingest_sink sink = { take_batch, &taken };
	struct ingest_options options;
	struct ingest *ingest;
	struct error error;

	(void)state;
	put("u.ndjson", "{}\n");
	options = options_for("u.ndjson");
	options.stop = &stop;
	ingest = open_ok(&options);
	stop = true;
	assert_int_equal(ingest_run(ingest, NULL, sink, &error), STATUS_CLOSED);
	assert_int_equal(taken.batch_count, 0);
	ingest_close(ingest);
	open_fails(&options, STATUS_CLOSED, "u.ndjson: stopped");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_recognised),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_compare_interrupted),
		cmocka_unit_test(test_changed_while_read),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
