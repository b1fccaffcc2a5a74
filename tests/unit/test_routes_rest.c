/* The routes: history, streams, the database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/ask_routes.h"

/* ---- history ------------------------------------------------------------------------ */

static void test_history(void **state)
{
	static const char *const places[] = {"12", "x", "12.", "12.ab", ".000000000000ab12",
	                                     "-1.000000000000ab12", "12.000000000000ab1x",
	                                     "12.000000000000ab123"};
	(void)state;
	expect_json("GET", "/api/v1/jobs/1/groups", NULL, 200,
	            "{\"groups\":[{\"id\":\"000000000000ab12\",\"class\":\"http\",\"http_status\":404,"
	            "\"code\":null,\"message\":\"not \\\"found\\\"\",\"count\":12,"
	            "\"first_at\":\"2026-01-02T03:04:05Z\",\"last_at\":\"2026-01-02T03:04:06Z\","
	            "\"sample_seq\":\"17\",\"samples\":[\"17\",\"19\"],\"trend\":{\"t\":"
	            "1767323040000,\"step_s\":10,\"counts\":[3,9]}},{\"id\":\"ffffffffffffffff\",\"class\":\"connect\","
	            "\"http_status\":null,\"code\":\"1001\",\"message\":\"\",\"count\":1,"
	            "\"first_at\":\"2026-01-02T03:04:05Z\",\"last_at\":\"2026-01-02T03:04:05Z\","
	            "\"sample_seq\":\"3\",\"samples\":[],\"trend\":{\"t\":0,\"step_s\":0,"
	            "\"counts\":[]}}],\"next\":null}");
	assert_int_equal(fake.after, INT64_MAX);
	expect("GET", "/api/v1/jobs/1/groups?limit=1", NULL, 200);
	assert_non_null(strstr(response.body.data, "\"next\":\"12.000000000000ab12\"}"));
	expect("GET", "/api/v1/jobs/1/groups?limit=1&after=12.000000000000ab12", NULL, 200);
	assert_int_equal(fake.after, 12);
	assert_non_null(strstr(response.body.data, "\"next\":\"1.ffffffffffffffff\"}"));
	expect_json("GET", "/api/v1/jobs/1/series?since=1767323039000", NULL, 200,
	            "{\"samples\":[{\"t\":1767323040000,\"s\":8,\"done\":50,\"failed\":1,"
	            "\"unknown\":4,\"skipped\":5,\"retried\":2,\"throttled\":3,\"in_flight\":30,"
	            "\"concurrency\":31,\"p50\":180.0,\"p95\":260.5,\"p99\":900.0},"
	            "{\"t\":1767323048000,\"s\":1,\"done\":0,\"failed\":0,\"unknown\":0,"
	            "\"skipped\":0,\"retried\":0,\"throttled\":0,\"in_flight\":0,"
	            "\"concurrency\":31,\"p50\":0.0,\"p95\":0.0,\"p99\":0.0}],\"step_s\":8}");
	assert_true(fake.after == 1767323039000);
	expect_json("GET", "/api/v1/jobs/1/events?after=4&limit=1", NULL, 200,
	            "{\"events\":[{\"id\":\"5\",\"at\":\"2026-01-02T03:04:05Z\",\"who\":\"cli\","
	            "\"what\":\"pause\",\"detail\":null}],\"next\":\"5\"}");
	assert_int_equal(fake.after, 4);
	expect("GET", "/api/v1/jobs/1/events", NULL, 200);
	assert_non_null(strstr(response.body.data, "\"next\":null}"));
	expect_json("GET", "/api/v1/jobs/1/bad-rows", NULL, 200,
	            "{\"bad_rows\":[{\"row\":\"17\",\"fault\":\"row 17: no\","
	            "\"raw\":\"a,\xef\xbf\xbd\\n\"}],\"next\":null}");
	expect("GET", "/api/v1/jobs/1/bad-rows?limit=1&after=4", NULL, 200);
	assert_non_null(strstr(response.body.data, "\"next\":\"17\"}"));
	expect("GET", "/api/v1/jobs/1/series?since=x", NULL, 400);
	expect("GET", "/api/v1/jobs/1/groups?limit=0", NULL, 400);
	for (int i = 0; i < (int)(sizeof(places) / sizeof(places[0])); i++) {
		char path[80];

		snprintf(path, sizeof(path), "/api/v1/jobs/1/groups?after=%s", places[i]);
		expect("GET", path, NULL, 400);
	}
}

static void test_metrics(void **state)
{
	static const char *const wanted[] = {
		"# TYPE sluice_items gauge\nsluice_items{job=\"job 2\",state=\"pending\"} 400\n",
		"sluice_items{job=\"crm\",state=\"skipped\"} 0\n",
		"sluice_attempts_total{job=\"crm\"} 600\n",
		"sluice_rate_per_second{job=\"crm\"} 49.7999999",
		"sluice_job_state{job=\"crm\",state=\"running\"} 1\n",
		"sluice_job_state{job=\"crm\",state=\"paused\"} 0\n",
		"sluice_latency_seconds{job=\"crm\",quantile=\"0.95\"} 0.260\n",
		"sluice_healthy 1\n",
		"sluice_build_info{version=\"" SLUICE_VERSION "\"} 1\n",
		"sluice_eta_seconds{job=\"crm\"} NaN\n",
		"sluice_job_finished_timestamp_seconds{job=\"crm\"} 0\n",
	};

	(void)state;
	fake.progress.p95_ms = 260;
	expect("GET", "/metrics", NULL, 200);
	assert_string_equal(response.content_type, "text/plain; version=0.0.4; charset=utf-8");
	for (size_t i = 0; i < LENGTH(wanted); i++) {
		if (strstr(response.body.data, wanted[i]) == NULL)
			fail_msg("not in there: %s", wanted[i]);
	}
	assert_null(strstr(response.body.data, "quantile=\"0.5\""));
	/* every line is a comment or a name, labels and a value */
	for (char *line = strtok(response.body.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
		assert_true(line[0] == '#' || strncmp(line, "sluice_", 7) == 0);
}

/* ---- streams ------------------------------------------------------------------------- */

/* Pull the whole of a stream; false: it broke. */
static bool pull(struct buffer *whole)
{
	struct buffer piece = {0};
	bool whole_one = true;

	while (whole_one && response.next(response.stream, &piece)) {
		buffer_append(whole, piece.data, piece.length);
		whole_one = !piece.failed;
		buffer_free(&piece);
	}
	buffer_free(&piece);
	assert_false(response.next(response.stream, &piece));
	return whole_one;
}

static void test_export(void **state)
{
	struct buffer whole = {0};
	int closed = fake_exports_closed;

	(void)state;
	fake.export_pieces = 5;
	expect("GET", "/api/v1/jobs/1/export?state=failed&filter=http:404", NULL, 200);
	assert_string_equal(fake.filter, "state:failed http:404");
	assert_string_equal(response.content_type, "application/x-ndjson");
	assert_string_equal(response.file_name, "job-1.ndjson");
	assert_true(pull(&whole));
	assert_int_equal(whole.length, 5000);
	buffer_free(&whole);
	expect("GET", "/api/v1/jobs/1/export?format=csv", NULL, 200);
	assert_int_equal(fake_exports_closed, closed + 1);
	assert_string_equal(fake.filter, "(null)");
	assert_string_equal(response.content_type, "text/csv; charset=utf-8");
	fake.export_breaks = true;
	assert_false(pull(&whole));
	buffer_free(&whole);
	expect("GET", "/api/v1/jobs/1/export?format=xml", NULL, 400);
	assert_int_equal(fake_exports_closed, closed + 2);
	expect("GET", "/api/v1/jobs/1/export?state=broken", NULL, 400);
	expect("GET", "/api/v1/jobs/1/export?filter=bogus:1", NULL, 400);
	assert_null(response.next);
}

static void test_upload_in_one(void **state)
{
	int done = fake_uploads_done, abandoned = fake_uploads_abandoned;

	(void)state;
	expect_json("POST", "/api/v1/jobs/1/items?format=csv", "id\n1\n2\n", 200,
	            "{\"rows\":3,\"rows_known\":5}");
	assert_int_equal(fake.format, FORMAT_CSV);
	assert_int_equal(fake.upload_kind, UPLOAD_RECOGNISED);
	expect_json("POST", "/api/v1/jobs/1/items?upload=new", "", 200,
	            "{\"rows\":0,\"rows_known\":0}");
	assert_int_equal(fake.format, FORMAT_AUTO);
	assert_int_equal(fake.upload_kind, UPLOAD_NEW);
	assert_int_equal(fake_uploads_done, done + 2);
	expect("POST", "/api/v1/jobs/1/items", "BAD\n", 400);
	assert_int_equal(fake_uploads_abandoned, abandoned + 1);
	expect("POST", "/api/v1/jobs/2/items", "x\n", 409);
	expect("POST", "/api/v1/jobs/1/items?format=xls", "x\n", 400);
	expect("POST", "/api/v1/jobs/1/items?upload=twice", "x\n", 400);
	assert_int_equal(fake_uploads_done, done + 2);
}

static void test_upload_in_pieces(void **state)
{
	struct route_request request = {
		.method = "POST", .path = "/api/v1/jobs/crm/items", .who = "api"};
	int done = fake_uploads_done, abandoned = fake_uploads_abandoned;
	struct route_upload *upload;

	(void)state;
	assert_true(routes_is_upload("POST", "/api/v1/jobs/crm/items"));
	assert_false(routes_is_upload("GET", "/api/v1/jobs/crm/items"));
	assert_false(routes_is_upload("POST", "/api/v1/jobs/crm/items/1"));
	route_response_free(&response);
	upload = routes_upload_open(NULL, &request, &response);
	assert_non_null(upload);
	routes_upload_feed(upload, "1\n2\n3", 5);
	routes_upload_feed(upload, "\n", 1);
	routes_upload_feed(upload, "BAD", 3);
	routes_upload_feed(upload, "4\n", 2); /* passed over */
	routes_upload_close(upload, &response);
	assert_int_equal(response.status, 400);
	assert_non_null(strstr(response.body.data, "row 1, line 2: bad (8 rows of this upload are in; "));
	assert_int_equal(fake_uploads_abandoned, abandoned + 1);
	route_response_free(&response);
	upload = routes_upload_open(NULL, &request, &response);
	assert_non_null(upload);
	routes_upload_close(upload, NULL);
	assert_int_equal(fake_uploads_abandoned, abandoned + 2);
	assert_int_equal(fake_uploads_done, done);
	request.path = "/api/v1/jobs/nobody/items";
	assert_null(routes_upload_open(NULL, &request, &response));
	assert_int_equal(response.status, 404);
}

/* ---- the database ------------------------------------------------------------------------ */

static void test_database(void **state)
{
	(void)state;
	expect_json("GET", "/api/v1/db/check", NULL, 200,
	            "{\"ok\":true,\"report\":\"line 1\\nline \\\"2\\\"\\n\"}");
	fake.check = STATUS_CORRUPT;
	expect_json("GET", "/api/v1/db/check", NULL, 200,
	            "{\"ok\":false,\"report\":\"line 1\\nline \\\"2\\\"\\n\"}");
	fake.check = STATUS_IO;
	expect("GET", "/api/v1/db/check", NULL, 500);
	expect_json("POST", "/api/v1/db/backup", "{\"path\":\"/tmp/a \\u00e4\"}", 200,
	            "{\"path\":\"/tmp/a \xc3\xa4\"}");
	assert_string_equal(fake.path, "/tmp/a \xc3\xa4");
	expect("POST", "/api/v1/db/backup", "{\"path\":\"here\"}", 400);
	expect("POST", "/api/v1/db/backup", "{\"path\":\"/tmp/\\u0000\"}", 400);
	expect("POST", "/api/v1/db/backup", "{\"path\":\"\"}", 400);
	expect("POST", "/api/v1/db/backup", "{}", 400);
	expect("POST", "/api/v1/db/vacuum", NULL, 409);
}

#define OK_RESPONSE "\"response\":\"HTTP/1.1 200 OK\\r\\n\\r\\n{\\\"code\\\":7}\""

static void test_explain(void **state)
{
	(void)state;
	expect_json("POST", "/api/v1/explain",
	            "{\"response\":\"HTTP/1.1 429 Slow\\nRetry-After: 7\\n\\n\"}", 200,
	            "{\"decision\":\"throttle\",\"final\":false,\"wait_s\":{\"min\":7.0,\"max\":7.7},"
	            "\"charge_attempt\":false,\"source\":\"retry-after\",\"limit\":null,"
	            "\"remaining\":null,\"policies\":[],\"error\":{\"class\":\"http\",\"status\":429,"
	            "\"code\":null,\"message\":\"\"}}");
	expect("POST", "/api/v1/explain", "{\"method\":\"POST\",\"curl_error\":56,\"bytes_sent\":9}",
	       200);
	assert_non_null(strstr(response.body.data, "\"decision\":\"unknown\""));
	/* Whose rules? */
	expect("POST", "/api/v1/explain", "{" OK_RESPONSE "}", 200);
	assert_non_null(strstr(response.body.data, "\"decision\":\"done\""));
	expect("POST", "/api/v1/explain", "{\"job\":\"crm\"," OK_RESPONSE "}", 200);
	assert_non_null(strstr(response.body.data, "\"decision\":\"skip\""));
	expect("POST", "/api/v1/explain",
	       "{\"job_file\":{\"request\":{\"url\":\"http://h/\"},\"ok_if\":\"$.code == 0\"},"
	       OK_RESPONSE "}", 200);
	assert_non_null(strstr(response.body.data, "\"decision\":\"fail\""));
	expect("POST", "/api/v1/explain", "{\"job\":\"nobody\"," OK_RESPONSE "}", 404);
	expect("POST", "/api/v1/explain", "{\"job\":\"crm\",\"job_file\":{}," OK_RESPONSE "}", 400);
	expect("POST", "/api/v1/explain", "{\"job_file\":{\"nope\":1}," OK_RESPONSE "}", 400);
	expect("POST", "/api/v1/explain", "{\"job_file\":7," OK_RESPONSE "}", 400);
	expect("POST", "/api/v1/explain", "{\"response\":\"hello\"}", 400);
	expect("POST", "/api/v1/explain", "{\"response\":429}", 400);
	expect("POST", "/api/v1/explain", "{\"attempt\":0," OK_RESPONSE "}", 400);
	expect("POST", "/api/v1/explain", "{}", 400);
	expect("GET", "/api/v1/explain", NULL, 405);
}

static void test_service(void **state)
{
	(void)state;
	expect_json("GET", "/api/v1/server", NULL, 200,
	            "{\"version\":\"" SLUICE_VERSION "\",\"label\":null,\"read_only\":false,"
	            "\"base_path\":\"\",\"listen\":null}");
}

static void test_trial(void **state)
{
	(void)state;
	expect_json("POST", "/api/v1/check",
	            "{\"job\":{\"name\":\"j\",\"request\":{\"url\":\"http://x/\"}},"
	            "\"items\":\"n\\n1\",\"format\":\"csv\",\"cut\":true,\"render\":7}",
	            200,
	            "{\"name\":\"j\",\"rows\":1,\"columns\":[\"n\"],\"requests\":[{\"seq\":\"1\","
	            "\"request\":{\"method\":\"GET\",\"url\":\"n\\n1\",\"headers\":\"\","
	            "\"body\":null,\"bytes\":0}}],\"fault\":null}");
	assert_int_equal(fake.format, FORMAT_CSV);
	assert_int_equal(fake.limit, 7);
	assert_true(fake.dry_run);
	expect("POST", "/api/v1/check",
	       "{\"job\":{\"request\":{\"url\":\"http://x/\"}},\"items\":\"BAD\"}", 200);
	assert_non_null(strstr(response.body.data, "{\"name\":null,"));
	assert_non_null(strstr(response.body.data, "\"fault\":\"row 2: bad\"}"));
	expect("POST", "/api/v1/check", "{\"job\":{\"request\":{}}}", 400);
	expect("POST", "/api/v1/check", "{\"job\":\"x\"}", 400);
	expect("POST", "/api/v1/check", "{}", 400);
	expect("POST", "/api/v1/check",
	       "{\"job\":{\"request\":{\"url\":\"http://x/\"}},\"format\":\"xml\"}", 400);
	expect("POST", "/api/v1/check",
	       "{\"job\":{\"request\":{\"url\":\"http://x/\"}},\"render\":101}", 400);
}

static void test_corrections(void **state)
{
	(void)state;
	expect_json("POST", "/api/v1/jobs/1/items?mode=correct&format=csv", "id\n", 200,
	            "{\"rows\":1,\"matched\":1,\"changed\":1,\"unchanged\":0,\"unfit\":0,"
	            "\"not_found\":0,\"not_failed\":0,\"unknown\":0,\"dry_run\":false,\"operation\":\"7\","
	            "\"diffs\":[{\"seq\":\"1\"}],\"misses\":[]}");
	assert_int_equal(fake.format, FORMAT_CSV);
	expect("POST", "/api/v1/jobs/1/items?mode=correct&dry_run=true", "id\n", 200);
	assert_non_null(strstr(response.body.data, "\"dry_run\":true,\"operation\":null"));
	expect("POST", "/api/v1/jobs/2/items?mode=correct", "id\n", 409);
	expect("POST", "/api/v1/jobs/1/items?mode=correct", "BAD", 400);
	expect("POST", "/api/v1/jobs/1/items?mode=mend", "id\n", 400);
	expect("POST", "/api/v1/jobs/1/items?dry_run=true", "id\n", 400);
	expect("POST", "/api/v1/jobs/1/items?mode=correct&dry_run=yes", "id\n", 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_service),
		TEST(test_trial),
		TEST(test_corrections),
		TEST(test_history),
		TEST(test_metrics),
		TEST(test_export),
		TEST(test_upload_in_one),
		TEST(test_upload_in_pieces),
		TEST(test_database),
		TEST(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
