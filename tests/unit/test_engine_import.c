/* The façade: items in (files, uploads, changed files) and out (exports), and
 * the database's upkeep. */
#include <sys/stat.h>

#include "tests/unit/engine_bench.h"

static const char *write_file(const struct bench *bench, const char *name, const char *text)
{
	const char *path = bench_path(bench, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	return path;
}

static enum status import(struct bench *bench, int64_t job, const char *path, bool append,
                          struct error *error)
{
	const struct engine_import how = {.path = path, .format = FORMAT_AUTO, .append = append};

	return engine_job_import(bench->engine, job, &how, error);
}

static void import_and_wait(struct bench *bench, int64_t job, const char *path, bool append)
{
	struct error error = {0};

	must(import(bench, job, path, append, &error), &error);
	bench_until(bench_progress(bench, job).state != JOB_IMPORTING);
}

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
	must(engine_bad_rows(bench->engine, job, 10, see_bad_row, &bad, &error), &error);
	assert_string_equal(bad.data, "2:nonsense ");
	buffer_free(&bad);
}

/* ---- uploads ------------------------------------------------------------------------------ */

static int64_t upload(struct bench *bench, int64_t job, const char *const *pieces, bool abandoned)
{
	struct engine_upload *up = NULL;
	struct error error = {0};
	int64_t rows = -1;

	must(engine_upload_open(bench->engine, job, FORMAT_NDJSON, &up, &error), &error);
	for (; *pieces != NULL; pieces++)
		must(engine_upload_feed(up, *pieces, strlen(*pieces), &error), &error);
	must(engine_upload_close(up, abandoned, &rows, &error), &error);
	return rows;
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

	must(engine_upload_open(bench->engine, job, FORMAT_NDJSON, &one, &error), &error);
	expect_refusal(engine_upload_open(bench->engine, job, FORMAT_NDJSON, &other, &error),
	               STATUS_CONFLICT, &error, "coming in");
	expect_refusal(engine_job_seal(bench->engine, job, &error), STATUS_CONFLICT, &error,
	               "still coming in");
	must(engine_upload_close(one, false, NULL, &error), &error);

	must(engine_job_seal(bench->engine, job, &error), &error);
	bench_wait(bench, job);
	assert_int_equal(bench_progress(bench, job).state, JOB_FINISHED);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_DONE], 4);
	expect_refusal(engine_upload_open(bench->engine, job, FORMAT_NDJSON, &other, &error),
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
	int64_t rows = -1;

	must(engine_upload_open(bench->engine, job, FORMAT_NDJSON, &up, &error), &error);
	expect_refusal(engine_upload_feed(up, "{\"n\":1}\nnonsense\n", 17, &error), STATUS_USAGE,
	               &error, "line 2");
	expect_refusal(engine_upload_close(up, false, &rows, &error), STATUS_USAGE, &error,
	               "ended by an error");
	assert_true(rows == bench_progress(bench, job).total);
	must(engine_job_seal(bench->engine, job, &error), &error);
	bench_sound(bench);
}

/* ---- exports ---------------------------------------------------------------------------------- */

static void export(struct bench *bench, int64_t job, enum export_format format, const char *filter,
                   struct buffer *out)
{
	struct engine_export *going = NULL;
	struct error error = {0};
	bool end = false;

	buffer_reset(out, 1 << 20);
	must(engine_export_open(bench->engine, job, format, filter, &going, &error), &error);
	while (!end)
		must(engine_export_next(going, out, &end, &error), &error);
	engine_export_close(going);
}

static void answer_with_id(struct ledger *ledger, int item, int hit, struct reply *reply)
{
	(void)ledger;
	(void)hit;
	reply->body = "{\"id\":12345678901234567890,\"name\":\"a \\\"b\\\", c\"}";
	if (item == 2) {
		reply->status = 404;
		reply->body = "{\"message\":\"no such, sorry\"}";
	}
}

static void test_exports(void **state)
{
	struct bench *bench = *state;
	int64_t job, again;
	struct buffer text = {0};
	struct error error = {0};

	ledger_set_answer(bench->ledger, answer_with_id);
	job = bench_job(bench, "out", "POST", ",\"extract\":{\"id\":\"$.id\",\"name\":\"$.name\"}");
	import_and_wait(bench, job,
	                write_file(bench, "items.csv", "n,name,long text\r\n1,\"x,\"\"y\"\"\",a\r\n"
	                                               "2,z,\" b \"\r\n3,,\"two\nlines\"\r\n"),
	                false);
	bench_start(bench, job);
	bench_wait(bench, job);
	export(bench, job, EXPORT_CSV, NULL, &text);
	assert_string_equal(text.data,
	                    "n,name,long text,sluice_seq,sluice_state,sluice_attempts,"
	                    "sluice_http_status,sluice_code,sluice_message,id,sluice_name\r\n"
	                    "1,\"x,\"\"y\"\"\",a,1,done,1,200,,,12345678901234567890,\"a \"\"b\"\", c\"\r\n"
	                    "2,z,\" b \",2,failed,1,404,,\"no such, sorry\",,\r\n"
	                    "3,,\"two\nlines\",3,done,1,200,,,12345678901234567890,\"a \"\"b\"\", c\"\r\n");
	/* It goes in again as it came out, and what it gives is the same. */
	again = bench_job(bench, "again", "POST", ",\"extract\":{\"id\":\"$.id\",\"name\":\"$.name\"}");
	import_and_wait(bench, again, write_file(bench, "again.csv", text.data), false);
	assert_int_equal(bench_progress(bench, again).total, 3);
	assert_int_equal(bench_count(bench, again, "field.\"long text\":\"two\nlines\""), 1);
	assert_int_equal(bench_count(bench, again, "field.sluice_state:failed"), 1);

	export(bench, job, EXPORT_NDJSON, "state:failed", &text);
	assert_string_equal(text.data,
	                    "{\"seq\":\"2\",\"key\":null,\"state\":\"failed\",\"attempts\":1,"
	                    "\"http_status\":404,\"class\":\"http\",\"code\":null,"
	                    "\"message\":\"no such, sorry\",\"input\":{\"n\":\"2\",\"name\":\"z\","
	                    "\"long text\":\" b \"},\"extracted\":null,"
	                    "\"response\":\"{\\\"message\\\":\\\"no such, sorry\\\"}\"}\n");
	export(bench, job, EXPORT_NDJSON, "state:unknown", &text);
	assert_int_equal(text.length, 0);
	expect_refusal(engine_export_open(bench->engine, job, EXPORT_CSV, "x", NULL, &error),
	               STATUS_USAGE, &error, "unknown term");
	expect_refusal(engine_export_open(bench->engine, 99, EXPORT_CSV, NULL, NULL, &error),
	               STATUS_NOT_FOUND, &error, "99");
	buffer_free(&text);
}

/* More than a page, each row once and in order, whatever the filter. */
static void test_long_export(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job_of(bench, "long", "PUT", "", 1700);
	struct buffer text = {0};
	char *line, *rest;
	int seq = 0;

	bench_start(bench, job);
	bench_wait(bench, job);
	export(bench, job, EXPORT_NDJSON, NULL, &text);
	for (line = strtok_r(text.data, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		char start[32];

		snprintf(start, sizeof(start), "{\"seq\":\"%d\",", ++seq);
		assert_memory_equal(line, start, strlen(start));
		assert_true(json_check(line, strlen(line), NULL));
	}
	assert_int_equal(seq, 1700);
	buffer_free(&text);
	assert_int_equal(bench_count(bench, job, "field.n:900"), 1);
	assert_int_equal(bench_count(bench, job, "seq:-333 -seq:1-33"), 300);
	assert_int_equal(bench_count(bench, job, "state:done text:\"city 17\""), 1 + 10 + 1);
}

/* ---- upkeep -------------------------------------------------------------------------------------- */

static void test_backup(void **state)
{
	struct bench *bench = *state;
	struct error error = {0};
	struct stat info;
	int64_t job;
	char copy[128];

	ledger_gate(bench->ledger, false);
	job = bench_job_of(bench, "backup", "PUT", ",\"limits\":{\"concurrency\":4}", 100);
	bench_start(bench, job);
	bench_until(ledger_parked(bench->ledger) == 4);
	snprintf(copy, sizeof(copy), "%s", bench_path(bench, "copy.db"));
	must(engine_db_backup(bench->engine, copy, &error), &error);
	expect_refusal(engine_db_backup(bench->engine, copy, &error), STATUS_USAGE, &error, "exists");
	expect_refusal(engine_db_backup(bench->engine, "/nowhere/copy.db", &error), STATUS_IO, &error,
	               "/nowhere");
	expect_refusal(engine_db_vacuum(bench->engine, &error), STATUS_CONFLICT, &error, "at work");
	assert_int_equal(stat(copy, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	ledger_gate(bench->ledger, true);
	bench_wait(bench, job);
	bench_close(bench);
	snprintf(bench->db, sizeof(bench->db), "%s/copy.db", bench->directory);
	bench_open(bench, ENGINE_MAINTAIN);
	bench_sound(bench);
	assert_int_equal(bench_progress(bench, job).counts[ITEM_PENDING], 100);
}

static void test_vacuum(void **state)
{
	struct bench *bench = *state;
	int64_t job = bench_job_of(bench, "large", "PUT", "", 3000);
	struct stat before, after;
	struct error error = {0};

	bench_start(bench, job);
	bench_wait(bench, job);
	(void)bench_job(bench, "small", "PUT", "");
	must(engine_job_remove(bench->engine, job, &error), &error);
	bench_close(bench);
	assert_int_equal(stat(bench->db, &before), 0);
	bench_open(bench, ENGINE_MAINTAIN);
	must(engine_db_vacuum(bench->engine, &error), &error);
	bench_sound(bench);
	assert_int_equal(bench_progress(bench, job + 1).total, 0);
	bench_close(bench);
	assert_int_equal(stat(bench->db, &after), 0);
	assert_true(after.st_size < before.st_size);
	bench_open(bench, ENGINE_RUN);
	bench_sound(bench);
}

static void test_not_a_database(void **state)
{
	struct bench *bench = *state;
	struct error error = {0};

	bench_close(bench);
	snprintf(bench->db, sizeof(bench->db), "%s", write_file(bench, "other", "this is a letter, "
	         "not a database, and it is long enough to be looked at as one: a hundred bytes of "
	         "header and more"));
	expect_refusal(bench_try_open(bench, ENGINE_RUN, &error), STATUS_CORRUPT, &error, "other");
	snprintf(bench->db, sizeof(bench->db), "%s/no/such/test.db", bench->directory);
	expect_refusal(bench_try_open(bench, ENGINE_RUN, &error), STATUS_IO, &error, "test.db");
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
	    with_bench(test_uploads),
	    with_bench(test_a_bad_upload),
	    with_bench(test_exports),
	    with_bench(test_long_export),
	    with_bench(test_backup),
	    with_bench(test_vacuum),
	    with_bench(test_not_a_database),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
