/* The routes: dispatch, health, jobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/ask_routes.h"

/* ---- dispatch ---------------------------------------------------------------- */

static void test_unknown_and_wrong_method(void **state)
{
	static const struct {
		const char *method, *uri;
		int http_status;
		const char *allow;
	} cases[] = {
		{"GET", "/api/v1/nothing", 404, ""},
		{"GET", "/api/v1", 404, ""},
		{"GET", "/api/v1/jobs/", 404, ""},
		{"GET", "/api/v1/jobs//items", 404, ""},
		{"GET", "/api/v1/jobs/1/items/1/curl/x", 404, ""},
		{"GET", "/api/v2/jobs", 404, ""},
		{"GET", "/api/v1/jobs/3", 404, ""},
		{"GET", "/api/v1/jobs/nobody", 404, ""},
		{"GET", "/api/v1/jobs/nobody/items", 404, ""},
		{"GET", "/api/v1/jobs/1/items/0", 404, ""},
		{"GET", "/api/v1/jobs/1/items/-1", 404, ""},
		{"GET", "/api/v1/jobs/1/items/1x", 404, ""},
		{"GET", "/api/v1/jobs/1/items/9223372036854775808", 404, ""},
		{"DELETE", "/api/v1/jobs", 405, "GET, POST"},
		{"PUT", "/api/v1/jobs/1", 405, "GET, PATCH, DELETE"},
		{"get", "/api/v1/jobs", 405, "GET, POST"},
		{"OPTIONS", "/api/v1/jobs/1/pause", 405, "POST"},
		{"POST", "/healthz", 405, "GET"},
		{"TRACE", "/api/v1/jobs/1/items", 405, "GET, POST"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		expect(cases[i].method, cases[i].uri, NULL, cases[i].http_status);
		assert_string_equal(response.allow, cases[i].allow);
	}
	expect_json("GET", "/api/v1/jobs/%22x", NULL, 404,
	            "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
	            "\"detail\":\"no job named '\\\"x'\"}");
}

static void test_errors_have_their_status(void **state)
{
	static const struct {
		enum status status;
		int http_status;
	} cases[] = {
		{STATUS_USAGE, 400},     {STATUS_NOT_FOUND, 404}, {STATUS_CONFLICT, 409},
		{STATUS_OWNED, 409},     {STATUS_NO_MEMORY, 500}, {STATUS_IO, 500},
		{STATUS_DISK_FULL, 507}, {STATUS_CORRUPT, 500},   {STATUS_TIMEOUT, 504},
		{STATUS_CLOSED, 503},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		fake.items_status = cases[i].status;
		expect("GET", "/api/v1/jobs/1/items", NULL, cases[i].http_status);
	}
}

static void test_health(void **state)
{
	(void)state;
	expect("GET", "/healthz", NULL, 200);
	assert_string_equal(response.body.data, "ok\n");
	expect("GET", "/readyz", NULL, 200);
	fake.health = STATUS_DISK_FULL;
	expect("GET", "/healthz", NULL, 200);
	expect("GET", "/api/v1/readyz", NULL, 503);
}

/* ---- jobs --------------------------------------------------------------------- */

static void test_progress(void **state)
{
	(void)state;
	expect_json(
	    "GET", "/api/v1/jobs/crm", NULL, 200,
	    "{\"id\":\"1\",\"name\":\"crm\",\"state\":\"running\",\"reason\":null,\"resume_at\":null,\"state_since\":null,"
	    "\"active\":false,\"total\":1000,\"counts\":{\"pending\":400,\"running\":30,\"waiting\":5,"
	    "\"done\":560,\"failed\":4,\"unknown\":1,\"skipped\":0},\"attempts\":600,\"retries\":35,"
	    "\"throttled\":12,\"in_flight\":30,\"bad_rows\":0,\"rate_per_s\":49.8,\"eta_s\":null,"
	    "\"latency_ms\":{\"p50\":null,\"p95\":null,\"p99\":null},\"limits\":{\"concurrency\":30,"
	    "\"concurrency_now\":30,\"rate_per_s\":null,\"rate_now\":null,\"burst\":1,\"adapt\":false,"
	    "\"bound_by\":\"concurrency\"},\"created_at\":\"2026-01-01T00:00:00Z\",\"started_at\":null,"
	    "\"finished_at\":null,\"worked_s\":null}");
	strcpy(fake.progress.reason, "429 until \"10:32:05\"");
	fake.progress.eta_known = true;
	fake.progress.eta_s[0] = 8.1;
	fake.progress.eta_s[1] = 11.4;
	fake.progress.p50_ms = 0;
	fake.progress.rate = (struct rate){50, 1000000000};
	fake.progress.rate_now = 12.5;
	fake.progress.rate_per_s = 0.0 / 1.0;
	fake.progress.bound_by = NULL;
	expect("GET", "/api/v1/jobs/1", NULL, 200);
	assert_non_null(strstr(response.body.data, "\"reason\":\"429 until \\\"10:32:05\\\"\""));
	assert_non_null(strstr(response.body.data, "\"eta_s\":[8.1,11.4]"));
	assert_non_null(strstr(response.body.data, "\"p50\":0,"));
	assert_non_null(strstr(response.body.data,
	                       "\"rate_per_s\":50,\"rate_now\":12.5,"));
	fake.progress.rate = (struct rate){1000, 1000 * 3600 * (int64_t)1000000000};
	fake.progress.rate_per_s = 1.0 / 3600;
	expect("GET", "/api/v1/jobs/1", NULL, 200);
	assert_non_null(strstr(response.body.data, "\"rate_per_s\":0.000277777777778,\"eta"));
	assert_non_null(strstr(response.body.data, "\"rate_per_s\":0.000277777777778,\"rate_now"));
	assert_non_null(strstr(response.body.data, "\"bound_by\":null"));
}

static void test_job_listing(void **state)
{
	(void)state;
	fake.jobs = 3;
	expect("GET", "/api/v1/jobs?limit=2", NULL, 200);
	assert_non_null(strstr(response.body.data, "{\"jobs\":[{\"id\":\"3\""));
	assert_non_null(strstr(response.body.data, "],\"next\":\"2\"}"));
	expect("GET", "/api/v1/jobs?limit=2&before=2", NULL, 200);
	assert_non_null(strstr(response.body.data, "{\"jobs\":[{\"id\":\"1\""));
	assert_non_null(strstr(response.body.data, "],\"next\":null}"));
	fake.jobs = 0;
	expect_json("GET", "/api/v1/jobs", NULL, 200, "{\"jobs\":[],\"next\":null}");
	expect("GET", "/api/v1/jobs?limit=0", NULL, 400);
	expect("GET", "/api/v1/jobs?limit=1001", NULL, 400);
	expect("GET", "/api/v1/jobs?limit=", NULL, 400);
	expect("GET", "/api/v1/jobs?limit=1e1", NULL, 400);
	expect("GET", "/api/v1/jobs?before=-1", NULL, 400);
}

#define JOB(name) "{\"name\":\"" name "\",\"request\":{\"url\":\"http://127.0.0.1/{{id}}\"}}"

static void test_create(void **state)
{
	(void)state;
	fake.progress.state = JOB_IMPORTING;
	expect("POST", "/api/v1/jobs", JOB("new"), 201);
	assert_non_null(strstr(response.body.data, "\"id\":\"3\""));
	assert_string_equal(fake.name, "new");
	assert_true(fake.given);
	assert_true(fake.started);
	assert_false(fake.replaced);
	fake.started = false;
	expect("POST", "/api/v1/jobs?start=false", JOB("newer"), 201);
	assert_false(fake.started);
	expect("POST", "/api/v1/jobs", JOB("crm"), 409);
	expect("POST", "/api/v1/jobs?replace=true", JOB("crm"), 201);
	assert_true(fake.replaced);
}

static void test_create_refused(void **state)
{
	(void)state;
	expect("POST", "/api/v1/jobs", NULL, 400);
	expect("POST", "/api/v1/jobs", "{\"name\":", 400);
	expect("POST", "/api/v1/jobs", "[]", 400);
	expect("POST", "/api/v1/jobs", "{\"name\":\"x\",\"requset\":{}}", 400);
	expect("POST", "/api/v1/jobs", "{\"request\":{\"url\":\"http://127.0.0.1/\"}}", 400);
	expect("POST", "/api/v1/jobs?start=yes", JOB("new"), 400);
	assert_int_equal(fake.jobs, 2);
	assert_false(fake.removed);
	/* one that cannot be started is not left lying about */
	fake.start = STATUS_USAGE;
	expect("POST", "/api/v1/jobs", JOB("new"), 400);
	assert_true(fake.removed);
}

static void test_steer(void **state)
{
	(void)state;
	expect("POST", "/api/v1/jobs/job%202/pause", NULL, 200);
	assert_non_null(strstr(response.body.data, "\"name\":\"job 2\",\"state\":\"paused\""));
	assert_string_equal(fake.who, "api");
	expect("POST", "/api/v1/jobs/1/resume", "{}", 200);
	assert_non_null(strstr(response.body.data, "\"state\":\"running\""));
	expect("POST", "/api/v1/jobs/1/cancel", NULL, 200);
	assert_non_null(strstr(response.body.data, "\"state\":\"cancelled\""));
	fake.progress.state = JOB_IMPORTING;
	expect("POST", "/api/v1/jobs/1/seal", NULL, 200);
	assert_non_null(strstr(response.body.data, "\"state\":\"running\""));
	expect("DELETE", "/api/v1/jobs/1", NULL, 204);
	assert_int_equal(response.body.length, 0);
	assert_null(response.content_type);
	fake.progress.active = true;
	expect("DELETE", "/api/v1/jobs/1", NULL, 409);
}

static void test_patch(void **state)
{
	static const char *const bad[] = {
		"{\"concurrency\":0}",       "{\"concurrency\":\"5\"}", "{\"concurrency\":1.5}",
		"{\"concurrency\":100001}",  "{\"rate\":30}",           "{\"burst\":0}",
		"{\"burst\":9223372036854775808}", "{\"speed\":1}",     "[]",
		"{\"rate\":\"3\\u00000/s\"}", "{} {}",                  "nonsense",
	};

	(void)state;
	expect("PATCH", "/api/v1/jobs/1", "{\"concurrency\":20,\"rate\":\"30/s\",\"burst\":5}", 200);
	assert_int_equal(fake.limits.concurrency, 20);
	assert_string_equal(fake.rate, "30/s");
	assert_int_equal(fake.limits.burst, 5);
	expect("PATCH", "/api/v1/jobs/1", "{\"rate\":null}", 200);
	assert_int_equal(fake.limits.concurrency, -1);
	assert_string_equal(fake.rate, "");
	assert_int_equal(fake.limits.burst, -1);
	expect("PATCH", "/api/v1/jobs/1", "{}", 200);
	assert_string_equal(fake.rate, "(null)");
	for (size_t i = 0; i < LENGTH(bad); i++)
		expect("PATCH", "/api/v1/jobs/1", bad[i], 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_unknown_and_wrong_method),
		TEST(test_errors_have_their_status),
		TEST(test_health),
		TEST(test_progress),
		TEST(test_job_listing),
		TEST(test_create),
		TEST(test_create_refused),
		TEST(test_steer),
		TEST(test_patch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
