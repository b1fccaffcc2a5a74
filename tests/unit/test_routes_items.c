/* The routes: items. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/ask_routes.h"

#define SPAN(text) {text, sizeof(text) - 1}

static const struct engine_item items[] = {
	{
		.seq = 17,
		.state = ITEM_FAILED,
		.key = "u-\"17\"",
		.input = SPAN("{\"id\":1234567890123456789, \"x\":0.10}"),
		.attempts = 3,
		.http_status = 404,
		.class_name = "http",
		.message = "not found",
		.group = 0xab12,
		.duration_ms = 210,
		.at_ms = 1767323045000,
		.extracted = SPAN("{\"new_id\":\"n\"}"),
	},
	{
		.seq = 9007199254740993,
		.state = ITEM_PENDING,
		.input = SPAN("{}"),
		.class_name = "",
		.duration_ms = -1,
	},
};

static void test_items(void **state)
{
	(void)state;
	fake.items = items;
	fake.item_count = 2;
	fake.items_next = 500;
	expect_json("GET", "/api/v1/jobs/1/items?filter=state:failed+http:404&after=16&limit=7", NULL,
	            200,
	            "{\"items\":[{\"seq\":\"17\",\"key\":\"u-\\\"17\\\"\",\"state\":\"failed\","
	            "\"input\":{\"id\":1234567890123456789, \"x\":0.10},\"attempts\":3,"
	            "\"http_status\":404,\"cause\":{\"class\":\"http\",\"code\":null,"
	            "\"message\":\"not found\",\"group\":\"000000000000ab12\"},\"duration_ms\":210,"
	            "\"at\":\"2026-01-02T03:04:05Z\",\"due\":null,\"extracted\":{\"new_id\":\"n\"}},"
	            "{\"seq\":\"9007199254740993\",\"key\":null,\"state\":\"pending\",\"input\":{},"
	            "\"attempts\":0,\"http_status\":null,\"cause\":null,\"duration_ms\":null,"
	            "\"at\":null,\"due\":null,\"extracted\":null}],\"next\":\"500\"}");
	assert_string_equal(fake.filter, "state:failed http:404");
	assert_int_equal(fake.after, 16);
	assert_int_equal(fake.limit, 7);
	assert_true(fake.extracted);
	fake.items_next = 0;
	fake.item_count = 0;
	expect_json("GET", "/api/v1/jobs/1/items", NULL, 200, "{\"items\":[],\"next\":null}");
	assert_string_equal(fake.filter, "(null)");
	assert_int_equal(fake.limit, 100);
	fake.items_status = STATUS_USAGE;
	expect("GET", "/api/v1/jobs/1/items?filter=bogus:1", NULL, 400);
}

static void test_huge_items_make_a_short_page(void **state)
{
	static char huge[3 << 20];
	struct engine_item many[6];

	(void)state;
	memset(huge, ' ', sizeof(huge));
	huge[0] = '{';
	huge[sizeof(huge) - 1] = '}';
	for (int i = 0; i < 6; i++)
		many[i] = (struct engine_item){
			.seq = 10 + i, .input = {huge, sizeof(huge)}, .class_name = ""};
	fake.items = many;
	fake.item_count = 6;
	expect("GET", "/api/v1/jobs/1/items", NULL, 200);
	assert_true(response.body.length < sizeof(huge) * 4);
	assert_non_null(strstr(response.body.data, "],\"next\":\"12\"}"));
}

static void test_item(void **state)
{
	static const struct engine_attempt attempts[] = {
		{
			.n = 1,
			.at_ms = 1767323045000,
			.duration_ms = 201,
			.connect_ms = -1,
			.first_byte_ms = 200,
			.decision = DECISION_RETRY,
			.http_status = 503,
			.class_name = "http",
			.message = "busy",
			.wait_ms = 420,
			.wait_source = "backoff",
			.request = "POST https://…",
			.headers = "Retry-After: 1\n",
			.body = "{\"a\":\"b\"}",
			.body_length = 9,
			.body_bytes = 512,
			.truncated = true,
		},
		{
			.n = 2,
			.duration_ms = 5,
			.connect_ms = 5,
			.first_byte_ms = -1,
			.decision = DECISION_FAIL,
			.curl_error = 7,
			.class_name = "connect",
			.wait_ms = -1,
		},
		{
			.n = 3,
			.duration_ms = -1,
			.connect_ms = -1,
			.first_byte_ms = -1,
			.decision = DECISION_FAIL,
			.http_status = 404,
			.wait_ms = -1,
			.body = "\xff\xfe",
			.body_length = 2,
			.body_bytes = 2,
		},
	};

	(void)state;
	fake.items = items;
	fake.item_count = 2;
	fake.attempts = attempts;
	fake.attempt_count = 3;
	expect("GET", "/api/v1/jobs/1/items/17", NULL, 200);
	assert_string_equal(
	    strstr(response.body.data, "\"attempts_log\""),
	    "\"attempts_log\":[{\"n\":1,\"at\":\"2026-01-02T03:04:05Z\",\"duration_ms\":201,"
	    "\"connect_ms\":null,\"first_byte_ms\":200,\"decision\":\"retry\",\"http_status\":503,"
	    "\"curl_error\":0,\"class\":\"http\",\"message\":\"busy\",\"wait_ms\":420,"
	    "\"wait_source\":\"backoff\",\"request\":\"POST https://…\",\"response\":{\"headers\":"
	    "\"Retry-After: 1\\n\",\"body\":\"{\\\"a\\\":\\\"b\\\"}\",\"bytes\":512,"
	    "\"truncated\":true}},"
	    "{\"n\":2,\"at\":null,\"duration_ms\":5,\"connect_ms\":5,\"first_byte_ms\":null,"
	    "\"decision\":\"fail\",\"http_status\":null,\"curl_error\":7,\"class\":\"connect\","
	    "\"message\":null,\"wait_ms\":null,\"wait_source\":null,\"request\":null,"
	    "\"response\":null},"
	    "{\"n\":3,\"at\":null,\"duration_ms\":null,\"connect_ms\":null,\"first_byte_ms\":null,"
	    "\"decision\":\"fail\",\"http_status\":404,\"curl_error\":0,\"class\":null,"
	    "\"message\":null,\"wait_ms\":null,\"wait_source\":null,\"request\":null,"
	    "\"response\":{\"headers\":null,\"body_base64\":\"//4=\",\"bytes\":2,"
	    "\"truncated\":false}}]}");
	fake.attempt_count = 0;
	expect("GET", "/api/v1/jobs/1/items/17", NULL, 200);
	assert_non_null(strstr(response.body.data, "\"attempts_log\":[]}"));
	expect("GET", "/api/v1/jobs/1/items/18", NULL, 404);
	expect("GET", "/api/v1/jobs/1/items/17/curl", NULL, 200);
	assert_string_equal(response.content_type, "text/plain; charset=utf-8");
	expect("GET", "/api/v1/jobs/1/items/18/curl", NULL, 404);
}

static void test_base64_of_long_bodies(void **state)
{
	static char body[3072 * 2 + 2];
	struct engine_attempt attempt = {.n = 1, .body = body, .body_length = sizeof(body)};
	const char *text;

	(void)state;
	memset(body, 0xff, sizeof(body));
	fake.items = items;
	fake.item_count = 1;
	fake.attempts = &attempt;
	fake.attempt_count = 1;
	expect("GET", "/api/v1/jobs/1/items/17", NULL, 200);
	text = strstr(response.body.data, "\"body_base64\":\"");
	assert_non_null(text);
	text += strlen("\"body_base64\":\"");
	assert_int_equal(strspn(text, "/"), 4096 * 2 + 2);
	assert_memory_equal(text + 4096 * 2, "//8=\"", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_items),
		TEST(test_huge_items_make_a_short_page),
		TEST(test_item),
		TEST(test_base64_of_long_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
