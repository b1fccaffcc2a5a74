/* The routes: bulk operations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/ask_routes.h"

/* ---- bulk ------------------------------------------------------------------------- */

static void test_bulk(void **state)
{
	(void)state;
	fake.operation = (struct engine_operation){
		.id = 3,
		.created_at_ms = 1767323045000,
		.finished_at_ms = 1767323046000,
		.matched = 12,
		.changed = 11,
		.selection = "state:failed",
	};
	expect_json("POST", "/api/v1/jobs/1/retry", "{\"filter\":\"state:failed\"}", 200,
	            "{\"id\":\"3\",\"action\":\"retry\",\"who\":\"api\","
	            "\"created_at\":\"2026-01-02T03:04:05Z\",\"finished_at\":\"2026-01-02T03:04:06Z\","
	            "\"cancelled_at\":null,\"reason\":null,"
	            "\"matched\":12,\"changed\":11,\"selection\":\"state:failed\",\"dry_run\":false}");
	assert_string_equal(fake.filter, "state:failed");
	assert_int_equal(fake.action, ACTION_RETRY);
	fake.operation.finished_at_ms = 0;
	expect("POST", "/api/v1/jobs/1/skip", "{\"all\":true}", 202);
	assert_true(fake.selection.all);
	assert_int_equal(fake.action, ACTION_SKIP);
	fake.operation.unknown = 3;
	expect("POST", "/api/v1/jobs/1/skip", "{\"group\":\"AB12\",\"dry_run\":true}", 200);
	assert_true(fake.dry_run);
	assert_int_equal(fake.selection.group, 0xab12);
	assert_non_null(strstr(response.body.data, "{\"id\":null,"));
	assert_non_null(strstr(response.body.data, "\"dry_run\":true,\"unknown\":3}"));
	expect("POST", "/api/v1/jobs/1/resolve",
	       "{\"as\":\"failed\",\"all\":true,\"reason\":\"paid by hand\"}", 202);
	assert_non_null(strstr(response.body.data, "\"reason\":\"paid by hand\""));
	assert_int_equal(fake.action, ACTION_RESOLVE_FAILED);
	assert_non_null(strstr(response.body.data, "\"action\":\"resolve\",\"as\":\"failed\""));
	expect("POST", "/api/v1/jobs/1/retry",
	       "{\"seqs\":[\"9007199254740993\",9007199254740993,3],\"done_too\":true}", 202);
	assert_int_equal(fake.selection.seq_count, 3);
	assert_true(fake.seqs[0] == 9007199254740993 && fake.seqs[1] == 9007199254740993);
	assert_true(fake.selection.done_too);
	fake.act = STATUS_CONFLICT;
	expect("POST", "/api/v1/jobs/1/retry", "{\"all\":true}", 409);
}

static void test_bulk_refused(void **state)
{
	static const struct {
		const char *action, *body;
	} cases[] = {
		{"retry", ""},
		{"retry", "{}"},
		{"retry", "{\"all\":false}"},
		{"retry", "{\"all\":1}"},
		{"retry", "{\"all\":true,\"filter\":\"state:failed\"}"},
		{"retry", "{\"group\":\"\"}"},
		{"retry", "{\"group\":\"0\"}"},
		{"retry", "{\"group\":\"xyz\"}"},
		{"retry", "{\"group\":\"-1\"}"},
		{"retry", "{\"group\":\"0123456789abcdef0\"}"},
		{"retry", "{\"group\":5}"},
		{"retry", "{\"seqs\":[]}"},
		{"retry", "{\"seqs\":\"1\"}"},
		{"retry", "{\"seqs\":[1,0]}"},
		{"retry", "{\"seqs\":[1,-1]}"},
		{"retry", "{\"seqs\":[1.0]}"},
		{"retry", "{\"seqs\":[9223372036854775808]}"},
		{"retry", "{\"seqs\":[\"\"]}"},
		{"retry", "{\"seqs\":[\" 1\"]}"},
		{"retry", "{\"seqs\":[[1]]}"},
		{"retry", "{\"seqs\":[null]}"},
		{"retry", "{\"filtre\":\"x\"}"},
		{"retry", "{\"all\":true,\"dry_run\":\"yes\"}"},
		{"retry", "{\"all\":true"},
		{"skip", "{\"all\":true,\"done_too\":true}"},
		{"resolve", "{\"all\":true}"},
		{"resolve", "{\"all\":true,\"as\":\"skipped\"}"},
		{"resolve", "{\"all\":true,\"as\":1}"},
		{"resolve", "{\"as\":\"done\"}"},
		{"items/17/retry", "{\"all\":true}"},
	};

	(void)state;
	fake.action = ACTION_SKIP;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char uri[64];

		snprintf(uri, sizeof(uri), "/api/v1/jobs/1/%s", cases[i].action);
		expect("POST", uri, cases[i].body, 400);
	}
	assert_null(fake.selection.seqs);
	assert_false(fake.selection.all);
}

static void test_item_with_another_input(void **state)
{
	(void)state;
	fake.operation = (struct engine_operation){.id = 4, .action = ACTION_RETRY};
	expect("POST", "/api/v1/jobs/1/items/17/retry", "{\"input\": {\"n\": 1}}", 200);
	assert_string_equal(fake.filter, "{\"n\": 1}");
	expect_json("POST", "/api/v1/jobs/1/items/17/preview", "{\"input\":{\"n\":1}}", 200,
	            "{\"request\":{\"method\":\"PUT\",\"url\":\"http://x/17\",\"headers\":"
	            "\"X-Key: ***\\n\",\"body_base64\":\"/wA=\",\"bytes\":2},"
	            "\"changes\":[{\"field\":\"n\"}]}");
	expect("POST", "/api/v1/jobs/1/items/17/preview", "{\"input\":{}}", 400);
	expect("POST", "/api/v1/jobs/1/items/17/preview", "{\"inputs\":{}}", 400);
}

static void test_item_retry_and_operations(void **state)
{
	(void)state;
	fake.operation = (struct engine_operation){.id = 3, .action = ACTION_RESOLVE_DONE};
	expect("POST", "/api/v1/jobs/1/items/17/retry", NULL, 202);
	assert_int_equal(fake.seqs[0], 17);
	assert_int_equal(fake.selection.seq_count, 1);
	assert_false(fake.selection.done_too);
	expect("POST", "/api/v1/jobs/1/items/17/retry", "{\"done_too\":true}", 202);
	assert_true(fake.selection.done_too);
	expect("GET", "/api/v1/jobs/1/operations", NULL, 200);
	assert_non_null(strstr(response.body.data,
	                       "{\"operations\":[{\"id\":\"3\",\"action\":\"resolve\",\"as\":\"done\""));
	assert_non_null(strstr(response.body.data, "],\"next\":null}"));
	expect("GET", "/api/v1/jobs/1/operations?limit=1", NULL, 200);
	assert_non_null(strstr(response.body.data, "],\"next\":\"3\"}"));
	expect_json("GET", "/api/v1/jobs/1/operations?limit=1&after=3", NULL, 200,
	            "{\"operations\":[],\"next\":null}");
	expect("GET", "/api/v1/jobs/1/operations?after=0", NULL, 400);
	expect("GET", "/api/v1/jobs/1/operations/3", NULL, 200);
	assert_memory_equal(response.body.data, "{\"id\":\"3\"", 9);
	expect("GET", "/api/v1/jobs/1/operations/4", NULL, 404);
	expect("POST", "/api/v1/jobs/1/operations/4/cancel", NULL, 404);
	expect("POST", "/api/v1/jobs/1/operations/3/cancel", NULL, 200);
	assert_non_null(strstr(response.body.data, "\"cancelled_at\":\"2026-01-02T03:04:07Z\""));
	fake.act = STATUS_CONFLICT;
	expect("POST", "/api/v1/jobs/1/operations/3/cancel", NULL, 409);
}

/* Bodies of every kind of wrongness are refused, never believed. */
static void test_hostile_bodies(void **state)
{
	static char deep[4000];
	static const char invalid[] = "{\"filter\":\"\xff\"}", nul[] = "{\"all\":true}\0";

	(void)state;
	memset(deep, '[', sizeof(deep));
	ask_bytes("POST", "/api/v1/jobs/1/retry", deep, sizeof(deep));
	assert_int_equal(response.status, 400);
	ask_bytes("POST", "/api/v1/jobs/1/retry", invalid, sizeof(invalid) - 1);
	assert_int_equal(response.status, 400);
	ask_bytes("POST", "/api/v1/jobs/1/retry", nul, sizeof(nul) - 1);
	assert_int_equal(response.status, 400);
	ask_bytes("POST", "/api/v1/jobs", nul, sizeof(nul) - 1);
	assert_int_equal(response.status, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bulk),
		TEST(test_bulk_refused),
		TEST(test_item_with_another_input),
		TEST(test_item_retry_and_operations),
		TEST(test_hostile_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
