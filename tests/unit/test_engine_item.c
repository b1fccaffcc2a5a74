/* The façade: one item's story, and the log of what was done to many. */
#include "tests/unit/engine_acts.h"

/* ---- one item -------------------------------------------------------------------- */

static void see_attempt(void *context, const struct engine_attempt *attempt)
{
	buffer_printf(context, "%d:%s:%d:%.*s ", attempt->n, decision_name(attempt->decision),
	              attempt->http_status, (int)attempt->body_length,
	              attempt->body != NULL ? attempt->body : "");
}

static void ignore_attempt(void *context, const struct engine_attempt *attempt)
{
	(void)context;
	(void)attempt;
}

static void test_an_items_story(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	const int64_t seqs[] = {2};
	const struct engine_selection two = {.seqs = seqs, .seq_count = 1};
	struct listed listed = {0};
	struct buffer story = {0};
	struct error error = {0};

	(void)act(bench, job, ACTION_RETRY, &two);
	bench_wait(bench, job);
	must(engine_item(bench->engine, job, 2, list_item, ignore_attempt, &listed, &error), &error);
	assert_int_equal(listed.states[0], ITEM_DONE);
	assert_int_equal(listed.attempts, 2);
	assert_string_equal(listed.extracted, "{\"id\":7}");
	expect_refusal(engine_item(bench->engine, job, 51, list_item, ignore_attempt, &listed, &error),
	               STATUS_NOT_FOUND, &error, "it has 50");
	must(engine_item_curl(bench->engine, job, 2, &story, &error), &error);
	assert_non_null(strstr(story.data, "curl"));
	assert_non_null(strstr(story.data, "/2'"));
	buffer_free(&story);
}

static void ignore_item(void *context, const struct engine_item *item)
{
	(void)context;
	(void)item;
}

static void test_attempts_are_kept(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	const int64_t seqs[] = {1, 2, 4};
	const struct engine_selection three = {.seqs = seqs, .seq_count = 3, .done_too = true};
	static const char *const stories[] = {
	    "1:done:200:{\"id\":7} 2:done:200:{\"id\":7} ",
	    "1:fail:404:{\"message\":\"no user 4711\"} 2:done:200:{\"id\":7} ",
	    "1:fail:200:{\"code\":1001,\"msg\":\"quota\"} 2:done:200:{\"id\":7} "};
	struct buffer story = {0};
	struct error error = {0};

	must(engine_item(bench->engine, job, 1, ignore_item, see_attempt, &story, &error), &error);
	assert_string_equal(story.data, "1:done:200:{\"id\":7} ");
	(void)act(bench, job, ACTION_RETRY, &three);
	bench_wait(bench, job);
	for (int i = 0; i < 3; i++) {
		buffer_reset(&story, 1000);
		must(engine_item(bench->engine, job, seqs[i], ignore_item, see_attempt, &story, &error),
		     &error);
		assert_string_equal(story.data, stories[i]);
	}
	buffer_free(&story);
}

/* ---- the log ---------------------------------------------------------------- */

static void see_operation(void *context, const struct engine_operation *operation)
{
	buffer_printf(context, "%d:%d/%d ", (int)operation->action, (int)operation->changed,
	              (int)operation->matched);
	assert_true(operation->finished_at_ms >= operation->created_at_ms);
}

static void see_event(void *context, const struct engine_event *event)
{
	if (strcmp(event->who, "tester") == 0)
		buffer_printf(context, "%s(%s) ", event->what, event->detail);
}

static void test_operations_are_kept(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	const struct engine_selection selection = {.filter = "http:404"};
	const int64_t seqs[] = {3, 4};
	const struct engine_selection two = {.seqs = seqs, .seq_count = 2};
	struct engine_operation operation;
	struct buffer seen = {0};
	struct error error = {0};

	(void)act(bench, job, ACTION_SKIP, &selection);
	(void)act(bench, job, ACTION_RESOLVE_DONE, &two);
	must(engine_operations(bench->engine, job, INT64_MAX, 1, see_operation, &seen, &error), &error);
	must(engine_operations(bench->engine, job, 2, 10, see_operation, &seen, &error), &error);
	assert_string_equal(seen.data, "2:1/2 1:5/5 ");
	expect_refusal(engine_operation(bench->engine, job, 99, &operation, &error), STATUS_NOT_FOUND,
	               &error, "99");
	buffer_reset(&seen, 1000);
	must(engine_events(bench->engine, job, 0, 100, see_event, &seen, &error), &error);
	assert_string_equal(seen.data, "skip(5 of 5 items (http:404)) "
	                               "resolve_done(1 of 2 items (2 items by number)) ");
	buffer_free(&seen);
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_bench(test_an_items_story),
	    with_bench(test_attempts_are_kept),
	    with_bench(test_operations_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
