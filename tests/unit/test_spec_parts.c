#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/request/spec.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_rates(void **state)
{
	static const struct {
		const char *text;
		int64_t count, per_ns;
	} cases[] = {
	    {"50/s", 50, 1000000000},      {"100/m", 100, 60000000000},
	    {"3/h", 3, 3600000000000},     {"0.5/s", 5, 10000000000},
	    {"1.250/s", 125, 100000000000}, {" 1 / s ", 1, 1000000000},
	    {"1000000000/s", 1000000000, 1000000000}, {"2.0/m", 2, 60000000000},
	    {"0.001/h", 1, 3600000000000000},
	    {"", 0, 0},     {"50", 0, 0},      {"/s", 0, 0},  {"0/s", 0, 0},   {"-1/s", 0, 0},
	    {"1/d", 0, 0},  {"1/s x", 0, 0},   {"1/", 0, 0},  {".5/s", 0, 0},  {"1./s", 0, 0},
	    {"1e3/s", 0, 0}, {"0.0001/s", 0, 0}, {"1000000001/s", 0, 0}, {"0.000/s", 0, 0},
	    {"99999999999999999999/s", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rate rate = {-7, -7};
		struct error error;
		enum status status = rate_parse(cases[i].text, &rate, &error);

		assert_int_equal(status, cases[i].count ? STATUS_OK : STATUS_USAGE);
		assert_int_equal(rate.count, cases[i].count ? cases[i].count : -7);
		assert_int_equal(rate.per_ns, cases[i].count ? cases[i].per_ns : -7);
	}
	assert_true(rate_per_s((struct rate){5, 10000000000}) == 0.5);
	assert_true(rate_per_s((struct rate){0, 0}) == 0);
}

static void test_difference(void **state)
{
	static const struct {
		const char *was, *is, *lines;
		int count;
	} cases[] = {
	    {"{\"a\":1}", "{\"a\":1}", "", 0},
	    {"{\"a\":{\"b\":\"x\"}}", "{\"a\":{\"b\":\"y\"}}", "a.b: \"x\" -> \"y\"", 1},
	    {"{\"a\":1,\"b\":2}", "{\"b\":2,\"c\":[]}", "a: 1 -> (none)\nc: (none) -> []", 2},
	    {"{\"r\":[1,{\"if\":2}]}", "{\"r\":[1,{\"if\":3},4]}", "r[1].if: 2 -> 3\nr[2]: (none) -> 4", 2},
	    {"{\"r\":[1]}", "{\"r\":{}}", "r: [1] -> {}", 1},
	    {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", ": {\"a\":1,\"b\":2} -> {\"b\":2,\"a\":1}", 1},
	    {"{\"a\":\"0123456789012345678901234567890123456789012345678901234567\xc3\xbc more\"}", "{\"a\":1}",
	     "a: \"0123456789012345678901234567890123456789012345678901234567\xe2\x80\xa6 -> 1", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buffer lines = {0};

		assert_int_equal(spec_difference(cases[i].was, cases[i].is, &lines), cases[i].count);
		assert_string_equal(lines.data ? lines.data : "", cases[i].lines);
		buffer_free(&lines);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rates),
	    cmocka_unit_test(test_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
