/* The façade: items that come in, changed, wrong, or piece by piece. */
#include "tests/unit/engine_files.h"

/* ---- items that changed between two runs ------------------------------------------- */

#define ROWS_3 "n,city\n1,Rome\n2,Oslo\n3,Bonn\n"

static void test_same_items(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job(bench, "same", "POST", "");

	import_and_wait(bench, job, write_file(bench, "items.csv", ROWS_3), false);
	bench_start(bench, job);
	bench_wait(bench, job);
	bench_close(bench);
	bench_open(bench, ENGINE_RUN);
	import_and_wait(bench, job, bench_path(bench, "items.csv"), false);
	bench_start(bench, job);
	bench_wait(bench, job);
	assert_int_equal(bench_progress(bench, job).total, 3);
	assert_int_equal(bench_progress(bench, job).state, JOB_FINISHED);
	assert_int_equal(ledger_requests(bench->ledger), 3);
}

static void test_changed_items(void **state)
{
	static const struct {
		const char *text;
		bool append;
		const char *says[2];
	} table[] = {
	    {"n,city\n1,Rome\n2,Bergen\n3,Bonn\n", false, {"row 2, city", "\"Oslo\" -> \"Bergen\""}},
	    {"n,city\n1,Rome\n2,Bergen\n3,Bonn\n", true, {"row 2, city", "\"Oslo\" -> \"Bergen\""}},
	    {"n,city\n1,Rome\n3,Bonn\n", false, {"row 2, n", "\"2\" -> \"3\""}},
	    {"n,city\n1,Rome\n2,Oslo\n", false, {"fewer rows than the 3", ""}},
	    {"n,city\n1,Rome\n2,Oslo\n3,Bonn\n4,Pisa\n", false, {"more rows than the 3", ""}},
	    {"n,town\n1,Rome\n2,Oslo\n3,Bonn\n", false, {"row 1, town", "is new"}},
	};
	struct bench *bench = *state;
	int64_t job = bench_job(bench, "changed", "POST", "");
	struct error error = {0};

	import_and_wait(bench, job, write_file(bench, "items.csv", ROWS_3), false);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *path = write_file(bench, "items.csv", table[i].text);

		expect_refusal(import(bench, job, path, table[i].append, &error), STATUS_CONFLICT,
		               &error, table[i].says[0]);
		if (strstr(error.text, table[i].says[1]) == NULL)
			fail_msg("'%s' does not say '%s'", error.text, table[i].says[1]);
		assert_int_equal(bench_progress(bench, job).total, 3);
	}
	bench_sound(bench);
}

static void test_appended_items(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job(bench, "appended", "POST", "");

	import_and_wait(bench, job, write_file(bench, "items.csv", ROWS_3), false);
	bench_start(bench, job);
	bench_wait(bench, job);
	write_file(bench, "items.csv", ROWS_3 "4,Pisa\n5,Lyon\n");
	import_and_wait(bench, job, bench_path(bench, "items.csv"), true);
	bench_wait(bench, job);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], 5);
	assert_int_equal(ledger_hits_max(bench->ledger, 1, 5), 1);
	bench_sound(bench);
}

/* With a key the rows may come in any order; those that are known stay as they are. */
static void test_appended_by_key(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job(bench, "keyed", "POST", ",\"key\":\"n\"");
	struct listed listed;

	import_and_wait(bench, job, write_file(bench, "items.csv", ROWS_3), false);
	bench_start(bench, job);
	bench_wait(bench, job);
	write_file(bench, "items.csv", "n,city\n9,Pisa\n3,Bonn\n1,Rome\n8,Lyon\n");
	import_and_wait(bench, job, bench_path(bench, "items.csv"), true);
	bench_wait(bench, job);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], 5);
	assert_int_equal(ledger_requests(bench->ledger), 5);
	bench_list(bench, job, "key:8", 10, &listed);
	assert_int_equal(listed.count, 1);
	assert_int_equal(listed.seqs[0], 5);
	bench_sound(bench);
}

/* ---- items that are wrong --------------------------------------------------------------- */

static void test_bad_items(void **state)
{
	static const struct {
		const char *name, *text, *more, *says;
	} table[] = {
	    {"a.csv", "n,city\n1,Rome\n2\n", "", "row 2 (line 3)"},
	    {"b.ndjson", "{\"n\":1}\n{\"n\":\n", "", "line 2"},
	    {"c.csv", "n,city\n1,Rome\n1,Oslo\n", ",\"key\":\"n\"", "'1' stands twice"},
	    {"d.csv", "m,city\n1,Rome\n", "", "'n'"},
	};
	struct bench *bench = *state;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int64_t job = bench_job(bench, table[i].name, "POST", table[i].more), found;
		struct error error = {0};
		const char *path = write_file(bench, table[i].name, table[i].text);

		expect_refusal(import(bench, job, path, false, &error), STATUS_USAGE, &error,
		               table[i].says);
		/* A job that has nothing is not left behind. */
		assert_int_equal(engine_job_find(bench->engine, table[i].name, &found, NULL),
		                 STATUS_NOT_FOUND);
	}
	assert_int_equal(ledger_requests(bench->ledger), 0);
	bench_sound(bench);
}

static void see_bad_row(void *context, int64_t row, const char *fault, const char *raw)
{
	(void)fault;
	buffer_printf(context, "%d:%s ", (int)row, raw);
}

static void test_bad_rows_left_out(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job(bench, "some bad", "POST", "");
	struct engine_import how = {.format = FORMAT_NDJSON, .skip_bad_rows = true, .rows_max = 3};
	struct buffer bad = {0};
	struct error error = {0};

	how.path = write_file(bench, "items", "{\"n\":1}\nnonsense\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n");
	must(engine_job_import(bench->engine, job, &how, &error), &error);
	bench_start(bench, job);
	bench_wait(bench, job);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], 3);
	assert_int_equal(bench_progress(bench, job).bad_rows, 1);
	assert_int_equal(ledger_hits(bench->ledger, 4), 0);
	must(engine_bad_rows(bench->engine, job, 0, 10, see_bad_row, &bad, &error), &error);
	assert_string_equal(bad.data, "2:nonsense ");
	buffer_free(&bad);
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_bench(test_same_items),
	    with_bench(test_changed_items),
	    with_bench(test_appended_items),
	    with_bench(test_appended_by_key),
	    with_bench(test_bad_items),
	    with_bench(test_bad_rows_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
