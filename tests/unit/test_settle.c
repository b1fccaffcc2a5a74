/* From an exchange that ended to the record of it: plain answers, none at all, waits. */
#include "tests/unit/settle_stage.h"

/* ---- what is recorded of plain answers ------------------------------------------------ */

static void test_success(void **state)
{
	struct stage *stage = *state;
	const struct attempt_record *record;

	use_job(stage, "POST", "");
	record = settle_answer(stage, 200,
	                       "Content-Type: text/plain\r\nServer: x\r\nX-Request-Id: r1\r\n"
	                       "Set-Cookie: a=b\r\n",
	                       "fine");
	assert_int_equal(record->decision, DECISION_DONE);
	assert_int_equal(record->next, ITEM_DONE);
	assert_int_equal(record->n, 1);
	assert_int_equal(record->http_status, 200);
	assert_int_equal(record->at_ms, NOW_MS);
	assert_int_equal(record->duration_ms, 40);
	assert_int_equal(record->first_byte_ms, 30);
	assert_int_equal(record->spent, 1);
	assert_true(record->requested);
	assert_false(record->was_resend);
	assert_null(record->message);
	assert_null(record->request);
	assert_null(record->extracted);
	assert_int_equal(record->group, 0);
	assert_bytes(record->headers, record->headers_length,
	             "Content-Type: text/plain\nX-Request-Id: r1\n");
	assert_bytes(record->body, record->body_length, "fine");
	assert_true(stage->settled->final);
	assert_int_equal(stage->settled->hold_ms, 0);
	assert_int_equal(stage->settled->pause_until_ms, 0);
}

static void test_failure(void **state)
{
	struct stage *stage = *state;
	const struct attempt_record *record;

	use_job(stage, "POST", "");
	record = settle_answer(stage, 404, "Server: x\r\nSet-Cookie: a=b\r\nWWW-Authenticate: c\r\n",
	                       "{\"message\":\"no user 4711\"}");
	assert_int_equal(record->next, ITEM_FAILED);
	assert_string_equal(record->class_name, "http");
	assert_string_equal(record->message, "no user 4711");
	assert_string_equal(record->cause, "no user #");
	assert_null(record->code);
	assert_true(record->group == cause_hash("http", 404, NULL, "no user #"));
	assert_string_equal(record->request, "POST http://localhost:1/7?key=***");
	assert_bytes(record->headers, record->headers_length, "Server: x\n");
	assert_true(stage->settled->final);
	/* Another number is the same cause. */
	record = settle_answer(stage, 404, "", "{\"message\":\"no user 4712\"}");
	assert_true(record->group == cause_hash("http", 404, NULL, "no user #"));
}

static void test_retry(void **state)
{
	struct stage *stage = *state;
	const struct attempt_record *record;

	use_job(stage, "PUT", ",\"retry\":{\"max\":3,\"delay_s\":2,\"delay_max_s\":60}");
	(void)answer(stage, 503, "", "");
	stage->task->attempts = 4; /* ever; two of them to this budget */
	stage->task->spent = 2;
	stage->task->since_ms = NOW_MS - 5000;
	stage->task->resend = true;
	record = settle_it(stage);
	assert_int_equal(record->next, ITEM_WAITING);
	assert_int_equal(record->decision, DECISION_RETRY);
	assert_int_equal(record->n, 5);
	assert_int_equal(record->spent, 3);
	assert_int_equal(record->since_ms, NOW_MS - 5000);
	assert_true(record->was_resend);
	assert_in_range(record->wait_ms, 0, 8000); /* third try: 2 s, 4 s, 8 s */
	assert_int_equal(record->due_ms, NOW_MS + record->wait_ms);
	assert_string_equal(record->wait_source, "backoff");
	assert_false(stage->settled->final);
	/* The budget is used up by the fourth. */
	(void)answer(stage, 503, "", "");
	stage->task->attempts = stage->task->spent = 3;
	record = settle_it(stage);
	assert_int_equal(record->next, ITEM_FAILED);
	assert_int_equal(record->wait_ms, -1);
	assert_null(record->wait_source);
	/* A first attempt begins its budget's time when it began. */
	record = settle_answer(stage, 503, "", "");
	assert_int_equal(record->since_ms, NOW_MS - 40);
}

static void test_no_answer(void **state)
{
	static const struct {
		enum transport transport;
		bool sent;
		const char *method;
		enum item_state next;
		const char *class_name;
	} table[] = {
	    {TRANSPORT_CONNECT, false, "POST", ITEM_WAITING, "connect"},
	    {TRANSPORT_BROKEN, true, "POST", ITEM_UNKNOWN, "broken"},
	    {TRANSPORT_BROKEN, true, "PUT", ITEM_WAITING, "broken"},
	    {TRANSPORT_TIMEOUT, true, "POST", ITEM_UNKNOWN, "timeout"},
	    {TRANSPORT_RESENT, true, "POST", ITEM_UNKNOWN, "resent"},
	    {TRANSPORT_TLS, false, "PUT", ITEM_FAILED, "tls"},
	    {TRANSPORT_LOCAL, false, "POST", ITEM_WAITING, "local"},
	};
	struct stage *stage = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct attempt_record *record;
		struct response *response;

		use_job(stage, table[i].method, ",\"rules\":[{\"if\":\"status < 999\",\"then\":\"done\"}]");
		response = answer(stage, 0, "", "");
		response->transport = table[i].transport;
		response->sent = table[i].sent;
		response->curl_error = 7;
		snprintf(response->error_text, sizeof(response->error_text), "it broke after 3 ms");
		record = settle_it(stage);
		assert_int_equal(record->next, table[i].next); /* rules speak of answers only */
		assert_string_equal(record->class_name, table[i].class_name);
		assert_string_equal(record->message, "it broke after 3 ms");
		assert_int_equal(record->curl_error, 7);
		assert_null(record->headers);
		assert_null(record->body);
		assert_true(record->requested);
	}
}

static void test_not_rendered(void **state)
{
	struct stage *stage = *state;
	const struct attempt_record *record;
	struct response *response;

	use_job(stage, "POST", "");
	response = answer(stage, 0, "", "");
	response->transport = TRANSPORT_RENDER;
	response->sent = false;
	snprintf(response->error_text, sizeof(response->error_text), "request.url: no field 'n'");
	record = settle_it(stage);
	assert_int_equal(record->next, ITEM_FAILED);
	assert_false(record->requested); /* no request was made: none is counted */
	assert_string_equal(record->message, "request.url: no field 'n'");
}

/* ---- waits beyond the item --------------------------------------------------------------------------- */

static void test_holds_and_pauses(void **state)
{
	static const struct {
		int status;
		const char *headers;
		int64_t hold_ms_min, pause_ms_min; /* 0: no */
		const char *reason;
		int spent;
	} table[] = {
	    {429, "", 0, 0, "", 1},
	    {429, "Retry-After: 30\r\n", 30000, 0, "", 0},
	    {429, "Retry-After: 100\r\n", 100000, 0, "", 0},
	    {503, "Retry-After: 30\r\n", 30000, 0, "", 0},
	    {503, "", 0, 0, "", 1},
	    {500, "Retry-After: 30\r\n", 0, 0, "", 1},
	    {429, "Retry-After: 3600\r\n", 0, 3600000, "429 until 01:0", 0},
	    {503, "Retry-After: 7200\r\n", 0, 7200000, "503 until 02:0", 0},
	    {429, "Retry-After: soon\r\n", 0, 0, "", 1},
	};
	struct stage *stage = *state;

	use_job(stage, "PUT", "");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct attempt_record *record =
		    settle_answer(stage, table[i].status, table[i].headers, "");
		const struct settlement *settled = stage->settled;

		assert_int_equal(record->next, ITEM_WAITING);
		assert_int_equal(record->spent, table[i].spent);
		assert_false(settled->pause_by_rule);
		if (table[i].hold_ms_min > 0)
			assert_in_range(settled->hold_ms, table[i].hold_ms_min,
			                table[i].hold_ms_min * 11 / 10);
		else
			assert_int_equal(settled->hold_ms, 0);
		if (table[i].pause_ms_min > 0) {
			assert_int_equal(settled->pause_until_ms, record->due_ms);
			assert_in_range(settled->pause_until_ms - NOW_MS, table[i].pause_ms_min,
			                table[i].pause_ms_min + 5000);
		} else {
			assert_int_equal(settled->pause_until_ms, 0);
		}
		assert_memory_equal(settled->reason, table[i].reason, strlen(table[i].reason));
		if (strstr(table[i].headers, "0\r\n") != NULL)
			assert_string_equal(record->wait_source, "retry-after");
		else
			assert_string_equal(record->wait_source, "backoff");
	}
}

/* The time is told as the clock on the wall where this runs. */
static void test_local_time(void **state)
{
	struct stage *stage = *state;

	use_job(stage, "PUT", "");
	setenv("TZ", "CST-8", 1);
	tzset();
	(void)settle_answer(stage, 429, "Retry-After: 3600\r\n", "");
	assert_memory_equal(stage->settled->reason, "429 until 09:0", 14);
	assert_int_equal(strlen(stage->settled->reason), strlen("429 until 09:00:00"));
	setenv("TZ", "UTC", 1);
	tzset();
}

static void test_hostile_body(void **state)
{
	static const char *const bodies[] = {
	    "{\"message\":\"\\u0000\\u0001\\ud800 x\"}", "\xff\xfe\xfd", "{\"message\":", "[[[[[[",
	    "<title>\x1b[31mred</title>", "{\"message\":{\"message\":{\"message\":1}}}"};
	struct stage *stage = *state;
	size_t bad;

	use_job(stage, "POST", ",\"rules\":[{\"if\":\"$.a == 1\",\"then\":\"fail\"}],"
	                       "\"extract\":{\"m\":\"$.message\"}");
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		const struct attempt_record *record = settle_answer(stage, 400, "", bodies[i]);

		assert_true(utf8_check(record->message, strlen(record->message), &bad));
		assert_null(strchr(record->message, '\x1b'));
		record = settle_answer(stage, 200, "", bodies[i]);
		assert_true(json_check(record->extracted, record->extracted_length, NULL));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_success),
	    cmocka_unit_test(test_failure),
	    cmocka_unit_test(test_retry),
	    cmocka_unit_test(test_no_answer),
	    cmocka_unit_test(test_not_rendered),
	    cmocka_unit_test(test_holds_and_pauses),
	    cmocka_unit_test(test_local_time),
	    cmocka_unit_test(test_hostile_body),
	};
	return cmocka_run_group_tests(tests, stage_setup, stage_teardown);
}
