/* The server against clients that do not keep to the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "tests/unit/web_fixture.h"

static void assert_alive(void)
{
	assert_int_equal(ask_quietly("GET /api/v1/jobs/1", "", ""), 200);
}

/* ---- requests that can be read in two ways ---------------------------------- */

static void test_doubtful_requests(void **state)
{
	static const struct {
		const char *line, *extra;
		int http_status;
	} cases[] = {
		{"GET /healthz", "Host: 127.0.0.1:1\r\n", 400},
		{"GET /healthz", "hOST: evil.example\r\n", 400},
		{"GET /healthz", "Authorization: Bearer x\r\n", 400},
		{"POST /api/v1/jobs", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400},
		{"POST /api/v1/jobs", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", 400},
		{"POST /api/v1/jobs", "Content-Length: 2\r\nContent-Length: 2\r\n", 400},
		{"POST /api/v1/jobs", "Content-Length: 2\r\nContent-Length: 3\r\n", 400},
		{"POST /api/v1/jobs", "Content-Length: +2\r\n", 400},
		{"POST /api/v1/jobs", "Content-Length: two\r\n", 400},
		{"POST /api/v1/jobs", "Content-Length: -2\r\n", 400},
		{"POST /api/v1/jobs", "Content-Length: 99999999999999999999\r\n", 413},
		{"POST /api/v1/jobs", "Transfer-Encoding: gzip, chunked\r\n", 501},
		{"POST /api/v1/jobs", "Transfer-Encoding: identity\r\n", 501},
		{"POST /api/v1/jobs", "Transfer-Encoding : chunked\r\n", 400},
		{"POST /api/v1/jobs", "Transfer\tEncoding: chunked\r\n", 400},
		{"GET /healthz", "X: a\x01z\r\n", 400},
		{"GET /healthz", "no colon\r\n", 400},
		{"GET /healthz%00", "", 400},
		{"GET /api/v1/jobs%00/x", "", 400},
		{"GET /api/v1/jobs?filter=%00", "", 400},
		{"GET /../../etc/passwd", "", 400},
		{"GET /%2e%2e/%2e%2e/etc/passwd", "", 400},
		{"GET /..%2f..%2fetc%2fpasswd", "", 400},
		{"GET //etc/passwd", "", 404},
		{"GET http://127.0.0.1/healthz", "", 400},
		{"GET healthz", "", 400},
		{"GET /healthz /x", "", 400},
		{"GET /healthz\t", "", 400},
		{"CONNECT 127.0.0.1:22", "", 400},
		{"OPTIONS *", "", 400},
		{"GET /api/v1/jobs/%ff", "", 400},
		{"get /api/v1/jobs", "", 405},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct buffer answer = {0};
		int http_status = ask(cases[i].line, cases[i].extra, "", &answer);

		if (http_status != cases[i].http_status)
			fail_msg("%s, %s: %s", cases[i].line, cases[i].extra,
			         answer.data != NULL ? answer.data : "(closed)");
		buffer_free(&answer);
	}
	assert_alive();
}

/* What follows a doubtful request is not looked at. */
static void test_no_smuggling(void **state)
{
	struct buffer request = {0}, answer = {0};

	(void)state;
	buffer_printf(&request,
	              "POST /healthz HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: 5\r\n"
	              "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	              "GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
	              raw_port, raw_port);
	raw_talk_bytes(request.data, request.length, &answer);
	assert_int_equal(raw_status(&answer), 400);
	assert_null(strstr(answer.data + 1, "HTTP/1.1"));
	buffer_free(&request);
	buffer_free(&answer);
}

/* ---- what is hardly HTTP ------------------------------------------------------ */

static int refused_bytes(const char *bytes, size_t length)
{
	struct buffer answer = {0};
	int http_status, fd = raw_connect();

	raw_send(fd, bytes, length);
	shutdown(fd, SHUT_WR);
	raw_rest(fd, &answer);
	close(fd);
	http_status = raw_status(&answer);
	buffer_free(&answer);
	return http_status;
}

static void test_no_http(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} cases[] = {
		{"", 0},
		{"\0\0\0\0\r\n\r\n", 8},
		{"GET /healthz\r\n\r\n", 16},
		{"GET /healthz HTTP/9.9\r\n\r\n", 25},
		{"GET /healthz HTTP/2.0\r\nHost: localhost\r\n\r\n", 42},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11},
		{"GET\r\n\r\n", 7},
		{"\r\n\r\n\r\n\r\n", 8},
		{" / HTTP/1.1\r\n\r\n", 15},
		{"GET / HTTP/1.1\r\n: x\r\n\r\n", 23},
		{"GET / HTTP/1.1\r\n folded\r\n\r\n", 27},
		{"GET / HTTP/1.1\nHost: localhost\n\n", 32},
		{"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 29},
		{"GET / HTTP/1.1\r\nHost", 20},
		{"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", 36},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		int http_status = refused_bytes(cases[i].bytes, cases[i].length);

		if (http_status != 0 && http_status < 400)
			fail_msg("case %zu: %d", i, http_status);
	}
	assert_alive();
}

static void test_huge_heads(void **state)
{
	struct buffer request = {0};

	(void)state;
	buffer_text(&request, "GET /");
	for (int i = 0; i < 300000; i++)
		buffer_char(&request, 'x');
	assert_true(refused_bytes(request.data, request.length) != 200);
	buffer_reset(&request, 0);
	buffer_printf(&request, "GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\nX: ", raw_port);
	for (int i = 0; i < 300000; i++)
		buffer_char(&request, 'x');
	buffer_text(&request, "\r\n\r\n");
	assert_true(refused_bytes(request.data, request.length) != 200);
	buffer_reset(&request, 0);
	buffer_printf(&request, "GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n", raw_port);
	for (int i = 0; i < 20000; i++)
		buffer_printf(&request, "X-%d: y\r\n", i);
	buffer_text(&request, "\r\n");
	assert_true(refused_bytes(request.data, request.length) != 200);
	buffer_reset(&request, 0);
	buffer_text(&request, "GET /api/v1/jobs?");
	for (int i = 0; i < 100; i++)
		buffer_printf(&request, "a%d=%d&", i, i);
	assert_int_equal(ask_quietly(request.data, "", ""), 400);
	buffer_free(&request);
	assert_alive();
}

static void test_broken_chunks(void **state)
{
	static const char *const bodies[] = {
		"zz\r\n",
		"-1\r\n{}\r\n0\r\n\r\n",
		"ffffffffffffffffff\r\n",
		"2\r\n{}x\r\n0\r\n\r\n",
		"\r\n\r\n",
		" 2\r\n{}\r\n0\r\n\r\n",
		"0x2\r\n{}\r\n0\r\n\r\n",
		"2;",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(bodies); i++) {
		struct buffer request = {0};
		int http_status;

		request_make(&request, "POST /api/v1/jobs/1/retry",
		             "Transfer-Encoding: chunked\r\n", bodies[i]);
		http_status = refused_bytes(request.data, request.length);
		if (http_status != 0 && http_status < 400)
			fail_msg("%s: %d", bodies[i], http_status);
		buffer_free(&request);
	}
	assert_alive();
}

/* Sound requests with bytes changed at random, some cut short. */
static void test_noise(void **state)
{
	struct random random = {.state = 20260102};

	(void)state;
	for (int round = 0; round < 400; round++) {
		struct buffer request = {0};
		int64_t changes = random_upto(&random, 5);
		size_t length;

		request_make(&request, "POST /api/v1/jobs/1/items?format=csv",
		             "Transfer-Encoding: chunked\r\n",
		             "5\r\na\n1\n2\r\n3;x\r\n\n3\n\r\n0\r\nT: x\r\n\r\n");
		for (; changes > 0; changes--)
			request.data[random_upto(&random, (int64_t)request.length - 1)] =
			    (char)random_next(&random);
		length = request.length - (size_t)random_upto(&random, round % 4 == 0 ? 100 : 0);
		refused_bytes(request.data, length);
		buffer_free(&request);
	}
	assert_alive();
}

/* ---- crowds and deserters -------------------------------------------------------- */

static void test_crowd(void **state)
{
	int fds[300];

	(void)state;
	for (size_t i = 0; i < LENGTH(fds); i++) {
		fds[i] = raw_connect();
		raw_say(fds[i], "GET /healthz HT");
	}
	for (size_t i = 0; i < LENGTH(fds); i++)
		close(fds[i]);
	/* The server may still be busy with seeing them off. */
	for (int waited_ms = 0; ask_quietly("GET /api/v1/jobs/1", "", "") != 200; waited_ms += 5) {
		assert_true(waited_ms < HANG_MS);
		usleep(5000);
	}
}

/* Wait until a count of the fake engine's has come to `wanted`. */
static void wait_count(atomic_int *count, int wanted)
{
	for (int waited_ms = 0; *count < wanted; waited_ms += 5) {
		if (waited_ms > HANG_MS)
			fail_msg("waited for %d, got %d", wanted, *count);
		usleep(5000);
	}
	assert_int_equal(*count, wanted);
}

static void test_deserted_uploads(void **state)
{
	int abandoned = fake_uploads_abandoned, done = fake_uploads_done;
	struct buffer request = {0};

	(void)state;
	request_make(&request, "POST /api/v1/jobs/1/items", "Content-Length: 100000\r\n", "1\n2\n");
	for (int i = 0; i < 20; i++) {
		int fd = raw_connect();
		struct linger at_once = {.l_onoff = i % 2, .l_linger = 0}; /* with a reset */

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		raw_send(fd, request.data, request.length);
		if (i % 2 == 1)
			usleep(1000);
		close(fd);
	}
	buffer_free(&request);
	/* A reset may overtake the request: then the engine never saw it. */
	for (int i = 0; i < 100 && fake_uploads_abandoned < abandoned + 20; i++)
		usleep(5000);
	assert_true(fake_uploads_abandoned >= abandoned + 10);
	assert_int_equal(fake_uploads_done, done);
	assert_alive();
}

static void test_deserted_exports(void **state)
{
	int closed = fake_exports_closed;
	struct buffer request = {0}, answer = {0};

	(void)state;
	fake.export_endless = true;
	request_make(&request, "GET /api/v1/jobs/1/export", "", "");
	for (int i = 0; i < 10; i++) {
		int fd = raw_connect();

		raw_send(fd, request.data, request.length);
		raw_until(fd, &answer, "123456789\n");
		close(fd);
		buffer_free(&answer);
	}
	wait_count(&fake_exports_closed, closed + 10);
	fake.export_endless = false;
	buffer_free(&request);
	assert_alive();
}

/* A server that is stopped ends what is under way. */
static void test_stop_in_the_middle(void **state)
{
	int closed = fake_exports_closed, abandoned = fake_uploads_abandoned;
	struct buffer request = {0}, answer = {0};
	int exporting = raw_connect(), uploading = raw_connect();
	long long bytes = fake_upload_bytes;

	(void)state;
	fake.export_endless = true;
	request_make(&request, "GET /api/v1/jobs/1/export", "", "");
	raw_send(exporting, request.data, request.length);
	raw_until(exporting, &answer, "123456789\n");
	buffer_reset(&request, 0);
	request_make(&request, "POST /api/v1/jobs/1/items", "Content-Length: 100\r\n", "1\n");
	raw_send(uploading, request.data, request.length);
	while (fake_upload_bytes == bytes)
		usleep(1000);
	server_stop(server);
	assert_int_equal(fake_exports_closed, closed + 1);
	assert_int_equal(fake_uploads_abandoned, abandoned + 1);
	raw_rest(exporting, &answer);
	raw_rest(uploading, &answer);
	close(exporting);
	close(uploading);
	buffer_free(&request);
	buffer_free(&answer);
	assert_int_equal(setup(state), 0);
	assert_alive();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubtful_requests),
		cmocka_unit_test(test_no_smuggling),
		cmocka_unit_test(test_no_http),
		cmocka_unit_test(test_huge_heads),
		cmocka_unit_test(test_broken_chunks),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_deserted_uploads),
		cmocka_unit_test(test_deserted_exports),
		cmocka_unit_test(test_stop_in_the_middle),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
