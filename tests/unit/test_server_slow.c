/* The server against clients that take their time.  Nothing is asserted on how
 * long anything takes: a connection that should end ends, one that should not
 * does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "tests/unit/web_fixture.h"

static const struct patience_limits impatient = {
	.request_ms_max = 300,
	.idle_ms_max = 400,
	.window_ms = 3000, /* room for a busy machine in the tests that must go well */
	.window_bytes_min = 4096,
	.crowd_max = 64,
};
/* Waits as long as a test may take, but bears only a few at a time. */
static const struct patience_limits few = {
	.request_ms_max = 2 * HANG_MS,
	.idle_ms_max = 2 * HANG_MS,
	.window_ms = 2 * HANG_MS,
	.window_bytes_min = 4096,
	.crowd_max = 8,
};

static int setup_impatient(void **state)
{
	patience_of_test = &impatient;
	return setup(state);
}

/* Say a byte every now and then until the server has had enough. */
static void trickle(int fd)
{
	int64_t deadline_ns = clock_mono_ns() + HANG_MS * NS_PER_MS;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	char bytes[4096];

	while (clock_mono_ns() < deadline_ns) {
		if (poll(&poll_fd, 1, 20) == 1 && recv(fd, bytes, sizeof(bytes), 0) <= 0)
			return;
		raw_say(fd, "x");
	}
	fail_msg("a byte at a time is borne for ever");
}

static void test_slow_heads(void **state)
{
	int fd = raw_connect();

	(void)state;
	trickle(fd); /* from the first byte */
	close(fd);
	fd = raw_connect();
	raw_say(fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ");
	trickle(fd);
	close(fd);
}

static void test_slow_body(void **state)
{
	struct buffer request = {0};
	int fd = raw_connect();

	(void)state;
	request_make(&request, "POST /api/v1/jobs", "Content-Length: 100000\r\n", "{");
	raw_send(fd, request.data, request.length);
	trickle(fd);
	close(fd);
	fd = raw_connect();
	buffer_reset(&request, 0);
	request_make(&request, "POST /api/v1/jobs", "Transfer-Encoding: chunked\r\n", "fffff\r\n");
	raw_send(fd, request.data, request.length);
	trickle(fd);
	close(fd);
	buffer_free(&request);
}

static void test_silence(void **state)
{
	struct buffer answer = {0};
	char request[128];
	int fd = raw_connect();

	(void)state;
	raw_rest(fd, &answer); /* says nothing */
	close(fd);
	fd = raw_connect();
	snprintf(request, sizeof(request), "GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
	         raw_port);
	raw_say(fd, request);
	raw_until(fd, &answer, "ok\n");
	raw_rest(fd, &answer); /* says nothing more */
	assert_int_equal(raw_status(&answer), 200);
	close(fd);
	buffer_free(&answer);
}

static void test_slow_uploads(void **state)
{
	int abandoned = fake_uploads_abandoned;
	struct buffer request = {0}, answer = {0};
	int stalled = raw_connect(), slow = raw_connect();

	(void)state;
	request_make(&request, "POST /api/v1/jobs/1/items", "Content-Length: 100000\r\n", "1\n");
	raw_send(stalled, request.data, request.length);
	raw_send(slow, request.data, request.length);
	trickle(slow);
	raw_rest(stalled, &answer);
	while (fake_uploads_abandoned < abandoned + 2)
		usleep(1000);
	close(stalled);
	close(slow);
	buffer_free(&request);
	buffer_free(&answer);
}

/* It takes longer than a small request may, and that is right. */
static void test_long_upload(void **state)
{
	int64_t over_ns = clock_mono_ns() + 3 * impatient.request_ms_max * NS_PER_MS;
	struct buffer request = {0}, answer = {0};
	long long bytes = fake_upload_bytes;
	char chunk[8192 + 8] = "2000\r\n";
	int fd = raw_connect();

	(void)state;
	memset(chunk + 6, '\n', sizeof(chunk) - 8);
	memcpy(chunk + sizeof(chunk) - 2, "\r\n", 2);
	request_make(&request, "POST /api/v1/jobs/1/items", "Transfer-Encoding: chunked\r\n", "");
	raw_send(fd, request.data, request.length);
	while (clock_mono_ns() < over_ns) {
		raw_send(fd, chunk, sizeof(chunk));
		usleep(20000);
	}
	raw_say(fd, "0\r\n\r\n");
	raw_rest(fd, &answer);
	assert_int_equal(raw_status(&answer), 200);
	snprintf(chunk, sizeof(chunk), "{\"rows\":%lld,", (long long)fake_upload_bytes - bytes);
	assert_non_null(strstr(answer.data, chunk));
	close(fd);
	buffer_free(&request);
	buffer_free(&answer);
}

static void test_slow_readers(void **state)
{
	int64_t over_ns = clock_mono_ns() + 3 * impatient.request_ms_max * NS_PER_MS;
	struct buffer request = {0}, answer = {0};
	int closed = fake_exports_closed;
	int stalled = raw_connect(), slow = raw_connect();

	(void)state;
	fake.export_endless = true;
	request_make(&request, "GET /api/v1/jobs/1/export", "", "");
	raw_send(stalled, request.data, request.length);
	raw_send(slow, request.data, request.length);
	while (clock_mono_ns() < over_ns) {
		buffer_reset(&answer, 0);
		assert_true(raw_receive(slow, &answer));
		usleep(20000);
	}
	close(slow);
	/* The one that reads nothing is cut off: nobody told the server to stop. */
	while (fake_exports_closed < closed + 2)
		usleep(1000);
	close(stalled);
	fake.export_endless = false;
	buffer_free(&request);
	buffer_free(&answer);
}

/* Where the engine takes long, that is not the client's fault. */
static void test_slow_engine(void **state)
{
	(void)state;
	fake.delay_ms = 3 * (int)impatient.request_ms_max;
	assert_int_equal(ask_quietly("GET /readyz", "", ""), 200);
	fake.delay_ms = 0;
}

/* How many of them has the server closed? */
static size_t closed_count(const int *fds, size_t count)
{
	size_t closed = 0;

	for (size_t i = 0; i < count; i++) {
		struct pollfd poll_fd = {.fd = fds[i], .events = POLLIN};

		closed += poll(&poll_fd, 1, 0) == 1; /* nothing else is ever said to them */
	}
	return closed;
}

/* Those who hold connections and say nothing make room for those who speak. */
static void test_crowd_of_silent_ones(void **state)
{
	int64_t deadline_ns = clock_mono_ns() + HANG_MS * NS_PER_MS;
	int fds[300];

	(void)state;
	for (size_t i = 0; i < LENGTH(fds); i++) {
		fds[i] = raw_connect();
		raw_say(fds[i], "GET /healthz HT");
	}
	/* The last of them may still be at the door. */
	while (ask_quietly("GET /api/v1/jobs/1", "", "") != 200)
		assert_true(clock_mono_ns() < deadline_ns);
	while (closed_count(fds, LENGTH(fds)) < LENGTH(fds) - (size_t)few.crowd_max) {
		assert_true(clock_mono_ns() < deadline_ns);
		usleep(1000);
	}
	for (size_t i = 0; i < LENGTH(fds); i++)
		close(fds[i]);
}

static int setup_few(void **state)
{
	patience_of_test = &few;
	return setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_heads),
		cmocka_unit_test(test_slow_body),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_slow_uploads),
		cmocka_unit_test(test_long_upload),
		cmocka_unit_test(test_slow_readers),
		cmocka_unit_test(test_slow_engine),
	};

	const struct CMUnitTest tests_of_few[] = {
		cmocka_unit_test(test_crowd_of_silent_ones),
	};
	int failed = cmocka_run_group_tests(tests, setup_impatient, teardown);

	return failed + cmocka_run_group_tests(tests_of_few, setup_few, teardown);
}
