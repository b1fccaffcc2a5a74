/* The limits of a reader, and its state kept and taken up again. */
#include "tests/unit/reader_teller.h"

/* A row longer than allowed: `head`, then `fill` again and again, then `tail`. */
static void check_long(const char *name, const char *head, char fill, const char *tail,
                       const char *expected)
{
	static const size_t chunks[] = { 65536, 1000003, SIZE_MAX };
	size_t length = READER_ROW_MAX + strlen(head) + strlen(tail) + 1;
	char *bytes = malloc(length + 1);

	assert_non_null(bytes);
	memset(bytes, fill, length);
	memcpy(bytes, head, strlen(head));
	memcpy(bytes + length - strlen(tail), tail, strlen(tail) + 1);
	for (size_t i = 0; i < 3; i++) {
		struct teller teller = { .skip_bad = true, .summary = true };
		char *raw;

		tell(&teller, name, FORMAT_AUTO, bytes, length,
		     chunks[i] < length ? chunks[i] : length, NULL);
		raw = strchr(teller.told.data, '<');
		if (raw != NULL) /* leave the raw bytes out of the comparison */
			memmove(raw, strchr(raw, '>'), strlen(strchr(raw, '>')) + 1);
		assert_string_equal(teller.told.data, expected);
		teller_free(&teller);
	}
	free(bytes);
}

static void test_too_long(void **state)
{
	(void)state;
	check_long("u.csv", "a\n1\n\"", 'x', "\n2\n",
	           "+1 2 9\nwrong input: u.csv: row 2 (line 3), column 'a': longer than 16 MiB; is a "
	           "quote not closed?\n");
	check_long("u.ndjson", "{}\n", 'x', "\n{}\n",
	           "+1 1 2\n-2 u.ndjson: row 2 (line 2): longer than 16 MiB >\n+3 3 2\nend\n");
	check_long("u.txt", "a\n", 'x', "\nb\n",
	           "+1 1 12\n-2 u.txt: row 2 (line 2): longer than 16 MiB >\n+3 3 12\nend\n");
	check_long("u.json", "[{},\n\"", 'x', "\",{}]",
	           "+1 1 2\n-2 u.json: row 2 (line 2): longer than 16 MiB >\n+3 2 2\nend\n");
	check_long("u.json", "[{},\n", '[', "",
	           "+1 1 2\nwrong input: u.json: behind row 1, line 2, column 16777218: it ends "
	           "before the array does (']' is missing)\n");
}

static void test_columns(void **state)
{
	struct teller teller = { 0 };
	struct reader_sink sink = { tell_row, tell_bad, &teller };
	struct reader *reader = reader_new("u.csv", FORMAT_AUTO, sink);
	struct buffer columns = { 0 };
	struct error error;

	(void)state;
	assert_non_null(reader);
	reader_columns(reader, &columns);
	assert_string_equal(columns.data, "null");
	buffer_reset(&columns, 0);
	assert_int_equal(reader_feed(reader, "a b,\"\"\"q\"\n", 10, &error), STATUS_OK);
	reader_columns(reader, &columns);
	assert_string_equal(columns.data, "[\"a b\",\"\\\"q\"]");
	buffer_free(&columns);
	reader_free(reader);
	reader_free(NULL);
}

/* A row that had ended with the stream must not have grown when it is resumed. */
static void test_open_row(void **state)
{
	static const struct {
		const char *name, *first, *more, *told;
	} cases[] = {
		{ "u.csv", "a,b\n1,2", "\n3,4", "+2 3 {\"a\":\"3\",\"b\":\"4\"}\nend\n" },
		{ "u.csv", "a,b\n1,2", "\r3,4", "+2 3 {\"a\":\"3\",\"b\":\"4\"}\nend\n" },
		{ "u.csv", "a,b\n1,2", "3\n",
		  "conflict: u.csv: row 1 (line 2) was taken already and is longer now\n" },
		{ "u.ndjson", "{}", "\n{}", "+2 2 {}\nend\n" },
		{ "u.ndjson", "{}", " {}",
		  "conflict: u.ndjson: row 1 (line 1) was taken already and is longer now\n" },
		{ "u.txt", "a", "b",
		  "conflict: u.txt: row 1 (line 1) was taken already and is longer now\n" },
		{ "u.json", "[{}]", ",{}]", "+2 1 {}\nend\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct teller first = { 0 }, more = { 0 };
		const struct place *last;

		tell(&first, cases[i].name, FORMAT_AUTO, cases[i].first, strlen(cases[i].first), 3,
		     NULL);
		last = &first.places[first.place_count - 1];
		tell(&more, cases[i].name, FORMAT_AUTO, cases[i].more, strlen(cases[i].more), 99,
		     last->state);
		assert_string_equal(more.told.data, cases[i].told);
		teller_free(&first);
		teller_free(&more);
	}
}

static void test_bad_states(void **state)
{
	static const char *const states[] = {
		"", "{", "[]", "{}", "7",
		"{\"format\":\"csv\",\"offset\":5,\"row\":0,\"rows\":0,\"line\":1,\"column\":1,"
		"\"after_cr\":0,\"open_row\":0,\"columns\":null}",
		"{\"format\":\"csv\",\"offset\":5,\"row\":1,\"rows\":1,\"line\":1,\"column\":1,"
		"\"after_cr\":0,\"open_row\":0,\"columns\":null}",
		"{\"format\":\"csv\",\"offset\":5,\"row\":1,\"rows\":2,\"line\":1,\"column\":1,"
		"\"after_cr\":0,\"open_row\":0,\"columns\":[\"a\"]}",
		"{\"format\":\"csv\",\"offset\":5,\"row\":1,\"rows\":1,\"line\":1,\"column\":1,"
		"\"after_cr\":5,\"open_row\":0,\"columns\":[\"a\"]}",
		"{\"format\":\"csv\",\"offset\":99999999999999999999,\"row\":1,\"rows\":1,\"line\":1,"
		"\"column\":1,\"after_cr\":0,\"open_row\":0,\"columns\":[\"a\"]}",
		"{\"format\":\"csv\",\"offset\":5,\"row\":1,\"rows\":1,\"line\":1,\"column\":1,"
		"\"after_cr\":0,\"open_row\":0,\"columns\":[\"a\",7]}",
		"{\"format\":\"csv\",\"offset\":5,\"row\":1,\"rows\":1,\"line\":1,\"column\":1,"
		"\"after_cr\":0,\"open_row\":0,\"columns\":[\"a\",\"a\"]}",
		"{\"format\":\"xml\",\"offset\":5,\"row\":1,\"rows\":1,\"line\":1,\"column\":1,"
		"\"after_cr\":0,\"open_row\":0,\"columns\":[\"a\"]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct reader_sink sink = { tell_row, tell_bad, NULL };
		struct reader *reader = reader_new("-", FORMAT_AUTO, sink);
		struct error error = { STATUS_OK, "" };

		assert_int_equal(reader_restore(reader, states[i], &error), STATUS_CORRUPT);
		assert_non_null(strstr(error.text, "stored state"));
		assert_int_equal(reader_feed(reader, "a", 1, &error), STATUS_CORRUPT);
		assert_int_equal(reader_end(reader, &error), STATUS_CORRUPT);
		reader_free(reader);
	}
}

static void test_restore_other_format(void **state)
{
	struct teller teller = { 0 };
	struct teller other = { 0 };

	(void)state;
	tell(&teller, "u.csv", FORMAT_AUTO, "a\n1\n", 4, 9, NULL);
	tell(&other, "u.ndjson", FORMAT_AUTO, "", 0, 1,
	     teller.places[teller.place_count - 1].state);
	assert_string_equal(other.told.data,
	                    "conflict: u.ndjson: was read as csv and is ndjson now\n");
	teller_free(&teller);
	teller_free(&other);
}

/* Once it has failed it stays so. */
static void test_failure_stays(void **state)
{
	struct teller teller = { 0 };
	struct reader_sink sink = { tell_row, tell_bad, &teller };
	struct reader *reader = reader_new("u.json", FORMAT_JSON, sink);
	struct error error;

	(void)state;
	assert_int_equal(reader_feed(reader, "[}", 2, &error), STATUS_USAGE);
	assert_int_equal(reader_feed(reader, "{}]", 3, &error), STATUS_USAGE);
	assert_int_equal(reader_end(reader, &error), STATUS_USAGE);
	assert_int_equal(reader_end(reader, NULL), STATUS_USAGE);
	assert_null(teller.told.data);
	reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_open_row),
		cmocka_unit_test(test_bad_states),
		cmocka_unit_test(test_restore_other_format),
		cmocka_unit_test(test_failure_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
