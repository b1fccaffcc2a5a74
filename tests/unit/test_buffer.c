#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/base/random.h"
#include "engine/base/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BAD "\xEF\xBF\xBD"

static void test_append(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	buffer_append(&buffer, "", 0);
	assert_string_equal(buffer.data, "");
	buffer_text(&buffer, "abc");
	buffer_char(&buffer, '\0');
	buffer_char(&buffer, 'd');
	assert_int_equal(buffer.length, 5);
	assert_memory_equal(buffer.data, "abc\0d", 6);
	for (int i = 0; i < 1000; i++)
		buffer_append(&buffer, "0123456789", 10);
	assert_int_equal(buffer.length, 10005);
	assert_true(buffer.capacity > buffer.length);
	assert_int_equal(buffer.data[10005], 0);
	assert_int_equal(buffer.data[10004], '9');
	buffer_free(&buffer);
	assert_null(buffer.data);
	buffer_free(NULL);
}

static void test_printf(void **state)
{
	struct buffer buffer = {0};
	char long_text[5000];

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	buffer_printf(&buffer, "%d-%s", 7, "a");
	assert_string_equal(buffer.data, "7-a");
	buffer_printf(&buffer, "%s!", long_text); /* more than there is room for at first */
	assert_int_equal(buffer.length, 3 + 4999 + 1);
	assert_int_equal(buffer.data[buffer.length - 1], '!');
	buffer_printf(&buffer, "%s", "");
	assert_int_equal(buffer.length, 5003);
	buffer_free(&buffer);
}

static void test_int64(void **state)
{
	static const int64_t values[] = {0, 7, -7, 1234567890123456789, INT64_MAX, INT64_MIN};
	static const char *const texts[] = {"0", "7", "-7", "1234567890123456789",
	                                    "9223372036854775807", "-9223372036854775808"};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct buffer buffer = {0};

		buffer_int64(&buffer, values[i]);
		assert_string_equal(buffer.data, texts[i]);
		buffer_free(&buffer);
	}
}

static void test_json(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
		const char *json;
	} cases[] = {
	    {"", 0, "\"\""},
	    {"plain", 5, "\"plain\""},
	    {"\"\\/", 3, "\"\\\"\\\\/\""},
	    {"\b\f\n\r\t\x01\x1f\x7f", 8, "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""},
	    {"a\0b", 3, "\"a\\u0000b\""},
	    {"\xE4\xB8\xAD\xF0\x9F\x98\x80", 7, "\"\xE4\xB8\xAD\xF0\x9F\x98\x80\""},
	    /* one U+FFFD for each maximal start of a sequence */
	    {"\xFF", 1, "\"" BAD "\""},
	    {"\xE4\xB8", 2, "\"" BAD "\""},
	    {"\xE4\xB8x", 3, "\"" BAD "x\""},
	    {"\xC0\xAF", 2, "\"" BAD BAD "\""},
	    {"\xED\xA0\x80", 3, "\"" BAD BAD BAD "\""},
	    {"\xF0\x9F\x98\"", 4, "\"" BAD "\\\"\""},
	    {"\x80\x80z", 3, "\"" BAD BAD "z\""},
	};
	struct buffer buffer = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buffer_reset(&buffer, SIZE_MAX);
		buffer_json(&buffer, cases[i].bytes, cases[i].length);
		assert_string_equal(buffer.data, cases[i].json);
	}
	buffer_reset(&buffer, SIZE_MAX);
	buffer_json_inner(&buffer, "a\"b", 3);
	buffer_json_text(&buffer, NULL);
	buffer_json_text(&buffer, "c");
	assert_string_equal(buffer.data, "a\\\"bnull\"c\"");
	buffer_free(&buffer);
}

/* Whatever the bytes, the result is JSON; and valid UTF-8 comes back unchanged. */
static void test_json_of_any_bytes(void **state)
{
	struct random random = {5};
	struct buffer json = {0}, back = {0};
	char bytes[40];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t length = (size_t)random_upto(&random, sizeof(bytes));

		for (size_t at = 0; at < length; at++) {
			uint64_t drawn = random_next(&random);

			bytes[at] = i % 2 ? (char)drawn : "\xE4\xB8\xAD\xF0\x9F\"\\a\n"[drawn % 9];
		}
		buffer_reset(&json, SIZE_MAX);
		buffer_json(&json, bytes, length);
		assert_true(json_check(json.data, json.length, NULL));
		buffer_reset(&back, SIZE_MAX);
		json_string_decode((struct json_span){json.data, json.length}, &back);
		assert_true(utf8_check(back.data ? back.data : "", back.length, NULL));
		if (utf8_check(bytes, length, NULL)) {
			assert_int_equal(back.length, length);
			assert_true(length == 0 || memcmp(back.data, bytes, length) == 0);
		}
	}
	buffer_free(&json);
	buffer_free(&back);
}

static void test_reset_and_take(void **state)
{
	struct buffer buffer = {0};
	char *text;

	(void)state;
	text = buffer_take(&buffer);
	assert_string_equal(text, "");
	free(text);
	buffer_text(&buffer, "abc");
	buffer_reset(&buffer, 4096);
	assert_non_null(buffer.data);
	assert_int_equal(buffer.length, 0);
	assert_string_equal(buffer.data, "");
	buffer_text(&buffer, "de");
	text = buffer_take(&buffer);
	assert_string_equal(text, "de");
	assert_null(buffer.data);
	assert_int_equal(buffer.length, 0);
	free(text);
	assert_true(buffer_reserve(&buffer, 100000));
	assert_int_equal(buffer.length, 0);
	buffer_reset(&buffer, 4096); /* more than is to be kept */
	assert_null(buffer.data);
	assert_int_equal(buffer.capacity, 0);
}

static void test_failure_is_sticky(void **state)
{
	struct buffer buffer = {0};

	(void)state;
	buffer_text(&buffer, "abc");
	assert_false(buffer_reserve(&buffer, SIZE_MAX - 1));
	assert_true(buffer.failed);
	buffer_text(&buffer, "def");
	buffer_printf(&buffer, "%d", 1);
	buffer_json(&buffer, "x", 1);
	assert_int_equal(buffer.length, 3);
	assert_string_equal(buffer.data, "abc");
	assert_null(buffer_take(&buffer));
	assert_null(buffer.data);
	assert_false(buffer.failed); /* usable again */
	buffer_text(&buffer, "x");
	assert_string_equal(buffer.data, "x");
	buffer_free(&buffer);
}

static void test_utf8(void **state)
{
	static const struct {
		const char *bytes;
		size_t length, bad_offset; /* SIZE_MAX: valid */
	} cases[] = {
	    {"", 0, SIZE_MAX},
	    {"ascii \0 and more than eight bytes", 33, SIZE_MAX},
	    {"\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 18, SIZE_MAX},
	    {"\xED\x9F\xBF\xEE\x80\x80", 6, SIZE_MAX},
	    {"12345678\x80", 9, 8},
	    {"\xC1\xBF", 2, 0},
	    {"x\xE0\x9F\xBF", 4, 1},
	    {"\xED\xA0\x80", 3, 0},
	    {"\xF0\x8F\xBF\xBF", 4, 0},
	    {"\xF4\x90\x80\x80", 4, 0},
	    {"\xF5\x80\x80\x80", 4, 0},
	    {"ab\xE4\xB8", 4, 2},
	    {"\xE4\xB8\xAD\xBF", 4, 3},
	};
	char out[4];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t bad = SIZE_MAX;
		bool good = utf8_check(cases[i].bytes, cases[i].length, &bad);

		assert_int_equal(good, cases[i].bad_offset == SIZE_MAX);
		assert_true(bad == cases[i].bad_offset);
	}
	for (uint32_t code = 0; code <= 0x10FFFF; code += code < 0x1000 ? 1 : 251) {
		size_t length;

		if (code >= 0xD800 && code <= 0xDFFF)
			continue;
		length = utf8_put(code, out);
		assert_int_equal(utf8_sequence(out, length), length);
		assert_int_equal(utf8_sequence(out, length - 1), 0);
		assert_int_equal(utf8_code(out, length), code);
	}
	assert_int_equal(utf8_cut("a\xE4\xB8\xAD", 4, 4), 4);
	assert_int_equal(utf8_cut("a\xE4\xB8\xAD", 4, 3), 1);
	assert_int_equal(utf8_cut("a\xE4\xB8\xAD", 4, 1), 1);
	assert_int_equal(utf8_cut("a\xE4\xB8\xAD", 4, 0), 0);
}

/* Tests of what is shown to people stand on these. */
static void test_unseen(void **state)
{
	static const uint32_t unseen[] = {0,      0x1B,   0x7F,   0x9F,   0x61C,   0x200B, 0x200E,
	                                  0x200F, 0x2028, 0x202A, 0x202E, 0x2066,  0x2069, 0xFEFF,
	                                  0xE0041};
	static const uint32_t seen[] = {' ', '~', 0xA0, 0xAE, 0x4E2D, 0x200C, 0x200D, 0x202F, 0x1F600};

	(void)state;
	for (size_t i = 0; i < COUNT(unseen); i++)
		assert_true(utf8_unseen(unseen[i]));
	for (size_t i = 0; i < COUNT(seen); i++)
		assert_false(utf8_unseen(seen[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_append),
	    cmocka_unit_test(test_printf),
	    cmocka_unit_test(test_int64),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_json_of_any_bytes),
	    cmocka_unit_test(test_reset_and_take),
	    cmocka_unit_test(test_failure_is_sticky),
	    cmocka_unit_test(test_utf8),
	    cmocka_unit_test(test_unseen),
	};

	return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
