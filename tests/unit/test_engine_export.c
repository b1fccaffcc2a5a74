/* The façade: exports, and upkeep of the database. */
#include <sys/stat.h>

#include "tests/unit/engine_files.h"

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
	assert_int_equal(bench_count(bench, again, "field.sluice_state:failed"), 0);

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
	(void)write_file(bench, "other",
	                 "this is a letter, not a database, and it is long enough to be looked at as "
	                 "one: a hundred bytes of header and more");
	snprintf(bench->db, sizeof(bench->db), "%s/other", bench->directory);
	expect_refusal(bench_try_open(bench, ENGINE_RUN, &error), STATUS_CORRUPT, &error, "other");
	snprintf(bench->db, sizeof(bench->db), "%s/no/such/test.db", bench->directory);
	expect_refusal(bench_try_open(bench, ENGINE_RUN, &error), STATUS_IO, &error, "test.db");
}

#define with_bench(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    with_bench(test_exports),
	    with_bench(test_long_export),
	    with_bench(test_backup),
	    with_bench(test_vacuum),
	    with_bench(test_not_a_database),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
