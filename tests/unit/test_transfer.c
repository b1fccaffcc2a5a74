#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "engine/request/transfer.h"
#include "tests/unit/raw_server.h"

#define BODY_MAX 1000000

/* ---- the stage ---------------------------------------------------------- */

struct stage {
	struct raw_server *server, *other;
	struct transfer *transfer;
	int finished;
};

struct made_plan {
	struct secret_set *secrets;
	struct spec *spec;
	struct plan *plan;
};

static void on_finished(void *context, struct exchange *exchange)
{
	struct stage *stage = context;
	assert_null(exchange->handle);
	stage->finished++;
}

/* `members` of the job file's request object. */
static struct made_plan plan_of(const char *members)
{
	static const unsigned char uuid[16] = {1};
	struct made_plan made = {.secrets = secret_set_new()};
	struct error error = {0};
	char text[512];
	snprintf(text, sizeof text, "{\"name\":\"t\",\"request\":{\"url\":\"http://127.0.0.1/\"%s%s}}",
	         *members ? "," : "", members);
	if (spec_parse(text, strlen(text), made.secrets, &made.spec, &error) != STATUS_OK ||
	    plan_make(made.spec, "t", uuid, made.secrets, &made.plan, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	return made;
}

static void plan_drop(struct made_plan *made)
{
	plan_free(made->plan);
	spec_free(made->spec);
	secret_set_free(made->secrets);
}

static int stage_open(void **state)
{
	struct stage *stage = calloc(1, sizeof *stage);
	stage->server = raw_server_start();
	stage->other = raw_server_start();
	stage->transfer = transfer_new(16, on_finished, stage);
	assert_non_null(stage->transfer);
	*state = stage;
	return 0;
}

static int stage_close(void **state)
{
	struct stage *stage = *state;
	transfer_free(stage->transfer);
	raw_server_stop(stage->server);
	raw_server_stop(stage->other);
	free(stage);
	return 0;
}

static void request_set(struct exchange *exchange, const struct made_plan *made, const char *method,
                        int port, const char *path)
{
	struct rendered *request = &exchange->request;
	exchange->plan = made->plan;
	exchange->body_bytes_max = BODY_MAX;
	exchange->may_repeat = strcmp(method, "POST") != 0;
	request->method = method;
	buffer_reset(&request->url, SIZE_MAX);
	buffer_printf(&request->url, "http://127.0.0.1:%d%s", port, path);
}

static void request_header(struct exchange *exchange, const char *line)
{
	buffer_append(&exchange->request.headers, line, strlen(line) + 1);
	exchange->request.header_count++;
}

static void request_body(struct exchange *exchange, const char *body, size_t length)
{
	buffer_reset(&exchange->request.body, SIZE_MAX);
	buffer_append(&exchange->request.body, body, length);
	exchange->request.has_body = true;
}

static void perform(struct stage *stage, struct exchange *exchange)
{
	int before = stage->finished;
	transfer_start(stage->transfer, exchange);
	while (stage->finished == before)
		transfer_run(stage->transfer, 1000);
	assert_int_equal(stage->finished, before + 1);
	assert_int_equal(transfer_active(stage->transfer), 0);
}

static void body_is(const struct exchange *exchange, const char *text)
{
	const struct buffer *body = &exchange->response.body;
	assert_int_equal(body->length, strlen(text));
	assert_memory_equal(body->data, text, body->length);
}

static int count_of(const char *text, const char *part)
{
	int count = 0;
	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

/* ---- answers -------------------------------------------------------------- */

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

/* ---- failures --------------------------------------------------------------- */

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

/* ---- the hidden re-send ------------------------------------------------------- */

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
	assert_int_equal(exchange.response.curl_error, CURLE_COULDNT_CONNECT);
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

/* ---- redirects ------------------------------------------------------------------ */

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
	assert_int_equal(exchange.response.curl_error, CURLE_UNSUPPORTED_PROTOCOL);
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

/* ---- many, and plans that change ----------------------------------------------- */

static void test_plans_take_turns(void **state)
{
	struct stage *stage = *state;
	struct exchange exchange = {0};
	for (int i = 0; i < 6; i++) {
		/* Each plan is likely to be made where the last one was freed. */
		struct made_plan made =
		    plan_of(i % 2 ? "\"follow_redirects\":true" : "\"timeout_s\":7");
		char path[128];
		snprintf(path, sizeof path, "/redirect/302/http://127.0.0.1:%d/ok",
		         stage->server->port);
		request_set(&exchange, &made, "GET", stage->server->port, path);
		perform(stage, &exchange);
		assert_int_equal(exchange.response.http_status, i % 2 ? 200 : 302);
		plan_drop(&made);
	}
	exchange_free(&exchange);
}

static void test_proxy(void **state)
{
	struct stage *stage = *state;
	char members[64];
	snprintf(members, sizeof members, "\"proxy\":\"http://127.0.0.1:%d\"", stage->other->port);
	struct made_plan made = plan_of(members), direct = plan_of("");
	struct exchange exchange = {0};
	request_set(&exchange, &made, "GET", stage->server->port, "/ok");
	perform(stage, &exchange);
	assert_int_equal(exchange.response.http_status, 200);
	assert_int_equal(raw_server_requests(stage->other), 1);
	char *seen = raw_server_last(stage->other);
	assert_ptr_equal(strstr(seen, "GET http://127.0.0.1:"), seen);
	free(seen);
	request_set(&exchange, &direct, "GET", stage->server->port, "/ok");
	perform(stage, &exchange);
	assert_int_equal(raw_server_requests(stage->other), 1);
	assert_int_equal(raw_server_requests(stage->server), 1);
	exchange_free(&exchange);
	plan_drop(&made);
	plan_drop(&direct);
}

/* `openssl s_server -www` on a certificate of its own; its port, 0: no openssl here. */
static int tls_server_start(const char *directory, FILE **output, pid_t *pid)
{
	char command[512], line[256];
	int port = 0, pipes[2];
	snprintf(command, sizeof command,
	         "cd %s && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
	         "-addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null",
	         directory);
	if (system(command) != 0 || pipe(pipes) != 0)
		return 0;
	*pid = fork();
	if (*pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipes[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		if (chdir(directory) == 0)
			execlp("openssl", "openssl", "s_server", "-www", "-accept", "127.0.0.1:0", "-cert",
			       "cert.pem", "-key", "key.pem", (char *)NULL);
		_exit(127);
	}
	close(pipes[1]);
	*output = fdopen(pipes[0], "r");
	while (!port && fgets(line, sizeof line, *output))
		sscanf(line, "ACCEPT 127.0.0.1:%d", &port);
	return port;
}

static void test_tls_is_verified(void **state)
{
	struct stage *stage = *state;
	char directory[] = "/tmp/sluice-test-XXXXXX", members[128], path[64];
	FILE *output = NULL;
	pid_t pid = 0;
	assert_non_null(mkdtemp(directory));
	int port = tls_server_start(directory, &output, &pid);
	snprintf(members, sizeof members, "\"cacert\":\"%s/cert.pem\"", directory);
	struct made_plan plain = plan_of(""), trusting = plan_of(members);
	struct exchange exchange = {0};
	for (int i = 0; port && i < 4; i++) {
		request_set(&exchange, i % 2 ? &trusting : &plain, "GET", port, "/");
		buffer_reset(&exchange.request.url, SIZE_MAX);
		buffer_printf(&exchange.request.url, "https://127.0.0.1:%d/", port);
		perform(stage, &exchange);
		assert_int_equal(exchange.response.transport, i % 2 ? TRANSPORT_OK : TRANSPORT_TLS);
		assert_int_equal(exchange.response.http_status, i % 2 ? 200 : 0);
		assert_int_equal(exchange.response.sent, i % 2);
	}
	exchange_free(&exchange);
	plan_drop(&plain);
	plan_drop(&trusting);
	if (pid) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		fclose(output);
	}
	for (const char *const *name = (const char *const[]){"key.pem", "cert.pem", NULL}; *name; name++) {
		snprintf(path, sizeof path, "%s/%s", directory, *name);
		unlink(path);
	}
	rmdir(directory);
	if (!port)
		skip();
}

#define MANY 100

static void test_many_at_once(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange *exchanges = calloc(MANY, sizeof *exchanges);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++) {
			char path[32];
			snprintf(path, sizeof path, "/big/%d", i * 1000);
			request_set(&exchanges[i], &made, "GET", stage->server->port, path);
			transfer_start(stage->transfer, &exchanges[i]);
		}
		assert_int_equal(transfer_active(stage->transfer), MANY);
		while (transfer_active(stage->transfer))
			transfer_run(stage->transfer, 1000);
		assert_int_equal(stage->finished, (round + 1) * MANY);
		for (int i = 0; i < MANY; i++) {
			assert_int_equal(exchanges[i].response.transport, TRANSPORT_OK);
			assert_int_equal(exchanges[i].response.body.length, i * 1000);
		}
	}
	/* More than asked for were under way: they were all kept for reuse. */
	assert_true(raw_server_connections(stage->server) <= MANY);
	for (int i = 0; i < MANY; i++)
		exchange_free(&exchanges[i]);
	free(exchanges);
	plan_drop(&made);
}

static void test_abort(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange sent = {0}, fresh = {0};
	request_set(&sent, &made, "POST", stage->server->port, "/silent");
	transfer_start(stage->transfer, &sent);
	while (raw_server_requests(stage->server) == 0)
		transfer_run(stage->transfer, 10);
	request_set(&fresh, &made, "POST", stage->server->port, "/silent");
	transfer_start(stage->transfer, &fresh);
	transfer_abort_all(stage->transfer);
	assert_int_equal(stage->finished, 0);
	assert_int_equal(transfer_active(stage->transfer), 2);
	transfer_run(stage->transfer, 60000);
	assert_int_equal(stage->finished, 2);
	assert_int_equal(transfer_active(stage->transfer), 0);
	assert_int_equal(sent.response.transport, TRANSPORT_BROKEN);
	assert_true(sent.response.sent);
	assert_int_equal(fresh.response.transport, TRANSPORT_LOCAL);
	assert_false(fresh.response.sent);
	assert_int_equal(raw_server_requests(stage->server), 1);

	request_set(&fresh, &made, "POST", stage->server->port, "/ok");
	perform(stage, &fresh);
	assert_int_equal(fresh.response.http_status, 200);
	exchange_free(&sent);
	exchange_free(&fresh);
	plan_drop(&made);
}

static void test_freed_under_way(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	struct transfer *transfer = transfer_new(1, on_finished, stage);
	request_set(&exchange, &made, "GET", stage->server->port, "/silent");
	transfer_start(transfer, &exchange);
	while (raw_server_requests(stage->server) == 0)
		transfer_run(transfer, 10);
	transfer_free(transfer);
	transfer_free(NULL);
	assert_int_equal(stage->finished, 0);
	exchange_free(&exchange);
	plan_drop(&made);
}

static void *wake_it(void *context)
{
	transfer_wake(context);
	return NULL;
}

static void test_wake(void **state)
{
	struct stage *stage = *state;
	pthread_t waker;
	pthread_create(&waker, NULL, wake_it, stage->transfer);
	transfer_run(stage->transfer, 3600 * 1000); /* the alarm of the test runner otherwise */
	pthread_join(waker, NULL);
}

static void test_reset(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	request_set(&exchange, &made, "GET", stage->server->port, "/big/300000");
	request_header(&exchange, "X-A: b");
	perform(stage, &exchange);
	assert_true(exchange_memory(&exchange) >= 300000);
	exchange_reset(&exchange, 4096);
	assert_true(exchange_memory(&exchange) <= 8 * 4096);
	assert_null(exchange.plan);
	assert_int_equal(exchange.response.body.length, 0);
	assert_int_equal(exchange.response.http_status, 0);
	assert_int_equal(exchange.request.header_count, 0);
	request_set(&exchange, &made, "GET", stage->server->port, "/ok");
	perform(stage, &exchange);
	body_is(&exchange, "hello");
	exchange_free(&exchange);
	plan_drop(&made);
}

static void test_classify(void **state)
{
	(void)state;
	static const struct {
		int code;
		enum transport unsent, sent;
	} rows[] = {
	    {CURLE_OK, TRANSPORT_OK, TRANSPORT_OK},
	    {CURLE_UNSUPPORTED_PROTOCOL, TRANSPORT_URL, TRANSPORT_BROKEN},
	    {CURLE_URL_MALFORMAT, TRANSPORT_URL, TRANSPORT_BROKEN},
	    {CURLE_COULDNT_RESOLVE_HOST, TRANSPORT_RESOLVE, TRANSPORT_BROKEN},
	    {CURLE_COULDNT_RESOLVE_PROXY, TRANSPORT_RESOLVE, TRANSPORT_BROKEN},
	    {CURLE_COULDNT_CONNECT, TRANSPORT_CONNECT, TRANSPORT_BROKEN},
	    {CURLE_PEER_FAILED_VERIFICATION, TRANSPORT_TLS, TRANSPORT_BROKEN},
	    {CURLE_SSL_CACERT_BADFILE, TRANSPORT_TLS, TRANSPORT_BROKEN},
	    {CURLE_SSL_CONNECT_ERROR, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {CURLE_HTTP2, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {CURLE_RECV_ERROR, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {CURLE_SEND_ERROR, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {CURLE_GOT_NOTHING, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {CURLE_PARTIAL_FILE, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {CURLE_BAD_CONTENT_ENCODING, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	    {CURLE_OPERATION_TIMEDOUT, TRANSPORT_TIMEOUT, TRANSPORT_TIMEOUT},
	    {CURLE_ABORTED_BY_CALLBACK, TRANSPORT_RESENT, TRANSPORT_RESENT},
	    {CURLE_TOO_MANY_REDIRECTS, TRANSPORT_TOO_MANY_REDIRECTS, TRANSPORT_TOO_MANY_REDIRECTS},
	    {CURLE_OUT_OF_MEMORY, TRANSPORT_LOCAL, TRANSPORT_BROKEN},
	    {9999, TRANSPORT_HANDSHAKE, TRANSPORT_BROKEN},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(transfer_classify(rows[i].code, false), rows[i].unsent);
		assert_int_equal(transfer_classify(rows[i].code, true), rows[i].sent);
	}
	assert_non_null(strstr(transfer_version(), "libcurl/"));
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_open, stage_close)

int main(void)
{
	/* What is in the environment is not under test. */
	static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
	                                    "ALL_PROXY", "no_proxy", "NO_PROXY"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
	alarm(120);
	if (transfer_global_init(NULL) != STATUS_OK)
		return 1;
	const struct CMUnitTest tests[] = {
	    STAGED(test_plain),
	    STAGED(test_request_forms),
	    STAGED(test_header_lines),
	    STAGED(test_large_request),
	    STAGED(test_bodies),
	    STAGED(test_endless_body),
	    STAGED(test_header_blocks),
	    STAGED(test_failures),
	    STAGED(test_nothing_sent),
	    STAGED(test_refused_at_start),
	    STAGED(test_timeouts),
	    STAGED(test_out_of_descriptors),
	    STAGED(test_not_sent_twice),
	    STAGED(test_may_be_sent_twice),
	    STAGED(test_lost_then_refused),
	    STAGED(test_stale_connection),
	    STAGED(test_redirect_methods),
	    STAGED(test_redirect_secrets),
	    STAGED(test_redirect_limits),
	    STAGED(test_redirect_resend),
	    STAGED(test_plans_take_turns),
	    STAGED(test_proxy),
	    STAGED(test_tls_is_verified),
	    STAGED(test_many_at_once),
	    STAGED(test_abort),
	    STAGED(test_freed_under_way),
	    STAGED(test_wake),
	    STAGED(test_reset),
	    cmocka_unit_test(test_classify),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
