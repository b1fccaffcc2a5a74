/* Many at once, plans that take turns, the end of things. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/unit/transfer_stage.h"

#define MANY 100

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

/* What a server says on an idle connection is no answer to what is asked next. */
static void test_unasked_answer(void **state)
{
	struct stage *stage = *state;
	struct made_plan made = plan_of("");
	struct exchange exchange = {0};
	for (int i = 0; i < 4; i++) {
		request_set(&exchange, &made, i & 1 ? "POST" : "GET", stage->server->port, "/unasked");
		perform(stage, &exchange);
		assert_int_equal(exchange.response.transport, TRANSPORT_OK);
		assert_int_equal(exchange.response.http_status, 200);
		assert_int_equal(exchange.prereq_calls, 1);
		assert_true(exchange.response.connect_us > 0); /* a new connection */
		for (int round = 0; round < 3; round++)
			transfer_run(stage->transfer, 100);
	}
	exchange_free(&exchange);
	plan_drop(&made);
}

int main(void)
{
	stage_prepare();
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_unasked_answer, stage_open, stage_close),
	    STAGED(test_tls_is_verified),
	    STAGED(test_plans_take_turns),
	    STAGED(test_proxy),
	    STAGED(test_many_at_once),
	    STAGED(test_abort),
	    STAGED(test_freed_under_way),
	    STAGED(test_wake),
	    STAGED(test_reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
