/* Requests that fail, and the one that libcurl would send twice. */
#include <sys/resource.h>

#include "tests/unit/transfer_stage.h"

static void test_failures(void **state)
{
	static const struct {
		const char *path;
		enum transport transport;
		int status;
	} rows[] = {
	    {"/close", TRANSPORT_BROKEN, 0},     {"/reset", TRANSPORT_BROKEN, 0},
	    {"/half", TRANSPORT_BROKEN, 200},    {"/cut", TRANSPORT_BROKEN, 200},
	    {"/garbage", TRANSPORT_BROKEN, 0},   {"/status/503", TRANSPORT_OK, 503},
	    {"/status/404", TRANSPORT_OK, 404},  {"/redirect/302/http://127.0.0.1:1/", TRANSPORT_OK, 302},
	};
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		request_set(&exchange, &made, "POST", stage->server->port, rows[i].path);
		perform(stage, &exchange);
		struct response *response = &exchange.response;
		assert_int_equal(response->transport, rows[i].transport);
		assert_int_equal(response->http_status, rows[i].status);
		assert_true(response->sent);
		assert_int_equal(response->curl_error != 0, rows[i].transport != TRANSPORT_OK);
		assert_int_equal(response->error_text[0] != 0, rows[i].transport != TRANSPORT_OK);
	}
	assert_int_equal(raw_server_requests(stage->server), sizeof rows / sizeof *rows);
	exchange_free(&exchange);
	plan_drop(&made);
}

static void test_nothing_sent(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	int refusing_port, refusing = raw_bind(-1, &refusing_port);
	const struct {
		const char *format;
		int port;
		enum transport transport;
	} rows[] = {
	    {"http://127.0.0.1:%d/", refusing_port, TRANSPORT_CONNECT},
	    {"https://127.0.0.1:%d/", stage->server->port, TRANSPORT_HANDSHAKE},
	    {"ftp://127.0.0.1:%d/", refusing_port, TRANSPORT_URL},
	    {"http://127.0.0.1:%d/a b\nc", refusing_port, TRANSPORT_URL},
	    {"http://[::1", 0, TRANSPORT_URL},
	    {"", 0, TRANSPORT_URL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct exchange exchange = {0};
		char url[128];
		snprintf(url, sizeof url, rows[i].format, rows[i].port);
		request_set(&exchange, &made, "POST", 1, "/");
		buffer_reset(&exchange.request.url, SIZE_MAX);
		buffer_text(&exchange.request.url, url);
		perform(stage, &exchange);
		assert_int_equal(exchange.response.transport, rows[i].transport);
		assert_false(exchange.response.sent);
		assert_int_equal(exchange.response.bytes_sent, 0);
		assert_string_not_equal(exchange.response.error_text, "");
		assert_int_equal(exchange.prereq_calls, 0);
		exchange_free(&exchange);
	}
	close(refusing);
	plan_drop(&made);
}

/* A URL beyond libcurl's limit never gets into the multi, and the next request is none the worse. */
static void test_refused_at_start(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	request_set(&exchange, &made, "GET", stage->server->port, "/ok");
	perform(stage, &exchange);
	buffer_reserve(&exchange.request.url, 9 << 20);
	memset(exchange.request.url.data + exchange.request.url.length, 'u', 9 << 20);
	exchange.request.url.length += 9 << 20;
	exchange.request.url.data[exchange.request.url.length] = '\0';
	int before = stage->finished;
	transfer_start(stage->transfer, &exchange);
	assert_int_equal(stage->finished, before); /* only from transfer_run */
	assert_int_equal(transfer_active(stage->transfer), 1);
	transfer_run(stage->transfer, 1000);
	assert_int_equal(stage->finished, before + 1);
	assert_int_equal(exchange.response.transport, TRANSPORT_URL);
	assert_int_equal(exchange.response.http_status, 0);
	assert_int_equal(exchange.response.body.length, 0);
	assert_false(exchange.response.sent);

	request_set(&exchange, &made, "GET", stage->server->port, "/ok");
	perform(stage, &exchange);
	assert_int_equal(exchange.response.transport, TRANSPORT_OK);
	exchange_free(&exchange);
	plan_drop(&made);
}

static void test_timeouts(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("\"timeout_s\":0.2,\"connect_timeout_s\":0.1");
	struct exchange exchange = {0};
	request_set(&exchange, &made, "POST", stage->server->port, "/silent");
	perform(stage, &exchange);
	assert_int_equal(exchange.response.transport, TRANSPORT_TIMEOUT);
	assert_true(exchange.response.sent);
	assert_true(exchange.response.bytes_sent > 0);

	/* A listener whose queue is full answers no SYN. */
	int port, fillers[3], listener = raw_bind(0, &port);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	for (int i = 0; i < 3; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)!connect(fillers[i], (struct sockaddr *)&address, sizeof address);
	}
	request_set(&exchange, &made, "POST", port, "/");
	perform(stage, &exchange);
	assert_int_equal(exchange.response.transport, TRANSPORT_TIMEOUT);
	assert_false(exchange.response.sent);
	for (int i = 0; i < 3; i++)
		close(fillers[i]);
	close(listener);
	exchange_free(&exchange);
	plan_drop(&made);
}

static void test_out_of_descriptors(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	struct rlimit before, none;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	int next = dup(0);
	close(next);
	none.rlim_cur = (rlim_t)next;
	request_set(&exchange, &made, "POST", stage->server->port, "/ok");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	perform(stage, &exchange);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(exchange.response.transport, TRANSPORT_LOCAL);
	assert_false(exchange.response.sent);
	assert_string_equal(exchange.response.error_text, "Too many open files");
	exchange_free(&exchange);
	plan_drop(&made);
}

static void test_not_sent_twice(void **state)
{
	static const char *const paths[] = {"/once", "/continue-once"};
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct exchange exchange = {0};
		int before = raw_server_requests(stage->server);
		request_set(&exchange, &made, "POST", stage->server->port, paths[i]);
		request_body(&exchange, "pay", 3);
		perform(stage, &exchange);
		assert_int_equal(exchange.response.http_status, 200);

		/* The same connection now swallows the request. */
		request_set(&exchange, &made, "POST", stage->server->port, paths[i]);
		perform(stage, &exchange);
		assert_true(exchange.response.transport == TRANSPORT_RESENT ||
		            exchange.response.transport == TRANSPORT_BROKEN);
		if (i == 0)
			assert_int_equal(exchange.response.transport, TRANSPORT_RESENT);
		assert_int_equal(exchange.response.http_status, 0);
		assert_true(exchange.response.sent);
		assert_int_equal(raw_server_requests(stage->server), before + 2);
		exchange_free(&exchange);
	}
	plan_drop(&made);
}

static void test_may_be_sent_twice(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	for (int i = 0; i < 2; i++) {
		request_set(&exchange, &made, "GET", stage->server->port, "/once");
		perform(stage, &exchange);
		assert_int_equal(exchange.response.transport, TRANSPORT_OK);
		assert_int_equal(exchange.response.http_status, 200);
		assert_int_equal(exchange.prereq_calls, i + 1);
	}
	assert_int_equal(raw_server_requests(stage->server), 3);
	exchange_free(&exchange);
	plan_drop(&made);
}

/* Sent, lost, and the new connection refused: not a "nothing sent". */
static void test_lost_then_refused(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	struct raw_server *server = raw_server_start();
	request_set(&exchange, &made, "POST", server->port, "/once");
	perform(stage, &exchange);
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->acceptor, NULL);
	close(server->listener);

	request_set(&exchange, &made, "POST", server->port, "/once");
	perform(stage, &exchange);
	assert_int_equal(exchange.response.transport, TRANSPORT_BROKEN);
	assert_int_equal(exchange.response.curl_error, 7 /* COULDNT_CONNECT */);
	assert_true(exchange.response.sent);
	exchange_free(&exchange);

	int port; /* so that raw_server_stop finds what it expects */
	server->listener = raw_bind(1, &port);
	pthread_create(&server->acceptor, NULL, raw_accept, server);
	raw_server_stop(server);
	plan_drop(&made);
}

/* A connection that the server closed while it was idle is not used. */
static void test_stale_connection(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	struct raw_server *server = raw_server_start();
	request_set(&exchange, &made, "POST", server->port, "/ok");
	perform(stage, &exchange);
	pthread_mutex_lock(&server->mutex);
	shutdown(server->sockets[0], SHUT_RDWR);
	pthread_mutex_unlock(&server->mutex);
	pthread_join(server->threads[0], NULL); /* closed for good */
	pthread_create(&server->threads[0], NULL, (void *(*)(void *))(void (*)(void))getpid, NULL);
	for (int i = 0; i < 3; i++) /* it is seen to be closed, once */
		transfer_run(stage->transfer, 10);

	request_set(&exchange, &made, "POST", server->port, "/ok");
	perform(stage, &exchange);
	assert_int_equal(exchange.response.transport, TRANSPORT_OK);
	assert_int_equal(exchange.prereq_calls, 1);
	assert_int_equal(raw_server_connections(server), 2);
	exchange_free(&exchange);
	raw_server_stop(server);
	plan_drop(&made);
}

static void test_classify(void **state)
{
	(void)state;
	static const struct {
		int code;
		enum transport unsent, sent;
	} rows[] = {
	    {0 /* OK */, TRANSPORT_OK, TRANSPORT_OK},
	    {1 /* UNSUPPORTED_PROTOCOL */, TRANSPORT_URL, TRANSPORT_BROKEN},
	    {3 /* URL_MALFORMAT */, TRANSPORT_URL, TRANSPORT_BROKEN},
	    {6 /* COULDNT_RESOLVE_HOST */, TRANSPORT_RESOLVE, TRANSPORT_BROKEN},
	    {5 /* COULDNT_RESOLVE_PROXY */, TRANSPORT_RESOLVE, TRANSPORT_BROKEN},
	    {7 /* COULDNT_CONNECT */, TRANSPORT_CONNECT, TRANSPORT_BROKEN},
	    {60 /* PEER_FAILED_VERIFICATION */, TRANSPORT_TLS, TRANSPORT_BROKEN},
	    {77 /* SSL_CACERT_BADFILE */, TRANSPORT_TLS, TRANSPORT_BROKEN},
	    {35 /* SSL_CONNECT_ERROR */, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {16 /* HTTP2 */, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {56 /* RECV_ERROR */, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {55 /* SEND_ERROR */, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {52 /* GOT_NOTHING */, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {18 /* PARTIAL_FILE */, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {61 /* BAD_CONTENT_ENCODING */, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {28 /* OPERATION_TIMEDOUT */, TRANSPORT_TIMEOUT, TRANSPORT_TIMEOUT},
	    {42 /* ABORTED_BY_CALLBACK */, TRANSPORT_RESENT, TRANSPORT_RESENT},
	    {47 /* TOO_MANY_REDIRECTS */, TRANSPORT_TOO_MANY_REDIRECTS, TRANSPORT_TOO_MANY_REDIRECTS},
	    {27 /* OUT_OF_MEMORY */, TRANSPORT_LOCAL, TRANSPORT_BROKEN},
	    {9999, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(transfer_classify(rows[i].code, false), rows[i].unsent);
		assert_int_equal(transfer_classify(rows[i].code, true), rows[i].sent);
	}
	assert_non_null(strstr(transfer_version(), "libcurl/"));
}

int main(void)
{
	stage_prepare();
	const struct CMUnitTest tests[] = {
	    STAGED(test_failures),
	    STAGED(test_nothing_sent),
	    STAGED(test_refused_at_start),
	    STAGED(test_timeouts),
	    STAGED(test_out_of_descriptors),
	    STAGED(test_not_sent_twice),
	    STAGED(test_may_be_sent_twice),
	    STAGED(test_lost_then_refused),
	    STAGED(test_stale_connection),
	    cmocka_unit_test(test_classify),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
