/* A job, and exchanges of it that ended: for the tests of what is recorded. */
#ifndef SLUICE_TESTS_SETTLE_STAGE_H
#define SLUICE_TESTS_SETTLE_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "engine/request/jsonpath.h"
#include "engine/run/settle.h"

#define NOW_MS 1767225600000LL /* 2026-01-01T00:00:00Z */
#define TOKEN  "tok-0123456789abcdef"

struct stage {
	struct pool *pool;
	struct pool_worker worker;
	struct secret_set *secrets;
	struct spec *spec;
	struct plan *plan;
	struct task *task; /* the next to be settled */
	struct settlement *settled;
	struct limits *limits;
	struct upstreams *upstreams;
	struct pace pace; /* of the job: fixed limits */
};

static inline void ignore_finished(void *context, struct pool_worker *worker, struct task *task)
{
	(void)context;
	(void)worker;
	(void)task;
}

static inline void ignore_flush(void *context, struct pool_worker *worker)
{
	(void)context;
	(void)worker;
}

static inline int stage_setup(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	const struct pool_callbacks callbacks = {ignore_finished, ignore_flush, NULL};

	setenv("TZ", "UTC", 1);
	tzset();
	if (transfer_global_init(NULL) != STATUS_OK ||
	    pool_start(1, callbacks, &stage->pool, NULL) != STATUS_OK)
		return -1;
	stage->limits = limits_new();
	stage->upstreams = upstreams_new();
	stage->worker.jsonpath = jsonpath_new();
	stage->worker.random.state = 1;
	*state = stage;
	return 0;
}

static inline void drop_job(struct stage *stage)
{
	settlement_free(stage->pool, stage->settled);
	task_release(stage->pool, stage->task);
	plan_free(stage->plan);
	spec_free(stage->spec);
	secret_set_free(stage->secrets);
	limit_close(stage->pace.limit, 3);
	upstream_close(stage->pace.upstream);
	stage->pace = (struct pace){NULL, NULL};
	stage->settled = NULL;
	stage->task = NULL;
	stage->plan = NULL;
	stage->spec = NULL;
	stage->secrets = NULL;
}

static inline int stage_teardown(void **state)
{
	struct stage *stage = *state;

	drop_job(stage);
	pool_stop(stage->pool);
	limits_free(stage->limits);
	upstreams_free(stage->upstreams);
	jsonpath_free(stage->worker.jsonpath);
	buffer_free(&stage->worker.scratch);
	free(stage);
	return 0;
}

/* A job whose requests bear the token, in a header and in the URL; `more` as
 * further members of the job file. */
static inline void use_job(struct stage *stage, const char *method, const char *more)
{
	static const unsigned char uuid[16] = {1};
	const struct limit_settings settings = {4, {0, 0}, 1, false};
	struct error error = {0};
	char text[2048];
	int length = snprintf(text, sizeof(text),
	                      "{\"name\":\"s\",\"request\":{\"method\":\"%s\","
	                      "\"url\":\"http://localhost:1/{{n}}?key=${env:SETTLE_TOKEN}\","
	                      "\"headers\":{\"Authorization\":\"Bearer ${env:SETTLE_TOKEN}\"}}%s}",
	                      method, more);

	drop_job(stage);
	stage->pace.limit = limit_open(stage->limits, NULL, 3, &settings, NULL);
	stage->pace.upstream = upstream_open(stage->upstreams, 1, NULL);
	setenv("SETTLE_TOKEN", TOKEN, 1);
	stage->secrets = secret_set_new();
	if (spec_parse(text, (size_t)length, NULL, &stage->spec, &error) != STATUS_OK ||
	    plan_make(stage->spec, "s", uuid, stage->secrets, &stage->plan, &error) != STATUS_OK)
		fail_msg("%s", error.text);
}

/* The next exchange: item 7, whole and fresh, with this answer. */
static inline struct response *answer(struct stage *stage, int status, const char *headers,
                                      const char *body)
{
	static const char input[] = "{\"n\":7}";
	struct response *response;
	struct error error = {0};

	settlement_free(stage->pool, stage->settled);
	stage->settled = NULL;
	task_release(stage->pool, stage->task);
	stage->task = task_new(stage->pool);
	stage->task->seq = 7;
	stage->task->exchange.plan = stage->plan;
	if (plan_render(stage->plan, 7, NULL, 0, (struct json_span){input, sizeof(input) - 1},
	                &stage->task->exchange.request, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	response = &stage->task->exchange.response;
	response->transport = TRANSPORT_OK;
	response->http_status = status;
	response->sent = true;
	buffer_text(&response->headers, headers);
	buffer_text(&response->body, body);
	response->body_bytes = (int64_t)strlen(body);
	response->started_wall_ms = NOW_MS - 40;
	response->total_us = 40000;
	response->first_byte_us = 30000;
	return response;
}

static inline const struct attempt_record *settle_it(struct stage *stage)
{
	limit_sent(stage->pace.limit, &stage->task->stamp);
	stage->settled = settle(&stage->worker, stage->task, &stage->pace, 3, NOW_MS);
	assert_non_null(stage->settled);
	assert_ptr_equal(stage->settled->task, stage->task);
	stage->task = NULL; /* the settlement's now */
	assert_int_equal(stage->settled->job, 3);
	assert_int_equal(stage->settled->record.seq, 7);
	return &stage->settled->record;
}

static inline const struct attempt_record *settle_answer(struct stage *stage, int status,
                                                         const char *headers, const char *body)
{
	(void)answer(stage, status, headers, body);
	return settle_it(stage);
}

static inline void assert_bytes(const char *bytes, size_t length, const char *expected)
{
	assert_non_null(bytes);
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(bytes, expected, length);
}

#endif
