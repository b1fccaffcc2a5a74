#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/negotiate.h"
#include "web/target.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* ---- target ------------------------------------------------------------------- */

static void test_target_sound(void **state)
{
	static const struct {
		const char *raw, *path;
	} cases[] = {
		{"/", "/"},
		{"/api/v1/jobs", "/api/v1/jobs"},
		{"/api/v1/jobs/a%20b", "/api/v1/jobs/a b"},
		{"/a+b", "/a+b"},
		{"/%e6%95%b0", "/\xe6\x95\xb0"},
		{"/\xe6\x95\xb0", "/\xe6\x95\xb0"},
		{"/a%25b", "/a%b"},
		{"/a%252fb", "/a%2fb"},
		{"/...", "/..."},
		{"//x", "//x"},
		{"/a?b", "/a"},
		{"/a%3Fb", "/a?b"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct target target;
		const char *fault = NULL;

		if (!target_parse(cases[i].raw, &target, &fault))
			fail_msg("%s: %s", cases[i].raw, fault);
		assert_string_equal(target.path, cases[i].path);
		target_free(&target);
	}
}

static void test_target_refused(void **state)
{
	static const char *const cases[] = {
		"", "*", "jobs", "http://127.0.0.1/", "/a b", "/a\tb", "/a#b", "/a%00b", "/%00", "/a%",
		"/a%4", "/a%zz", "/a%0ab", "/a%7f", "/\x7f", "/a%2fb", "/a%2Fb", "/..", "/.", "/../etc/passwd",
		"/a/../b", "/a/..", "/a/./b", "/%2e%2e/etc/passwd", "/a/%2E./b", "/%ff", "/\xff", "/%c0%af",
		"/%ed%a0%80", "/?a=%00", "/?a%00=b", "/?a=%ff", "/?a=%",
	};
	struct target target;
	const char *fault;
	char many[4096] = "/?";

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		fault = NULL;
		if (target_parse(cases[i], &target, &fault))
			fail_msg("let through: %s", cases[i]);
		assert_non_null(fault);
		assert_null(target.memory);
	}
	for (int i = 0; i <= TARGET_PARAMETERS_MAX; i++)
		strcat(many, "a=b&");
	assert_false(target_parse(many, &target, &fault));
}

static void test_target_query(void **state)
{
	struct target target;
	const char *fault;

	(void)state;
	assert_true(target_parse("/x?a=1&b=x+y%2B%26%3d&&c&d=&=e&a=2&filter=state%3Afailed", &target,
	                         &fault));
	assert_string_equal(target_query(&target, "a"), "1");
	assert_string_equal(target_query(&target, "b"), "x y+&=");
	assert_string_equal(target_query(&target, "c"), "");
	assert_string_equal(target_query(&target, "d"), "");
	assert_string_equal(target_query(&target, "filter"), "state:failed");
	assert_null(target_query(&target, "A"));
	assert_null(target_query(&target, "e"));
	target_free(&target);
	target_free(&target);
}

/* ---- the page's headers ------------------------------------------------------------ */

static void test_gzip_accepted(void **state)
{
	(void)state;
	assert_false(negotiate_gzip(NULL));
	assert_true(negotiate_gzip("gzip"));
	assert_true(negotiate_gzip("deflate, GZIP;q=0.5, br"));
	assert_true(negotiate_gzip("*"));
	assert_true(negotiate_gzip("br,gzip ; q=1"));
	assert_false(negotiate_gzip(""));
	assert_false(negotiate_gzip("identity"));
	assert_false(negotiate_gzip("gzip;q=0, *"));
	assert_false(negotiate_gzip("gzip; q=0.000"));
	assert_false(negotiate_gzip("gzipx"));
	assert_false(negotiate_gzip("*;q=0"));
	assert_false(negotiate_gzip(",, ,"));
}

static void test_tag_matches(void **state)
{
	(void)state;
	assert_true(negotiate_tag_matches("\"ab\"", "\"ab\""));
	assert_true(negotiate_tag_matches("\"x\", W/\"ab\" ", "\"ab\""));
	assert_true(negotiate_tag_matches("*", "\"ab\""));
	assert_false(negotiate_tag_matches(NULL, "\"ab\""));
	assert_false(negotiate_tag_matches("", "\"ab\""));
	assert_false(negotiate_tag_matches("\"abc\"", "\"ab\""));
	assert_false(negotiate_tag_matches("ab", "\"ab\""));
}

static void test_base_path(void **state)
{
	static const struct {
		const char *raw, *base, *path;
		bool moved;
	} cases[] = {
		{"/a/b", "", "/a/b", false},
		{"/sluice/api.js", "/sluice", "/api.js", false},
		{"/sluice/", "/sluice", "/", false},
		{"/sluice", "/sluice", "/", true},
		{"/sluice?x=1", "/sluice", "/", true},
		{"/sluices", "/sluice", "/sluices", false},
		{"/api/v1/jobs", "/sluice", "/api/v1/jobs", false},
		{"/", "/sluice", "/", false},
		{"/ops/x/jobs", "/ops/x", "/jobs", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct target target;
		const char *fault;

		assert_true(target_parse(cases[i].raw, &target, &fault));
		assert_int_equal(target_strip(&target, cases[i].base), cases[i].moved);
		assert_string_equal(target.path, cases[i].path);
		target_free(&target);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_target_sound),
		cmocka_unit_test(test_target_refused),
		cmocka_unit_test(test_target_query),
		cmocka_unit_test(test_base_path),
		cmocka_unit_test(test_gzip_accepted),
		cmocka_unit_test(test_tag_matches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
