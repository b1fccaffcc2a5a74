/* "headers" of a job file, what they make of responses, and the pace told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/policy/headers.h"
#include "engine/request/spec.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW_MS 1767323040000LL
#define URL "\"request\":{\"url\":\"http://h/\"}"

static struct spec *parse(const char *text)
{
	struct spec *spec = NULL;
	struct error error;

	if (spec_parse(text, strlen(text), NULL, &spec, &error) != STATUS_OK)
		fail_msg("%s: %s", text, error.text);
	return spec;
}

static void test_spec(void **state)
{
	static const struct {
		const char *text, *error;
	} bad[] = {
	    {"5", "headers: must be an object"},
	    {"{\"rest\":\"X\"}", "headers.rest: no such key (did you mean headers.reset?)"},
	    {"{\"reset\":5}", "headers.reset: must be"},
	    {"{\"reset\":\"\"}", "headers.reset: a header's name has 1 to 63 characters"},
	    {"{\"reset\":\"X Y\"}", "headers.reset: not a header's name"},
	    {"{\"reset\":{}}", "headers.reset.name: is missing"},
	    {"{\"reset\":{\"name\":null}}", "headers.reset.name: is missing"},
	    {"{\"reset\":{\"name\":\"X:\"}}", "headers.reset.name: not a header's name"},
	    {"{\"reset\":{\"name\":\"X\",\"unit\":\"week\"}}", "headers.reset.unit: must be auto, "},
	    {"{\"limit\":{\"name\":\"X\",\"unit\":\"ms\"}}", "headers.limit.unit: no such key"},
	};
	struct spec *spec = parse("{" URL ",\"headers\":{\"limit\":{\"name\":\"X-L\"},"
	                          "\"reset\":{\"unit\":\"ms\",\"name\":\"X-Foo\"},"
	                          "\"retry_after\":{\"name\":\"X-R\",\"unit\":\"auto\"}}}");
	struct spec *again = parse(spec->canonical);
	struct error error;

	(void)state;
	assert_non_null(strstr(spec->canonical,
	                       ",\"headers\":{\"retry_after\":{\"name\":\"x-r\"},\"reset\":{\"name\":"
	                       "\"x-foo\",\"unit\":\"ms\"},\"limit\":{\"name\":\"x-l\"}}}"));
	assert_string_equal(spec->canonical, again->canonical);
	assert_string_equal(again->headers.reset.name, "x-foo");
	assert_int_equal(again->headers.reset.unit, HEADER_UNIT_MS);
	assert_null(again->headers.remaining.name);
	spec_free(spec);
	spec_free(again);
	for (size_t i = 0; i < COUNT(bad); i++) {
		char text[256];

		snprintf(text, sizeof(text), "{" URL ",\"headers\":%s}", bad[i].text);
		assert_int_equal(spec_parse(text, strlen(text), NULL, &spec, &error), STATUS_USAGE);
		if (!strstr(error.text, bad[i].error))
			fail_msg("%s: %s", bad[i].text, error.text);
	}
}

static void test_units(void **state)
{
	static const struct {
		enum header_unit unit;
		const char *value;
		int64_t wait_ms;
	} cases[] = {
	    {HEADER_UNIT_AUTO, "90", 90000},      {HEADER_UNIT_NS, "1500000", 2},
	    {HEADER_UNIT_US, "1500", 2},          {HEADER_UNIT_MS, "1500", 1500},
	    {HEADER_UNIT_MS, "1500.2", 1501},     {HEADER_UNIT_S, "1.5", 1500},
	    {HEADER_UNIT_MIN, "1.5", 90000},      {HEADER_UNIT_H, "2", 7200000},
	    {HEADER_UNIT_EPOCH_S, "1767323100", 60000},
	    {HEADER_UNIT_EPOCH_S, "1767323040.5", 500},
	    {HEADER_UNIT_EPOCH_S, "60", -1}, /* 1970 */
	    {HEADER_UNIT_EPOCH_MS, "1767323040001", 1},
	    {HEADER_UNIT_EPOCH_MS, "18446744073709551615", HEADER_WAIT_MS_MAX},
	    {HEADER_UNIT_MIN, "PT5S", 5000}, /* a form of its own */
	    {HEADER_UNIT_MS, "", -1},             {HEADER_UNIT_MS, "-1", -1},
	};
	char name[] = "x-foo";

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct header_overrides overrides = {.retry_after = {name, cases[i].unit}};
		struct header_hints hints;
		char block[128];

		snprintf(block, sizeof(block), "Retry-After: 7\r\nX-FOO: %s\r\n", cases[i].value);
		headers_read_overridden(block, strlen(block), NOW_MS, &overrides, &hints);
		if (hints.wait_ms != cases[i].wait_ms)
			fail_msg("%s %s: %lld", header_unit_name(cases[i].unit), cases[i].value,
			         (long long)hints.wait_ms);
		assert_string_equal(hints.source, cases[i].wait_ms > 0 ? "x-foo" : "");
	}
}

static void read_block(const char *block, struct header_hints *hints)
{
	headers_read(block, strlen(block), NOW_MS, hints);
}

/* The budget that allows the fewest requests a second. */
static void test_pace(void **state)
{
	struct header_hints hints;

	(void)state;
	read_block("X-RateLimit-Limit: 100\nX-RateLimit-Remaining: 40\nX-RateLimit-Reset: 20\n",
	           &hints);
	assert_int_equal(hints.pace_remaining, 40);
	assert_int_equal(hints.pace_reset_ms, 20000);
	read_block("RateLimit: \"burst\";r=40;t=20, \"daily\";r=900;t=43200\n", &hints);
	assert_int_equal(hints.pace_remaining, 900);
	assert_int_equal(hints.pace_reset_ms, 43200000);
	/* Tokens are no requests. */
	read_block("x-ratelimit-remaining-requests: 59\nx-ratelimit-reset-requests: 1s\n"
	           "x-ratelimit-remaining-tokens: 9\nx-ratelimit-reset-tokens: 6m0s\n",
	           &hints);
	assert_int_equal(hints.pace_remaining, 59);
	assert_int_equal(hints.pace_reset_ms, 1000);
	read_block("x-ratelimit-remaining-tokens: 9\nx-ratelimit-reset-tokens: 6m0s\n", &hints);
	assert_int_equal(hints.pace_remaining, -1);
	assert_int_equal(hints.pace_reset_ms, -1);
	read_block("X-RateLimit-Remaining: 40\n", &hints);
	assert_int_equal(hints.pace_remaining, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_spec),
	    cmocka_unit_test(test_units),
	    cmocka_unit_test(test_pace),
	};

	return cmocka_run_group_tests_name("header overrides", tests, NULL, NULL);
}
