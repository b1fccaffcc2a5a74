/* What the display shows, on tables: bar, counts, plain line, and the numbers in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/cli/progress.h"
#include "engine/cli/text.h"

static const struct progress_style ascii = {.width = 79};

static struct view half_done(void)
{
	struct view view = {
		.name = "crm",
		.state = JOB_RUNNING,
		.total = 1000,
		.in_flight = 30,
		.rate_per_s = 49.8,
		.eta_known = true,
		.eta_s = {8.1, 11.4},
		.throttled = 12,
		.p95_ms = 260,
		.active = true,
	};

	view.counts[ITEM_DONE] = 556;
	view.counts[ITEM_FAILED] = 4;
	view.counts[ITEM_WAITING] = 5;
	view.counts[ITEM_RUNNING] = 30;
	view.counts[ITEM_PENDING] = 405;
	return view;
}

#define expect_text(wanted, buffer)                                                                \
	do {                                                                                       \
		assert_false((buffer).failed);                                                     \
		assert_string_equal(wanted, (buffer).data ? (buffer).data : "");                   \
		buffer_free(&(buffer));                                                            \
	} while (0)

static void test_bar_line(void **state)
{
	struct view view = half_done();
	struct buffer out = {0};

	(void)state;
	progress_bar_line(&view, &ascii, &out);
	expect_text(
		"crm  ###################x................  56.0%  560/1,000  49.8/s  ETA 8-11 s",
		out);
}

static void test_widths(void **state)
{
	struct view view = half_done();

	(void)state;
	snprintf(view.name, sizeof(view.name), "%s",
	         "\xe4\xb8\xad\xe6\x96\x87\xe5\xae\xa2\xe6\x88\xb7\xe5\xaf\xbc\xe5\x85\xa5"
	         "\xe4\xb8\xad\xe6\x96\x87\xe5\xae\xa2\xe6\x88\xb7\xe5\xaf\xbc\xe5\x85\xa5");
	for (int width = 1; width < 200; width++) {
		struct progress_style style = {.width = width};
		struct buffer bar = {0}, counts = {0};
		progress_bar_line(&view, &style, &bar);
		progress_count_line(&view, "stopping", &style, &counts);
		assert_in_range(text_width(bar.data, bar.length), 1, width);
		assert_in_range(text_width(counts.data ? counts.data : "", counts.length), 0,
		                width);
		buffer_free(&bar);
		buffer_free(&counts);
	}
}

/* The bar's cells: `.` nothing yet, `x` and `?` seen however few they are. */
static void test_bar(void **state)
{
	static const struct {
		int64_t total, done, skipped, unknown, failed;
		const char *bar;
	} table[] = {
		{0, 0, 0, 0, 0, ".........."},
		{1000, 0, 0, 0, 0, ".........."},
		{1000, 99, 0, 0, 0, ".........."},
		{1000, 100, 0, 0, 0, "#........."},
		{1000, 999, 0, 0, 0, "#########."},
		{1000, 1000, 0, 0, 0, "##########"},
		{1000, 0, 0, 0, 1, "x........."},
		{1000, 0, 0, 1, 1, "?x........"},
		{1000, 998, 0, 1, 1, "########?x"},
		{1000, 499, 0, 0, 1, "####x....."},
		{1000, 300, 200, 0, 500, "###--xxxxx"},
		{10, 5, 5, 0, 0, "#####-----"},
		{1099511627776, 1099511627775, 0, 0, 0, "#########."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct view view = {.total = table[i].total};
		struct buffer out = {0};
		view.counts[ITEM_DONE] = table[i].done;
		view.counts[ITEM_SKIPPED] = table[i].skipped;
		view.counts[ITEM_UNKNOWN] = table[i].unknown;
		view.counts[ITEM_FAILED] = table[i].failed;
		progress_bar(&view, 10, &ascii, &out);
		expect_text(table[i].bar, out);
	}
}

static void test_count_line(void **state)
{
	struct view view = half_done();
	struct buffer out = {0};

	(void)state;
	progress_count_line(&view, NULL, &ascii, &out);
	expect_text("ok 556, failed 4, waiting 5, in flight 30, 429s 12, p95 260 ms", out);

	view.state = JOB_PAUSED;
	snprintf(view.reason, sizeof(view.reason), "by user");
	progress_count_line(&view, "stopping", &ascii, &out);
	expect_text("stopping, paused: by user, ok 556, failed 4, waiting 5, in flight 30, 429s 12",
	            out);

	struct progress_style narrow = {.width = 30};
	progress_count_line(&view, NULL, &narrow, &out);
	expect_text("paused: by user, ok 556", out);

	struct progress_style color = {.width = 79, .color = true};
	view.state = JOB_RUNNING;
	progress_count_line(&view, NULL, &color, &out);
	assert_non_null(strstr(out.data, "\x1b[31mfailed 4\x1b[0m"));
	buffer_free(&out);
}

static void test_plain_line(void **state)
{
	struct view view = half_done();
	struct buffer out = {0};

	(void)state;
	progress_plain_line(&view, NULL, false, &out);
	expect_text(
		"crm: 56.0%  560/1,000  49.8/s  ETA 8-11 s, ok 556, failed 4, waiting 5, in flight 30, 429s 12, p95 260 ms",
		out);
}

/* 100 % is said when it is so, and not a moment before. */
static void test_percent(void **state)
{
	struct view view = {.state = JOB_RUNNING, .total = 100000, .p95_ms = -1};
	struct buffer out = {0};

	(void)state;
	view.counts[ITEM_DONE] = 99999;
	progress_plain_line(&view, NULL, false, &out);
	assert_non_null(strstr(out.data, "99.9%"));
	buffer_free(&out);
	view.counts[ITEM_DONE] = 100000;
	progress_plain_line(&view, NULL, false, &out);
	assert_non_null(strstr(out.data, "100.0%"));
	buffer_free(&out);
}

static void test_view(void **state)
{
	static const char text[] =
		"{\"id\":\"7\",\"name\":\"a\\u001b[2Jb\",\"state\":\"paused\",\"reason\":\"by user\",\"total\":9,"
		"\"counts\":{\"pending\":1,\"running\":0,\"waiting\":2,\"done\":3,\"failed\":1,\"unknown\":1,\"skipped\":1},"
		"\"attempts\":12,\"retries\":3,\"throttled\":1,\"rate_per_s\":1.5,\"eta_s\":[1.0,2.5],"
		"\"latency_ms\":{\"p50\":5,\"p95\":null,\"p99\":9},\"in_flight\":0,"
		"\"limits\":{\"concurrency\":4,\"rate_per_s\":null,\"burst\":1,\"bound_by\":\"rate\"},"
		"\"created_at\":\"2026-01-02T03:04:05Z\",\"started_at\":null,\"finished_at\":null}";
	struct view view;
	struct error error;

	(void)state;
	assert_int_equal(view_read((struct json_span){text, strlen(text)}, &view, &error),
	                 STATUS_OK);
	assert_int_equal(view.id, 7);
	assert_string_equal(view.name, "a\\x1b[2Jb"); /* no escape sequence reaches the terminal */
	assert_int_equal(view.state, JOB_PAUSED);
	assert_int_equal(view_final(&view), 6);
	assert_int_equal(view.counts[ITEM_WAITING], 2);
	assert_true(view.eta_known);
	assert_int_equal(view.p50_ms, 5);
	assert_int_equal(view.p95_ms, -1);
	assert_int_equal(view.created_ms, 1767323045000);
	assert_int_equal(view.started_ms, 0);
	assert_int_equal(view_read((struct json_span){"{}", 2}, &view, &error), STATUS_IO);
}

/* ---- text.h ------------------------------------------------------------------- */

static void test_safe(void **state)
{
	static const struct {
		const char *text, *safe;
	} table[] = {
		{"plain", "plain"},
		{"a\x1b[31mb", "a\\x1b[31mb"},
		{"line\nbreak\r\t", "line\\x0abreak\\x0d\\x09"},
		{"\xff\xfe"
	         "x",
	         "\\xff\\xfex"},
		{"\xc2\x9b"
	         "31m",
	         "\\u009b31m"}, /* C1: terminals obey it */
		{"a\xe2\x80\xae"
	         "b",
	         "a\\u202eb"}, /* right-to-left override */
		{"\xe2\x80\x8f\xef\xbb\xbf\xe2\x80\x8d", "\\u200f\\ufeff\xe2\x80\x8d"},
		{"\xf3\xa0\x81\x81", "\\u{e0041}"}, /* a tag: an A that nobody sees */
		{"\xe4\xb8\xad\xe6\x96\x87", "\xe4\xb8\xad\xe6\x96\x87"},
		{"\x7f", "\\x7f"},
	};
	struct buffer out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		text_safe(&out, table[i].text, strlen(table[i].text));
		expect_text(table[i].safe, out);
	}
	text_safe_lines(&out, "a\r\n\tb\n\nc", 8, "  ");
	expect_text("  a\n      b\n\n  c\n", out);
	text_safe_lines(&out, "a\0b", 3, "");
	expect_text("a\\x00b\n", out);
}

static void test_columns(void **state)
{
	static const char wide[] = "\xe4\xb8\xad\xe6\x96\x87"
				   "ab"; /* 2 + 2 + 1 + 1 columns */
	static const struct {
		int width;
		const char *cut;
	} table[] = {
		{6, wide},
		{5, "\xe4\xb8\xad\xe6\x96\x87>"},
		{4, "\xe4\xb8\xad>"},
		{3, "\xe4\xb8\xad>"},
		{2, ">"},
		{1, ">"},
	};
	struct buffer out = {0};

	(void)state;
	assert_int_equal(text_width(wide, strlen(wide)), 6);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		text_fit(&out, wide, strlen(wide), table[i].width);
		expect_text(table[i].cut, out);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		int64_t count;
		const char *text;
	} counts[] = {{0, "0"}, {999, "999"}, {1000, "1,000"}, {-1234567, "-1,234,567"}};
	static const struct {
		double seconds;
		const char *text;
	} durations[] = {{0.04, "0.0 s"},     {9.94, "9.9 s"},   {9.96, "10 s"},
	                 {59.4, "59 s"},      {60, "1 min 0 s"}, {3700, "1 h 1 min"},
	                 {200000, "2 d 7 h"}, {-1, "0.0 s"}};
	static const struct {
		double from, to;
		const char *text;
	} ranges[] = {{8.1, 11.4, "8-11 s"},
	              {8.1, 8.3, "8 s"},
	              {90, 200, "2-3 min"},
	              {3600, 10800, "1-3 h"},
	              {200000, 400000, "2-5 d"}};
	static const struct {
		double per_s;
		const char *text;
	} limits[] = {{50, "50/s"}, {0.5, "30/m"}, {3.0 / 3600, "3/h"}, {100.0 / 60, "100/m"}};
	struct buffer out = {0};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		text_count(&out, counts[i].count);
		expect_text(counts[i].text, out);
	}
	for (size_t i = 0; i < 8; i++) {
		text_duration(&out, durations[i].seconds);
		expect_text(durations[i].text, out);
	}
	for (size_t i = 0; i < 5; i++) {
		text_range(&out, (double[]){ranges[i].from, ranges[i].to});
		expect_text(ranges[i].text, out);
	}
	for (size_t i = 0; i < 4; i++) {
		text_limit(&out, limits[i].per_s);
		expect_text(limits[i].text, out);
	}
}

static void test_shell(void **state)
{
	static const char *const table[][2] = {
		{"users", "users"}, {"a b", "'a b'"},
		{"", "''"},         {"it's", "'it'\\''s'"},
		{"$x", "'$x'"},     {"https://h/{{id}}", "'https://h/{{id}}'"},
	};
	struct buffer out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		text_shell(&out, table[i][0]);
		expect_text(table[i][1], out);
	}
}

/* No block characters or dashes outside ASCII, whatever the machine's locale is. */
static int plain_locale(void **state)
{
	(void)state;
	setenv("LC_ALL", "C", 1);
	text_start();
	return text_unicode();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bar_line),   cmocka_unit_test(test_widths),
		cmocka_unit_test(test_bar),        cmocka_unit_test(test_count_line),
		cmocka_unit_test(test_plain_line), cmocka_unit_test(test_percent),
		cmocka_unit_test(test_view),       cmocka_unit_test(test_safe),
		cmocka_unit_test(test_columns),    cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_shell),
	};
	return cmocka_run_group_tests_name("progress", tests, plain_locale, NULL);
}
