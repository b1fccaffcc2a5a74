#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "engine/request/jsonpath.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_get(void **state)
{
	static const char body[] =
	    " {\"price\": 0.10, \"big\":1234567890123456789, \"huge\":123456789012345678901234567890,"
	    "\"exp\":1E+2, \"text\":\"a\\u00fc \\/\", \"n\":null, \"t\":true, \"same\":1, \"same\":2,"
	    "\"list\": [ 1.00 , {\"z\": 0.10 , \"y\": [ ] } ], \"a b\":{\"c\":-0}, \"e\":\"\", \"\":7} ";
	static const struct {
		const char *path, *value;
	} cases[] = {
	    {"$.price", "0.10"},
	    {"$.big", "1234567890123456789"},
	    {"$.huge", "123456789012345678901234567890"},
	    {"$.exp", "1E+2"},
	    {"$.text", "\"a\\u00fc \\/\""},
	    {"$.n", "null"},
	    {"$.t", "true"},
	    {"$.same", "1"},
	    {"$.list", "[1.00,{\"z\":0.10,\"y\":[]}]"},
	    {"$.list[0]", "1.00"},
	    {"$.list[1]", "{\"z\":0.10,\"y\":[]}"},
	    {"$.list[1].z", "0.10"},
	    {"$.list[#-1].z", "0.10"},
	    {"$.list[2]", NULL},
	    {"$.list.z", NULL},
	    {"$.list[1][0]", NULL},
	    {"$.price.x", NULL},
	    {"$.price[0]", NULL},
	    {"$.\"a b\".c", "-0"},
	    {"$.\"price\"", "0.10"},
	    {"$.gone", NULL},
	    {"$.gone.deeper", NULL},
	    {"$.e", "\"\""},
	    {"price", NULL},
	    {"", NULL},
	};
	struct jsonpath *jsonpath = jsonpath_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buffer out = {0};

		buffer_text(&out, ">");
		if (jsonpath_get(jsonpath, body, sizeof(body) - 1, cases[i].path, &out) !=
		    (cases[i].value != NULL))
			fail_msg("%s: %s", cases[i].path, out.data);
		assert_string_equal(out.data + 1, cases[i].value ? cases[i].value : "");
		buffer_free(&out);
	}
	jsonpath_free(jsonpath);
	jsonpath_free(NULL);
}

static void test_check(void **state)
{
	static const char *const good[] = {"$",        "$.a",      "$.a.b[0]", "$[0][1]",
	                                   "$.\"a b\"", "$[#-1]", "$.\xc3\xbc",
	                                   "$.a.\"b.c\"[#].d e", "$.\"\""};
	static const char *const bad[] = {"", "a", ".a", "$a", "$.", "$[", "$[x]", "$[0", "$.a[",
	                                  "$.\xff", " $", "$.a..b", "$.a[0]b", "$.a.\"b", "$.\"b\"c",
	                                  "$.a[#-]", "$.a[-1]", "$.a[]", "$[0]]"};
	struct jsonpath *jsonpath = jsonpath_new();
	char *path = malloc(2000);

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		if (!jsonpath_check(jsonpath, good[i]))
			fail_msg("%s is a path", good[i]);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (jsonpath_check(jsonpath, bad[i]))
			fail_msg("%s is no path", bad[i]);
	}
	memset(path, 'a', 2000);
	memcpy(path, "$.", 2);
	path[1999] = '\0';
	assert_false(jsonpath_check(jsonpath, path));
	free(path);
	jsonpath_free(jsonpath);
}

/* Bodies that are wrong, deep, big, or change under the same address. */
static void test_hostile(void **state)
{
	struct jsonpath *jsonpath = jsonpath_new();
	struct buffer body = {0}, out = {0};
	char text[] = "{\"a\":1}";

	(void)state;
	assert_true(jsonpath_get(jsonpath, text, 7, "$.a", &out));
	text[5] = '2';
	assert_true(jsonpath_get(jsonpath, text, 7, "$.a", &out));
	text[5] = '}';
	assert_false(jsonpath_get(jsonpath, text, 7, "$.a", &out));
	assert_false(jsonpath_get(jsonpath, text, 7, "$.a", &out));
	assert_false(jsonpath_get(jsonpath, "", 0, "$", &out));
	assert_false(jsonpath_get(jsonpath, "{\"a\":1", 6, "$.a", &out));
	assert_false(jsonpath_get(jsonpath, "{\"a\":\"\0\"}", 9, "$.a", &out));
	assert_false(jsonpath_get(jsonpath, "{a:1}", 5, "$.a", &out));
	assert_false(jsonpath_get(jsonpath, "{\"a\":\"\xff\"}", 9, "$.a", &out));
	assert_string_equal(out.data, "12");
	for (int i = 0; i < 100000; i++)
		buffer_char(&body, '[');
	for (int i = 0; i < 100000; i++)
		buffer_char(&body, ']');
	assert_false(jsonpath_get(jsonpath, body.data, body.length, "$[0]", &out));
	assert_false(jsonpath_get(jsonpath, body.data + 100000 - 257, 514, "$[#-1]", &out));
	assert_true(jsonpath_get(jsonpath, body.data + 100000 - 256, 512, "$[#-1]", &out));
	body.length = 0;
	buffer_text(&body, "{\"pad\":\"");
	for (int i = 0; i < (4 << 20) / 16; i++)
		buffer_text(&body, "0123456789abcdef");
	buffer_text(&body, "\",\"x\":{\"y\":5}}");
	out.length = 0;
	assert_true(jsonpath_get(jsonpath, body.data, body.length, "$.x.y", &out));
	assert_true(jsonpath_get(jsonpath, body.data, body.length, "$.\"x\"", &out));
	assert_string_equal(out.data, "5{\"y\":5}");
	buffer_free(&body);
	buffer_free(&out);
	jsonpath_free(jsonpath);
}

/* The short way for plain paths says what SQLite says. */
static void test_as_sqlite(void **state)
{
	static const char *const bodies[] = {
	    "{\"a\":{\"b\":[{\"c\":1.50},null,\"x\"]},\"b\":[[1],[2,[3]]],\"a1\":{}}",
	    "[{\"a\":[]},[0.10],\"a\",{\"b\":{\"a\":{\"a\":7}}}]",
	    "\"text\"", "12.0", "null", "{}", "[]", "{\"a\":{\"a\":{\"a\":[{\"a\":false}]}}}",
	};
	static const char *const steps[] = {".a", ".b", ".c", "[0]", "[1]", "[2]", ".a1", "[01]"};
	struct jsonpath *jsonpath = jsonpath_new();
	sqlite3_stmt *statement;
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT ?1 -> ?2", -1, &statement, NULL), SQLITE_OK);
	for (size_t b = 0; b < COUNT(bodies); b++) {
		for (int n = 0; n < 8 * 8 * 8 * 8 + 1; n++) {
			struct buffer path = {0}, out = {0};
			const char *expected;
			bool there;

			buffer_char(&path, '$');
			for (int rest = n; rest > 0; rest /= 8)
				buffer_text(&path, steps[rest % 8]);
			sqlite3_bind_text(statement, 1, bodies[b], -1, SQLITE_STATIC);
			sqlite3_bind_text(statement, 2, path.data, -1, SQLITE_STATIC);
			assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
			expected = (const char *)sqlite3_column_text(statement, 0);
			there = jsonpath_get(jsonpath, bodies[b], strlen(bodies[b]), path.data, &out);
			if (there != (expected != NULL) || (there && strcmp(out.data, expected) != 0))
				fail_msg("%s of %s: %s, SQLite says %s", path.data, bodies[b],
				         there ? out.data : "nothing", expected ? expected : "nothing");
			sqlite3_reset(statement);
			buffer_free(&path);
			buffer_free(&out);
		}
	}
	sqlite3_finalize(statement);
	sqlite3_close(db);
	jsonpath_free(jsonpath);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_get),
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_hostile),
	    cmocka_unit_test(test_as_sqlite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
