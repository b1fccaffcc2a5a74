#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "web/guard.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void add(struct guard_facts *facts, const char *name, const char *value)
{
	guard_add(facts, name, strlen(name), value, strlen(value));
}

/* ---- framing ----------------------------------------------------------- */

static void test_framing(void **state)
{
	static const struct {
		const char *headers[6]; /* name, value, … */
		int http_status;
		bool has_body;
		uint64_t length;
	} cases[] = {
		{{"Host", "a"}, 0, false, 0},
		{{"Content-Length", "0"}, 0, false, 0},
		{{"Content-Length", "17"}, 0, true, 17},
		{{"content-length", "9223372036854775807"}, 0, true, INT64_MAX},
		{{"Content-Length", "9223372036854775808"}, 400, false, 0},
		{{"Content-Length", "+1"}, 400, false, 0},
		{{"Content-Length", "-1"}, 400, false, 0},
		{{"Content-Length", "1, 1"}, 400, false, 0},
		{{"Content-Length", ""}, 400, false, 0},
		{{"Content-Length", "0x10"}, 400, false, 0},
		{{"Transfer-Encoding", "chunked"}, 0, true, 0},
		{{"Transfer-Encoding", "CHUNKED"}, 0, true, 0},
		{{"Transfer-Encoding", "gzip, chunked"}, 501, false, 0},
		{{"Transfer-Encoding", "identity"}, 501, false, 0},
		{{"Transfer-Encoding", ""}, 501, false, 0},
		{{"Transfer-Encoding", "chunked", "Content-Length", "3"}, 400, false, 0},
		{{"Content-Length", "3", "Transfer-Encoding", "chunked"}, 400, false, 0},
		{{"Content-Length", "3", "Content-Length", "3"}, 400, false, 0},
		{{"Transfer-Encoding", "chunked", "transfer-encoding", "chunked"}, 400, false, 0},
		{{"Host", "a", "Host", "a"}, 400, false, 0},
		{{"Host", "a", "HOST", "b"}, 400, false, 0},
		{{"Authorization", "a", "Authorization", "a"}, 400, false, 0},
		{{"Origin", "a", "Origin", "b"}, 400, false, 0},
		{{"Accept", "a", "Accept", "b", "Host", "c"}, 0, false, 0},
		{{"Transfer-Encoding ", "chunked"}, 400, false, 0},
		{{"Ho st", "a"}, 400, false, 0},
		{{"", "a"}, 400, false, 0},
		{{"X", "a\rb"}, 400, false, 0},
		{{"X", "a\x7f"}, 400, false, 0},
		{{"X", "a\tb \xc3\xa4"}, 0, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct guard_facts facts = {0};
		struct refusal refusal;

		for (int h = 0; h < 6 && cases[i].headers[h] != NULL; h += 2)
			add(&facts, cases[i].headers[h], cases[i].headers[h + 1]);
		refusal = guard_framing(&facts);
		if (refusal.http_status != cases[i].http_status)
			print_error("case %zu: %s: %s\n", i, cases[i].headers[0],
			            cases[i].headers[1]);
		assert_int_equal(refusal.http_status, cases[i].http_status);
		if (refusal.http_status != 0)
			continue;
		assert_int_equal(facts.has_body, cases[i].has_body);
		assert_int_equal(facts.body_length, cases[i].length);
	}
}

static void test_nul_in_a_header(void **state)
{
	struct guard_facts facts = {0};

	(void)state;
	guard_add(&facts, "Host", 4, "a\0b", 3);
	assert_int_equal(guard_framing(&facts).http_status, 400);
	facts = (struct guard_facts){0};
	guard_add(&facts, "Ho\0st", 5, "a", 1);
	assert_int_equal(guard_framing(&facts).http_status, 400);
}

/* ---- where from ----------------------------------------------------------- */

static void test_zone(void **state)
{
	(void)state;
	assert_int_equal(guard_zone("/healthz"), ZONE_OPEN);
	assert_int_equal(guard_zone("/api/v1/readyz"), ZONE_OPEN);
	assert_int_equal(guard_zone("/healthz/"), ZONE_PAGE);
	assert_int_equal(guard_zone("/"), ZONE_PAGE);
	assert_int_equal(guard_zone("/app.js"), ZONE_PAGE);
	assert_int_equal(guard_zone("/apix"), ZONE_PAGE);
	assert_int_equal(guard_zone("/api"), ZONE_TOKEN);
	assert_int_equal(guard_zone("/api/"), ZONE_TOKEN);
	assert_int_equal(guard_zone("/api/v1/jobs"), ZONE_TOKEN);
	assert_int_equal(guard_zone("/api/v2/anything"), ZONE_TOKEN);
	assert_int_equal(guard_zone("/metrics"), ZONE_TOKEN);
}

static void test_host(void **state)
{
	static const struct {
		const char *host;
		int http_status;
	} cases[] = {
		{"127.0.0.1:8420", 0},
		{"localhost:8420", 0},
		{"LocalHost:8420", 0},
		{"[::1]:8420", 0},
		{"192.168.1.7:8420", 0},
		{"[fe80::1]:8420", 0},
		{"", 400},
		{"127.0.0.1", 403},
		{"127.0.0.1:80", 403},
		{"127.0.0.1:08420x", 403},
		{"127.0.0.1:", 403},
		{"127.0.0.1:8420:8420", 403},
		{"127.1:8420", 403},
		{"0x7f.0.0.1:8420", 403},
		{"127.0.0.1.:8420", 403},
		{"evil.example:8420", 403},
		{"localhost.evil.example:8420", 403},
		{"127.0.0.1.nip.io:8420", 403},
		{"evil.example", 403},
		{"user@127.0.0.1:8420", 403},
		{"::1:8420", 403},
		{"[::1:8420", 403},
		{"[::1]", 403},
		{"[]:8420", 403},
		{"[evil.example]:8420", 403},
		{"[fe80::1%25eth0]:8420", 403},
		{":8420", 403},
		{" localhost:8420", 403},
		{"1111111111111111111111111111111111111111111111111111111111111:8420", 403},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct guard_facts facts = {.host = cases[i].host};

		if (guard_host(&facts, 8420).http_status != cases[i].http_status)
			print_error("host '%s'\n", cases[i].host);
		assert_int_equal(guard_host(&facts, 8420).http_status, cases[i].http_status);
	}
	assert_int_equal(guard_host(&(struct guard_facts){0}, 8420).http_status, 400);
	assert_int_equal(guard_host(&(struct guard_facts){.host = "localhost"}, 80).http_status, 0);
	assert_int_equal(guard_host(&(struct guard_facts){.host = "[::1]"}, 80).http_status, 0);
}

static void test_origin(void **state)
{
	static const struct {
		const char *origin, *site, *mode, *dest;
		enum guard_zone zone;
		int http_status;
	} cases[] = {
		{NULL, NULL, NULL, NULL, ZONE_TOKEN, 0},
		{"http://localhost:8420", NULL, NULL, NULL, ZONE_TOKEN, 0},
		{"http://localhost:8420", "same-origin", "cors", "empty", ZONE_TOKEN, 0},
		{"HTTP://LOCALHOST:8420", NULL, NULL, NULL, ZONE_TOKEN, 0},
		{"https://localhost:8420", NULL, NULL, NULL, ZONE_TOKEN, 403},
		{"http://localhost:3000", NULL, NULL, NULL, ZONE_TOKEN, 403},
		{"http://localhost", NULL, NULL, NULL, ZONE_TOKEN, 403},
		{"http://127.0.0.1:8420", NULL, NULL, NULL, ZONE_TOKEN, 403},
		{"http://evil.example", NULL, NULL, NULL, ZONE_OPEN, 403},
		{"null", NULL, NULL, NULL, ZONE_TOKEN, 403},
		{"", NULL, NULL, NULL, ZONE_TOKEN, 403},
		{NULL, "none", NULL, NULL, ZONE_TOKEN, 0},
		{NULL, "cross-site", NULL, NULL, ZONE_TOKEN, 403},
		{NULL, "same-site", NULL, NULL, ZONE_TOKEN, 403},
		{NULL, "", NULL, NULL, ZONE_TOKEN, 403},
		{NULL, "cross-site", "navigate", "document", ZONE_TOKEN, 403},
		{NULL, "cross-site", "navigate", "document", ZONE_PAGE, 0},
		{NULL, "cross-site", "navigate", "iframe", ZONE_PAGE, 403},
		{NULL, "cross-site", "no-cors", "script", ZONE_PAGE, 403},
		{"http://evil.example", "cross-site", "navigate", "document", ZONE_PAGE, 403},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct guard_facts facts = {
			.host = "localhost:8420",
			.origin = cases[i].origin,
			.fetch_site = cases[i].site,
			.fetch_mode = cases[i].mode,
			.fetch_dest = cases[i].dest,
		};
		struct refusal refusal = guard_origin(&facts, cases[i].zone);

		if (refusal.http_status != cases[i].http_status)
			print_error("case %zu\n", i);
		assert_int_equal(refusal.http_status, cases[i].http_status);
	}
}

/* ---- token ------------------------------------------------------------------ */

static const char token[] = "0123456789abcdef";

static int login(struct guard_logins *logins, const char *authorization, int64_t now_s)
{
	struct guard_facts facts = {.authorization = authorization};

	return guard_token(&facts, token, logins, now_s * NS_PER_S).http_status;
}

static void test_token(void **state)
{
	static const struct {
		const char *authorization;
		int http_status;
	} cases[] = {
		{"Bearer 0123456789abcdef", 0},
		{"bearer 0123456789abcdef", 0},
		{"Bearer   0123456789abcdef", 0},
		{NULL, 401},
		{"", 401},
		{"Bearer", 401},
		{"Bearer ", 401},
		{"Bearer 0123456789abcde", 401},
		{"Bearer 0123456789abcdeF", 401},
		{"Bearer 0123456789abcdef0", 401},
		{"Bearer 0123456789abcdef ", 401},
		{"0123456789abcdef", 401},
		{"Basic 0123456789abcdef", 401},
	};
	char huge[600] = "Bearer ";

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct guard_logins logins = {0};

		assert_int_equal(login(&logins, cases[i].authorization, 5), cases[i].http_status);
	}
	memset(huge + strlen("Bearer "), '0', 500);
	assert_int_equal(login(&(struct guard_logins){0}, huge, 5), 401);
}

static void test_guessing_is_limited(void **state)
{
	struct guard_logins logins = {0};

	(void)state;
	for (int i = 0; i < LOGIN_FAILURES_MAX; i++)
		assert_int_equal(login(&logins, "Bearer guess", 100 + i / 10), 401);
	assert_int_equal(login(&logins, "Bearer guess", 103), 429);
	assert_int_equal(login(&logins, "Bearer guess", 109), 429);
	/* nobody is locked out by it */
	assert_int_equal(login(&logins, "Bearer 0123456789abcdef", 103), 0);
	assert_int_equal(login(&logins, NULL, 103), 401);
	assert_int_equal(login(&logins, "Bearer guess", 110), 401);
}

static void test_who(void **state)
{
	(void)state;
	assert_string_equal(guard_who(&(struct guard_facts){0}), "api");
	assert_string_equal(guard_who(&(struct guard_facts){.client = "page"}), "page");
	assert_string_equal(guard_who(&(struct guard_facts){.client = "cli"}), "cli");
	assert_string_equal(guard_who(&(struct guard_facts){.client = "<b>"}), "api");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_framing),
		cmocka_unit_test(test_nul_in_a_header),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_origin),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_guessing_is_limited),
		cmocka_unit_test(test_who),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
