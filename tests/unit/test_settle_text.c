/* From an exchange that ended to the record of it: what rules take out of an
 * answer, secrets in it, what of it is stored. */
#include "tests/unit/settle_stage.h"

/* ---- rules, ok_if, extract ---------------------------------------------------------------- */

static void test_rules(void **state)
{
	static const char rules[] =
	    ",\"rules\":["
	    "{\"if\":\"status == 404\",\"then\":\"skip\"},"
	    "{\"if\":\"$.code == 1001\",\"then\":\"throttle\",\"message\":\"$.msg\"},"
	    "{\"if\":\"$.code == 1002\",\"then\":\"retry\"},"
	    "{\"if\":\"$.code == 1003\",\"then\":\"unknown\"},"
	    "{\"if\":\"$.code == 1004\",\"then\":\"pause\"},"
	    "{\"if\":\"header.x-fine exists\",\"then\":\"done\"},"
	    "{\"if\":\"$.code != 0\",\"then\":\"fail\",\"code\":\"$.code\",\"message\":\"$.msg\"}]";
	static const struct {
		int status;
		const char *headers, *body;
		enum decision decision;
		enum item_state next;
		const char *class_name, *code, *message;
	} table[] = {
	    {404, "", "gone", DECISION_SKIP, ITEM_SKIPPED, "rule", NULL, "gone"},
	    {200, "", "{\"code\":1001,\"msg\":\"slow\"}", DECISION_THROTTLE, ITEM_WAITING, "rule", NULL,
	     "slow"},
	    {200, "", "{\"code\":1002}", DECISION_RETRY, ITEM_WAITING, "rule", NULL, ""},
	    {200, "", "{\"code\":1003}", DECISION_UNKNOWN, ITEM_UNKNOWN, "rule", NULL, ""},
	    {200, "", "{\"code\":1004}", DECISION_PAUSE, ITEM_PENDING, "rule", NULL, ""},
	    {500, "X-Fine: 1\r\n", "{\"code\":9}", DECISION_DONE, ITEM_DONE, "rule", NULL, NULL},
	    {200, "", "{\"code\":12345678901234567890,\"msg\":\"a \\u00fc\"}", DECISION_FAIL,
	     ITEM_FAILED, "rule", "12345678901234567890", "a ü"},
	    {200, "", "{\"code\":0}", DECISION_DONE, ITEM_DONE, "http", NULL, NULL},
	    {200, "", "no JSON", DECISION_DONE, ITEM_DONE, "http", NULL, NULL},
	    {400, "", "", DECISION_FAIL, ITEM_FAILED, "http", NULL, ""},
	};
	struct stage *stage = *state;

	use_job(stage, "POST", rules);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct attempt_record *record =
		    settle_answer(stage, table[i].status, table[i].headers, table[i].body);

		assert_int_equal(record->decision, table[i].decision);
		assert_int_equal(record->next, table[i].next);
		assert_string_equal(record->class_name, table[i].class_name);
		assert_string_equal(record->code != NULL ? record->code : "-",
		                    table[i].code != NULL ? table[i].code : "-");
		assert_string_equal(record->message != NULL ? record->message : "-",
		                    table[i].message != NULL ? table[i].message : "-");
		assert_int_equal(stage->settled->final, item_state_final(table[i].next));
		assert_int_equal(stage->settled->pause_by_rule, table[i].next == ITEM_PENDING);
		if (table[i].next == ITEM_PENDING) {
			assert_string_equal(stage->settled->reason, "rule: $.code == 1004");
			assert_int_equal(record->spent, 0); /* as if it had not been tried */
			assert_int_equal(record->due_ms, 0);
		}
	}
}

static void test_ok_if(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum item_state next;
		const char *class_name;
	} table[] = {
	    {200, "{\"ok\":true}", ITEM_DONE, "http"},
	    {500, "{\"ok\":true}", ITEM_DONE, "http"},
	    {200, "{\"ok\":false}", ITEM_FAILED, "ok_if"},
	    {200, "", ITEM_FAILED, "ok_if"},
	    {404, "{\"ok\":false}", ITEM_FAILED, "http"},
	    {429, "{\"ok\":false}", ITEM_WAITING, "http"},
	};
	struct stage *stage = *state;

	use_job(stage, "PUT", ",\"ok_if\":\"$.ok == true\"");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct attempt_record *record =
		    settle_answer(stage, table[i].status, "", table[i].body);

		assert_int_equal(record->next, table[i].next);
		assert_string_equal(record->class_name, table[i].class_name);
	}
}

static void test_extract(void **state)
{
	struct stage *stage = *state;
	const struct attempt_record *record;

	use_job(stage, "POST", ",\"extract\":{\"id\":\"$.data.id\",\"a \\\"b\\\"\":\"$.list[1]\","
	                       "\"none\":\"$.nothing\"}");
	record = settle_answer(stage, 200, "",
	                       "{\"data\":{\"id\":1234567890123456789},\"list\":[1,{\"x\":0.10}]}");
	assert_bytes(record->extracted, record->extracted_length,
	             "{\"a \\\"b\\\"\":{\"x\":0.10},\"id\":1234567890123456789,\"none\":null}");
	record = settle_answer(stage, 200, "", "no JSON");
	assert_bytes(record->extracted, record->extracted_length,
	             "{\"a \\\"b\\\"\":null,\"id\":null,\"none\":null}");
	record = settle_answer(stage, 400, "", "{\"data\":{\"id\":1}}");
	assert_null(record->extracted);
}

/* ---- secrets ---------------------------------------------------------------------------------- */

static bool leaks(const char *bytes, size_t length)
{
	/* Half of it is too much already. */
	return bytes != NULL && memmem(bytes, length, TOKEN, 10) != NULL;
}

static void test_secrets_are_masked(void **state)
{
	struct stage *stage = *state;
	const struct attempt_record *record;

	use_job(stage, "POST",
	        ",\"rules\":[{\"if\":\"$.code exists\",\"then\":\"fail\",\"code\":\"$.code\","
	        "\"message\":\"$.msg\"}],\"extract\":{\"t\":\"$.t\"}");
	record = settle_answer(stage, 400, "X-Echo: Bearer " TOKEN "\r\nX-Plain: 1\r\n",
	                       "{\"code\":\"" TOKEN "\",\"msg\":\"bad token " TOKEN "!\"}");
	assert_string_equal(record->code, "***");
	assert_string_equal(record->message, "bad token ***!");
	assert_false(leaks(record->cause, strlen(record->cause)));
	assert_false(leaks(record->body, record->body_length));
	assert_false(leaks(record->request, strlen(record->request)));
	assert_bytes(record->headers, record->headers_length,
	             "X-Echo: Bearer ***\nX-Plain: 1\n");

	record = settle_answer(stage, 400, "", "<title>" TOKEN "</title>");
	assert_string_equal(record->message, "***");

	record = settle_answer(stage, 200, "", "{\"t\":\"is " TOKEN "\"}");
	assert_bytes(record->extracted, record->extracted_length,
	             "{\"t\":\"is ***\"}");
	assert_bytes(record->body, record->body_length, "{\"t\":\"is ***\"}");
	assert_int_equal(record->body_bytes, record->body_length); /* nothing was cut off */

	(void)answer(stage, 0, "", "");
	stage->task->exchange.response.transport = TRANSPORT_CONNECT;
	snprintf(stage->task->exchange.response.error_text, 256, "cannot reach %s", TOKEN);
	record = settle_it(stage);
	assert_string_equal(record->message, "cannot reach ***");
}

/* A message is cut to its place, wherever a secret stands in it. */
static void test_secrets_at_the_cut(void **state)
{
	struct stage *stage = *state;

	use_job(stage, "POST",
	        ",\"rules\":[{\"if\":\"$.code exists\",\"then\":\"fail\",\"code\":\"$.code\","
	        "\"message\":\"$.msg\"}]");
	for (int before = 480; before < 520; before++) {
		const struct attempt_record *record;
		char body[1024];

		snprintf(body, sizeof(body), "{\"code\":\"%.*s%s\",\"msg\":\"%0*d%s\"}", before - 470,
		         "..................................................", "........" TOKEN, before,
		         0, TOKEN);
		record = settle_answer(stage, 400, "", body);
		assert_int_equal(strlen(record->message), before + 3 < 512 ? before + 3 : 511);
		assert_false(leaks(record->message, strlen(record->message)));
		assert_false(leaks(record->code, strlen(record->code)));
		if (before >= 508) /* what is left of it is stars */
			assert_int_equal(record->message[510], before > 510 ? '0' : '*');
		snprintf(body, sizeof(body), "{\"message\":\"%0*d%s\"}", before, 0, TOKEN);
		record = settle_answer(stage, 400, "", body);
		assert_false(leaks(record->message, strlen(record->message)));
	}
}

/* A secret of digits inside a number: what is kept stays JSON. */
static void test_a_secret_that_is_a_number(void **state)
{
	struct stage *stage = *state;
	const struct attempt_record *record;

	use_job(stage, "POST", ",\"extract\":{\"id\":\"$.id\",\"o\":\"$.o\"}");
	assert_int_equal(secret_set_put(stage->secrets, "env:PIN", "4711", 4), STATUS_OK);
	record = settle_answer(stage, 200, "", "{\"id\":147112,\"o\":{\"a\":4711}}");
	assert_bytes(record->extracted, record->extracted_length,
	             "{\"id\":\"1***2\",\"o\":\"{\\\"a\\\":***}\"}");
	assert_true(json_check(record->extracted, record->extracted_length, NULL));
}

/* ---- what is stored -------------------------------------------------------------------------------- */

static void test_store_body(void **state)
{
	static const struct {
		const char *more;
		bool of_success, of_failure;
	} table[] = {
	    {"", true, true},
	    {",\"store\":{\"body\":\"all\"}", true, true},
	    {",\"store\":{\"body\":\"failed\"}", false, true},
	    {",\"store\":{\"body\":\"none\"}", false, false},
	};
	struct stage *stage = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct attempt_record *record;

		use_job(stage, "POST", table[i].more);
		record = settle_answer(stage, 200, "Etag: 1\r\n", "body");
		assert_int_equal(record->body != NULL, table[i].of_success);
		assert_int_equal(record->body_bytes, 4); /* told whether kept or not */
		assert_non_null(record->headers);
		record = settle_answer(stage, 400, "Etag: 1\r\n", "body");
		assert_int_equal(record->body != NULL, table[i].of_failure);
		assert_string_equal(record->message, "body");
	}
}

/* Of a success at a later attempt all is kept, as of every attempt that has a
 * row of its own. */
static void test_later_success(void **state)
{
	struct stage *stage = *state;
	const struct attempt_record *record;

	use_job(stage, "PUT", "");
	(void)answer(stage, 200, "Server: x\r\n", "");
	stage->task->attempts = 1;
	record = settle_it(stage);
	assert_int_equal(record->n, 2);
	assert_bytes(record->headers, record->headers_length, "Server: x\n");
	assert_string_equal(record->request, "PUT http://localhost:1/7?key=***");
}

/* A body of this many bytes beyond what is stored: {"pad":"…","ok":true}. */
static void put_large_body(struct stage *stage, size_t pad)
{
	struct response *response = answer(stage, 200, "", "{\"pad\":\"");

	for (size_t i = 0; i < pad; i++)
		buffer_char(&response->body, 'x');
	buffer_text(&response->body, "\",\"ok\":true,\"id\":7}");
	response->body_bytes = (int64_t)response->body.length;
}

/* Rules judge the whole body; what is stored is its beginning, and says so. */
static void test_large_body(void **state)
{
	struct stage *stage = *state;
	const struct attempt_record *record;

	use_job(stage, "POST",
	        ",\"ok_if\":\"$.ok == true\",\"extract\":{\"id\":\"$.id\",\"pad\":\"$.pad\"},"
	        "\"store\":{\"body_bytes_max\":1000}");
	put_large_body(stage, 3 << 20);
	record = settle_it(stage);
	assert_int_equal(record->next, ITEM_DONE);
	assert_int_equal(record->body_length, 1000);
	assert_true(record->body_bytes > 3 << 20);
	assert_bytes(record->extracted, record->extracted_length, "{\"id\":7,\"pad\":null}");
	/* A secret at the place where it is cut. */
	for (size_t pad = 970; pad < 1000; pad++) {
		struct response *response = answer(stage, 200, "", "{\"pad\":\"");

		for (size_t i = 0; i < pad; i++)
			buffer_char(&response->body, 'x');
		buffer_text(&response->body, TOKEN "\",\"ok\":true}");
		response->body_bytes = (int64_t)response->body.length;
		record = settle_it(stage);
		assert_int_equal(record->body_length, pad + 23 < 1000 ? pad + 23 : 1000);
		assert_null(memmem(record->body, record->body_length, TOKEN, 4));
	}
}

/* What could not be read was not judged. */
static void test_cut_body(void **state)
{
	static const struct {
		const char *method, *rules;
		enum body_end end;
		enum item_state next;
		const char *class_name;
	} table[] = {
	    {"POST", ",\"ok_if\":\"$.ok == true\"", BODY_TOO_LARGE, ITEM_UNKNOWN, "too_large"},
	    {"PUT", ",\"ok_if\":\"$.ok == true\"", BODY_TOO_LARGE, ITEM_FAILED, "too_large"},
	    {"POST", ",\"ok_if\":\"$.ok == true\"", BODY_NO_ROOM, ITEM_UNKNOWN, "no_room"},
	    {"PUT", ",\"ok_if\":\"$.ok == true\"", BODY_NO_ROOM, ITEM_WAITING, "no_room"},
	    {"PUT", ",\"rules\":[{\"if\":\"status == 200\",\"then\":\"skip\"}],\"ok_if\":\"$.ok == true\"",
	     BODY_TOO_LARGE, ITEM_SKIPPED, "rule"},
	    {"PUT", ",\"rules\":[{\"if\":\"status == 200 and $.ok exists\",\"then\":\"done\"}]",
	     BODY_TOO_LARGE, ITEM_FAILED, "too_large"},
	    {"PUT", ",\"extract\":{\"id\":\"$.id\"}", BODY_TOO_LARGE, ITEM_DONE, "http"},
	    {"PUT", ",\"extract\":{\"id\":\"$.id\"}", BODY_NO_ROOM, ITEM_WAITING, "no_room"},
	    {"POST", ",\"extract\":{\"id\":\"$.id\"}", BODY_NO_ROOM, ITEM_DONE, "http"},
	    {"POST", "", BODY_CAPPED, ITEM_DONE, "http"},
	};
	struct stage *stage = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct attempt_record *record;
		struct response *response;

		use_job(stage, table[i].method, table[i].rules);
		response = answer(stage, 200, "", "{\"ok\":tr");
		response->body_end = table[i].end;
		response->truncated = true;
		response->body_bytes = 100 << 20;
		record = settle_it(stage);
		assert_int_equal(record->next, table[i].next);
		assert_string_equal(record->class_name, table[i].class_name);
		assert_true(record->body_bytes > (int64_t)record->body_length);
		assert_int_equal(record->http_status, 200);
		if (strchr(table[i].class_name, '_') != NULL)
			assert_memory_equal(record->message, "response too large: ", 20);
		if (table[i].next == ITEM_WAITING)
			assert_int_equal(record->spent, 0);
	}
}

static void test_many_headers(void **state)
{
	struct stage *stage = *state;
	const struct attempt_record *record;
	struct buffer headers = {0};

	use_job(stage, "POST", "");
	for (int i = 0; i < 1000; i++)
		buffer_printf(&headers, "X-Header-%03d: some value of it\r\n", i);
	record = settle_answer(stage, 400, headers.data, "");
	buffer_free(&headers);
	assert_in_range(record->headers_length, 8100, 8192);
	assert_int_equal(record->headers[record->headers_length - 1], '\n'); /* whole lines */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rules),
	    cmocka_unit_test(test_ok_if),
	    cmocka_unit_test(test_extract),
	    cmocka_unit_test(test_secrets_are_masked),
	    cmocka_unit_test(test_secrets_at_the_cut),
	    cmocka_unit_test(test_a_secret_that_is_a_number),
	    cmocka_unit_test(test_store_body),
	    cmocka_unit_test(test_later_success),
	    cmocka_unit_test(test_large_body),
	    cmocka_unit_test(test_cut_body),
	    cmocka_unit_test(test_many_headers),
	};
	return cmocka_run_group_tests(tests, stage_setup, stage_teardown);
}
