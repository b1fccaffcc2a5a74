/* Items from files into batches: the check, keys, bad rows, limits. */
#include "tests/unit/ingest_bench.h"

static void test_file(void **state)
{
	struct ingest_options options;
	struct taken taken = { 0 };
	struct buffer columns = { 0 };
	struct ingest *ingest;

	(void)state;
	put("u.csv", "id,name\n7,Ann\n8,Bob\n");
	options = options_for("u.csv");
	options.key = "id";
	ingest = open_ok(&options);
	assert_true(ingest_checked(ingest));
	assert_int_equal(ingest_rows_checked(ingest), 2);
	ingest_columns(ingest, &columns);
	assert_string_equal(columns.data, "[\"id\",\"name\"]");
	run_ok(ingest, NULL, &taken);
	assert_string_equal(taken.rows.data, "{\"id\":\"7\",\"name\":\"Ann\"} 7\n"
	                                     "{\"id\":\"8\",\"name\":\"Bob\"} 8\n");
	assert_int_equal(taken.batch_count, 1);
	assert_int_equal(last_state(&taken)->rows, 2);
	assert_int_equal(last_state(&taken)->offset, 20);
	assert_int_equal(last_state(&taken)->size, 20);
	assert_memory_equal(last_state(&taken)->hash, last_state(&taken)->size_hash, 16);
	ingest_close(ingest);
	ingest_close(NULL);
	buffer_free(&columns);
	taken_free(&taken);
}

/* No rows: one batch still, which says that it is complete. */
static void test_no_rows(void **state)
{
	struct ingest_options options;
	struct taken taken = { 0 };

	(void)state;
	put("u.csv", "id,name\n");
	options = options_for("u.csv");
	take_all(&options, &taken);
	assert_int_equal(taken.batch_count, 1);
	assert_int_equal(taken.row_count, 0);
	assert_int_equal(last_state(&taken)->rows, 0);
	taken_free(&taken);
}

static void test_cannot_open(void **state)
{
	struct ingest_options options;

	(void)state;
	options = options_for("nothing.csv");
	open_fails(&options, STATUS_USAGE, "nothing.csv: No such file or directory");
	options = (struct ingest_options){ .path = directory, .name = "dir" };
	open_fails(&options, STATUS_USAGE, "dir: is a directory");
	options = (struct ingest_options){ .path = "/dev/null", .name = "null" };
	open_fails(&options, STATUS_USAGE, "null: nothing in it");
}

static void test_check_fails(void **state)
{
	static const struct {
		const char *name, *text, *key;
		bool skip_bad;
		const char *fault;
	} cases[] = {
		{ "u.csv", "", NULL, true, "u.csv: no header row" },
		{ "u.csv", "a,b\n1,2\n3\n", NULL, false,
		  "u.csv: row 2 (line 3): expected 2 fields, found 1" },
		{ "u.csv", "a,b\n1,2\n", "id", true,
		  "u.csv: no column 'id' for the key; there are: [\"a\",\"b\"]" },
		{ "u.csv", "id,b\n1,2\n,3\n", "id", false,
		  "u.csv: row 2 (line 3), column 'id': the key is empty" },
		{ "u.ndjson", "{\"id\":1}\n{\"di\":2}\n", "id", false,
		  "u.ndjson: row 2 (line 2), column 'id': the key is missing" },
		{ "u.ndjson", "{\"id\":null}\n", "id", false,
		  "u.ndjson: row 1 (line 1), column 'id': the key is neither text nor a number" },
		{ "u.ndjson", "{\"id\":\"a\\u0000\"}\n", "id", false,
		  "u.ndjson: row 1 (line 1), column 'id': the key holds a NUL" },
		{ "u.json", "[{},{}", NULL, true,
		  "u.json: behind row 2, line 1, column 7: it ends before the array does (']' is "
		  "missing)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ingest_options options;

		put(cases[i].name, cases[i].text);
		options = options_for(cases[i].name);
		options.key = cases[i].key;
		options.skip_bad_rows = cases[i].skip_bad;
		open_fails(&options, STATUS_USAGE, cases[i].fault);
	}
}

static void test_keys(void **state)
{
	struct ingest_options options;
	struct taken taken = { 0 };

	(void)state;
	put("u.ndjson", "{\"id\":12345678901234567890}\n{\"x\":\"id\",\"id\":\"a\\u4eac\\\"b\"}\n"
	                "{\"id\":0.10}\n{\"id\":\"\xe4\xba\xac\"}\n");
	options = options_for("u.ndjson");
	options.key = "id";
	take_all(&options, &taken);
	assert_string_equal(taken.rows.data,
	                    "{\"id\":12345678901234567890} 12345678901234567890\n"
	                    "{\"x\":\"id\",\"id\":\"a\\u4eac\\\"b\"} a\xe4\xba\xac\"b\n"
	                    "{\"id\":0.10} 0.10\n{\"id\":\"\xe4\xba\xac\"} \xe4\xba\xac\n");
	taken_free(&taken);
}

static void test_skip_bad_rows(void **state)
{
	static const char text[] = "id,b\n1,x\n2\n,3\n4,\xff\0\n5,y\n";
	struct ingest_options options;
	struct taken taken = { 0 };

	(void)state;
	put_bytes("u.csv", text, sizeof(text) - 1);
	options = options_for("u.csv");
	options.key = "id";
	options.skip_bad_rows = true;
	take_all(&options, &taken);
	assert_string_equal(taken.rows.data, "{\"id\":\"1\",\"b\":\"x\"} 1\n"
	                                     "{\"id\":\"5\",\"b\":\"y\"} 5\n");
	assert_string_equal(
	    taken.bad.data,
	    "2 u.csv: row 2 (line 3): expected 2 fields, found 1 <2>\n"
	    "3 u.csv: row 3 (line 4), column 'id': the key is empty <{\"id\":\"\",\"b\":\"3\"}>\n"
	    "4 u.csv: row 4 (line 5), column 'b': holds a NUL byte (UTF-16 text? convert it with: "
	    "iconv -f UTF-16 -t UTF-8) <4,?" "?>\n");
	assert_int_equal(last_state(&taken)->rows, 2);
	taken_free(&taken);
}

static void test_limit(void **state)
{
	struct ingest_options options;
	struct taken taken = { 0 };
	struct ingest *ingest;

	(void)state;
	/* What is behind the limit is not judged. */
	put("u.json", "[{\"a\":1},{\"a\":2},{\"a\":3},tru");
	options = options_for("u.json");
	options.rows_max = 2;
	ingest = open_ok(&options);
	assert_int_equal(ingest_rows_checked(ingest), 2);
	run_ok(ingest, NULL, &taken);
	assert_string_equal(taken.rows.data, "{\"a\":1} \n{\"a\":2} \n");
	assert_int_equal(relation_of(ingest, last_state(&taken)), SOURCE_SAME);
	ingest_close(ingest);

	/* A higher limit later goes on where the lower one ended. */
	options.rows_max = 3;
	ingest = open_ok(&options);
	taken.rows.length = 0;
	{
		struct taken more = { 0 };

		run_ok(ingest, last_state(&taken), &more);
		assert_string_equal(more.rows.data, "{\"a\":3} \n");
		assert_int_equal(last_state(&more)->rows, 3);
		taken_free(&more);
	}
	ingest_close(ingest);
	taken_free(&taken);
}

static void test_plan(void **state)
{
	static const char job[] = "{\"request\":{\"url\":\"http://127.0.0.1/{{city}}\"}}";
	static const unsigned char uuid[16] = { 1 };
	struct secret_set *secrets = secret_set_new();
	struct taken taken = { 0 };
	struct spec *spec = NULL;
	struct plan *plan = NULL;
	struct error error = { STATUS_OK, "" };
	struct ingest_options options;

	(void)state;
	assert_non_null(secrets);
	if (spec_parse(job, strlen(job), NULL, &spec, &error) != STATUS_OK ||
	    plan_make(spec, "job", uuid, secrets, &plan, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	put("u.ndjson", "{\"city\":\"a\"}\n\n{\"town\":\"b\"}\n{\"city\":\"c\"}\n");
	options = options_for("u.ndjson");
	options.plan = plan;
	open_fails(&options, STATUS_USAGE,
	           "u.ndjson: row 2 (line 3), column 'city': request.url: field 'city' is missing");
	/* Such an item is taken in, and fails at its turn. */
	options.skip_bad_rows = true;
	take_all(&options, &taken);
	assert_int_equal(taken.row_count, 3);
	assert_null(taken.bad.data);
	taken_free(&taken);
	plan_free(plan);
	spec_free(spec);
	secret_set_free(secrets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_no_rows),
		cmocka_unit_test(test_cannot_open),
		cmocka_unit_test(test_check_fails),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_skip_bad_rows),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_plan),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
