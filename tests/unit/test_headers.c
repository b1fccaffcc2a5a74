#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/policy/headers.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW_MS 1767323040000LL /* Fri, 02 Jan 2026 03:04:00 GMT */
#define DATE "Date: Fri, 02 Jan 2026 03:04:00 GMT\r\n"

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = {
	    {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
	    {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
	    {"Sun Nov  6 08:49:37 1994", 784111777},
	    {"sun, 06 nov 1994 08:49:37 gmt", 784111777},
	    {"Fri, 02 Jan 2026 03:04:00 GMT", 1767323040},
	    {"Fri Jan 12 03:04:00 2026", 1768187040},
	    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
	    {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
	    {"Tue, 29 Feb 2000 00:00:00 GMT", 951782400},
	    {"Thu, 29 Feb 2024 12:00:00 UTC", 1709208000},
	    {"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800}, /* a leap second */
	    {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
	    {"Sat, 01 Jan 0000 00:00:00 GMT", -62167219200},
	    {"Saturday, 01-Jan-00 00:00:00 GMT", 946684800},    /* 2000, seen from 2026 */
	    {"Wednesday, 01-Jan-75 00:00:00 GMT", 3313526400},  /* 2075: 49 years ahead */
	    {"Saturday, 01-Jan-77 00:00:00 GMT", 220924800},    /* 1977: not 51 ahead */
	};
	static const char *const bad[] = {
	    "", "Sun", "Sun,", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
	    "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 6 Nov 1994 08:49:37 GMT",
	    "Sun, 31 Apr 1994 08:49:37 GMT", "Wed, 29 Feb 2023 00:00:00 GMT",
	    "Mon, 29 Feb 2100 00:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
	    "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
	    "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
	    "Xxx, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
	    "Sun, 06-Nov 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sun Nov  6 08:49:37 94",
	    "2026-01-02T03:04:00Z", "Sun, 06 Nov -994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
	};
	int64_t wall_ms;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		wall_ms = -12345;
		if (!http_date_parse(good[i].text, strlen(good[i].text), NOW_MS, &wall_ms))
			fail_msg("refused: %s", good[i].text);
		if (wall_ms != good[i].seconds * 1000)
			fail_msg("%s: %lld", good[i].text, (long long)wall_ms);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		wall_ms = -12345;
		if (http_date_parse(bad[i], strlen(bad[i]), NOW_MS, &wall_ms))
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(wall_ms, -12345);
	}
}

static void test_walk(void **state)
{
	static const char block[] = "HTTP/1.1 429 Slow: down\r\n"
	                            "A: 1\r\n"
	                            "b:2\n"
	                            "Folded: x\r\n"
	                            "  Retry-After: 5\r\n"
	                            "no colon here\r\n"
	                            ": no name\r\n"
	                            "bad name: 3\r\n"
	                            "Empty:\r\n"
	                            "Spaced: \t v w \t \r\n"
	                            "Colon: a:b\r\n"
	                            "Last: end";
	static const char *const names[] = {"A", "b", "Folded", "Empty", "Spaced", "Colon", "Last"};
	static const char *const values[] = {"1", "2", "x", "", "v w", "a:b", "end"};
	const char *name, *value;
	size_t at = 0, name_length, value_length, count = 0;

	(void)state;
	while (headers_next(block, strlen(block), &at, &name, &name_length, &value,
	                    &value_length)) {
		assert_true(count < COUNT(names));
		assert_int_equal(name_length, strlen(names[count]));
		assert_memory_equal(name, names[count], name_length);
		assert_int_equal(value_length, strlen(values[count]));
		assert_memory_equal(value, values[count], value_length);
		count++;
	}
	assert_int_equal(count, COUNT(names));
	assert_true(headers_find(block, strlen(block), "SPACED", &value, &value_length));
	assert_int_equal(value_length, 3);
	value = NULL;
	assert_false(headers_find(block, strlen(block), "Space", &value, &value_length));
	assert_false(headers_find(block, strlen(block), "retry-after", &value, &value_length));
	assert_null(value);
	assert_false(headers_find("", 0, "a", &value, &value_length));
}

static void test_retry_after(void **state)
{
	static const struct {
		const char *headers;
		int64_t wait_ms;
	} cases[] = {
	    {DATE "Retry-After: 30\r\n", 30000},
	    {DATE "RETRY-AFTER:30\r\n", 30000},
	    {DATE "retry-after:   2.0  \r\n", 2000},
	    {DATE "Retry-After: 0.493\r\n", 493},
	    {DATE "Retry-After: 0.0001\r\n", 1}, /* a floor is rounded up */
	    {DATE "Retry-After: 1.5000000000000000000000000000001\r\n", 1501},
	    {DATE "Retry-After: 007\r\n", 7000},
	    {DATE "Retry-After: 31622400\r\n", HEADER_WAIT_MS_MAX},
	    {DATE "Retry-After: 31622400.001\r\n", HEADER_WAIT_MS_MAX},
	    {DATE "Retry-After: 31622401\r\n", HEADER_WAIT_MS_MAX}, /* no epoch of anyone's */
	    {DATE "Retry-After: 63072000\r\n", HEADER_WAIT_MS_MAX},
	    {DATE "Retry-After: 999999999\r\n", HEADER_WAIT_MS_MAX},
	    {DATE "Retry-After: 1700000000\r\n", -1}, /* an epoch, and past */
	    {DATE "Retry-After: 4102444800\r\n", HEADER_WAIT_MS_MAX}, /* 2100 */
	    {DATE "Retry-After: 4102444800000\r\n", HEADER_WAIT_MS_MAX},
	    {DATE "Retry-After: Thu, 31 Dec 2099 23:59:59 GMT\r\n", HEADER_WAIT_MS_MAX},
	    {DATE "Retry-After: 1767323100\r\n", 60000},
	    {DATE "Retry-After: 9223372036854775808\r\n", HEADER_WAIT_MS_MAX},
	    {DATE "Retry-After: 99999999999999999999999999999999\r\n", HEADER_WAIT_MS_MAX},
	    {DATE "Retry-After: 0\r\n", -1},
	    {DATE "Retry-After: 0.0\r\n", -1},
	    {DATE "Retry-After: -5\r\n", -1},
	    {DATE "Retry-After: +5\r\n", -1},
	    {DATE "Retry-After: 5s\r\n", 5000},
	    {DATE "Retry-After: 5 parsecs\r\n", -1},
	    {DATE "Retry-After: 4, 9\r\n", 9000}, /* two lines, joined on the way */
	    {DATE "Retry-After: 4, soon\r\n", -1},
	    {DATE "Retry-After: 5.\r\n", -1},
	    {DATE "Retry-After: .5\r\n", -1},
	    {DATE "Retry-After: 1e3\r\n", -1},
	    {DATE "Retry-After: 0x10\r\n", -1},
	    {DATE "Retry-After: 5 5\r\n", -1},
	    {DATE "Retry-After:\r\n", -1},
	    {DATE "Retry-After: soon, perhaps\r\n", -1},
	    {DATE "Retry-After: nan\r\n", -1},
	    /* the first that can be read */
	    {DATE "Retry-After: soon\r\nRetry-After: 4\r\nRetry-After: 9\r\n", 4000},
	    {DATE "Retry-After: Fri, 02 Jan 2026 03:04:05 GMT\r\n", 5000},
	    {DATE "Retry-After: Friday, 02-Jan-26 03:05:00 GMT\r\n", 60000},
	    {DATE "Retry-After: Fri Jan  2 03:04:07 2026\r\n", 7000},
	    {DATE "Retry-After: Fri, 02 Jan 2026 03:04:00 GMT\r\n", -1},
	    {DATE "Retry-After: Mon, 05 Aug 2019 09:27:05 GMT\r\n", -1},
	    {DATE "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n", HEADER_WAIT_MS_MAX},
	    {DATE "Retry-After: Sat, 01 Jan 0000 00:00:00 GMT\r\n", -1},
	    /* against the response's own clock, which may be far off ours */
	    {"Date: Mon, 05 Aug 2019 09:27:00 GMT\r\n"
	     "Retry-After: Mon, 05 Aug 2019 09:27:05 GMT\r\n", 5000},
	    /* no Date, or none that can be read: our clock */
	    {"Retry-After: Fri, 02 Jan 2026 03:04:20 GMT\r\n", 20000},
	    {"Date: yesterday\r\nRetry-After: Fri, 02 Jan 2026 03:04:20 GMT\r\n", 20000},
	    {"HTTP/1.1 503 x\r\nRetry-After: 3", 3000},
	    {"", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		/* A copy without anything behind it: a read too far is seen by valgrind. */
		size_t length = strlen(cases[i].headers);
		char *copy = malloc(length + 1);
		struct header_hints hints;

		assert_non_null(copy);
		memcpy(copy, cases[i].headers, length);
		headers_read(copy, length, NOW_MS, &hints);
		free(copy);
		if (hints.wait_ms != cases[i].wait_ms)
			fail_msg("%s: %lld", cases[i].headers, (long long)hints.wait_ms);
		assert_string_equal(hints.source, cases[i].wait_ms > 0 ? "retry-after" : "");
		assert_int_equal(hints.limit, -1);
		assert_int_equal(hints.remaining, -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_walk),
	    cmocka_unit_test(test_retry_after),
	};

	return cmocka_run_group_tests_name("headers", tests, NULL, NULL);
}
