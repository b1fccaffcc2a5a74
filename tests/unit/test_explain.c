/* engine_explain: raw responses in, a JSON object out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/run/engine.h"

static struct spec *parse(const char *text)
{
	struct spec *spec = NULL;
	struct error error;

	if (spec_parse(text, strlen(text), NULL, &spec, &error) != STATUS_OK)
		fail_msg("%s: %s", text, error.text);
	return spec;
}

static enum status ask(const struct spec *spec, struct engine_question question,
                       const char *response, struct buffer *out)
{
	struct error error = {0};
	size_t length = strlen(response);
	/* Nothing behind it: a read too far is seen by the sanitizer. */
	char *copy = malloc(length ? length : 1);
	enum status status;

	assert_non_null(copy);
	memcpy(copy, response, length);
	question.response = copy;
	question.response_length = length;
	status = engine_explain(spec, &question, out, &error);
	free(copy);
	if (status != STATUS_OK)
		assert_true(error.text[0] != '\0');
	return status;
}

static const struct engine_question plain = {.attempt = 1, .bytes_sent = -1};

/* The answer holds `wanted`, and is JSON. */
static void expect_of(const struct spec *spec, struct engine_question question,
                      const char *response, const char *wanted)
{
	struct buffer out = {0};

	assert_int_equal(ask(spec, question, response, &out), STATUS_OK);
	assert_true(json_check(out.data, out.length, NULL));
	if (!strstr(out.data, wanted))
		fail_msg("%s\n%s\nhas no %s", response, out.data, wanted);
	buffer_free(&out);
}

static void expect(const char *response, const char *wanted)
{
	expect_of(NULL, plain, response, wanted);
}

static void test_whole(void **state)
{
	(void)state;
	expect("HTTP/1.1 403 Forbidden\r\nDate: Fri, 02 Jan 2026 03:04:00 GMT\r\n"
	       "x-ratelimit-limit: 5000, 5000;w=3600\r\nx-ratelimit-remaining: 0\r\n"
	       "x-ratelimit-reset: 1767323100\r\n\r\n{\"message\":\"API \\u0000 rate\\nlimit\"}",
	       "{\"decision\":\"throttle\",\"final\":false,\"wait_s\":{\"min\":60.0,\"max\":65.0},"
	       "\"charge_attempt\":false,\"source\":\"x-ratelimit-reset\",\"limit\":5000,"
	       "\"remaining\":0,\"policies\":[{\"quota\":5000,\"window_s\":3600}],"
	       "\"error\":{\"class\":\"http\",\"status\":403,\"code\":null,\"message\":\"API");
	expect("HTTP/1.1 200 OK\r\n\r\n",
	       "{\"decision\":\"done\",\"final\":true,\"wait_s\":null,\"charge_attempt\":true,"
	       "\"source\":null,\"limit\":null,\"remaining\":null,\"policies\":[],\"error\":null}");
	expect("HTTP/1.1 429 x\r\nretry-after-ms: 12\r\n\r\n", "{\"min\":0.012,\"max\":0.013}");
}

static void test_forms_of_responses(void **state)
{
	static const char *const bad[] = {
	    "", "\r\n", "hello", "429 Too Many\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 4\r\n\r\n",
	    "HTTP/1.1 42\r\n\r\n", "HTTP/1.1 4290\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
	    "HTTP/1.1 099 x\r\n\r\n", "\nHTTP/1.1 200 OK\n\n",
	};
	struct buffer out = {0};

	(void)state;
	expect("HTTP/1.1 404 Not Found\n\n", "\"decision\":\"fail\"");
	expect("HTTP/2 429\nretry-after: 3\n\n", "\"min\":3.0");
	expect("HTTP/1.1 429", "\"decision\":\"throttle\"");
	expect("HTTP/1.1 429 x\r\nRetry-After: 3", "\"min\":3.0");
	/* What curl -i prints before the answer. */
	expect("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 x\r\n\r\n", "\"status\":404");
	expect("HTTP/1.1 200 Connection established\r\n\r\n"
	       "HTTP/1.1 302 Found\r\nRetry-After: 9\r\n\r\nHTTP/2 429 \r\n\r\nbody",
	       "\"source\":\"backoff\"");
	/* Headers end at the empty line. */
	expect("HTTP/1.1 429 x\n\nRetry-After: 3\n", "\"source\":\"backoff\"");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (ask(NULL, plain, bad[i], &out) != STATUS_USAGE)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(out.length, 0);
	}
	buffer_free(&out);
}

static void test_without_a_response(void **state)
{
	struct engine_question question = plain;

	(void)state;
	question.method = "POST";
	question.curl_error = 56;
	expect_of(NULL, question, "", "\"decision\":\"unknown\""); /* some of it may have gone out */
	question.bytes_sent = 0;
	expect_of(NULL, question, "", "\"decision\":\"retry\"");
	question.bytes_sent = 9;
	question.keyed = true;
	expect_of(NULL, question, "",
	          "\"error\":{\"class\":\"broken\",\"status\":null,\"code\":null,\"message\":\"");
	question.curl_error = 7;
	question.bytes_sent = -1;
	expect_of(NULL, question, "", "\"class\":\"connect\"");
	question.attempt = 6;
	expect_of(NULL, question, "", "\"decision\":\"fail\"");
	/* It broke off in the middle of the answer. */
	question = (struct engine_question){.method = "POST", .curl_error = 18, .bytes_sent = 9};
	expect_of(NULL, question, "HTTP/1.1 200 OK\r\n\r\n{", "\"decision\":\"unknown\"");
}

static void test_with_a_job(void **state)
{
	struct spec *spec = parse(
	    "{\"request\":{\"url\":\"http://h/\",\"method\":\"POST\"},"
	    "\"rules\":[{\"if\":\"$.code == 1001\",\"then\":\"throttle\",\"code\":\"$.code\","
	    "\"message\":\"$.msg\"},{\"if\":\"$.code == 9\",\"then\":\"pause\"}],"
	    "\"retry\":{\"max\":1,\"delay_s\":3},"
	    "\"headers\":{\"reset\":{\"name\":\"X-Quota-Back\",\"unit\":\"min\"},"
	    "\"remaining\":\"X-Quota-Now\"}}");
	struct engine_question question = plain;

	(void)state;
	expect_of(spec, plain,
	          "HTTP/1.1 200 OK\n\n{\"code\":1001,\"msg\":\"slow\"}",
	          "\"wait_s\":{\"min\":0.0,\"max\":3.0},\"charge_attempt\":true,\"source\":\"backoff\","
	          "\"limit\":null,\"remaining\":null,\"policies\":[],\"error\":{\"class\":\"rule\","
	          "\"status\":200,\"code\":\"1001\",\"message\":\"slow\"}}");
	expect_of(spec, plain, "HTTP/1.1 200 OK\n\n{\"code\":9}",
	          "{\"decision\":\"pause\",\"final\":false,\"wait_s\":null");
	expect_of(spec, plain, "HTTP/1.1 502 x\n\n", "\"decision\":\"unknown\""); /* the job's POST */
	question.method = "GET";
	expect_of(spec, question, "HTTP/1.1 502 x\n\n", "\"max\":3.0");
	question.attempt = 2;
	expect_of(spec, question, "HTTP/1.1 502 x\n\n", "\"decision\":\"fail\"");
	/* The header that the job names, and no other for its role. */
	expect_of(spec, plain,
	          "HTTP/1.1 429 x\nX-Quota-Now: 0\nX-Quota-Back: 2\nX-RateLimit-Reset: 50\n\n",
	          "\"min\":120.0,\"max\":125.0},\"charge_attempt\":false,\"source\":\"x-quota-back\","
	          "\"limit\":null,\"remaining\":0");
	expect_of(spec, plain, "HTTP/1.1 429 x\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 50\n\n",
	          "\"source\":\"backoff\"");
	spec_free(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whole),
	    cmocka_unit_test(test_forms_of_responses),
	    cmocka_unit_test(test_without_a_response),
	    cmocka_unit_test(test_with_a_job),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
