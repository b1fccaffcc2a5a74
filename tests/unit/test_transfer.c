/* What is sent and what comes back. */
#include "tests/unit/transfer_stage.h"

static void test_plain(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	char remote[64];
	snprintf(remote, sizeof remote, "127.0.0.1:%d", stage->server->port);
	for (int i = 0; i < 3; i++) {
		request_set(&exchange, &made, "GET", stage->server->port, "/ok");
		perform(stage, &exchange);
		struct response *response = &exchange.response;
		assert_int_equal(response->transport, TRANSPORT_OK);
		assert_int_equal(response->http_status, 200);
		assert_int_equal(response->http_version, 11);
		assert_int_equal(response->curl_error, 0);
		assert_string_equal(response->error_text, "");
		assert_true(response->sent);
		assert_false(response->truncated);
		assert_int_equal(response->body_bytes, 5);
		body_is(&exchange, "hello");
		assert_string_equal(response->headers.data, "Content-Length: 5\r\n");
		assert_string_equal(response->remote, remote);
		assert_true(response->started_wall_ms > 1500000000000);
		assert_true(response->total_us >= response->first_byte_us);
		assert_int_equal(response->connect_us == 0, i > 0); /* reused */
		assert_int_equal(exchange.prereq_calls, 1);
	}
	assert_int_equal(raw_server_connections(stage->server), 1);
	exchange_free(&exchange);
	plan_drop(&made);
}

/* What a row's request looks like to the server. */
static void test_request_forms(void **state)
{
	static const struct {
		const char *method, *body, *line, *length;
	} rows[] = {
	    {"GET", NULL, "GET ", NULL},
	    {"POST", "a=1", "POST ", "Content-Length: 3\r\n"},
	    {"POST", NULL, "POST ", "Content-Length: 0\r\n"},
	    {"PUT", "x", "PUT ", "Content-Length: 1\r\n"},
	    {"PATCH", "xy", "PATCH ", "Content-Length: 2\r\n"},
	    {"PUT", NULL, "PUT ", "Content-Length: 0\r\n"},
	    {"DELETE", NULL, "DELETE ", NULL},
	    {"DELETE", "why", "DELETE ", "Content-Length: 3\r\n"},
	    {"GET", "query", "GET ", "Content-Length: 5\r\n"},
	    {"HEAD", NULL, "HEAD ", NULL},
	    {"POST", "", "POST ", "Content-Length: 0\r\n"},
	    {"OPTIONS", NULL, "OPTIONS ", NULL},
	    {"REPORT", "r", "REPORT ", "Content-Length: 1\r\n"},
	    {"GET", NULL, "GET ", NULL},
	};
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct exchange exchange = {0};
		request_set(&exchange, &made, rows[i].method, stage->server->port, "/a/../b?c=%20");
		request_header(&exchange, "Content-Type: text/x");
		if (rows[i].body)
			request_body(&exchange, rows[i].body, strlen(rows[i].body));
		perform(stage, &exchange);
		assert_int_equal(exchange.response.transport, TRANSPORT_OK);
		assert_int_equal(exchange.response.http_status, 200);

		char *seen = raw_server_last(stage->server), line[64];
		snprintf(line, sizeof line, "%s/a/../b?c=%%20 HTTP/1.1\r\n", rows[i].line);
		assert_ptr_equal(strstr(seen, line), seen);
		assert_int_equal(count_of(seen, "Content-Length:"), rows[i].length ? 1 : 0);
		if (rows[i].length)
			assert_non_null(strstr(seen, rows[i].length));
		assert_int_equal(count_of(seen, "Content-Type:"), 1);
		assert_int_equal(count_of(seen, "Expect:"), 0);
		assert_non_null(strstr(seen, "\r\nAccept: */*\r\n"));
		assert_non_null(strstr(seen, "\r\nAccept-Encoding: "));
		assert_non_null(strstr(seen, "\r\nUser-Agent: sluice/"));
		const char *body = rows[i].body ? rows[i].body : "";
		assert_string_equal(strstr(seen, "\r\n\r\n") + 4, body);
		assert_in_range(exchange.response.bytes_sent, strlen(seen) - strlen(body),
		                strlen(seen));
		free(seen);
		exchange_free(&exchange);
	}
	assert_int_equal(raw_server_connections(stage->server), 1);
	plan_drop(&made);
}

static void test_header_lines(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	request_set(&exchange, &made, "POST", stage->server->port, "/ok");
	request_body(&exchange, "{}", 2);
	request_header(&exchange, "X-Empty: ");
	request_header(&exchange, "X-Bare:");
	request_header(&exchange, "Accept:");
	request_header(&exchange, "user-agent: mine");
	request_header(&exchange, "Content-Length: 4000");
	request_header(&exchange, "Content-Type: application/json");
	request_header(&exchange, "X-Colons: a:b;c");
	perform(stage, &exchange);
	char *seen = raw_server_last(stage->server);
	assert_non_null(strstr(seen, "\r\nX-Empty:\r\n"));
	assert_non_null(strstr(seen, "\r\nX-Bare:\r\n"));
	assert_null(strstr(seen, "Accept:"));
	assert_non_null(strstr(seen, "\r\nuser-agent: mine\r\n"));
	assert_null(strstr(seen, "sluice/"));
	assert_null(strstr(seen, "4000"));
	assert_non_null(strstr(seen, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(seen, "\r\nX-Colons: a:b;c\r\n"));
	free(seen);
	exchange_free(&exchange);

	/* The next one on the same handle has nothing of them. */
	exchange = (struct exchange){0};
	request_set(&exchange, &made, "POST", stage->server->port, "/ok");
	perform(stage, &exchange);
	seen = raw_server_last(stage->server);
	assert_non_null(strstr(seen, "\r\nAccept: */*\r\n"));
	assert_int_equal(count_of(seen, "X-"), 0);
	assert_int_equal(count_of(seen, "Content-Type"), 0); /* nothing to be typed */
	free(seen);
	exchange_free(&exchange);
	plan_drop(&made);
}

static void test_large_request(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	size_t length = 3 << 20;
	char *body = malloc(length);
	memset(body, 'b', length);
	request_set(&exchange, &made, "PUT", stage->server->port, "/ok");
	request_body(&exchange, body, length);
	perform(stage, &exchange);
	assert_int_equal(exchange.response.transport, TRANSPORT_OK);
	char *seen = raw_server_last(stage->server);
	char *arrived = strstr(seen, "\r\n\r\n") + 4;
	assert_int_equal(strlen(arrived), length);
	assert_memory_equal(arrived, body, length);
	assert_int_equal(count_of(seen, "Expect:"), 0);
	assert_in_range(exchange.response.bytes_sent, length, strlen(seen));
	free(seen);
	free(body);
	exchange_free(&exchange);
	plan_drop(&made);
}

static void test_bodies(void **state)
{
	static const struct {
		const char *path;
		int64_t cap, came, kept;
		bool truncated;
	} rows[] = {
	    {"/big/1500000", BODY_MAX, 1500000, BODY_MAX, true},
	    {"/big/1000000", BODY_MAX, 1000000, 1000000, false},
	    {"/big/0", BODY_MAX, 0, 0, false},
	    {"/big/100", 0, 100, 0, true},
	    {"/gzip", BODY_MAX, 5, 5, false},
	    {"/gzip", 2, 5, 2, true},
	    {"/trailer", BODY_MAX, 5, 5, false},
	};
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		request_set(&exchange, &made, "GET", stage->server->port, rows[i].path);
		exchange.body_bytes_max = rows[i].cap;
		perform(stage, &exchange);
		struct response *response = &exchange.response;
		assert_int_equal(response->transport, TRANSPORT_OK);
		assert_int_equal(response->body_bytes, rows[i].came);
		assert_int_equal(response->body.length, rows[i].kept);
		assert_int_equal(response->truncated, rows[i].truncated);
		if (rows[i].came == 5)
			assert_memory_equal(response->body.data, "hello", (size_t)rows[i].kept);
		assert_null(strstr(response->headers.data, "Retry-After"));
	}
	exchange_free(&exchange);
	plan_drop(&made);
}

static void test_endless_body(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	request_set(&exchange, &made, "GET", stage->server->port, "/big/1000000000000");
	exchange.body_bytes_max = 10;
	perform(stage, &exchange);
	assert_int_equal(exchange.response.transport, TRANSPORT_OK);
	assert_int_equal(exchange.response.curl_error, 0);
	assert_int_equal(exchange.response.http_status, 200);
	assert_true(exchange.response.truncated);
	assert_int_equal(exchange.response.body.length, 10);
	assert_true(exchange.response.body_bytes > BODY_BYTES_IGNORED_MAX);
	exchange_free(&exchange);
	plan_drop(&made);
}

static void test_header_blocks(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	struct buffer *headers = &exchange.response.headers;
	request_set(&exchange, &made, "GET", stage->server->port, "/headers");
	perform(stage, &exchange);
	assert_int_equal(exchange.response.transport, TRANSPORT_OK);
	assert_ptr_equal(strstr(headers->data, "X-First: 1\r\n"), headers->data);
	assert_true(headers->length <= RESPONSE_HEADERS_MAX);
	assert_true(headers->length > RESPONSE_HEADERS_MAX - 2000);
	assert_string_equal(headers->data + headers->length - 2, "\r\n");
	body_is(&exchange, "ok");

	/* Only the last response's: an interim one's are gone. */
	request_set(&exchange, &made, "GET", stage->server->port, "/hints");
	perform(stage, &exchange);
	assert_int_equal(exchange.response.http_status, 200);
	assert_string_equal(headers->data, "Content-Length: 2\r\n");
	exchange_free(&exchange);
	plan_drop(&made);
}

int main(void)
{
	stage_prepare();
	const struct CMUnitTest tests[] = {
	    STAGED(test_plain),
	    STAGED(test_request_forms),
	    STAGED(test_header_lines),
	    STAGED(test_large_request),
	    STAGED(test_bodies),
	    STAGED(test_endless_body),
	    STAGED(test_header_blocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
