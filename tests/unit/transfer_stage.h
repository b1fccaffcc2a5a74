/* A transfer on a stage: two servers that misbehave, plans, requests. */
#ifndef SLUICE_TESTS_TRANSFER_STAGE_H
#define SLUICE_TESTS_TRANSFER_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/request/transfer.h"
#include "tests/unit/raw_server.h"

#define BODY_MAX 1000000

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

static inline void on_finished(void *context, struct exchange *exchange)
{
	struct stage *stage = context;
	assert_null(exchange->handle);
	stage->finished++;
}

/* `members` of the job file's request object. */
static inline struct made_plan plan_of(const char *members)
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

static inline void plan_drop(struct made_plan *made)
{
	plan_free(made->plan);
	spec_free(made->spec);
	secret_set_free(made->secrets);
}

static inline int stage_open(void **state)
{
	struct stage *stage = calloc(1, sizeof *stage);
	stage->server = raw_server_start();
	stage->other = raw_server_start();
	stage->transfer = transfer_new(16, on_finished, stage);
	assert_non_null(stage->transfer);
	*state = stage;
	return 0;
}

static inline int stage_close(void **state)
{
	struct stage *stage = *state;
	transfer_free(stage->transfer);
	raw_server_stop(stage->server);
	raw_server_stop(stage->other);
	free(stage);
	return 0;
}

static inline void request_set(struct exchange *exchange, const struct made_plan *made, const char *method,
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

static inline void request_header(struct exchange *exchange, const char *line)
{
	buffer_append(&exchange->request.headers, line, strlen(line) + 1);
	exchange->request.header_count++;
}

static inline void request_body(struct exchange *exchange, const char *body, size_t length)
{
	buffer_reset(&exchange->request.body, SIZE_MAX);
	buffer_append(&exchange->request.body, body, length);
	exchange->request.has_body = true;
}

static inline void perform(struct stage *stage, struct exchange *exchange)
{
	int before = stage->finished;
	transfer_start(stage->transfer, exchange);
	while (stage->finished == before)
		transfer_run(stage->transfer, 1000);
	assert_int_equal(stage->finished, before + 1);
	assert_int_equal(transfer_active(stage->transfer), 0);
}

static inline void body_is(const struct exchange *exchange, const char *text)
{
	const struct buffer *body = &exchange->response.body;
	assert_int_equal(body->length, strlen(text));
	assert_memory_equal(body->data, text, body->length);
}

static inline int count_of(const char *text, const char *part)
{
	int count = 0;
	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_open, stage_close)

/* Once, at the start of main(). */
static inline void stage_prepare(void)
{
	/* What is in the environment is not under test. */
	static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
	                                    "ALL_PROXY", "no_proxy", "NO_PROXY"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
	alarm(120);
	if (transfer_global_init(NULL) != STATUS_OK)
		exit(1);
}

#endif
