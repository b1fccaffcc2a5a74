/* Redirects: methods, secrets, limits. */
#include "tests/unit/transfer_stage.h"

static void test_redirect_methods(void **state)
{
	static const struct {
		const char *method;
		int status;
		const char *then;
		bool body_then;
	} rows[] = {
	    {"POST", 301, "GET ", false},   {"POST", 302, "GET ", false},
	    {"POST", 303, "GET ", false},   {"POST", 307, "POST ", true},
	    {"POST", 308, "POST ", true},   {"PUT", 301, "PUT ", true},
	    {"PUT", 302, "PUT ", true},     {"PUT", 303, "GET ", false},
	    {"PUT", 307, "PUT ", true},     {"DELETE", 302, "DELETE ", false},
	    {"DELETE", 303, "GET ", false}, {"GET", 302, "GET ", false},
	    {"HEAD", 303, "HEAD ", false},  {"DELETE", 308, "DELETE ", false},
	};
	struct stage *stage = *state;
	struct made_plan made = plan_of("\"follow_redirects\":true");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct exchange exchange = {0};
		char path[128];
		int before = raw_server_requests(stage->server);
		snprintf(path, sizeof path, "/redirect/%d/http://127.0.0.1:%d/ok", rows[i].status,
		         stage->server->port);
		request_set(&exchange, &made, rows[i].method, stage->server->port, path);
		if (rows[i].method[0] == 'P')
			request_body(&exchange, "body", 4);
		perform(stage, &exchange);
		assert_int_equal(exchange.response.transport, TRANSPORT_OK);
		assert_int_equal(exchange.response.http_status, 200);
		assert_int_equal(exchange.prereq_calls, 2);
		assert_null(strstr(exchange.response.headers.data, "X-Hop"));
		assert_int_equal(raw_server_requests(stage->server), before + 2);
		char *seen = raw_server_last(stage->server);
		assert_ptr_equal(strstr(seen, rows[i].then), seen);
		assert_string_equal(strstr(seen, "\r\n\r\n") + 4, rows[i].body_then ? "body" : "");
		free(seen);
		exchange_free(&exchange);
	}
	plan_drop(&made);
}

static void test_redirect_secrets(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("\"follow_redirects\":true");
	for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
		struct exchange exchange = {0};
		struct raw_server *target = elsewhere ? stage->other : stage->server;
		char path[128];
		snprintf(path, sizeof path, "/redirect/307/http://127.0.0.1:%d/ok", target->port);
		request_set(&exchange, &made, "GET", stage->server->port, path);
		request_header(&exchange, "X-Api-Key: hush");
		request_header(&exchange, "Authorization: Bearer hush");
		request_header(&exchange, "X-Plain: seen");
		request_header(&exchange, "Cookie: a=hush");
		perform(stage, &exchange);
		assert_int_equal(exchange.response.http_status, 200);
		char *seen = raw_server_last(target);
		assert_int_equal(count_of(seen, "hush"), elsewhere ? 0 : 3);
		assert_int_equal(count_of(seen, "X-Plain: seen\r\n"), 1);
		free(seen);
		exchange_free(&exchange);
	}
	/* The handle is as it was. */
	struct exchange exchange = {0};
	request_set(&exchange, &made, "GET", stage->server->port, "/ok");
	request_header(&exchange, "X-Api-Key: hush");
	perform(stage, &exchange);
	char *seen = raw_server_last(stage->server);
	assert_int_equal(count_of(seen, "X-Api-Key: hush\r\n"), 1);
	free(seen);
	exchange_free(&exchange);
	plan_drop(&made);
}

static void test_redirect_limits(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("\"follow_redirects\":true");
	struct exchange exchange = {0};
	/* "Location: again" leads back to itself for ever. */
	request_set(&exchange, &made, "GET", stage->server->port, "/redirect/302/again");
	perform(stage, &exchange);
	assert_int_equal(exchange.response.transport, TRANSPORT_TOO_MANY_REDIRECTS);
	assert_int_equal(exchange.prereq_calls, REDIRECTS_MAX + 1);
	exchange_free(&exchange);

	exchange = (struct exchange){0};
	request_set(&exchange, &made, "GET", stage->server->port, "/redirect/302/file:///etc/passwd");
	perform(stage, &exchange);
	assert_int_equal(exchange.response.transport, TRANSPORT_BROKEN);
	assert_int_equal(exchange.response.curl_error, 1 /* UNSUPPORTED_PROTOCOL */);
	assert_true(exchange.response.sent);
	assert_int_equal(exchange.response.body.length, 0);
	exchange_free(&exchange);
	plan_drop(&made);
}

/* A redirect's next hop is lost on a reused connection: still not sent twice. */
static void test_redirect_resend(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("\"follow_redirects\":true");
	struct exchange exchange = {0};
	char path[128];
	request_set(&exchange, &made, "POST", stage->other->port, "/once");
	perform(stage, &exchange);
	snprintf(path, sizeof path, "/redirect/307/http://127.0.0.1:%d/once", stage->other->port);
	request_set(&exchange, &made, "POST", stage->server->port, path);
	perform(stage, &exchange);
	assert_int_equal(exchange.response.transport, TRANSPORT_RESENT);
	assert_int_equal(raw_server_requests(stage->other), 2);
	exchange_free(&exchange);
	plan_drop(&made);
}

int main(void)
{
	stage_prepare();
	const struct CMUnitTest tests[] = {
	    STAGED(test_redirect_methods),
	    STAGED(test_redirect_secrets),
	    STAGED(test_redirect_limits),
	    STAGED(test_redirect_resend),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
