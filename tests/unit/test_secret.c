#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/request/secret_reference.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char path[] = "/tmp/sluice-test-secret-XXXXXX";

static void write_file(const char *text, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void test_names(void **state)
{
	static const char *const secret[] = {
	    "Authorization", "proxy-authorization", "Cookie", "X-API-Key", "api-key", "apikey", "token",
	    "X-Auth-Token", "access_token", "accessToken", "client_secret", "password", "Passwd", "sign",
	    "signature", "X-Amz-Signature", "X-Signature", "access_key", "accessKeyId", "key", "X-Auth",
	    "Ocp-Apim-Subscription-Key", "AWSAccessKey", "sig", "JSESSIONID",
	};
	static const char *const harmless[] = {
	    "Idempotency-Key", "idempotency_key", "X-Idempotency-Key", "Accept", "Content-Type", "author",
	    "X-Author", "monkey", "page_token", "nextPageToken", "sort_key", "keyword", "design",
	    "signal", "passenger", "compass", "assignee", "user_id", "Host", "", "X-Request-Id",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(secret); i++) {
		if (!secret_name(secret[i]))
			fail_msg("%s is a secret's name", secret[i]);
	}
	for (size_t i = 0; i < COUNT(harmless); i++) {
		if (secret_name(harmless[i]))
			fail_msg("%s is no secret's name", harmless[i]);
	}
}

static void test_expand(void **state)
{
	static const struct {
		const char *text, *expanded;
	} cases[] = {
	    {"", ""},
	    {"plain $ { } $x ${x} ${HOME}", "plain $ { } $x ${x} ${HOME}"},
	    {"a${env:SLUICE_TEST_A}b${env:SLUICE_TEST_A}", "aalphabalpha"},
	    {"$${env:SLUICE_TEST_A} $$${", "${env:SLUICE_TEST_A} $${"},
	    {"$$", "$$"},
	    {"$", "$"},
	    {"${given:request.headers.X}${env:SLUICE_TEST_A}", "G}Valpha"},
	};
	struct secret_set *set = secret_set_new();

	(void)state;
	setenv("SLUICE_TEST_A", "alpha", 1);
	assert_int_equal(secret_set_put(set, "given:request.headers.X", "G}V", 3), STATUS_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buffer out = {0};
		struct error error;

		assert_int_equal(secret_expand(set, cases[i].text, &out, &error), STATUS_OK);
		assert_string_equal(out.data ? out.data : "", cases[i].expanded);
		buffer_free(&out);
	}
	assert_true(secret_referenced("a ${file:/x}"));
	assert_true(secret_referenced("${env:"));
	assert_false(secret_referenced("$${env:X} ${x}"));
	secret_set_free(set);
}

static void test_files(void **state)
{
	struct secret_set *set;
	struct buffer out = {0}, text = {0};
	struct error error;
	char *big = calloc(1, 65538);

	(void)state;
	buffer_printf(&text, "${file:%s}", path);
	write_file("line\nsecond\r\n", 13);
	set = secret_set_new();
	assert_int_equal(secret_expand(set, text.data, &out, &error), STATUS_OK);
	assert_string_equal(out.data, "line\nsecond");
	/* Read once: later changes of the file do not show. */
	write_file("other", 5);
	buffer_reset(&out, 0);
	assert_int_equal(secret_expand(set, text.data, &out, &error), STATUS_OK);
	assert_string_equal(out.data, "line\nsecond");
	secret_set_free(set);

	set = secret_set_new();
	memset(big, 'x', 65537);
	write_file(big, 65537);
	assert_int_equal(secret_expand(set, text.data, &out, &error), STATUS_USAGE);
	assert_non_null(strstr(error.text, "more than 64 KiB"));
	assert_null(strstr(error.text, "xxx"));
	write_file(big, 65536);
	buffer_reset(&out, 0);
	assert_int_equal(secret_expand(set, text.data, &out, &error), STATUS_OK);
	assert_int_equal(out.length, 65536);
	secret_set_free(set);
	buffer_free(&out);
	buffer_free(&text);
	free(big);
}

static void test_faults(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
	    {"${env:SLUICE_TEST_NO_SUCH}", "${env:SLUICE_TEST_NO_SUCH} is not set"},
	    {"${env:SLUICE_TEST_EMPTY}", "${env:SLUICE_TEST_EMPTY} is empty"},
	    {"${env:A B}", "${env:A B} is not the name of a variable"},
	    {"${env:1}", "${env:1} is not the name of a variable"},
	    {"${env:}", "${env:} names nothing"},
	    {"${file:/no/such/file}", "${file:/no/such/file} cannot be read: No such file"},
	    {"${file:/}", "${file:/} cannot be read: Is a directory"},
	    {"${given:request.url}", "the credential ${given:request.url} is not at hand"},
	    {"x ${env:HOME", "a ${ has no closing brace"},
	};

	(void)state;
	setenv("SLUICE_TEST_EMPTY", "", 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct secret_set *set = secret_set_new();
		struct buffer out = {0};
		struct error error;

		buffer_text(&out, "kept");
		assert_int_equal(secret_expand(set, cases[i].text, &out, &error), STATUS_USAGE);
		if (strncmp(error.text, cases[i].fault, strlen(cases[i].fault)) != 0)
			fail_msg("%s: %s", cases[i].text, error.text);
		assert_int_equal(out.length, 4);
		buffer_free(&out);
		secret_set_free(set);
	}
}

static bool masks(const struct secret_set *set, char *text)
{
	size_t length = strlen(text);
	bool masked = secret_mask(set, text, &length);

	assert_int_equal(length, strlen(text));
	return masked;
}

/* Three stars, however long it is. */
static void test_mask(void **state)
{
	static const struct {
		const char *text, *masked;
	} cases[] = {
	    {"nothing here", "nothing here"},
	    {"tok sec\"ret/1 end", "tok *** end"},
	    {"sec\"ret/1sec\"ret/1", "***"},
	    {"{\"t\":\"sec\\\"ret/1\"}", "{\"t\":\"***\"}"},
	    {"?t=sec%22ret%2F1&x", "?t=***&x"},
	    {"Basic c2VjInJldC8x.", "Basic ***."},
	    {"Basic dXNlcjpwYXNz", "Basic ***"},
	    {"Basic dXNlcjpwYXNzMQ==", "Basic ***MQ=="}, /* its beginning is the pair */
	    {"abc", "***"}, /* a short value, where it stands alone */
	    {"\"abc\",xabc,abc1", "\"***\",xabc,abc1"},
	    {"longer-than-long", "***"},
	    {"long, longer-than-long and 1", "***, *** and 1"},
	    {"is ab.", "is **."}, /* what is shorter does not get longer */
	    {"long", "***"},
	};
	struct secret_set *set = secret_set_new(), *merged = secret_set_new();
	size_t nothing = 0;

	(void)state;
	assert_int_equal(secret_set_put(set, "given:a", "sec\"ret/1", 9), STATUS_OK);
	assert_int_equal(secret_set_put(set, "given:b", "user:pass", 9), STATUS_OK);
	assert_int_equal(secret_set_put(set, "given:c", "abc", 3), STATUS_OK);
	assert_int_equal(secret_set_put(set, "given:d", "long", 4), STATUS_OK);
	assert_int_equal(secret_set_put(set, "given:e", "longer-than-long", 16), STATUS_OK);
	assert_int_equal(secret_set_put(set, "given:f", "ab", 2), STATUS_OK);
	assert_int_equal(secret_set_merge(merged, set), STATUS_OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", cases[i].text);
		assert_int_equal(masks(set, text),
		                 strcmp(cases[i].text, cases[i].masked) != 0);
		assert_string_equal(text, cases[i].masked);
		snprintf(text, sizeof(text), "%s", cases[i].text);
		masks(merged, text);
		assert_string_equal(text, cases[i].masked);
	}
	assert_false(secret_mask(set, NULL, &nothing));
	secret_set_free(set);
	secret_set_free(merged);
	secret_set_free(NULL);
}

static void test_many(void **state)
{
	struct secret_set *set = secret_set_new();

	(void)state;
	for (int i = 0; i < 500; i++) {
		char reference[32], value[200];

		snprintf(reference, sizeof(reference), "given:%d", i);
		snprintf(value, sizeof(value), "value-%0*d", i % 150 + 5, i);
		assert_int_equal(secret_set_put(set, reference, value, strlen(value)), STATUS_OK);
	}
	for (int i = 0; i < 500; i++) {
		char text[32], value[200];
		struct buffer out = {0};

		snprintf(text, sizeof(text), "${given:%d}", i);
		snprintf(value, sizeof(value), "value-%0*d", i % 150 + 5, i);
		assert_int_equal(secret_expand(set, text, &out, NULL), STATUS_OK);
		assert_string_equal(out.data, value);
		assert_true(secret_mask(set, out.data, &out.length));
		assert_string_equal(out.data, "***");
		buffer_free(&out);
	}
	/* A new value takes the old one's place. */
	assert_int_equal(secret_set_put(set, "given:7", "fresh", 5), STATUS_OK);
	struct buffer out = {0};
	assert_int_equal(secret_expand(set, "${given:7}", &out, NULL), STATUS_OK);
	assert_string_equal(out.data, "fresh");
	buffer_free(&out);
	secret_set_free(set);
}

static void test_markers(void **state)
{
	struct secret_set *set = secret_set_new_markers();
	struct buffer out = {0};
	static const enum secret_coding codings[] = {CODING_NONE, CODING_URL, CODING_PERCENT,
	                                             CODING_JSON};
	struct secret_marker marker;
	size_t past;
	const char *second;

	(void)state;
	assert_true(secret_set_has_markers(set));
	assert_int_equal(secret_expand(set, "a ${env:SLUICE_TEST_NO_SUCH} b ${file:/no} c", &out, NULL),
	                 STATUS_OK);
	assert_int_equal(secret_expand(set, "${env:A B}", &out, NULL), STATUS_USAGE);
	assert_true(secret_marker_find(set, out.data, out.length, &marker));
	assert_int_equal(marker.at, 2);
	assert_string_equal(marker.reference, "env:SLUICE_TEST_NO_SUCH");
	past = marker.at + marker.length;
	assert_true(secret_marker_find(set, out.data + past, out.length - past, &marker));
	assert_string_equal(marker.reference, "file:/no");
	assert_string_equal(secret_set_reference(set, marker.index), "file:/no");
	second = out.data + past + marker.at;
	/* A marker that was cut, or made up, is none. */
	assert_false(secret_marker_find(set, out.data + out.length - marker.length - 2,
	                                marker.length - 1, &marker));
	assert_false(secret_marker_find(set, "SX0n0x", 6, &marker));
	/* It says how its value is written. */
	for (size_t i = 0; i < COUNT(codings); i++) {
		struct buffer coded = {0};

		secret_marker_put(&coded, second, marker.length, codings[i]);
		assert_int_equal(coded.length, marker.length);
		assert_true(secret_marker_find(set, coded.data, coded.length, &marker));
		assert_int_equal(marker.coding, codings[i]);
		assert_string_equal(marker.reference, "file:/no");
		buffer_free(&coded);
	}
	buffer_free(&out);
	secret_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),  cmocka_unit_test(test_expand),
	    cmocka_unit_test(test_files),  cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_mask),   cmocka_unit_test(test_many),
	    cmocka_unit_test(test_markers),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
