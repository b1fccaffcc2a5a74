/* The server over real sockets, with polite and with hostile clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/web_fixture.h"

/* ---- the ordinary --------------------------------------------------------- */

static void test_answers(void **state)
{
	static const char *const everywhere[] = {
		"\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; ",
		"\r\nX-Content-Type-Options: nosniff\r\n",
		"\r\nReferrer-Policy: no-referrer\r\n",
		"\r\nCross-Origin-Resource-Policy: same-origin\r\n",
		"\r\nCross-Origin-Opener-Policy: same-origin\r\n",
	};
	static const struct {
		const char *line;
		int http_status;
		const char *wanted;
	} cases[] = {
		{"GET /healthz", 200, "\r\n\r\nok\n"},
		{"GET /api/v1/jobs?limit=1", 200, "\r\n\r\n{\"jobs\":[{\"id\":\"2\""},
		{"GET /api/v1/jobs/job%202", 200, "\"name\":\"job 2\""},
		{"GET /api/v1/jobs", 200, "\r\nCache-Control: no-store\r\n"},
		{"GET /api/v1/jobs", 200, "\r\nContent-Type: application/json\r\n"},
		{"GET /api/v1/jobs/x", 404, "\r\nContent-Type: application/problem+json\r\n"},
		{"PUT /api/v1/jobs", 405, "\r\nAllow: GET, POST\r\n"},
		{"OPTIONS /api/v1/jobs", 405, "\r\nAllow: GET, POST\r\n"},
		{"DELETE /api/v1/jobs/1", 204, "HTTP/1.1 204"},
		{"GET /", 200, "\r\n\r\n<plain>"},
		{"GET /index.html", 200, "\r\nCache-Control: no-cache\r\n"},
		{"GET /@v1/index.html", 200, "\r\nCache-Control: private, max-age=31536000, immutable\r\n"},
		{"GET /@v0/index.html", 200, "\r\nCache-Control: no-cache\r\n"}, /* of a former one */
		{"GET /@v1/", 200, "<plain>"},
		{"GET /@v1", 404, "\"status\":404"},
		{"GET /@v1/nothing.js", 404, "\"status\":404"},
		{"GET /nothing.js", 404, "\"status\":404"},
		{"POST /", 405, "\r\nAllow: GET, HEAD\r\n"},
	};
	struct buffer answer = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		int http_status = ask(cases[i].line, "", "", &answer);

		if (http_status != cases[i].http_status
		    || strstr(answer.data, cases[i].wanted) == NULL)
			fail_msg("%s: %d: %s", cases[i].line, http_status, answer.data);
		for (size_t h = 0; h < LENGTH(everywhere); h++) {
			if (strstr(answer.data, everywhere[h]) == NULL)
				fail_msg("%s: no %s", cases[i].line, everywhere[h]);
		}
	}
	buffer_free(&answer);
}

static void test_page_negotiation(void **state)
{
	static const struct {
		const char *headers;
		int http_status;
		const char *wanted, *absent;
	} cases[] = {
		{"", 200, "\r\n\r\n<plain>", "Content-Encoding"},
		{"", 200, "\r\nETag: \"abc\"\r\n", "gzip"},
		{"Accept-Encoding: identity\r\n", 200, "\r\n\r\n<plain>", "Content-Encoding"},
		{"Accept-Encoding: gzip, br\r\n", 200, "\r\n\r\n<gzip>", "plain"},
		{"Accept-Encoding: gzip\r\n", 200, "\r\nContent-Encoding: gzip\r\n", "plain"},
		{"Accept-Encoding: gzip\r\n", 200, "\r\nETag: \"abc-gzip\"\r\n", "plain"},
		{"If-None-Match: \"abc\"\r\n", 304, "\r\nETag: \"abc\"\r\n", "plain>"},
		{"If-None-Match: \"abd\"\r\n", 200, "\r\nVary: Accept-Encoding\r\n", "gzip"},
		{"If-None-Match: \"abc\"\r\nAccept-Encoding: gzip\r\n", 200, "<gzip>", "plain"},
		{"If-None-Match: \"abc-gzip\"\r\nAccept-Encoding: gzip\r\n", 304, "abc-gzip",
		 "<gzip>"},
	};
	struct buffer answer = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		int http_status = ask("GET /", cases[i].headers, "", &answer);

		if (http_status != cases[i].http_status
		    || strstr(answer.data, cases[i].wanted) == NULL
		    || strstr(answer.data, cases[i].absent) != NULL)
			fail_msg("%s: %d: %s", cases[i].headers, http_status, answer.data);
	}
	buffer_free(&answer);
}

static void test_head(void **state)
{
	struct buffer answer = {0};

	(void)state;
	assert_int_equal(ask("HEAD /healthz", "", "", &answer), 200);
	assert_non_null(strstr(answer.data, "\r\nContent-Length: 3\r\n"));
	assert_null(strstr(answer.data, "ok\n"));
	fake.export_pieces = 3;
	assert_int_equal(ask("HEAD /api/v1/jobs/1/export", "", "", &answer), 200);
	assert_null(strstr(answer.data, "123456789"));
	buffer_free(&answer);
}

static void test_keep_alive_and_pipelining(void **state)
{
	struct buffer answer = {0}, request = {0};
	int fd = raw_connect(), answers = 0;

	(void)state;
	for (int i = 0; i < 20; i++)
		buffer_printf(&request, "GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
		              raw_port);
	/* A body that looks like a request is not taken for one. */
	buffer_printf(&request,
	              "GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 33\r\n\r\n"
	              "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
	              raw_port);
	request_make(&request, "GET /api/v1/jobs/1", "", "");
	raw_send(fd, request.data, request.length);
	raw_rest(fd, &answer);
	close(fd);
	for (const char *at = answer.data; (at = strstr(at, "HTTP/1.1 200 ")) != NULL; at++)
		answers++;
	assert_int_equal(answers, 22);
	assert_null(strstr(answer.data, "HTTP/1.1 4"));
	assert_non_null(strstr(answer.data, "\"name\":\"crm\""));
	buffer_free(&request);
	buffer_free(&answer);
}

/* ---- who may ask ----------------------------------------------------------- */

static void test_token_and_origin(void **state)
{
	static const struct {
		const char *request; /* %d: the port */
		int http_status;
	} cases[] = {
		{"GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n", 200},
		{"GET / HTTP/1.1\r\nHost: localhost:%d\r\n", 200},
		{"GET /readyz HTTP/1.0\r\nHost: localhost:%d\r\n", 200},
		{"GET /metrics HTTP/1.1\r\nHost: localhost:%d\r\n", 401},
		{"GET /api/v1/jobs HTTP/1.1\r\nHost: localhost:%d\r\n", 401},
		{"GET /api/v1/jobs?token=" TOKEN " HTTP/1.1\r\nHost: localhost:%d\r\n", 401},
		{"GET /api/v1/jobs HTTP/1.1\r\nHost: localhost:%d\r\nCookie: token=" TOKEN "\r\n", 401},
		{"GET /api/v1/jobs HTTP/1.1\r\nHost: localhost:%d\r\nAuthorization: Bearer no\r\n", 401},
		{"GET /api/v1/jobs HTTP/1.1\r\nHost: evil.example:%d\r\n", 403},
		{"GET / HTTP/1.1\r\nHost: evil.example:%d\r\n", 403},
		{"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: %d\r\n", 403},
		{"GET / HTTP/1.1\r\nHost: localhost:%d\r\nSec-Fetch-Site: cross-site\r\n", 403},
		{"OPTIONS /api/v1/jobs HTTP/1.1\r\nHost: localhost:%d\r\nOrigin: http://evil\r\n", 403},
		{"GET /healthz HTTP/1.1\r\nX: %d\r\n", 400},
	};
	struct buffer answer = {0};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char request[512];
		int length = snprintf(request, sizeof(request), cases[i].request, raw_port);

		snprintf(request + length, sizeof(request) - (size_t)length,
		         "Connection: close\r\n\r\n");
		raw_talk_bytes(request, strlen(request), &answer);
		if (raw_status(&answer) != cases[i].http_status)
			fail_msg("%s: %s", cases[i].request, answer.data);
		if (cases[i].http_status == 401)
			assert_non_null(strstr(answer.data, "\r\nWWW-Authenticate: Bearer"));
		assert_null(strstr(answer.data, "Access-Control"));
		buffer_free(&answer);
	}
}

static void test_guessing(void **state)
{
	int refused = 0, put_off = 0;

	(void)state;
	for (int i = 0; i < 30; i++) {
		char request[256];
		struct buffer answer = {0};

		snprintf(request, sizeof(request),
		         "GET /api/v1/jobs HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer "
		         "guess-%d\r\n\r\n",
		         raw_port, i);
		raw_talk_bytes(request, strlen(request), &answer); /* and it closes */
		refused += raw_status(&answer) == 401;
		put_off += raw_status(&answer) == 429;
		buffer_free(&answer);
	}
	assert_int_equal(refused + put_off, 30);
	assert_true(put_off > 0);
	assert_int_equal(ask_quietly("GET /api/v1/jobs", "", ""), 200);
}

/* ---- bodies ------------------------------------------------------------------ */

static void test_body_sizes(void **state)
{
	struct buffer body = {0};
	char header[64];

	(void)state;
	assert_int_equal(ask_quietly("POST /api/v1/jobs/1/retry", "Content-Length: 12\r\n",
	                             "{\"all\":true}"), 202);
	assert_int_equal(ask_quietly("POST /api/v1/jobs/1/retry",
	                             "Transfer-Encoding: chunked\r\n",
	                             "5\r\n{\"all\r\n7;x=y\r\n\":true}\r\n0\r\n\r\n"), 202);
	for (int i = 0; i < (2 << 20); i++)
		buffer_char(&body, ' ');
	snprintf(header, sizeof(header), "Content-Length: %zu\r\n", body.length);
	assert_int_equal(ask_quietly("POST /api/v1/jobs", header, body.data), 413);
	assert_int_equal(ask_quietly("GET /healthz", header, body.data), 413);
	/* too long in chunks: that is seen only as they come */
	memcpy(body.data, "1ffff8\r\n", 8);
	buffer_text(&body, "\r\n0\r\n\r\n");
	assert_int_equal(ask_quietly("POST /api/v1/jobs", "Transfer-Encoding: chunked\r\n",
	                             body.data), 413);
	assert_int_equal(ask_quietly("POST /api/v1/jobs", "Content-Length: 999999999999\r\n", ""),
	                 413);
	buffer_free(&body);
}

/* ---- streams ----------------------------------------------------------------- */

static void test_upload(void **state)
{
	struct buffer body = {0}, answer = {0};
	char header[64];

	(void)state;
	for (int i = 0; i < (4 << 20); i++)
		buffer_char(&body, i % 16 == 15 ? '\n' : 'x');
	snprintf(header, sizeof(header), "Content-Length: %zu\r\n", body.length);
	assert_int_equal(ask("POST /api/v1/jobs/crm/items?format=lines", header, body.data, &answer),
	                 200);
	assert_non_null(strstr(answer.data, "\r\n\r\n{\"rows\":262144,\"rows_known\":0}"));
	assert_int_equal(fake.format, FORMAT_LINES);
	/* A bad row is told when the rest has been read. */
	memcpy(body.data, "BAD", 3);
	assert_int_equal(ask("POST /api/v1/jobs/1/items", header, body.data, &answer), 400);
	assert_non_null(strstr(answer.data, "\"detail\":\"row 1, line 2: bad\""));
	/* A refusal too. */
	assert_int_equal(ask_quietly("POST /api/v1/jobs/2/items", header, body.data), 409);
	assert_int_equal(ask_quietly("POST /api/v1/jobs/x/items", header, body.data), 404);
	assert_int_equal(ask_quietly("POST /api/v1/jobs/1/items?format=x", header, body.data), 400);
	buffer_free(&body);
	buffer_free(&answer);
}

static void test_expect_continue(void **state)
{
	static const char headers[] = "Content-Length: 4\r\nExpect: 100-continue\r\n";
	struct buffer request = {0}, answer = {0};
	int fd = raw_connect();

	(void)state;
	/* Who asks before he sends is refused before he sends. */
	assert_int_equal(ask("POST /api/v1/jobs/2/items", headers, "", &answer), 409);
	buffer_free(&answer);
	request_make(&request, "POST /api/v1/jobs/1/items", headers, "");
	raw_send(fd, request.data, request.length);
	raw_until(fd, &answer, "HTTP/1.1 100 Continue\r\n\r\n");
	raw_say(fd, "1\n2\n");
	raw_rest(fd, &answer);
	assert_non_null(strstr(answer.data, "{\"rows\":2,\"rows_known\":0}"));
	close(fd);
	buffer_free(&request);
	buffer_free(&answer);
}

static void test_export(void **state)
{
	struct buffer answer = {0};
	int closed = fake_exports_closed, rows = 0;

	(void)state;
	fake.export_pieces = 500;
	assert_int_equal(ask("GET /api/v1/jobs/1/export", "", "", &answer), 200);
	assert_non_null(strstr(answer.data, "\r\nContent-Disposition: attachment; "
	                                    "filename=\"job-1.ndjson\"\r\n"));
	assert_non_null(strstr(answer.data, "\r\nTransfer-Encoding: chunked\r\n"));
	assert_memory_equal(answer.data + answer.length - 7, "\r\n0\r\n\r\n", 7);
	for (const char *at = answer.data; (at = strchr(at, '\n')) != NULL; at++)
		rows++;
	assert_true(rows >= 500 * 100);
	/* One that breaks off does not look like one that is whole. */
	fake.export_breaks = true;
	assert_int_equal(ask("GET /api/v1/jobs/1/export", "", "", &answer), 200);
	assert_memory_not_equal(answer.data + answer.length - 5, "0\r\n\r\n", 5);
	fake.export_breaks = false;
	assert_int_equal(fake_exports_closed, closed + 2);
	buffer_free(&answer);
}

/* ---- start ---------------------------------------------------------------------- */

static void start(const char *address, bool fall_back, const char *token, enum status wanted)
{
	struct server_options options = {
		.listen = address, .fall_back = fall_back, .token = token};
	struct server *other = NULL;
	struct error error = {0};

	assert_int_equal(server_start(&options, &other, &error), wanted);
	if (wanted == STATUS_OK) {
		int port = raw_port;

		raw_port = atoi(strrchr(server_address(other), ':') + 1);
		assert_true(raw_port > 0 && raw_port != port);
		raw_port = port;
		server_stop(other);
	} else if (wanted == STATUS_IO) {
		assert_non_null(strstr(error.text, address));
	}
}

/* Has this machine IPv6? */
static bool loopback_v6(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool good = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static void test_start(void **state)
{
	char url[128];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/#token=0123456789abcdef%%26%%2F", raw_port);
	assert_string_equal(server_url(server), url);
	start(server_address(server), false, TOKEN, STATUS_IO);
	start(server_address(server), true, TOKEN, STATUS_OK);
	start("[::1]:0", false, TOKEN, loopback_v6() ? STATUS_OK : STATUS_IO);
	start("localhost:0", false, TOKEN, STATUS_OK);
	start("0.0.0.0:0", false, TOKEN, STATUS_OK);
	start("192.0.2.1:0", true, TOKEN, STATUS_IO);
	start("127.0.0.1", false, TOKEN, STATUS_USAGE);
	start("127.0.0.1:", false, TOKEN, STATUS_USAGE);
	start("127.0.0.1:65536", false, TOKEN, STATUS_USAGE);
	start("127.0.0.1:-1", false, TOKEN, STATUS_USAGE);
	start("example.com:0", false, TOKEN, STATUS_USAGE);
	start("::1:0", false, TOKEN, STATUS_USAGE);
	start("", false, TOKEN, STATUS_USAGE);
	start("127.0.0.1:0", false, "", STATUS_USAGE);
	start("127.0.0.1:0", false, "short", STATUS_OK);
	start("0.0.0.0:0", false, "too short", STATUS_USAGE);
	start("127.0.0.1:0", false, "0123456789 abcdef", STATUS_USAGE);
	server_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_page_negotiation),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_keep_alive_and_pipelining),
		cmocka_unit_test(test_token_and_origin),
		cmocka_unit_test(test_guessing),
		cmocka_unit_test(test_body_sizes),
		cmocka_unit_test(test_upload),
		cmocka_unit_test(test_expect_continue),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_start),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
