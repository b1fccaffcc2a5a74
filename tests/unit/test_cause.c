#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/utf8.h"
#include "engine/policy/cause.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define QUOTED "'\xE2\x80\xA6'"

static void test_normalise(void **state)
{
	static const struct {
		const char *message, *normalised;
	} cases[] = {
	    {"", ""},
	    {"plain words", "plain words"},
	    {"User 12345 not found", "User # not found"},
	    {"user12 has 3 items", "user# has # items"},
	    {"order 550e8400-e29b-41d4-a716-446655440000 gone", "order # gone"},
	    {"commit deadbeef is fine, 1deadbeef is not", "commit deadbeef is fine, # is not"},
	    {"trace 4bf92f3577b34da6a3ce929d0e0e4736", "trace #"},
	    {"request req7HkQ2mmPz81LLx failed", "request # failed"},
	    {"sha256withRSAEncryption", "sha#withRSAEncryption"},
	    {"field \"name\" is 'too long'", "field " QUOTED " is " QUOTED},
	    {"can't parse 'it's here' now", "can't parse " QUOTED " now"},
	    {"isn't and won't", "isn't and won't"},
	    {"an open \" quote", "an open \" quote"},
	    {"\xE2\x80\x9C" "abc\xE2\x80\x9D not valid", QUOTED " not valid"},
	    {"connect to 10.0.0.17:8080 refused", "connect to # refused"},
	    {"at 2026-01-02T03:04:05.123Z", "at #T#Z"},
	    {"price 1,234.50 at 10:32:05", "price # at #"},
	    {"took 1.5 s, then 20 s.", "took # s, then # s."},
	    {"mail bob.smith@mail.example.com exists", "mail #@# exists"},
	    {"a @ b", "a @ b"},
	    {"  many \t\r\n blanks  ", "many blanks"},
	    {"nul\x01 and\x1b[31m red", "nul and[#m red"},
	    {"\xE7\x94\xA8\xE6\x88\xB7 42 \xE4\xB8\x8D\xE5\xAD\x98\xE5\x9C\xA8",
	     "\xE7\x94\xA8\xE6\x88\xB7 # \xE4\xB8\x8D\xE5\xAD\x98\xE5\x9C\xA8"},
	    {"bad \xFF\xC0 bytes", "bad bytes"},
	};
	char out[CAUSE_MESSAGE_MAX + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		cause_normalise(cases[i].message, strlen(cases[i].message), out);
		assert_string_equal(out, cases[i].normalised);
		/* Doing it again changes nothing. */
		cause_normalise(cases[i].normalised, strlen(cases[i].normalised), out);
		assert_string_equal(out, cases[i].normalised);
	}
}

static void test_normalise_cuts_on_a_character(void **state)
{
	char message[4096], out[CAUSE_MESSAGE_MAX + 1];

	(void)state;
	for (size_t lead = 0; lead < 4; lead++) {
		memset(message, 'x', lead);
		for (size_t i = lead; i + 3 <= sizeof(message); i += 3)
			memcpy(message + i, "\xE4\xB8\xAD", 3);
		cause_normalise(message, sizeof(message) - 4, out);
		assert_in_range(strlen(out), CAUSE_MESSAGE_MAX - 2, CAUSE_MESSAGE_MAX);
		assert_true(utf8_check(out, strlen(out), NULL));
	}
	memset(message, '"', sizeof(message));
	cause_normalise(message, sizeof(message), out);
	assert_true(strlen(out) <= CAUSE_MESSAGE_MAX);
	memset(message, 'a', sizeof(message));
	cause_normalise(message, sizeof(message), out);
	assert_int_equal(strlen(out), CAUSE_MESSAGE_MAX);
}

static void test_hash(void **state)
{
	uint64_t hash = cause_hash("http", 503, NULL, "x");

	(void)state;
	assert_true(hash != 0);
	assert_true(hash == cause_hash("http", 503, "", "x"));
	assert_true(hash != cause_hash("http", 502, NULL, "x"));
	assert_true(hash != cause_hash("http", 503, "1", "x"));
	assert_true(hash != cause_hash("rule", 503, NULL, "x"));
	assert_true(hash != cause_hash("http", 503, NULL, "y"));
	assert_true(cause_hash("a", 0, "bc", "d") != cause_hash("a", 0, "b", "cd"));
	/* It is kept in databases: it must not change. */
	assert_true(cause_hash("http", 404, "NOT_FOUND", "User # not found") ==
	            0x587dd94fc32656a2ULL);
}

static void test_message(void **state)
{
	static const struct {
		const char *body, *message;
	} cases[] = {
	    {"", ""},
	    {"   \n", ""},
	    {"{\"message\":\"Not Found\"}", "Not Found"},
	    {"{\"code\":1001,\"msg\":\"rate limited\"}", "rate limited"},
	    {"{\"errcode\":40001,\"errmsg\":\"invalid credential\"}", "invalid credential"},
	    {"{\"error\":\"boom\"}", "boom"},
	    {"{\"error\":{\"code\":401,\"message\":\"Invalid key\",\"status\":\"X\"}}", "Invalid key"},
	    {"{\"error\":\"invalid_grant\",\"error_description\":\"Token expired\"}",
	     "Token expired"},
	    {"{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"detail\":\"id is missing\"}",
	     "id is missing"},
	    {"{\"title\":\"Bad Request\",\"status\":400}", "Bad Request"},
	    {"{\"errors\":[{\"message\":\"first\"},{\"message\":\"second\"}]}", "first"},
	    {"{\"errors\":[\"one\",\"two\"]}", "one"},
	    {"{\"message\":\"\",\"error\":\"used instead\"}", "used instead"},
	    {"{\"message\":null,\"detail\":[{\"loc\":[\"body\"],\"msg\":\"field required\"}]}",
	     "field required"},
	    {"{\"message\":{\"a\":{\"b\":1}}}", ""},
	    {"{\"m\\u0065ssage\":\"esc\\u0061ped \\u4e2d\\n line\"}", "escaped \xE4\xB8\xAD line"},
	    {"{\"ok\":false}", ""},
	    {"\"just a string\"", "just a string"},
	    {"17", ""},
	    {"[]", ""},
	    {"{\"message\":\"a\\u0000b\\u001b[31mc\"}", "ab[31mc"},
	    {"<html><head><title>\n502 Bad\n Gateway </title></head></html>", "502 Bad Gateway"},
	    {"<HTML><TITLE lang=en>Oops</TITLE>", "Oops"},
	    {"<!doctype html><style>a{}</style><h1>Down <b>now</b></h1>", "Down"},
	    {"<?xml version=\"1.0\"?><Error><Code>X</Code><Message>Access Denied</Message></Error>",
	     "Access Denied"},
	    {"<s:Envelope><faultstring>no such user</faultstring>", "no such user"},
	    {"<title></title><p>x</p>", "x"},
	    {"<titles>no</titles><title>yes</title>", "yes"},
	    {"<", ""},
	    {"<title", ""},
	    {"<title>open", "open"},
	    {"\n\n  upstream connect error \nmore", "upstream connect error"},
	    {"\xEF\xBB\xBFtext", "text"},
	    {"{\"message\":\"cut off", "{\"message\":\"cut off"},
	    {"bad \xFF byte", "bad \xEF\xBF\xBD byte"},
	};
	char out[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t length = strlen(cases[i].body);
		char *copy = malloc(length + 1);

		assert_non_null(copy);
		memcpy(copy, cases[i].body, length); /* no NUL behind it */
		cause_message(copy, length, out, sizeof(out));
		free(copy);
		if (strcmp(out, cases[i].message) != 0)
			fail_msg("%s: %s", cases[i].body, out);
	}
	cause_message("PNG\0\0\1", 6, out, sizeof(out));
	assert_string_equal(out, "");
}

static void test_message_cuts(void **state)
{
	static const char body[] = "{\"message\":\"ab\xE4\xB8\xAD\xE4\xB8\xAD\"}";
	static const char *const expected[] = {
	    "", "", "a", "ab", "ab", "ab", "ab\xE4\xB8\xAD", "ab\xE4\xB8\xAD", "ab\xE4\xB8\xAD",
	    "ab\xE4\xB8\xAD\xE4\xB8\xAD", "ab\xE4\xB8\xAD\xE4\xB8\xAD"};

	(void)state;
	for (size_t size = 1; size < COUNT(expected); size++) {
		char *out = malloc(size);

		assert_non_null(out);
		cause_message(body, strlen(body), out, size);
		assert_string_equal(out, expected[size]);
		free(out);
	}
	cause_message(body, strlen(body), NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_normalise),
	    cmocka_unit_test(test_normalise_cuts_on_a_character),
	    cmocka_unit_test(test_hash),
	    cmocka_unit_test(test_message),
	    cmocka_unit_test(test_message_cuts),
	};

	return cmocka_run_group_tests_name("cause", tests, NULL, NULL);
}
