/* The façade: a person's hand on items, and causes. */
#include "tests/unit/engine_acts.h"

static void test_retry_by_seq(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	const int64_t seqs[] = {2, 3, 4, 5};
	const struct engine_selection selection = {.seqs = seqs, .seq_count = 4};
	struct engine_operation operation = act(bench, job, ACTION_RETRY, &selection);
	struct engine_progress progress;

	assert_int_equal(operation.matched, 4);
	assert_int_equal(operation.changed, 3); /* 5 is done */
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	assert_counts(&progress, 38, 8, 4, 0);
	assert_int_equal(progress.state, JOB_FINISHED);
	assert_int_equal(ledger_hits(bench->ledger, 2), 2);
	assert_int_equal(ledger_hits(bench->ledger, 5), 1);
	bench_sound(bench);
}

static void test_retry_what_is_done(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	const int64_t seqs[] = {5};
	const struct engine_selection selection = {.seqs = seqs, .seq_count = 1, .done_too = true};

	assert_int_equal(act(bench, job, ACTION_RETRY, &selection).changed, 1);
	bench_wait(bench, job);
	assert_int_equal(ledger_hits(bench->ledger, 5), 2);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], 35);
	bench_sound(bench);
}

static void test_retry_by_filter(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	const struct engine_selection selection = {.filter = "http:404 seq:-30"};
	struct engine_operation operation = act(bench, job, ACTION_RETRY, &selection);
	struct engine_progress progress;

	assert_int_equal(operation.matched, 3);
	assert_int_equal(operation.changed, 3);
	assert_string_equal(operation.selection, "http:404 seq:-30");
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	assert_counts(&progress, 38, 7, 5, 0);
	bench_sound(bench);
}

struct causes {
	struct engine_group groups[8];
	char texts[8][64];
	int count;
};

static void see_group(void *context, const struct engine_group *group)
{
	struct causes *causes = context;

	assert_true(causes->count < 8);
	causes->groups[causes->count] = *group;
	snprintf(causes->texts[causes->count++], 64, "%s %d %s %s", group->class_name,
	         group->http_status, group->code != NULL ? group->code : "-", group->message);
}

static void test_groups(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	struct causes causes = {0};
	struct engine_selection selection = {0};
	struct error error = {0};
	struct engine_progress progress;
	int seen = 0, lost;

	must(engine_groups(bench->engine, job, NULL, 10, see_group, &causes, &error), &error);
	/* A lost connection has two causes: it was a used one, or a new one. */
	lost = causes.count - 2;
	assert_in_range(lost, 1, 2);
	for (int i = 0; i < causes.count; i++) {
		char filter[32];

		if (causes.groups[i].http_status != 0)
			assert_int_equal(causes.groups[i].count, 5);
		snprintf(filter, sizeof(filter), "group:%016llx",
		         (unsigned long long)causes.groups[i].id);
		assert_int_equal(bench_count(bench, job, filter), causes.groups[i].count);
		seen += strcmp(causes.texts[i], "http 404 - no user #") == 0;
		seen += strcmp(causes.texts[i], "rule 200 1001 quota") == 0;
		if (causes.groups[i].code != NULL)
			selection.group = causes.groups[i].id;
	}
	assert_int_equal(seen, 2);
	assert_int_equal(act(bench, job, ACTION_RETRY, &selection).changed, 5);
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	assert_counts(&progress, 40, 5, 5, 0);
	memset(&causes, 0, sizeof(causes));
	must(engine_groups(bench->engine, job, NULL, 10, see_group, &causes, &error), &error);
	assert_int_equal(causes.count, 1 + lost); /* what is mended is no failure */
	bench_sound(bench);
}

static void test_all(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	const struct engine_selection all = {.all = true};
	struct engine_operation operation = act(bench, job, ACTION_RETRY, &all);

	assert_int_equal(operation.matched, 15);
	assert_int_equal(operation.changed, 15);
	bench_wait(bench, job);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], 50);
	assert_int_equal(act(bench, job, ACTION_RETRY, &all).matched, 0);
	bench_sound(bench);
}

static void test_skip_and_resolve(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	const struct engine_selection first = {.filter = "seq:-20"}, all = {.all = true};
	const int64_t seqs[] = {33};
	const struct engine_selection one = {.seqs = seqs, .seq_count = 1};
	struct engine_progress progress;

	/* 2 3 4 12 13 14; the others are done. */
	assert_int_equal(act(bench, job, ACTION_SKIP, &first).changed, 6);
	progress = bench_progress(bench, job);
	assert_counts(&progress, 35, 6, 3, 6);
	assert_int_equal(act(bench, job, ACTION_RESOLVE_FAILED, &one).changed, 1);
	assert_int_equal(act(bench, job, ACTION_RESOLVE_FAILED, &one).changed, 0);
	assert_int_equal(act(bench, job, ACTION_RESOLVE_DONE, &all).changed, 2);
	progress = bench_progress(bench, job);
	assert_counts(&progress, 37, 7, 0, 6);
	assert_int_equal(ledger_requests(bench->ledger), 50); /* nothing was sent for it */
	assert_int_equal(bench_count(bench, job, "state:skipped"), 6);
	bench_sound(bench);
}

/* Skipping what was not sent yet, while the job stands and while it runs. */
static void test_skip_before_it_is_sent(void **state)
{
	struct bench *bench = *state;
	const struct engine_selection tail = {.filter = "seq:11-20"}, rest = {.filter = "seq:21-"};
	int64_t job = bench_job_of(bench, "skip", "POST", ",\"limits\":{\"concurrency\":2}", 40);
	const int64_t seqs[] = {15};
	const struct engine_selection back = {.seqs = seqs, .seq_count = 1};
	struct engine_progress progress;

	bench_until(bench_progress(bench, job).state == JOB_RUNNING);
	assert_int_equal(act(bench, job, ACTION_SKIP, &tail).changed, 10);
	ledger_gate(bench->ledger, false);
	bench_start(bench, job);
	bench_until(ledger_parked(bench->ledger) == 2);
	assert_int_equal(act(bench, job, ACTION_SKIP, &rest).changed, 20);
	ledger_gate(bench->ledger, true);
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	assert_counts(&progress, 10, 0, 0, 30);
	assert_int_equal(ledger_hits_max(bench->ledger, 11, 40), 0);
	/* One of them after all. */
	assert_int_equal(act(bench, job, ACTION_RETRY, &back).changed, 1);
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	assert_counts(&progress, 11, 0, 0, 29);
	assert_int_equal(ledger_hits(bench->ledger, 15), 1);
	bench_sound(bench);
}

/* An operation that a closing engine left undone is done by the next one. */
static void test_many_items(void **state)
{
	struct bench *bench = *state;
	const struct engine_selection all = {.filter = "state:pending"};
	int64_t job = bench_job_of(bench, "many", "POST", "", 4000);
	struct engine_operation operation;
	struct error error = {0};

	bench_until(bench_progress(bench, job).state == JOB_RUNNING);
	must(engine_act(bench->engine, job, ACTION_SKIP, &all, NULL, false, &operation, &error),
	     &error);
	bench_close(bench);
	bench_open(bench, ENGINE_MAINTAIN);
	must(engine_operation_wait(bench->engine, job, operation.id, clock_mono_ns() + PATIENCE_NS,
	                           &error),
	     &error);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_SKIPPED], 4000);
	bench_sound(bench);
}

struct skipping {
	struct bench *bench;
	int64_t job;
};

static void *skip_all(void *argument)
{
	const struct skipping *skipping = argument;
	const struct engine_selection all = {.filter = "state:pending", .reason = "not today"};
	struct engine_operation operation;
	struct error error = {0};

	(void)engine_act(skipping->bench->engine, skipping->job, ACTION_SKIP, &all, "page", false,
	                 &operation, &error);
	return NULL;
}

static void keep_operation(void *context, const struct engine_operation *operation)
{
	*(struct engine_operation *)context = *operation;
}

static void keep_detail(void *context, const struct engine_event *event)
{
	if (strcmp(event->what, "skip") == 0)
		snprintf(context, 256, "%s %s", event->who, event->detail);
}

/* One that is stopped on its way leaves what it did, and does no more. */
static void test_stopped_on_the_way(void **state)
{
	struct bench *bench = *state;
	struct skipping skipping = {bench, bench_job_of(bench, "long", "POST", "", 20000)};
	struct engine_operation operation = {0}, stopped;
	struct error error = {0};
	char detail[256] = "", expected[256];
	int64_t untouched, counted;
	pthread_t thread;

	must(engine_job_pause(bench->engine, skipping.job, "page", &error), &error);
	bench_until(bench_progress(bench, skipping.job).total == 20000);
	bench_until(bench_progress(bench, skipping.job).in_flight == 0);
	untouched = bench_progress(bench, skipping.job).counts[ITEM_PENDING];
	assert_int_equal(pthread_create(&thread, NULL, skip_all, &skipping), 0);
	while (operation.changed == 0)
		must(engine_operations(bench->engine, skipping.job, INT64_MAX, 1, keep_operation,
		                       &operation, &error),
		     &error);
	assert_int_equal(operation.cancelled_at_ms, 0);
	must(engine_operation_cancel(bench->engine, skipping.job, operation.id, "cli", &stopped,
	                             &error),
	     &error);
	pthread_join(thread, NULL);
	assert_true(stopped.cancelled_at_ms > 0);
	assert_int_equal(stopped.finished_at_ms, stopped.cancelled_at_ms);
	assert_string_equal(stopped.reason, "not today");
	assert_string_equal(stopped.who, "page");
	assert_true(stopped.changed > 0 && stopped.changed < untouched);
	assert_int_equal(bench_progress(bench, skipping.job).counts[ITEM_SKIPPED], stopped.changed);
	counted = stopped.changed;
	expect_refusal(engine_operation_cancel(bench->engine, skipping.job, operation.id, NULL,
	                                       &stopped, &error),
	               STATUS_CONFLICT, &error, "it was cancelled");
	expect_refusal(engine_operation_cancel(bench->engine, skipping.job, 99, NULL, &stopped,
	                                       &error),
	               STATUS_NOT_FOUND, &error, "no operation 99");
	must(engine_events(bench->engine, skipping.job, 0, 100, keep_detail, detail, &error),
	     &error);
	snprintf(expected, sizeof(expected),
	         "cli cancelled after %lld of %lld items (state:pending): not today",
	         (long long)counted, (long long)counted);
	assert_string_equal(detail, expected);
	skip_all(&skipping); /* the next one runs to its end */
	bench_until(bench_progress(bench, skipping.job).counts[ITEM_SKIPPED] == untouched);
	bench_sound(bench);
}

/* An item that is named twice counts once, foretold and done. */
static void test_named_twice(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	const int64_t seqs[] = {2, 12, 1, 2, 2};
	const struct engine_selection twice = {.seqs = seqs, .seq_count = 5};
	const struct engine_selection done_too = {.seqs = seqs, .seq_count = 5, .done_too = true};
	struct engine_operation operation = act(bench, job, ACTION_RETRY, &twice);

	assert_int_equal(operation.matched, 3);
	assert_int_equal(operation.changed, 2);
	bench_wait(bench, job);
	assert_int_equal(act(bench, job, ACTION_RETRY, &done_too).changed, 3);
	bench_wait(bench, job);
	bench_sound(bench);
}

static void test_bad_selections(void **state)
{
	struct bench *bench = *state;
	int64_t job = run_badly(bench);
	const int64_t seqs[] = {1, 51}, zero[] = {0};
	const struct engine_selection nonsense = {.filter = "nonsense"}, blank = {.filter = " "};
	const struct engine_selection beyond = {.seqs = seqs, .seq_count = 2};
	const struct engine_selection below = {.seqs = zero, .seq_count = 1};
	const struct engine_selection all = {.all = true};
	struct engine_selection longest = {0};
	struct engine_operation operation;
	struct error error = {0};
	char text[3000];

	memset(text, 'x', sizeof(text));
	memcpy(text, "key:", 4);
	text[sizeof(text) - 1] = '\0';
	longest.filter = text;
	for (int dry = 0; dry < 2; dry++) {
		expect_refusal(engine_act(bench->engine, job, ACTION_RETRY, &nonsense, NULL, dry,
		                          &operation, &error),
		               STATUS_USAGE, &error, "nonsense");
		expect_refusal(engine_act(bench->engine, job, ACTION_RETRY, &blank, NULL, dry,
		                          &operation, &error),
		               STATUS_USAGE, &error, "filter: empty");
		expect_refusal(engine_act(bench->engine, job, ACTION_RETRY, &longest, NULL, dry,
		                          &operation, &error),
		               STATUS_USAGE, &error, "longer");
		expect_refusal(engine_act(bench->engine, job, ACTION_RETRY, &beyond, NULL, dry,
		                          &operation, &error),
		               STATUS_NOT_FOUND, &error, "no item 51");
		expect_refusal(engine_act(bench->engine, job, ACTION_SKIP, &below, NULL, dry,
		                          &operation, &error),
		               STATUS_NOT_FOUND, &error, "no item 0");
		expect_refusal(engine_act(bench->engine, 99, ACTION_RETRY, &all, NULL, dry, &operation,
		                          &error),
		               STATUS_NOT_FOUND, &error, "no job 99");
	}
	/* Nothing of a refused one stays. */
	assert_int_equal(bench_progress(bench, job).counts[ITEM_FAILED], 10);
	bench_sound(bench);
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_bench(test_retry_by_seq),
	    with_bench(test_retry_what_is_done),
	    with_bench(test_retry_by_filter),
	    with_bench(test_groups),
	    with_bench(test_all),
	    with_bench(test_skip_and_resolve),
	    with_bench(test_skip_before_it_is_sent),
	    with_bench(test_many_items),
	    with_bench(test_stopped_on_the_way),
	    with_bench(test_named_twice),
	    with_bench(test_bad_selections),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
