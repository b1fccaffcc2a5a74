/* Literal credentials in a body leave the job's text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/json.h"
#include "engine/request/plan.h"

struct job {
	struct secret_set *given;
	struct spec *spec;
};

static struct job job_of(const char *members)
{
	struct job job = {.given = secret_set_new()};
	struct error error = {0};
	char text[2048];
	int length = snprintf(text, sizeof(text), "{\"name\":\"t\",\"request\":{\"url\":\"http://h/\",%s}}",
	                      members);

	if (spec_parse(text, (size_t)length, job.given, &job.spec, &error) != STATUS_OK)
		fail_msg("%s: %s", members, error.text);
	return job;
}

static void job_drop(struct job *job)
{
	spec_free(job->spec);
	secret_set_free(job->given);
}

/* The body that is sent: what was written, with its credentials. */
static void assert_sent(const struct job *job, const char *wanted)
{
	static const unsigned char uuid[16] = {1};
	struct secret_set *secrets = secret_set_new();
	struct rendered request = {0};
	struct plan *plan = NULL;
	struct error error = {0};

	assert_int_equal(secret_set_merge(secrets, job->given), STATUS_OK);
	if (plan_make(job->spec, "t", uuid, secrets, &plan, &error) != STATUS_OK ||
	    plan_render(plan, 1, NULL, 0, (struct json_span){"{}", 2}, &request, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	assert_string_equal(request.body.data, wanted);
	rendered_free(&request);
	plan_free(plan);
	secret_set_free(secrets);
}

static void test_hidden(void **state)
{
	static const struct {
		const char *members, *kept, *sent;
	} table[] = {
	    {"\"json\":{\"password\":\"pw-1\",\"n\":1.50}",
	     "{\"password\":\"${given:request.json.password}\",\"n\":1.50}",
	     "{\"password\":\"pw-1\",\"n\":1.50}"},
	    {"\"json\":{\"a\":[{\"api_key\":\"pw-2\\\"x\\\\\"}]}",
	     "{\"a\":[{\"api_key\":\"${given:request.json.a[0].api_key}\"}]}",
	     "{\"a\":[{\"api_key\":\"pw-2\\\"x\\\\\"}]}"},
	    {"\"json\":{\"token\":\"pw-3\",\"token\":\"pw-4\"}",
	     "{\"token\":\"${given:request.json.token}\",\"token\":\"${given:request.json.token+}\"}",
	     "{\"token\":\"pw-3\",\"token\":\"pw-4\"}"},
	    {"\"json\":{\"my}\\\"secret\":\"pw-5\",\"secret\":\"$${pw-6}\"}", NULL,
	     "{\"my}\\\"secret\":\"pw-5\",\"secret\":\"${pw-6}\"}"},
	    {"\"json\":{\"value\":\"sk-pw-0123456789abcdef\"}",
	     "{\"value\":\"${given:request.json.value}\"}", "{\"value\":\"sk-pw-0123456789abcdef\"}"},
	    {"\"json\":{\"key\":\"pw0123456789abcdef\"}", "{\"key\":\"${given:request.json.key}\"}",
	     "{\"key\":\"pw0123456789abcdef\"}"},
	    {"\"json\":{\"client_secret\":\"pw \xC3\xBC\"}",
	     "{\"client_secret\":\"${given:request.json.client_secret}\"}",
	     "{\"client_secret\":\"pw \xC3\xBC\"}"},
	    {"\"body\":\"{\\\"password\\\": \\\"pw\\\\u0041\\\"}\"",
	     "{\"password\": \"${given:request.body.password}\"}", "{\"password\": \"pw\\u0041\"}"},
	    {"\"body\":\"grant_type=password&client_secret=pw-7&x=1&password=pw-8\"",
	     "grant_type=password&client_secret=${given:request.body.client_secret}&x=1&"
	     "password=${given:request.body.password}",
	     "grant_type=password&client_secret=pw-7&x=1&password=pw-8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct job job = job_of(table[i].members);

		if (strstr(job.spec->canonical + strlen("{\"name\""), "pw"))
			fail_msg("%s: %s", table[i].members, job.spec->canonical);
		if (table[i].kept)
			assert_string_equal(job.spec->request.body, table[i].kept);
		assert_int_equal(strlen(job.spec->request.body), job.spec->request.body_length);
		assert_true(json_check(job.spec->canonical, job.spec->canonical_length, NULL));
		assert_sent(&job, table[i].sent);
		job_drop(&job);
	}
}

/* What is data stays data. */
static void test_left_alone(void **state)
{
	static const char *const bodies[] = {
	    "{\"key\":\"user-7\",\"password\":\"{{password}}\",\"token\":\"${env:T}\",\"secret\":\"\"}",
	    "{\"password\":null,\"token\":7,\"sort_key\":\"0123456789abcdefghij\",\"text\":\"Bearer of news x\"}",
	    "{\"sign\":\"aries\",\"public_key\":\"0123456789abcdefghij\",\"next_page_token\":\"abc\"}",
	    "[\"password\",\"token\"]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		char members[512];
		struct job job;

		snprintf(members, sizeof(members), "\"json\":%s", bodies[i]);
		job = job_of(members);
		assert_string_equal(job.spec->request.body, bodies[i]);
		job_drop(&job);
	}
}

/* Where nobody can keep them they are refused, by their place. */
static void test_refused(void **state)
{
	static const char text[] =
	    "{\"name\":\"t\",\"request\":{\"url\":\"http://h/\",\"json\":{\"a\":{\"password\":\"pw\"}}}}";
	struct spec *spec = NULL;
	struct error error = {0};

	(void)state;
	assert_int_equal(spec_parse(text, sizeof(text) - 1, NULL, &spec, &error), STATUS_USAGE);
	assert_non_null(strstr(error.text, "request.json.a.password: holds a credential"));
	assert_null(strstr(error.text, "pw"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_hidden),
	                                   cmocka_unit_test(test_left_alone),
	                                   cmocka_unit_test(test_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
