/* What the tests of the routes share: ask, and look at the answer.  Includes
 * the engine that they ask. */
#ifndef SLUICE_TESTS_ASK_ROUTES_H
#define SLUICE_TESTS_ASK_ROUTES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/json.h"
#include "tests/unit/fake_engine.h"
#include "web/routes.h"
#include "web/target.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct route_response response;

/* Ask, and keep the answer in `response`. */
static void ask_bytes(const char *method, const char *uri, const char *body, size_t body_length)
{
	struct target target;
	const char *fault;
	struct route_request request = {
		.method = method,
		.query = target_query,
		.query_name = target_query_name,
		.context = &target,
		.body = body,
		.body_length = body_length,
		.who = "api",
	};

	route_response_free(&response);
	assert_true(target_parse(uri, &target, &fault));
	request.path = target.path;
	routes_dispatch(NULL, &request, &response);
	target_free(&target);
	if (response.content_type != NULL && strstr(response.content_type, "json") != NULL
	    && response.next == NULL) {
		struct json_fault where = {0};

		if (!json_check(response.body.data, response.body.length, &where))
			fail_msg("%s %s: byte %zu: %s in %s", method, uri, where.offset,
			         where.reason, response.body.data);
	}
}

static void ask(const char *method, const char *uri, const char *body)
{
	ask_bytes(method, uri, body, body != NULL ? strlen(body) : 0);
}

static void expect(const char *method, const char *uri, const char *body, int http_status)
{
	ask(method, uri, body);
	if (response.status != http_status)
		print_error("%s %s %s: %d: %s\n", method, uri, body != NULL ? body : "",
		            response.status,
		            response.body.data != NULL ? response.body.data : "");
	assert_int_equal(response.status, http_status);
	if (http_status >= 400)
		assert_string_equal(response.content_type, "application/problem+json");
}

static void expect_json(const char *method, const char *uri, const char *body, int http_status,
                        const char *wanted)
{
	expect(method, uri, body, http_status);
	assert_string_equal(response.body.data, wanted);
}

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.jobs = 2;
	fake.progress = (struct engine_progress){
		.state = JOB_RUNNING,
		.total = 1000,
		.counts = {400, 30, 5, 560, 4, 1, 0},
		.attempts = 600,
		.retries = 35,
		.throttled = 12,
		.in_flight = 30,
		.rate_per_s = 49.8,
		.p50_ms = -1,
		.p95_ms = -1,
		.p99_ms = -1,
		.concurrency = 30,
		.concurrency_now = 30,
		.burst = 1,
		.worked_s = -1,
		.bound_by = "concurrency",
		.created_at_ms = 1767225600000,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	route_response_free(&response);
	return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
