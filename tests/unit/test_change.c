/* What changes between two inputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/run/change.h"

static struct json_span span(const char *text)
{
	struct json_span value;

	assert_true(json_trim(text, strlen(text), &value, NULL));
	return value;
}

static void test_list(void **state)
{
	static const struct {
		const char *before, *after, *wanted;
		int count;
	} cases[] = {
	    {"{}", "{}", "[]", 0},
	    {"{\"a\":1,\"b\":\"x\"}", "{ \"b\" : \"x\" , \"a\" : 1 }", "[]", 0},
	    {"{\"a\":1}", "{\"a\":1.0}", "[{\"field\":\"a\",\"before\":1,\"after\":1.0}]", 1},
	    {"{\"a\":12345678901234567890}", "{\"a\":12345678901234567891}",
	     "[{\"field\":\"a\",\"before\":12345678901234567890,"
	     "\"after\":12345678901234567891}]",
	     1},
	    {"{\"a\":1,\"b\":2}", "{\"b\":2,\"c\":[ 1, 2 ]}",
	     "[{\"field\":\"a\",\"before\":1,\"after\":null},"
	     "{\"field\":\"c\",\"before\":null,\"after\":[1,2]}]",
	     2},
	    {"{\"\\u0061\":1}", "{\"a\":1}", "[]", 0},
	};
	struct buffer out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_reset(&out, 1000);
		assert_int_equal(change_list(span(cases[i].before), span(cases[i].after), &out),
		                 cases[i].count);
		assert_int_equal(out.length, strlen(cases[i].wanted));
		assert_memory_equal(out.data, cases[i].wanted, out.length);
	}
	buffer_free(&out);
}

/* Of a CSV every value is a text: what it shows unchanged stays what it was. */
static void test_merge_cells(void **state)
{
	static const struct {
		const char *input, *row, *wanted;
	} cases[] = {
	    {"{\"id\":1,\"n\":12345678901234567890,\"x\":null,\"s\":\"a\",\"o\":{\"k\":[1, 2]}}",
	     "{\"id\":\"1\",\"n\":\"12345678901234567890\",\"x\":\"\",\"s\":\"b\",\"o\":\"{\\\"k\\\":[1, 2]}\",\"opt\":\"\"}",
	     "{\"id\":1,\"n\":12345678901234567890,\"x\":null,\"s\":\"b\",\"o\":{\"k\":[1,2]}}"},
	    {"{\"a\":0.10}", "{\"a\":\"0.1\"}", "{\"a\":0.1}"},
	    {"{\"a\":1}", "{\"a\":\"one\"}", "{\"a\":\"one\"}"},
	    {"{\"a\":1}", "{\"a\":\"true\"}", "{\"a\":\"true\"}"},
	    {"{\"a\":1}", "{\"a\":\"\"}", "{\"a\":\"\"}"},
	    {"{\"a\":1}", "{\"a\":\" 2 \"}", "{\"a\":2}"},
	    {"{\"a\":1}", "{\"a\":\"007\"}", "{\"a\":\"007\"}"},
	    {"{\"a\":true,\"b\":true}", "{\"a\":\"false\",\"b\":\"true\"}", "{\"a\":false,\"b\":true}"},
	    {"{\"a\":true}", "{\"a\":\"1\"}", "{\"a\":\"1\"}"},
	    {"{\"a\":[1]}", "{\"a\":\"[1,2]\"}", "{\"a\":[1,2]}"},
	    {"{\"a\":[1]}", "{\"a\":\"[1,\"}", "{\"a\":\"[1,\"}"},
	    {"{\"a\":null}", "{\"a\":\"7\"}", "{\"a\":\"7\"}"},
	    {"{\"a\":\"1\"}", "{\"a\":\"2\"}", "{\"a\":\"2\"}"},
	    {"{\"a\":\"x\"}", "{\"a\":\"\"}", "{\"a\":\"\"}"},
	    {"{}", "{\"new\":\"5\",\"none\":\"\",\"sluice_seq\":\"1\"}", "{\"new\":\"5\"}"},
	};
	struct buffer out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_reset(&out, 1000);
		change_merge_cells(span(cases[i].input), span(cases[i].row), &out);
		buffer_char(&out, '\0');
		assert_string_equal(out.data, cases[i].wanted);
	}
	buffer_free(&out);
}

static void test_merge(void **state)
{
	static const struct {
		const char *input, *row, *wanted;
	} cases[] = {
	    {"{\"id\":\"1\",\"city\":\"X\",\"vip\":true}", "{\"id\":\"1\",\"city\":\"Y\"}",
	     "{\"id\":\"1\",\"city\":\"Y\",\"vip\":true}"},
	    {"{\"id\":1}", "{\"id\":1,\"sluice_state\":\"failed\",\"new\": \"a b\"}",
	     "{\"id\":1,\"new\":\"a b\"}"},
	    {"{\"sluice_state\":\"mine\"}", "{\"sluice_state\":\"changed\"}",
	     "{\"sluice_state\":\"changed\"}"},
	    {"{}", "{}", "{}"},
	    {"{\"a\":{ \"b\" : 1 }}", "{}", "{\"a\":{\"b\":1}}"},
	};
	struct buffer out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buffer_reset(&out, 1000);
		change_merge(span(cases[i].input), span(cases[i].row), &out);
		assert_int_equal(out.length, strlen(cases[i].wanted));
		assert_memory_equal(out.data, cases[i].wanted, out.length);
	}
	buffer_free(&out);
}

static void test_compact(void **state)
{
	static const char wide[] = "{ \"a b\\\" \" :\n[ 1 ,\t\"\\\\\" , null ]\r\n}";
	static const char narrow[] = "{\"a b\\\" \":[1,\"\\\\\",null]}";
	struct buffer out = {0};

	(void)state;
	change_compact(span(wide), &out);
	assert_int_equal(out.length, strlen(narrow));
	assert_memory_equal(out.data, narrow, out.length);
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_merge),
	    cmocka_unit_test(test_merge_cells),
	    cmocka_unit_test(test_compact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
