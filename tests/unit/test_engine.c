/* The façade, running: a batch's life, pause, resume, cancel, limits. */
#include "tests/unit/engine_bench.h"

/* ---- a batch's life ------------------------------------------------------- */

static void see_event(void *context, const struct engine_event *event)
{
	struct buffer *seen = context;

	buffer_printf(seen, "%s ", event->what);
}

static void test_life(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job_of(bench, "life", "POST", "", 500), found = 0;
	struct engine_progress progress;
	struct buffer events = {0};
	struct error error = {0};

	bench_start(bench, job);
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	assert_int_equal(progress.state, JOB_FINISHED);
	assert_int_equal(progress.total, 500);
	assert_counts(&progress, 500, 0, 0, 0);
	assert_int_equal(progress.attempts, 500);
	assert_int_equal(progress.retries, 0);
	assert_false(progress.active);
	assert_true(progress.created_at_ms > 0 && progress.started_at_ms >= progress.created_at_ms &&
	            progress.finished_at_ms >= progress.started_at_ms);
	assert_int_equal(ledger_requests(bench->ledger), 500);
	assert_int_equal(ledger_hits_min(bench->ledger, 1, 500), 1);
	assert_int_equal(ledger_hits_max(bench->ledger, 1, 500), 1);

	must(engine_job_find(bench->engine, "life", &found, &error), &error);
	assert_int_equal(found, job);
	must(engine_job_find(bench->engine, "1", &found, &error), &error);
	assert_int_equal(found, job);
	assert_int_equal(engine_job_find(bench->engine, "lif", &found, NULL), STATUS_NOT_FOUND);
	assert_int_equal(engine_job_find(bench->engine, "2", &found, NULL), STATUS_NOT_FOUND);
	assert_int_equal(engine_job_find(bench->engine, "1x", &found, NULL), STATUS_NOT_FOUND);
	must(engine_events(bench->engine, job, 0, 100, see_event, &events, &error), &error);
	assert_string_equal(events.data, "create finish ");
	buffer_free(&events);
	bench_sound(bench);
}

static void see_name(void *context, const struct engine_progress *progress)
{
	buffer_printf(context, "%s ", progress->name);
}

static void test_names(void **state)
{
	struct bench *bench = *state;
	int64_t first = bench_job(bench, "twin", "PUT", ""), second = 0, found = 0;
	struct spec *spec = bench_spec(bench, "twin", "POST", "");
	struct buffer names = {0};
	struct error error = {0};
	char *canonical = NULL;

	expect_refusal(engine_job_create(bench->engine, spec, NULL, false, "test", &second, &error),
	               STATUS_CONFLICT, &error, "'twin'");
	must(engine_job_create(bench->engine, spec, NULL, true, "test", &second, &error), &error);
	assert_int_not_equal(first, second);
	must(engine_job_find(bench->engine, "twin", &found, &error), &error);
	assert_int_equal(found, second);
	must(engine_job_find(bench->engine, "twin@1", &found, &error), &error);
	assert_int_equal(found, first);
	must(engine_job_spec(bench->engine, second, &canonical, &error), &error);
	assert_string_equal(canonical, spec->canonical);
	free(canonical);
	(void)bench_job(bench, "third", "PUT", "");
	must(engine_jobs(bench->engine, 0, 10, see_name, &names, &error), &error);
	assert_string_equal(names.data, "third twin twin@1 ");
	buffer_reset(&names, 1000);
	must(engine_jobs(bench->engine, second, 10, see_name, &names, &error), &error);
	assert_string_equal(names.data, "twin@1 ");
	buffer_free(&names);
	spec_free(spec);
}

/* Ids are not given out twice: what is kept in a page or a script by id must
 * not come to mean another job. */
static void test_ids_are_not_used_again(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job_of(bench, "first", "PUT", "", 3), next;
	struct error error = {0};

	bench_start(bench, job);
	bench_wait(bench, job);
	must(engine_job_remove(bench->engine, job, &error), &error);
	next = bench_job_of(bench, "second", "PUT", "", 3);
	assert_true(next > job);
	bench_start(bench, next);
	bench_wait(bench, next);
	assert_int_equal(bench_progress(bench, next).counts[ITEM_DONE], 3);
}

static void answer_by_item(struct ledger *ledger, int item, int hit, struct reply *reply)
{
	(void)ledger;
	switch (item % 10) {
	case 1: /* comes good at the third attempt */
		reply->status = hit < 3 ? 500 : 200;
		break;
	case 2:
		reply->status = 404;
		reply->body = "{\"message\":\"no such user\"}";
		break;
	case 3: /* never comes good */
		reply->status = 503;
		break;
	case 4:
		reply->drop = hit == 1;
		break;
	default:
		break;
	}
}

static void test_retries(void **state)
{
	struct bench *bench = *state;
	int64_t job;
	struct engine_progress progress;

	ledger_set_answer(bench->ledger, answer_by_item);
	job = bench_job_of(bench, "retries", "PUT", "", 100);
	bench_start(bench, job);
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	assert_counts(&progress, 80, 20, 0, 0);
	/* 100 first ones; two more for 1s, three for 3s, one for 4s.  The last of
	 * these libcurl may send itself where the connection was a used one. */
	assert_int_equal(ledger_requests(bench->ledger), 100 + 10 * 2 + 10 * 3 + 10 * 1);
	assert_in_range(progress.attempts, 100 + 10 * 2 + 10 * 3, 100 + 10 * 2 + 10 * 3 + 10 * 1);
	assert_int_equal(progress.retries, progress.attempts - 100);
	bench_sound(bench);
}

/* The same server, but a request may not be repeated. */
static void test_not_repeatable(void **state)
{
	struct bench *bench = *state;
	int64_t job;
	struct engine_progress progress;

	ledger_set_answer(bench->ledger, answer_by_item);
	job = bench_job_of(bench, "once", "POST", "", 100);
	bench_start(bench, job);
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	assert_counts(&progress, 60, 10, 30, 0);
	assert_int_equal(ledger_hits_max(bench->ledger, 1, 100), 1);
	bench_sound(bench);
}

/* ---- pause, resume, cancel, limits ------------------------------------------- */

static void test_pause_and_resume(void **state)
{
	struct bench *bench = *state;
	struct error error = {0};
	struct engine_progress progress;
	int64_t job;

	ledger_gate(bench->ledger, false);
	job = bench_job_of(bench, "pause", "POST", ",\"limits\":{\"concurrency\":4}", 40);
	bench_start(bench, job);
	bench_until(ledger_parked(bench->ledger) == 4);
	must(engine_job_pause(bench->engine, job, "tester", &error), &error);
	progress = bench_progress(bench, job);
	assert_int_equal(progress.state, JOB_PAUSED);
	assert_string_equal(progress.reason, "by user");
	ledger_gate(bench->ledger, true);
	bench_until(bench_progress(bench, job).counts[ITEM_DONE] == 4);
	bench_until(bench_progress(bench, job).counts[ITEM_RUNNING] == 0);
	assert_int_equal(ledger_requests(bench->ledger), 4);
	must(engine_job_pause(bench->engine, job, NULL, &error), &error); /* it is already */
	must(engine_job_resume(bench->engine, job, "tester", &error), &error);
	bench_wait(bench, job);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], 40);
	assert_int_equal(ledger_hits_max(bench->ledger, 1, 40), 1);
	expect_refusal(engine_job_pause(bench->engine, job, NULL, &error), STATUS_CONFLICT, &error,
	               "'pause' is finished");
	expect_refusal(engine_job_cancel(bench->engine, job, NULL, &error), STATUS_CONFLICT, &error,
	               "cannot be cancelled");
	bench_sound(bench);
}

static void test_cancel(void **state)
{
	struct bench *bench = *state;
	struct error error = {0};
	struct engine_progress progress;
	int64_t job;

	ledger_gate(bench->ledger, false);
	job = bench_job_of(bench, "cancel", "PUT", ",\"limits\":{\"concurrency\":4}", 400);
	bench_start(bench, job);
	bench_until(ledger_parked(bench->ledger) == 4);
	must(engine_job_cancel(bench->engine, job, NULL, &error), &error);
	ledger_gate(bench->ledger, true);
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	assert_int_equal(progress.state, JOB_CANCELLED);
	assert_int_equal(progress.counts[ITEM_DONE], 4); /* what was out is recorded */
	assert_int_equal(ledger_requests(bench->ledger), 4);
	expect_refusal(engine_job_resume(bench->engine, job, NULL, &error), STATUS_CONFLICT, &error,
	               "'cancel' is cancelled: it cannot be resumed");
	bench_sound(bench);
}

static void test_set_live(void **state)
{
	static const struct {
		struct engine_limits limits;
		const char *says;
	} bad[] = {
	    {{0, NULL, -1}, "concurrency"},
	    {{100001, NULL, -1}, "concurrency"},
	    {{-1, "5", -1}, "5"},
	    {{-1, "0/s", -1}, "0/s"},
	    {{-1, "9999999999999999999999999999999999999999999999999999999999999999999999/s", -1}, "rate"},
	    {{-1, NULL, 0}, "burst"},
	    {{-1, NULL, 1000001}, "burst"},
	};
	struct bench *bench = *state;
	struct engine_limits limits = {12, "1000/s", 7};
	struct engine_progress progress;
	struct error error = {0};
	int64_t job;

	ledger_gate(bench->ledger, false);
	job = bench_job_of(bench, "set", "POST", ",\"limits\":{\"concurrency\":2}", 40);
	bench_start(bench, job);
	bench_until(ledger_parked(bench->ledger) == 2);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refusal(engine_job_set(bench->engine, job, &bad[i].limits, NULL, &error),
		               STATUS_USAGE, &error, bad[i].says);
	must(engine_job_set(bench->engine, job, &limits, "tester", &error), &error);
	bench_until(ledger_parked(bench->ledger) == 12);
	progress = bench_progress(bench, job);
	assert_int_equal(progress.concurrency, 12);
	assert_int_equal(progress.rate.count, 1000);
	assert_int_equal(progress.burst, 7);
	limits = (struct engine_limits){-1, "none", -1};
	must(engine_job_set(bench->engine, job, &limits, "tester", &error), &error);
	progress = bench_progress(bench, job);
	assert_int_equal(progress.concurrency, 12);
	assert_int_equal(progress.rate.count, 0);
	ledger_gate(bench->ledger, true);
	bench_wait(bench, job);
	/* What was set stays with the job. */
	bench_close(bench);
	bench_open(bench, ENGINE_MAINTAIN);
	progress = bench_progress(bench, job);
	assert_int_equal(progress.concurrency, 12);
	assert_int_equal(progress.burst, 7);
	expect_refusal(engine_job_set(bench->engine, 99, &limits, NULL, &error), STATUS_NOT_FOUND,
	               &error, "99");
}

/* ---- the server, or a rule, asks for a pause ------------------------------------ */

static void answer_come_back_later(struct ledger *ledger, int item, int hit, struct reply *reply)
{
	(void)ledger;
	if (item == 3 && hit == 1) {
		reply->status = 429;
		reply->headers = "Retry-After: 7200\r\n";
	}
}

static void test_long_wait_pauses(void **state)
{
	struct bench *bench = *state;
	struct engine_progress progress;
	struct error error = {0};
	int64_t job;

	ledger_set_answer(bench->ledger, answer_come_back_later);
	job = bench_job_of(bench, "later", "POST", ",\"limits\":{\"concurrency\":1}", 10);
	bench_start(bench, job);
	bench_until(bench_progress(bench, job).state == JOB_PAUSED);
	bench_until(bench_progress(bench, job).counts[ITEM_RUNNING] == 0);
	progress = bench_progress(bench, job);
	assert_memory_equal(progress.reason, "429 until ", 10);
	assert_true(progress.resume_at_ms >= clock_wall_ms() + 7000 * 1000);
	assert_int_equal(progress.throttled, 1);
	assert_int_equal(progress.counts[ITEM_WAITING], 1);
	/* A person may know better about the job, but the item keeps its time. */
	must(engine_job_resume(bench->engine, job, NULL, &error), &error);
	bench_until(bench_progress(bench, job).counts[ITEM_DONE] == 9);
	assert_int_equal(ledger_hits(bench->ledger, 3), 1);
	bench_sound(bench);
}

static void answer_refuse(struct ledger *ledger, int item, int hit, struct reply *reply)
{
	(void)ledger;
	if (item == 2 && hit == 1)
		reply->status = 401;
}

static void test_rule_pauses(void **state)
{
	struct bench *bench = *state;
	struct engine_progress progress;
	struct error error = {0};
	int64_t job;

	ledger_set_answer(bench->ledger, answer_refuse);
	job = bench_job_of(bench, "rule", "POST",
	                   ",\"limits\":{\"concurrency\":1},"
	                   "\"rules\":[{\"if\":\"status == 401\",\"then\":\"pause\"}]",
	                   10);
	bench_start(bench, job);
	bench_until(bench_progress(bench, job).state == JOB_PAUSED);
	bench_until(bench_progress(bench, job).counts[ITEM_RUNNING] == 0);
	progress = bench_progress(bench, job);
	assert_string_equal(progress.reason, "rule: status == 401");
	assert_int_equal(progress.resume_at_ms, 0);
	assert_int_equal(progress.counts[ITEM_PENDING], 9);
	must(engine_job_resume(bench->engine, job, NULL, &error), &error);
	bench_wait(bench, job);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], 10);
	assert_int_equal(ledger_hits(bench->ledger, 2), 2);
	bench_sound(bench);
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_bench(test_life),
	    with_bench(test_names),
	    with_bench(test_ids_are_not_used_again),
	    with_bench(test_retries),
	    with_bench(test_not_repeatable),
	    with_bench(test_pause_and_resume),
	    with_bench(test_cancel),
	    with_bench(test_set_live),
	    with_bench(test_long_wait_pauses),
	    with_bench(test_rule_pauses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
