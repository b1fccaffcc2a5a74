#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/request/jobfile.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char path[] = "/tmp/sluice-test-job-XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static enum status read_text(const char *text, struct jobfile **jobfile, struct error *error)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	return jobfile_read(path, jobfile, error);
}

static void check_print(const struct jobfile *jobfile, const char *expected)
{
	struct buffer out = {0};

	assert_int_equal(jobfile_print(jobfile, &out), STATUS_OK);
	assert_string_equal(out.data, expected);
	buffer_free(&out);
}

static void test_read(void **state)
{
	struct jobfile *jobfile;
	struct error error;

	(void)state;
	assert_int_equal(read_text("// c\n{ \"a\" : [ 1.10, null, true ], /* x */ \"request\": { \"json\": {\"n\": "
	                           "1234567890123456789, \"n\": \"\\u0000\"}, \"url\": \"\\u00fc//\" } }\n",
	                           &jobfile, &error),
	                 STATUS_OK);
	check_print(jobfile, "{\"a\":[1.10,null,true],\"request\":{\"json\":{\"n\": 1234567890123456789, "
	                     "\"n\": \"\\u0000\"},\"url\":\"\xc3\xbc//\"}}");
	assert_string_equal(jobfile_text(jobfile, "request.url"), "\xc3\xbc//");
	assert_null(jobfile_text(jobfile, "request.json"));
	assert_null(jobfile_text(jobfile, "request.gone.deeper"));
	assert_null(jobfile_text(jobfile, "a"));
	jobfile_free(jobfile);
	jobfile_free(NULL);
}

static void test_faults(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
	    {"{\n \"a\": 1,\n \"b\": 2,\n}", "line 4, column 1: a comma with nothing after it"},
	    {"", "line 1, column 1: "},
	    {"[]", "a job file is a JSON object"},
	    {"{\"a\":{\"b\":1,\"b\":2}}", "a: 'b' stands twice"},
	    {"{\"a\":\"\\u0000\"}", "a text holds a NUL byte"},
	    {"{\"a\":\"\xff\"}", "line 1, column 7: not valid UTF-8"},
	};
	struct jobfile *jobfile;
	struct error error;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(read_text(cases[i].text, &jobfile, &error), STATUS_USAGE);
		assert_int_equal(strncmp(error.text, path, strlen(path)), 0);
		if (strncmp(error.text + strlen(path) + 2, cases[i].fault, strlen(cases[i].fault)) != 0)
			fail_msg("%s: %s", cases[i].text, error.text);
	}
	assert_int_equal(jobfile_read("/no/such.json", &jobfile, &error), STATUS_USAGE);
	assert_string_equal(error.text, "/no/such.json: cannot be read: No such file or directory");
	assert_int_equal(jobfile_read("/", &jobfile, &error), STATUS_USAGE);
	assert_string_equal(error.text, "/: cannot be read: Is a directory");
	assert_int_equal(truncate(path, (4 << 20) + 1), 0);
	assert_int_equal(jobfile_read(path, &jobfile, &error), STATUS_USAGE);
	assert_non_null(strstr(error.text, "is larger than 4 MiB"));
}

static void test_set(void **state)
{
	struct jobfile *jobfile = jobfile_new();
	struct error error;

	(void)state;
	check_print(jobfile, "{}");
	assert_int_equal(jobfile_set_text(jobfile, "request.url", "http://h/\"\n"), STATUS_OK);
	assert_int_equal(jobfile_set_int(jobfile, "limits.concurrency", INT64_MIN), STATUS_OK);
	assert_int_equal(jobfile_set_number(jobfile, "retry.delay_s", 0.25), STATUS_OK);
	assert_int_equal(jobfile_set_bool(jobfile, "idempotency", true), STATUS_OK);
	check_print(jobfile, "{\"request\":{\"url\":\"http://h/\\\"\\n\"},\"limits\":{\"concurrency\":"
	                     "-9223372036854775808},\"retry\":{\"delay_s\":0.25},\"idempotency\":true}");
	/* Something that is no object gives way. */
	assert_int_equal(jobfile_set_text(jobfile, "idempotency.header", "X"), STATUS_OK);
	jobfile_remove(jobfile, "limits");
	jobfile_remove(jobfile, "retry.delay_s");
	jobfile_remove(jobfile, "no.such.thing");
	assert_int_equal(jobfile_set_json(jobfile, "request.json", " {\"a\": 0.10} ", &error),
	                 STATUS_OK);
	check_print(jobfile, "{\"request\":{\"url\":\"http://h/\\\"\\n\",\"json\":{\"a\": 0.10}},"
	                     "\"retry\":{},\"idempotency\":{\"header\":\"X\"}}");
	assert_int_equal(jobfile_set_json(jobfile, "request.json", "{\"a\":}", &error), STATUS_USAGE);
	assert_non_null(strstr(error.text, "request.json: not JSON at byte 6"));
	jobfile_free(jobfile);
}

static void test_members(void **state)
{
	struct jobfile *jobfile = jobfile_new();

	(void)state;
	assert_int_equal(jobfile_set_member(jobfile, "request.headers", "X.Y", "1"), STATUS_OK);
	assert_int_equal(jobfile_set_member(jobfile, "request.headers", "x.y", "2"), STATUS_OK);
	assert_int_equal(jobfile_set_member(jobfile, "extract", "A", "$.a"), STATUS_OK);
	assert_int_equal(jobfile_set_member(jobfile, "extract", "a", "$.b"), STATUS_OK);
	check_print(jobfile, "{\"request\":{\"headers\":{\"x.y\":\"2\"}},\"extract\":{\"A\":\"$.a\","
	                     "\"a\":\"$.b\"}}");
	jobfile_free(jobfile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_set),
	    cmocka_unit_test(test_members),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
