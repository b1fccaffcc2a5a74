#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/request/condition.h"
#include "engine/request/jsonpath.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char headers[] = "HTTP/1.1 200 OK\r\nX-Left: 10\r\nX-Word:  abc \r\nX-Empty:\r\n\r\n";
static const char body[] =
    "{\"code\":0,\"big\":1234567890123456789,\"price\":0.10,\"name\":\"a \\u00fc\\\"b\",\"t\":true,"
    "\"n\":null,\"list\":[1,{\"x\":\"y\"}],\"zero\":\"0\",\"a b\":{\"c\":5},\"exp\":1E2}";

static bool holds(const char *text, struct jsonpath *jsonpath)
{
	struct response_view response = {200, headers, sizeof(headers) - 1, body, sizeof(body) - 1};
	struct condition *condition;
	struct error error;
	bool answer;

	if (condition_compile(text, &condition, &error) != STATUS_OK)
		fail_msg("%s: %s", text, error.text);
	answer = condition_holds(condition, &response, jsonpath);
	condition_free(condition);
	return answer;
}

static void test_holds(void **state)
{
	static const char *const yes[] = {
	    "status == 200", "status==200", "status != 404", "status >= 2e2", "status < 200.5",
	    "status exists", "status ~ '20'",
	    "header.X-Left == 10", "header.x-left > 9", "header.X-Left == \"10\"", "header.X-Left ~ 1",
	    "header.X-Word == 'abc'", "header.x-word != 5", "header.X-Word > 'abb'",
	    "header.X-Empty exists", "header.X-Empty == ''",
	    "body ~ 'code'", "body ~ '\"code\":0'", "body exists", "body != 'x'",
	    "$.code == 0", "$.code == -0.0", "$.code == 0e9", "$.code <= 0", "$.code exists",
	    "$.big == 1234567890123456789", "$.big != 1234567890123456788",
	    "$.big > 1234567890123456788.5", "$.price == 0.1", "$.price < 0.1000000000000000001",
	    "$.exp == 100", "$.name == \"a \\u00fc\\\"b\"", "$.name ~ '\xc3\xbc'", "$.name > 'a'",
	    "$.t == true", "$.t != false", "$.t != 1", "$.n == null", "$.n exists", "$.n != 0",
	    "$.list[0] == 1", "$.list[1].x == 'y'", "$.list[#-1].x == 'y'", "$.list ~ '\"x\"'",
	    "$.list != 5", "$.zero != 0", "$.zero == '0'", "$.\"a b\".c == 5", "$ exists",
	    "status == 200 and $.code == 0", "status == 404 or $.code == 0",
	    "status == 404 and status == 404 or status == 200",
	    "status == 200 or status == 200 and status == 404",
	    "(status == 404 or status == 200) and ($.t == true)", "((status == 200))",
	};
	static const char *const no[] = {
	    "status == 404", "status == '200'", "status == true", "status > 200",
	    "header.X-Left == 11", "header.X-Word == 5", "header.X-Word > 5", "header.Gone exists",
	    "header.Gone == ''", "header.Gone != 'x'",
	    "body ~ 'Code'", "body == 5", "body > 5",
	    "$.code == '0'", "$.code == 1", "$.code > 0", "$.code == null", "$.code == false",
	    "$.big == 1234567890123456788", "$.price > 0.1", "$.gone exists", "$.gone == null",
	    "$.gone != 1", "$.gone ~ ''", "$.list[2] exists", "$.n > 0", "$.t > 'a'", "$.list == 5",
	    "$.zero == 0", "$.name == 'a'", "$.name < 'a'",
	    "(status == 404 or status == 200) and $.code == 1", "status == 404 and $.code == 0",
	};
	struct jsonpath *jsonpath = jsonpath_new();

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++) {
		if (!holds(yes[i], jsonpath))
			fail_msg("%s should hold", yes[i]);
	}
	for (size_t i = 0; i < COUNT(no); i++) {
		if (holds(no[i], jsonpath))
			fail_msg("%s should not hold", no[i]);
	}
	jsonpath_free(jsonpath);
}

static void test_nothing_there(void **state)
{
	static const char *const no[] = {"status exists", "status == 0", "status != 200",
	                                 "header.A exists", "body exists", "body == ''", "$.a exists",
	                                 "$ exists"};
	struct response_view empty = {0, NULL, 0, NULL, 0}, text = {200, "", 0, "{oops", 5};
	struct jsonpath *jsonpath = jsonpath_new();
	struct condition *condition;

	(void)state;
	for (size_t i = 0; i < COUNT(no); i++) {
		assert_int_equal(condition_compile(no[i], &condition, NULL), STATUS_OK);
		if (condition_holds(condition, &empty, jsonpath))
			fail_msg("%s should not hold", no[i]);
		condition_free(condition);
	}
	assert_int_equal(condition_compile("$ exists or $.a != 1", &condition, NULL), STATUS_OK);
	assert_false(condition_holds(condition, &text, jsonpath));
	condition_free(condition);
	jsonpath_free(jsonpath);
}

static void test_faults(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
	    {"", "column 1: expected a comparison"},
	    {"code == 1", "column 1: expected a comparison"},
	    {"statusx == 1", "column 1: expected a comparison"},
	    {"status", "column 7: expected == != < <= > >= ~ or exists"},
	    {"status = 1", "column 8: expected == (two of them)"},
	    {"status === 1", "column 10: expected a number"},
	    {"status ==", "column 10: expected a number, \"text\", true, false or null"},
	    {"status == abc", "column 11: expected a number"},
	    {"status == 1x", "column 11: not a number"},
	    {"status==200and $.code==0", "column 9: not a number"},
	    {"status == 01", "column 11: not a number"},
	    {"status == -", "column 11: not a number"},
	    {"status == 'a", "column 11: a text without its closing quote"},
	    {"status == \"\\x\"", "column 11: a text that is not a JSON string"},
	    {"status < true", "column 10: true, false and null go with == and != only"},
	    {"body ~ null", "column 8: true, false and null go with"},
	    {"header. == 1", "column 8: expected a header's name"},
	    {"$[ == 1", "column 1: not a JSON path"},
	    {"$.\"a == 1", "column 1: not a JSON path"},
	    {"(status == 1", "column 13: expected ) , and or or"},
	    {"status == 1)", "column 12: expected and, or, or the end"},
	    {"status == 1 status == 2", "column 13: expected and, or, or the end"},
	    {"status == 1 and", "column 16: expected a comparison"},
	    {"status == 1 andstatus == 2", "column 13: expected and, or, or the end"},
	    {"body == '\xc3\xbc\xc3\xbc' x", "column 14: expected and, or, or the end"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct condition *condition;
		struct error error = {0};

		if (condition_compile(cases[i].text, &condition, &error) == STATUS_OK)
			fail_msg("%s was taken", cases[i].text);
		if (strncmp(error.text, cases[i].fault, strlen(cases[i].fault)) != 0)
			fail_msg("%s: %s", cases[i].text, error.text);
	}
}

static void test_bounds(void **state)
{
	struct condition *condition;
	struct buffer text = {0};

	(void)state;
	for (int i = 0; i < 51; i++)
		buffer_char(&text, '(');
	assert_int_equal(condition_compile(text.data, &condition, NULL), STATUS_USAGE);
	text.length = 0;
	for (int i = 0; i < 600; i++)
		buffer_text(&text, "status==1 or ");
	buffer_text(&text, "status==200");
	assert_int_equal(condition_compile(text.data, &condition, NULL), STATUS_USAGE);
	text.length = 0;
	for (int i = 0; i < 400; i++)
		buffer_text(&text, "status==1 or ");
	buffer_text(&text, "status==200");
	assert_true(holds(text.data, NULL));
	buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_holds),
	    cmocka_unit_test(test_nothing_there),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
