/* The façade: items that are uploaded, once or again. */
#include "tests/unit/engine_bench.h"

static const struct engine_upload_how recognised = {FORMAT_NDJSON, UPLOAD_RECOGNISED},
                                      as_new = {FORMAT_NDJSON, UPLOAD_NEW};

static int64_t upload(struct bench *bench, int64_t job, const char *const *pieces, bool abandoned)
{
	struct engine_upload *up = NULL;
	struct error error = {0};
	struct engine_upload_rows rows = {-1, -1};

	must(engine_upload_open(bench->engine, job, &recognised, &up, &error), &error);
	for (; *pieces != NULL; pieces++)
		must(engine_upload_feed(up, *pieces, strlen(*pieces), &error), &error);
	must(engine_upload_close(up, abandoned, &rows, &error), &error);
	return rows.added;
}

static void test_uploads(void **state)
{
	static const char *const first[] = {"{\"n\":1}\n{\"n", "\":2}\n", "{\"n\":3}", NULL};
	static const char *const second[] = {"{\"n\":4}\n", NULL};
	static const char *const third[] = {"{\"n\":5}\n", NULL};
	struct bench *bench = *state;
	int64_t job = bench_job(bench, "up", "POST", "");
	struct engine_upload *one = NULL, *other = NULL;
	struct error error = {0};

	assert_int_equal(upload(bench, job, first, false), 3);
	/* What came is sent while the job is open for more. */
	bench_start(bench, job);
	bench_until(bench_progress(bench, job).counts[ITEM_DONE] == 3);
	assert_int_equal(bench_progress(bench, job).state, JOB_IMPORTING);
	assert_int_equal(upload(bench, job, second, false), 1);
	assert_int_equal(upload(bench, job, third, true), 0);

	must(engine_upload_open(bench->engine, job, &recognised, &one, &error), &error);
	expect_refusal(engine_upload_open(bench->engine, job, &recognised, &other, &error),
	               STATUS_CONFLICT, &error, "coming in");
	expect_refusal(engine_job_seal(bench->engine, job, "test", &error), STATUS_CONFLICT, &error,
	               "still coming in");
	must(engine_upload_close(one, false, NULL, &error), &error);

	must(engine_job_seal(bench->engine, job, "test", &error), &error);
	bench_wait(bench, job);
	assert_int_equal(bench_progress(bench, job).state, JOB_FINISHED);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], 4);
	expect_refusal(engine_upload_open(bench->engine, job, &recognised, &other, &error),
	               STATUS_CONFLICT, &error, "takes no more");
	assert_int_equal(ledger_hits_max(bench->ledger, 1, 4), 1);
	bench_sound(bench);
}

static void test_a_bad_upload(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job(bench, "bad up", "POST", "");
	struct engine_upload *up = NULL;
	struct error error = {0};
	struct engine_upload_rows rows = {-1, -1};

	must(engine_upload_open(bench->engine, job, &recognised, &up, &error), &error);
	expect_refusal(engine_upload_feed(up, "{\"n\":1}\nnonsense\n", 17, &error), STATUS_USAGE,
	               &error, "line 2");
	expect_refusal(engine_upload_close(up, false, &rows, &error), STATUS_USAGE, &error,
	               "line 2");
	assert_true(rows.added == bench_progress(bench, job).total);
	must(engine_job_seal(bench->engine, job, "test", &error), &error);
	bench_sound(bench);
}

/* ---- uploads that are repeated ------------------------------------------------------------ */

static struct engine_upload_rows upload_text(struct bench *bench, int64_t job,
                                             const struct engine_upload_how *how,
                                             const char *text, enum status wanted)
{
	struct engine_upload *up = NULL;
	struct error error = {0};
	struct engine_upload_rows rows = {-1, -1};
	enum status status;

	must(engine_upload_open(bench->engine, job, how, &up, &error), &error);
	status = engine_upload_feed(up, text, strlen(text), &error);
	if (status != STATUS_OK)
		engine_upload_close(up, true, &rows, &error);
	else
		status = engine_upload_close(up, false, &rows, &error);
	assert_int_equal(status, wanted);
	return rows;
}

static void test_repeated(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job(bench, "again", "POST", "");
	struct engine_upload_rows rows;

	/* The third row is bad; put right, the rest comes in, and once only. */
	rows = upload_text(bench, job, &recognised, "{\"n\":1}\n{\"n\":2}\nbad\n", STATUS_USAGE);
	assert_int_equal(rows.added, 2);
	bench_close(bench);
	bench_open(bench, ENGINE_RUN); /* it is on record */
	rows = upload_text(bench, job, &recognised, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", STATUS_OK);
	assert_int_equal(rows.added, 1);
	assert_int_equal(rows.known, 2);
	/* The answer was lost. */
	rows = upload_text(bench, job, &recognised, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n", STATUS_OK);
	assert_int_equal(rows.added, 0);
	assert_int_equal(rows.known, 3);
	rows = upload_text(bench, job, &recognised, "{\"n\":4}\n", STATUS_OK);
	assert_int_equal(rows.added, 1);
	rows = upload_text(bench, job, &as_new, "{\"n\":4}\n", STATUS_OK);
	assert_int_equal(rows.added, 1);
	assert_int_equal(bench_progress(bench, job).total, 5);
	/* One that broke off stands in the way of another, unless that is said. */
	(void)upload_text(bench, job, &recognised, "{\"n\":5}\nbad\n", STATUS_USAGE);
	rows = upload_text(bench, job, &recognised, "{\"n\":6}\n", STATUS_CONFLICT);
	assert_int_equal(rows.added, 0);
	rows = upload_text(bench, job, &as_new, "{\"n\":6}\n", STATUS_OK);
	assert_int_equal(rows.added, 1);
	assert_int_equal(bench_progress(bench, job).total, 7);
	bench_sound(bench);
}

/* A row of a stream that pauses is sent, though more may come. */
static void test_pause(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job(bench, "slow", "POST", "");
	struct engine_upload *up = NULL;
	struct error error = {0};

	bench_start(bench, job);
	must(engine_upload_open(bench->engine, job, &recognised, &up, &error), &error);
	for (int n = 1; n <= 3; n++) {
		char row[32];

		snprintf(row, sizeof(row), "{\"n\":%d}\n", n);
		must(engine_upload_feed(up, row, strlen(row), &error), &error);
		bench_until(bench_progress(bench, job).counts[ITEM_DONE] == n);
	}
	must(engine_upload_close(up, false, NULL, &error), &error);
	must(engine_job_seal(bench->engine, job, "test", &error), &error);
	bench_wait(bench, job);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], 3);
	assert_int_equal(ledger_hits_max(bench->ledger, 1, 3), 1);
	bench_sound(bench);
}

/* A batch that the store refuses keeps those behind it out, so that whoever goes
 * on from what is in misses none. */
static void test_no_gap(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job(bench, "gap", "POST", ",\"key\":\"n\"");
	struct engine_upload *up = NULL;
	struct engine_upload_rows rows = {-1, -1};
	struct error error = {0};
	struct buffer text = {0};
	enum status status = STATUS_OK;

	for (int n = 1; n <= 6000; n++)
		buffer_printf(&text, "{\"n\":%d}\n", n == 1500 ? 1 : n);
	must(engine_upload_open(bench->engine, job, &recognised, &up, &error), &error);
	status = engine_upload_feed(up, text.data, text.length, &error);
	if (status != STATUS_OK)
		engine_upload_close(up, true, &rows, &error);
	else
		status = engine_upload_close(up, false, &rows, &error);
	assert_int_equal(status, STATUS_CONFLICT);
	assert_int_equal(rows.added, 1000);
	assert_int_equal(bench_progress(bench, job).total, 1000);
	buffer_reset(&text, 1 << 20);
	for (int n = 1; n <= 6000; n++)
		buffer_printf(&text, "{\"n\":%d}\n", n);
	rows = upload_text(bench, job, &recognised, text.data, STATUS_OK);
	assert_int_equal(rows.added, 5000);
	assert_int_equal(rows.known, 1000);
	assert_int_equal(bench_progress(bench, job).total, 6000);
	buffer_free(&text);
	bench_sound(bench);
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_bench(test_uploads), with_bench(test_a_bad_upload), with_bench(test_repeated),
	    with_bench(test_pause),   with_bench(test_no_gap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
