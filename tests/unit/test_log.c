#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/log.h"
#include "engine/base/status.h"
#include "engine/base/utf8.h"

/* stderr goes into a pipe in packet mode: one read gives one write's bytes. */
static int read_end, real_stderr;

static void capture_begin(void)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_DIRECT | O_NONBLOCK), 0);
	read_end = ends[0];
	real_stderr = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
}

static void capture_end(void)
{
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(read_end);
}

/* The next write's bytes, "" if there was none. */
static const char *next_write(void)
{
	static char text[4096];
	ssize_t length = read(read_end, text, sizeof(text) - 1);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

static void test_lines(void **state)
{
	(void)state;
	capture_begin();
	log_info("job %s: %d items", "a", 3);
	log_warn("slow");
	log_error("bad\n");
	log_debug("not shown");
	log_info("escape \x1b[31m and\nnewline \xE4\xB8\xAD \xC2\x9B");
	assert_string_equal(next_write(), "sluice: job a: 3 items\n");
	assert_string_equal(next_write(), "sluice: warning: slow\n");
	assert_string_equal(next_write(), "sluice: error: bad\n");
	assert_string_equal(next_write(), "sluice: escape ?[31m and?newline \xE4\xB8\xAD ?\n");
	assert_string_equal(next_write(), "");
	log_set_level(LOG_DEBUG);
	log_debug("shown");
	assert_string_equal(next_write(), "sluice: debug: shown\n");
	log_set_level(LOG_ERROR);
	log_warn("not shown");
	assert_string_equal(next_write(), "");
	log_set_level(LOG_INFO);
	capture_end();
}

static void hide(char *line, size_t capacity)
{
	char *found = strstr(line, "hunter2");

	assert_true(strlen(line) < capacity);
	if (found)
		memmove(found, "***", 3), memmove(found + 3, found + 7, strlen(found + 7) + 1);
}

static void test_mask(void **state)
{
	char text[3000];

	(void)state;
	log_set_mask(hide);
	capture_begin();
	errno = EAGAIN;
	log_info("password hunter2 given");
	assert_int_equal(errno, EAGAIN);
	assert_string_equal(next_write(), "sluice: password *** given\n");
	/* Far behind what a fixed buffer would hold. */
	memset(text, 'x', sizeof(text));
	strcpy(text + sizeof(text) - 8, "hunter2");
	log_info("%s", text);
	assert_non_null(strstr(next_write(), "xxx***\n"));
	capture_end();
	log_set_mask(NULL);
}

static int befores, afters;

static void before(void)
{
	befores++;
	assert_int_equal(befores, afters + 1);
}

static void after(void)
{
	afters++;
}

static void test_around(void **state)
{
	(void)state;
	log_set_around(before, after);
	capture_begin();
	log_info("one");
	log_debug("not shown");
	log_info("two");
	capture_end();
	assert_int_equal(befores, 2);
	assert_int_equal(afters, 2);
	log_set_around(NULL, NULL);
}

static void test_error_set(void **state)
{
	struct error error = {STATUS_OK, ""};

	(void)state;
	assert_int_equal(error_set(NULL, STATUS_IO, "x"), STATUS_IO);
	assert_int_equal(error_set(&error, STATUS_USAGE, "%s:%d: bad", "a\nb\x7f", 7), STATUS_USAGE);
	assert_int_equal(error.status, STATUS_USAGE);
	assert_string_equal(error.text, "a?b?:7: bad");
	assert_int_equal(error_prefix(&error, "file %s", "f"), STATUS_USAGE);
	assert_string_equal(error.text, "file f: a?b?:7: bad");
	/* The text itself may be an argument. */
	error_set(&error, STATUS_IO, "again (%s)", error.text);
	assert_string_equal(error.text, "again (file f: a?b?:7: bad)");
}

static void test_error_is_cut_on_a_character(void **state)
{
	char text[4096];
	struct error error;

	(void)state;
	for (size_t lead = 0; lead < 4; lead++) {
		memset(text, 'x', lead);
		for (size_t i = lead; i + 4 <= sizeof(text) - 1; i += 4)
			memcpy(text + i, "\xF0\x9F\x98\x80", 4);
		text[lead + 4000] = '\0';
		error_set(&error, STATUS_IO, "%s", text);
		assert_in_range(strlen(error.text), sizeof(error.text) - 4, sizeof(error.text) - 1);
		assert_true(utf8_check(error.text, strlen(error.text), NULL));
		error_prefix(&error, "p%s", text);
		assert_true(utf8_check(error.text, strlen(error.text), NULL));
	}
}

static void test_status_names(void **state)
{
	(void)state;
	for (int i = STATUS_OK; i <= STATUS_CLOSED; i++) {
		const char *name = status_name((enum status)i);

		assert_string_not_equal(name, "unknown status");
		for (int other = STATUS_OK; other < i; other++)
			assert_string_not_equal(name, status_name((enum status)other));
	}
	assert_string_equal(status_name((enum status)99), "unknown status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_mask),
	    cmocka_unit_test(test_around),
	    cmocka_unit_test(test_error_set),
	    cmocka_unit_test(test_error_is_cut_on_a_character),
	    cmocka_unit_test(test_status_names),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
