/* The façade: which job an id or a name means, what may be removed, and a
 * database whose file goes away. */
#include "tests/unit/engine_bench.h"

static void test_ids_come_before_names(void **state)
{
	static const char *const none[] = {"", "0", "01", "+1", " 1", "1 ", "-1", "3",
	                                   "9223372036854775808", "18446744073709551617",
	                                   "99999999999999999999999999"};
	struct bench *bench = *state;
	int64_t first = bench_job(bench, "x1", "PUT", ""), second = bench_job(bench, "1x", "PUT", "");
	int64_t found = 0;
	struct error error = {0};
	struct spec *spec = NULL;
	const char digits[] = "{\"name\":\"2024\",\"request\":{\"url\":\"http://x/\"}}";

	must(engine_job_find(bench->engine, "1", &found, &error), &error);
	assert_int_equal(found, first);
	must(engine_job_find(bench->engine, "2", &found, &error), &error);
	assert_int_equal(found, second);
	must(engine_job_find(bench->engine, "1x", &found, &error), &error);
	assert_int_equal(found, second);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (engine_job_find(bench->engine, none[i], &found, &error) != STATUS_NOT_FOUND)
			fail_msg("'%s' is job %lld", none[i], (long long)found);
	expect_refusal(spec_parse(digits, strlen(digits), NULL, &spec, &error), STATUS_USAGE, &error,
	               "name: '2024' is digits alone");
}

static void test_paused_by_a_person(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job_of(bench, "paused", "PUT", ",\"limits\":{\"concurrency\":3}", 50);
	struct engine_progress progress;
	struct error error = {0};

	ledger_gate(bench->ledger, false);
	bench_start(bench, job);
	bench_until(ledger_parked(bench->ledger) == 3);
	expect_refusal(engine_job_remove(bench->engine, job, &error), STATUS_CONFLICT, &error,
	               "'paused' is at work");
	must(engine_job_pause(bench->engine, job, NULL, &error), &error);
	expect_refusal(engine_job_remove(bench->engine, job, &error), STATUS_CONFLICT, &error,
	               "requests are in flight");
	ledger_gate(bench->ledger, true);
	bench_until(bench_progress(bench, job).counts[ITEM_RUNNING] == 0);
	bench_until(engine_job_remove(bench->engine, job, &error) == STATUS_OK);
	assert_int_equal(engine_job_progress(bench->engine, job, &progress, NULL), STATUS_NOT_FOUND);
	assert_int_equal(engine_job_resume(bench->engine, job, NULL, NULL), STATUS_NOT_FOUND);
	assert_int_equal(engine_job_start(bench->engine, job, NULL), STATUS_NOT_FOUND);
	assert_int_equal(ledger_requests(bench->ledger), 3);
	bench_sound(bench);
}

static void answer_later(struct ledger *ledger, int item, int hit, struct reply *reply)
{
	(void)ledger;
	(void)item;
	if (hit > 1)
		return;
	reply->status = 429;
	reply->headers = "Retry-After: 3600\r\n";
}

/* A pause that ends by itself is no rest: the job goes on. */
static void test_paused_for_a_while(void **state)
{
	struct bench *bench = *state;
	struct error error = {0};
	int64_t job;

	ledger_set_answer(bench->ledger, answer_later);
	job = bench_job_of(bench, "later", "PUT", ",\"limits\":{\"concurrency\":1}", 5);
	bench_start(bench, job);
	bench_until(bench_progress(bench, job).state == JOB_PAUSED);
	bench_until(bench_progress(bench, job).counts[ITEM_RUNNING] == 0);
	expect_refusal(engine_job_remove(bench->engine, job, &error), STATUS_CONFLICT, &error,
	               "'later' is at work");
	must(engine_job_cancel(bench->engine, job, NULL, &error), &error);
	bench_until(engine_job_remove(bench->engine, job, &error) == STATUS_OK);
	bench_sound(bench);
}

/* What a `sluice run` lives for stays as long as it does, also when it is over. */
static void test_attended(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job_of(bench, "attended", "PUT", "", 5);
	struct error error = {0};

	engine_job_attend(bench->engine, job);
	expect_refusal(engine_job_remove(bench->engine, job, &error), STATUS_CONFLICT, &error,
	               "`sluice run`");
	bench_start(bench, job);
	bench_wait(bench, job);
	assert_int_equal(bench_progress(bench, job).state, JOB_FINISHED);
	expect_refusal(engine_job_remove(bench->engine, job, &error), STATUS_CONFLICT, &error,
	               "'attended'");
	bench_close(bench);
	bench_open(bench, ENGINE_MAINTAIN);
	must(engine_job_remove(bench->engine, job, &error), &error);
	bench_sound(bench);
}

/* ---- the file ------------------------------------------------------------------ */

static void lose_and_see(struct bench *bench, const char *path, const char *says)
{
	struct error error = {0};

	assert_int_equal(engine_health(bench->engine, NULL), STATUS_OK);
	assert_int_equal(unlink(path), 0);
	bench_until(engine_health(bench->engine, &error) != STATUS_OK);
	expect_refusal(engine_health(bench->engine, &error), STATUS_IO, &error, says);
	assert_non_null(strstr(error.text, path));
}

static void test_database_removed(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job_of(bench, "lost", "PUT", "", 5);
	struct error error = {0};

	lose_and_see(bench, bench->db, "was removed while it was in use");
	assert_int_equal(engine_job_pause(bench->engine, job, NULL, &error), STATUS_IO);
}

static void test_lock_file_removed(void **state)
{
	struct bench *bench = *state;

	lose_and_see(bench, bench_path(bench, "test.db.lock"), "was removed while it was in use");
}

static void test_database_replaced(void **state)
{
	struct bench *bench = *state;
	const char *copy = bench_path(bench, "copy.db");
	struct error error = {0};

	must(engine_db_backup(bench->engine, copy, &error), &error);
	assert_int_equal(rename(copy, bench->db), 0);
	bench_until(engine_health(bench->engine, NULL) != STATUS_OK);
	expect_refusal(engine_health(bench->engine, &error), STATUS_IO, &error,
	               "was replaced while it was in use");
}

static void test_paths_that_are_no_database(void **state)
{
	struct bench *bench = *state;
	const struct {
		const char *path;
		const char *says, *leftover;
	} cases[] = {
	    {":memory:", ":memory:: the database is a file", ":memory:.lock"},
	    {"file:x.db", "no file's path", "file:x.db.lock"},
	    {"", "path is empty", ".lock"},
	    {"/dev/null", "/dev/null: a device", "/dev/null.lock"},
	    {bench->directory, "a folder", NULL},
	};
	struct error error = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct engine_options options = {.db_path = cases[i].path,
		                                       .mode = ENGINE_MAINTAIN};
		struct engine *engine = NULL;

		expect_refusal(engine_open(&options, &engine, &error), STATUS_USAGE, &error,
		               cases[i].says);
		assert_null(engine);
		if (cases[i].leftover != NULL)
			assert_int_equal(access(cases[i].leftover, F_OK), -1);
	}
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_bench(test_ids_come_before_names),
	    with_bench(test_paused_by_a_person),
	    with_bench(test_paused_for_a_while),
	    with_bench(test_attended),
	    with_bench(test_database_removed),
	    with_bench(test_lock_file_removed),
	    with_bench(test_database_replaced),
	    with_bench(test_paths_that_are_no_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
