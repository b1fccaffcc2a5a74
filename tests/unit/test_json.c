#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct json_span span(const char *text)
{
	return (struct json_span){text, strlen(text)};
}

/* The text at the very end of its own allocation, so that a sanitizer or
 * valgrind sees a read behind it. */
static bool check_tight(const char *text, size_t length, struct json_fault *fault)
{
	char *copy = malloc(length ? length : 1);
	bool good;

	assert_non_null(copy);
	memcpy(copy, text, length);
	good = json_check(copy, length, fault);
	free(copy);
	return good;
}

static void test_check_accepts(void **state)
{
	static const char *const good[] = {
	    "0", "-0", "1234567890123456789", "0.10", "1e5", "-1.5E-30", "1e999999999", "true",
	    "false", "null", "\"\"", "\"a\\u0000b\\ud800\"", " \t\r\n[1, 2 ,3]\n", "[]", "{}",
	    "{\"a\":{\"b\":[{},[],\"\\\"\"]}}", "{\"a\":1,\"a\":2}", "[[[[]]],{}]",
	    "\"\xE4\xB8\xAD\xE6\x96\x87 and \xF0\x9F\x98\x80\"", "\"long enough for two words 12\"",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct json_fault fault = {0};

		if (!check_tight(good[i], strlen(good[i]), &fault))
			fail_msg("%s: %s at %zu", good[i], fault.reason, fault.offset);
	}
}

static void test_check_refuses(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
		const char *reason;
	} bad[] = {
	    {"", 0, "unexpected end"},
	    {"  ", 2, "unexpected end"},
	    {"[1,]", 3, "not a value"},
	    {"[1 2]", 3, "a comma or ] is missing"},
	    {"{\"a\" 1}", 5, "a colon is missing"},
	    {"{\"a\":1 \"b\":2}", 7, "a comma or } is missing"},
	    {"{a:1}", 1, "a member name is missing"},
	    {"{\"a\":1,}", 7, "a member name is missing"},
	    {"[1", 2, "unexpected end"},
	    {"[1,", 3, "unexpected end"},
	    {"{", 1, "unexpected end"},
	    {"{\"a\"", 4, "unexpected end"},
	    {"{\"a\":", 5, "unexpected end"},
	    {"[}", 1, "not a value"},
	    {"[1}", 2, "a comma or ] is missing"},
	    {"]", 0, "not a value"},
	    {"01", 0, "a number has a leading zero"},
	    {"-01", 1, "a number has a leading zero"},
	    {"-", 1, "a digit is missing"},
	    {"1.", 2, "a digit is missing"},
	    {"1.e3", 2, "a digit is missing"},
	    {"1e", 2, "a digit is missing"},
	    {"1e+", 3, "a digit is missing"},
	    {".5", 0, "not a value"},
	    {"+1", 0, "not a value"},
	    {"0x10", 1, "something follows the value"},
	    {"NaN", 0, "not a value"},
	    {"tru", 0, "not a value"},
	    {"truex", 4, "something follows the value"},
	    {"1 2", 2, "something follows the value"},
	    {"{} // x", 3, "something follows the value"},
	    {"\"abc", 4, "unterminated string"},
	    {"\"abc\\\"", 6, "unterminated string"},
	    {"\"abc\\", 5, "unterminated string"},
	    {"\"\\x\"", 1, "bad escape"},
	    {"\"\\u12g4\"", 1, "bad \\u escape"},
	    {"\"\\u12\"", 1, "bad \\u escape"},
	    {"\"a\nb\"", 2, "control character in a string"},
	    {"\"12345678\x01\"", 9, "control character in a string"},
	    {"\"\xC0\xAF\"", 1, "not valid UTF-8"},
	    {"\"\xED\xA0\x80\"", 1, "not valid UTF-8"},
	    {"\"\xF4\x90\x80\x80\"", 1, "not valid UTF-8"},
	    {"\"\xE4\xB8\"", 1, "not valid UTF-8"},
	    {"\xEF\xBB\xBF{}", 0, "not a value"},
	    {"'a'", 0, "not a value"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct json_fault fault = {0};

		if (check_tight(bad[i].text, strlen(bad[i].text), &fault))
			fail_msg("accepted: %s", bad[i].text);
		if (fault.offset != bad[i].offset || strcmp(fault.reason, bad[i].reason) != 0)
			fail_msg("%s: %s at %zu", bad[i].text, fault.reason, fault.offset);
	}
	assert_false(json_check("1\0", 2, NULL));
	assert_false(json_check(NULL, 0, NULL));
}

static void test_depth(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 2];
	struct json_fault fault;

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_true(json_check(text, 2 * JSON_DEPTH_MAX, NULL));
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_false(json_check(text, sizeof(text), &fault));
	assert_int_equal(fault.offset, JSON_DEPTH_MAX);
	assert_string_equal(fault.reason, "nested too deep");
}

static void assert_span(struct json_span value, const char *text)
{
	assert_int_equal(value.length, strlen(text));
	assert_memory_equal(value.at, text, value.length);
}

static void test_trim_and_type(void **state)
{
	struct json_span value;

	(void)state;
	assert_true(json_trim(" \n {\"a\": 1 } \t", 14, &value, NULL));
	assert_span(value, "{\"a\": 1 }");
	assert_int_equal(json_type(value), JSON_OBJECT);
	assert_int_equal(json_type(span("[1]")), JSON_ARRAY);
	assert_int_equal(json_type(span("\"\"")), JSON_STRING);
	assert_int_equal(json_type(span("-1")), JSON_NUMBER);
	assert_int_equal(json_type(span("true")), JSON_TRUE);
	assert_int_equal(json_type(span("false")), JSON_FALSE);
	assert_int_equal(json_type(span("null")), JSON_NULL);
	assert_int_equal(json_type(span("")), JSON_NONE);
	assert_int_equal(json_type(span("x")), JSON_NONE);
}

static void test_walk(void **state)
{
	static const char *const names[] = {"\"a\"", "\"b{,\\\"\"", "\"c\"", "\"\""};
	static const char *const values[] = {"1234567890123456789", "[1,{\"x\":\"]}\"}]",
	                                     "\"q\\\\\"", "null"};
	struct json_cursor cursor =
	    json_walk(span("{ \"a\" : 1234567890123456789 ,\"b{,\\\"\":[1,{\"x\":\"]}\"}],\n"
	                   "\"c\":\"q\\\\\",\"\":null}"));
	struct json_span name, value;
	size_t count = 0;

	(void)state;
	while (json_next(&cursor, &name, &value)) {
		assert_true(count < COUNT(names));
		assert_span(name, names[count]);
		assert_span(value, values[count]);
		count++;
	}
	assert_int_equal(count, COUNT(names));

	cursor = json_walk(span("[ 1 , [2,3] ,\"x\"]"));
	assert_true(json_next(&cursor, &name, &value));
	assert_int_equal(name.length, 0);
	assert_span(value, "1");
	assert_true(json_next(&cursor, &name, &value));
	assert_span(value, "[2,3]");
	assert_true(json_next(&cursor, &name, &value));
	assert_span(value, "\"x\"");
	assert_false(json_next(&cursor, &name, &value));

	cursor = json_walk(span("{ }"));
	assert_false(json_next(&cursor, &name, &value));
	cursor = json_walk(span("17"));
	assert_false(json_next(&cursor, &name, &value));
}

static void test_member(void **state)
{
	struct json_span object = span("{\"a\":1,\"\\u0061\\n\":2,\"a\":3,\"\\ud83d\\ude00\":4}");
	struct json_span value;

	(void)state;
	assert_true(json_member(object, "a", 1, &value));
	assert_span(value, "1");
	assert_true(json_member(object, "a\n", 2, &value));
	assert_span(value, "2");
	assert_true(json_member(object, "\xF0\x9F\x98\x80", 4, &value));
	assert_span(value, "4");
	assert_false(json_member(object, "aa", 2, &value));
	assert_false(json_member(object, "", 0, &value));
	assert_false(json_member(span("[1]"), "a", 1, &value));
}

static void test_string_decode(void **state)
{
	static const struct {
		const char *json, *bytes;
		size_t length;
	} cases[] = {
	    {"\"\"", "", 0},
	    {"\"plain\"", "plain", 5},
	    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8},
	    {"\"\\u0000x\"", "\0x", 2},
	    {"\"\\u00e9\\u4E2D\"", "\xC3\xA9\xE4\xB8\xAD", 5},
	    {"\"\\uD83D\\uDE00\"", "\xF0\x9F\x98\x80", 4},
	    {"\"\\ud800\"", "\xEF\xBF\xBD", 3},
	    {"\"\\ud800\\n\"", "\xEF\xBF\xBD\n", 4},
	    {"\"\\udc00\\ud800\"", "\xEF\xBF\xBD\xEF\xBF\xBD", 6},
	    {"\"\\ud800\\ud83d\\ude00\"", "\xEF\xBF\xBD\xF0\x9F\x98\x80", 7},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buffer out = {0};

		json_string_decode(span(cases[i].json), &out);
		assert_int_equal(out.length, cases[i].length);
		if (out.length > 0)
			assert_memory_equal(out.data, cases[i].bytes, out.length);
		assert_true(json_string_equals(span(cases[i].json), cases[i].bytes, cases[i].length));
		assert_false(json_string_equals(span(cases[i].json), "other", 5));
		if (cases[i].length > 0)
			assert_false(json_string_equals(span(cases[i].json), cases[i].bytes,
			                                cases[i].length - 1));
		buffer_free(&out);
	}
	assert_false(json_string_equals(span("17"), "17", 2));
}

static void test_number_compare(void **state)
{
	/* Every row is in ascending order, "=" between equals. */
	static const char *const rows[][8] = {
	    {"-1e999999999999999999999", "-2", "-1.5", "-1e-99999999999999999999", "0", "1e-3", "1"},
	    {"0", "=", "-0", "=", "0.000e77", "=", "0e-99999999999999999999999"},
	    {"0.10", "=", "1e-1", "=", "0.1", "=", "10e-2"},
	    {"1234567890123456788", "1234567890123456789", "=", "1234567890123456789.0",
	     "1234567890123456789.00000000000000000001"},
	    {"9007199254740992", "9007199254740993", "9007199254740994"},
	    {"1e999999999", "1e1000000000", "=", "10e999999999", "11e999999999"},
	    {"1e-99999999999999999999", "=", "10e-100000000000000000000", "1e-99999999999999999998"},
	    {"9e99999999999999999999", "=", "0.9e100000000000000000000", "1e100000000000000000000"},
	    {"1E+5", "=", "100000", "=", "1e00005", "100000.5"},
	    {"0.00000000012", "=", "1.2e-10", "1.2000000001e-10"},
	    {"99", "100", "=", "1.00e2", "1000"},
	};

	(void)state;
	for (size_t r = 0; r < COUNT(rows); r++) {
		const char *previous = NULL;
		bool equal = false;

		for (size_t i = 0; i < COUNT(rows[r]) && rows[r][i]; i++) {
			int order;

			if (strcmp(rows[r][i], "=") == 0) {
				equal = true;
				continue;
			}
			if (previous) {
				order = json_number_compare(span(previous), span(rows[r][i]));
				if (equal ? order != 0 : order >= 0)
					fail_msg("%s against %s: %d", previous, rows[r][i], order);
				order = json_number_compare(span(rows[r][i]), span(previous));
				if (equal ? order != 0 : order <= 0)
					fail_msg("%s against %s: %d", rows[r][i], previous, order);
			}
			previous = rows[r][i];
			equal = false;
		}
	}
}

/* Against the machine's own arithmetic where that is exact. */
static void test_number_compare_agrees_with_integers(void **state)
{
	uint64_t seed = 42;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t a, b;
		char x[64], y[64];
		int order, shift;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		a = (int64_t)(seed >> 40) - (1 << 23);
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		b = i % 3 ? (int64_t)(seed >> 40) - (1 << 23) : a;
		shift = (int)(seed >> 20 & 15);
		snprintf(x, sizeof(x), "%lld.%0*de%d", (long long)a, 1 + shift, 0, shift);
		snprintf(y, sizeof(y), "%lld%0*de-1", (long long)b, shift + 1, 0);
		order = json_number_compare(span(x), span(y));
		if ((a > b) - (a < b) != order)
			fail_msg("%s against %s: %d", x, y, order);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_check_accepts),
	    cmocka_unit_test(test_check_refuses),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_trim_and_type),
	    cmocka_unit_test(test_walk),
	    cmocka_unit_test(test_member),
	    cmocka_unit_test(test_string_decode),
	    cmocka_unit_test(test_number_compare),
	    cmocka_unit_test(test_number_compare_agrees_with_integers),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
