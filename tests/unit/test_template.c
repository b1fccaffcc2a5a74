#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/request/fields.h"
#include "engine/request/secret.h"
#include "engine/request/template.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char item_text[] =
    "{\"id\":1234567890123456789,\"price\":0.10,\"name\":\"a/b \\u00fc\\\"\\\\\",\"empty\":\"\","
    "\"nothing\":null,\"yes\":true,\"list\":[1, {\"x\":0.50}],\"a.b\":\"exact\","
    "\"a\":{\"b\":\"nested\",\"c\":{\"d\":7}},\"na:me\":\"colon\",\"or|not\":\"bar\","
    "\"\\u57ce\\u5e02\":\"\\u5317\\u4eac\",\"two\":\"x\\r\\nEvil: 1\",\"dots\":\"..\",\"dot\":\".\","
    "\"nul\":\"a\\u0000b\",\"same\":1,\"same\":2,\"q&a\":\"1&2=3#4?5%6+7\",\"tricky\":\"}}\",\"age\":\"42\","
    "\"cost\":\"-0.10e+2\",\"seven\":\"007\",\"spaced\":\" 1\",\"yes\":true}";

/* Compile and render; NULL: the error text is in *error. */
static char *render(const char *text, enum template_place place, struct error *error)
{
	struct fields *fields = fields_new();
	struct json_span values[32];
	struct template_item item = {
	    .input = {item_text, sizeof(item_text) - 1},
	    .seq = 42,
	    .key = "k/1",
	    .key_length = 3,
	    .idempotency_key = "0000-11",
	    .job = "crm \"x\"",
	};
	struct template *compiled = NULL;
	struct buffer plain = {0}, quick = {0};
	struct template_scratch scratch = {0};
	enum status status;

	*error = (struct error){0};
	status = template_compile(text, strlen(text), place, "here", NULL, fields, &compiled, error);
	if (status == STATUS_OK) {
		status = template_render(compiled, &item, &plain, error);
		/* The quick way gives the same. */
		assert_true(fields_count(fields) <= 32);
		fields_scan(fields, item.input, values);
		item.values = values;
		item.scratch = &scratch;
		assert_int_equal(template_render(compiled, &item, &quick, NULL), status);
		if (status == STATUS_OK) {
			assert_int_equal(plain.length, quick.length);
			assert_true(plain.length == 0 ||
			            memcmp(plain.data, quick.data, plain.length) == 0);
		}
	}
	template_free(compiled);
	fields_free(fields);
	buffer_free(&quick);
	buffer_free(&scratch.plain);
	buffer_free(&scratch.coded);
	if (status == STATUS_OK)
		return buffer_take(&plain);
	assert_int_equal(status, error->status);
	buffer_free(&plain);
	return NULL;
}

struct good {
	enum template_place place;
	const char *text, *rendered;
};

static void check_good(const struct good *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct error error;
		char *rendered = render(cases[i].text, cases[i].place, &error);

		if (!rendered)
			fail_msg("%s: %s", cases[i].text, error.text);
		if (strcmp(rendered, cases[i].rendered) != 0)
			fail_msg("%s: expected %s, got %s", cases[i].text, cases[i].rendered, rendered);
		free(rendered);
	}
}

static void test_text(void **state)
{
	static const struct good cases[] = {
	    {PLACE_TEXT, "", ""},
	    {PLACE_TEXT, "plain } }} { text", "plain } }} { text"},
	    {PLACE_TEXT, "{{id}}", "1234567890123456789"},
	    {PLACE_TEXT, "{{ id }}{{\tprice\n}}", "12345678901234567890.10"},
	    {PLACE_TEXT, "<{{name}}>", "<a/b \xc3\xbc\"\\>"},
	    {PLACE_TEXT, "{{empty}}{{nothing}}", ""},
	    {PLACE_TEXT, "{{yes}}{{list}}", "true[1, {\"x\":0.50}]"},
	    {PLACE_TEXT, "{{a.b}} {{a.c.d}} {{a.c}}", "exact 7 {\"d\":7}"},
	    {PLACE_TEXT, "{{\"na:me\"}} {{\"or|not\"}} {{ \"\\u57ce\\u5e02\" }}",
	     "colon bar \xe5\x8c\x97\xe4\xba\xac"},
	    {PLACE_TEXT, "{{\xe5\x9f\x8e\xe5\xb8\x82}}", "\xe5\x8c\x97\xe4\xba\xac"},
	    {PLACE_TEXT, "{{same}}", "1"},
	    {PLACE_TEXT, "{{gone|none}} {{gone | two words }} {{gone|\" kept }} \"}}",
	     "none two words  kept }} "},
	    {PLACE_TEXT, "{{gone|}}.{{nothing|n}}.{{empty|n}}", ".n."},
	    {PLACE_TEXT, "{{gone|a:b|c\"d}}", "a:b|c\"d"},
	    {PLACE_TEXT, "{{name:url}}", "a%2Fb%20%C3%BC%22%5C"},
	    {PLACE_TEXT, "{{gone:url|a b}}", "a%20b"},
	    {PLACE_TEXT, "{{name:json}}", "\"a/b \\u00fc\\\"\\\\\""},
	    {PLACE_TEXT, "{{nothing:json}} {{nothing:json|1}}", "null 1"},
	    {PLACE_TEXT, "{{gone:json|x}} {{gone:json|[1,{\"a\":{}}]}} {{gone:json|}}",
	     "\"x\" [1,{\"a\":{}}] \"\""},
	    {PLACE_TEXT, "{{gone:json|\"0\"}} {{gone:json|0}}", "\"0\" 0"},
	    {PLACE_TEXT, "{{name:base64}} {{empty:base64}}", "YS9iIMO8Ilw= "},
	    {PLACE_TEXT, "{{gone:base64|hi}}", "aGk="},
	    {PLACE_TEXT, "{{name:raw}}", "a/b \xc3\xbc\"\\"},
	    {PLACE_TEXT, "{{$seq}} {{$key}} {{$idempotency_key}} {{$job}}",
	     "42 k/1 0000-11 crm \"x\""},
	    {PLACE_TEXT, "{{$seq:json}} {{$job:json}}", "42 \"crm \\\"x\\\"\""},
	    {PLACE_TEXT, "{{$item}}", item_text},
	    {PLACE_TEXT, "{{{{id}} {{{{{{id}}", "{{id}} {{1234567890123456789"},
	    {PLACE_TEXT, "{{{id}}} {{{{{", "{1234567890123456789} {{{"},
	    {PLACE_TEXT, "{\"a\":{\"b\":{{id}}}}", "{\"a\":{\"b\":1234567890123456789}}"},
	    {PLACE_TEXT, "{{two}}", "x\r\nEvil: 1"},
	    {PLACE_TEXT, "{{tricky}}", "}}"},
	    {PLACE_TEXT, "${env:HOME} $${x", "${env:HOME} $${x"}, /* without a set: plain */
	};

	(void)state;
	check_good(cases, COUNT(cases));
}

static void test_url(void **state)
{
	static const struct good cases[] = {
	    {PLACE_URL, "https://h", "https://h/"},
	    {PLACE_URL, "https://h?x=1", "https://h/?x=1"},
	    {PLACE_URL, "HTTP://u:p@[::1]:80/x y\xc3\xbc", "HTTP://u:p@[::1]:80/x%20y%C3%BC"},
	    {PLACE_URL, "http://h/{{id}}", "http://h/1234567890123456789"},
	    {PLACE_URL, "http://h/{{name}}/{{empty}}/z", "http://h/a%2Fb%20%C3%BC%22%5C//z"},
	    {PLACE_URL, "http://h/{{name:url}}", "http://h/a%2Fb%20%C3%BC%22%5C"},
	    {PLACE_URL, "http://h/{{name:raw}}", "http://h/a/b%20%C3%BC%22%5C"},
	    {PLACE_URL, "http://h/{{two:raw}}", "http://h/x%0D%0AEvil:%201"},
	    {PLACE_URL, "http://h/{{\"q&a\":raw}}", "http://h/1&2=3%234?5%6+7"},
	    {PLACE_URL, "http://h/?q={{\"q&a\"}}", "http://h/?q=1%262%3D3%234%3F5%256%2B7"},
	    {PLACE_URL, "http://h/x{{dots}}y", "http://h/x..y"},
	    {PLACE_URL, "http://h/?q={{dots}}", "http://h/?q=.."},
	    {PLACE_URL, "http://h/?p=/{{dots}}/", "http://h/?p=/../"},
	    {PLACE_URL, "http://h/{{name:base64}}", "http://h/YS9iIMO8Ilw%3D"},
	    {PLACE_URL, "http://h/{{list:json}}", "http://h/%5B1%2C%20%7B%22x%22%3A0.50%7D%5D"},
	    {PLACE_URL, "http://h/{{gone|a b}}", "http://h/a%20b"},
	    {PLACE_URL, "http://h/x#part", "http://h/x"},
	    {PLACE_URL, "http://h/a/../b", "http://h/a/../b"}, /* no field: as the user wrote it */
	    {PLACE_QUERY, "a b&{{name}}", "a%20b%26a%2Fb%20%C3%BC%22%5C"},
	    {PLACE_QUERY, "{{\"q&a\":raw}}", "1&2=3%234?5%6+7"},
	};

	(void)state;
	check_good(cases, COUNT(cases));
}

static void test_json(void **state)
{
	static const struct good cases[] = {
	    {PLACE_JSON, "{\"a\": 1.10, \"b\":[ 1e400 ]}", "{\"a\": 1.10, \"b\":[ 1e400 ]}"},
	    {PLACE_JSON, "{\"\\u0061\":\"\\u00e9\\/\"}", "{\"\\u0061\":\"\\u00e9\\/\"}"},
	    {PLACE_JSON, "{\"id\":\"{{id}}\"}", "{\"id\":\"1234567890123456789\"}"},
	    {PLACE_JSON, "{\"id\":\"{{id:json}}\"}", "{\"id\":1234567890123456789}"},
	    {PLACE_JSON, "[\"{{ price : json }}\",\"{{gone:json|[1]}}\"]", "[0.10,[1]]"},
	    {PLACE_JSON, "\"{{id:json}}\"", "1234567890123456789"},
	    {PLACE_JSON, "[\"x{{id:json}}\",\"{{list:json}}y\"]",
	     "[\"x1234567890123456789\",\"[1, {\\\"x\\\":0.50}]y\"]"},
	    {PLACE_JSON, "[\"{{id:json}}{{yes:json}}\"]", "[\"1234567890123456789true\"]"},
	    {PLACE_JSON, "{\"n\":\"<{{name}}>\"}", "{\"n\":\"<a/b \\u00fc\\\"\\\\>\"}"},
	    {PLACE_JSON, "{\"n\":\"{{name:raw}}\"}", "{\"n\":\"a/b \\u00fc\\\"\\\\\"}"},
	    {PLACE_JSON, "[\"{{age:number}}\",\"{{cost:number}}\",\"{{id:number}}\",\"{{$seq:number}}\"]",
	     "[42,-0.10e+2,1234567890123456789,42]"},
	    {PLACE_JSON, "[\"{{empty:number|null}}\",\"{{gone:number|0.50}}\",\"{{age:number|7}}\"]",
	     "[null,0.50,42]"},
	    {PLACE_JSON, "[\"{{age:number}} years\",\"{{age:json}}\"]", "[\"42 years\",\"42\"]"},
	    {PLACE_JSON, "{\"n\":\"{{name:url}}{{empty:base64}}\"}",
	     "{\"n\":\"a%2Fb%20%C3%BC%22%5C\"}"},
	    {PLACE_JSON, "{\"n\":\"{{name:json}}\"}", "{\"n\":\"a/b \\u00fc\\\"\\\\\"}"},
	    {PLACE_JSON, "{\"n\":\"{{gone|a\\\"b\\n}}\"}", "{\"n\":\"a\\\"b\"}"},
	    {PLACE_JSON, "{\"{{yes:json}}\" : \"{{nothing:json}}\"}", "{\"true\" : null}"},
	    {PLACE_JSON, "{\"{{name}}\":1}", "{\"a/b \\u00fc\\\"\\\\\":1}"},
	    {PLACE_JSON, "{\"i\":\"{{$item:json}}\",\"s\":\"{{$seq:json}}\",\"k\":\"{{$key:json}}\"}",
	     NULL},
	    {PLACE_JSON, "[\"{{{{id}}\"]", "[\"{{id}}\"]"},
	    {PLACE_JSON, "[\"{{\\\"na:me\\\"}}\"]", "[\"colon\"]"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (cases[i].rendered) {
			check_good(&cases[i], 1);
			continue;
		}
		struct buffer expected = {0};
		struct error error;
		char *rendered = render(cases[i].text, PLACE_JSON, &error);

		buffer_printf(&expected, "{\"i\":%s,\"s\":42,\"k\":\"k/1\"}", item_text);
		assert_non_null(rendered);
		assert_string_equal(rendered, expected.data);
		free(rendered);
		buffer_free(&expected);
	}
}

static void test_faults(void **state)
{
	static const struct good cases[] = {
	    {PLACE_TEXT, "{{gone}}", "here: field 'gone' is missing"},
	    {PLACE_TEXT, "{{a.z}}", "here: field 'a.z' is missing"},
	    {PLACE_TEXT, "{{list.x}}", "here: field 'list.x' is missing"},
	    {PLACE_TEXT, "{{id", "here: {{id has no closing }}"},
	    {PLACE_TEXT, "{{\"id}}", "here: a quoted field name is not a JSON string"},
	    {PLACE_TEXT, "{{\"id\" x}}", "here: {{id has no closing }}"},
	    {PLACE_TEXT, "{{}}", "here: a {{ }} holds no field name"},
	    {PLACE_TEXT, "{{ |x}}", "here: a {{ }} holds no field name"},
	    {PLACE_TEXT, "{{$foo}}", "here: unknown built-in {{$foo}}"},
	    {PLACE_TEXT, "{{id:hex}}", "here: unknown encoding ':hex' of field 'id'"},
	    {PLACE_TEXT, "{{id:json", "here: "},
	    {PLACE_TEXT, "{{id|x", "here: {{id has no closing }}"},
	    {PLACE_HEADER, "{{two}}", "here: field 'two' holds a line break"},
	    {PLACE_HEADER, "{{two:raw}}", "here: field 'two' holds a line break"},
	    {PLACE_HEADER, "{{nul}}", "here: field 'nul' holds a NUL byte"},
	    {PLACE_HEADER, "a\nb", "here: a header's value cannot hold a line break"},
	    {PLACE_HEADER, "{{gone|\"a\\rb\"}}", "here: the default of field 'gone' holds a line break"},
	    {PLACE_URL, "", "here: must begin with http:// or https://"},
	    {PLACE_URL, "ftp://h/", "here: must begin with http:// or https://"},
	    {PLACE_URL, "{{id}}://h/", "here: must begin with http:// or https://"},
	    {PLACE_URL, "http://", "here: names no host"},
	    {PLACE_URL, "http:///x", "here: names no host"},
	    {PLACE_URL, "http://u@/x", "here: names no host"},
	    {PLACE_URL, "http://:80/x", "here: names no host"},
	    {PLACE_URL, "http://h{{id}}", "here: a field cannot stand in the host"},
	    {PLACE_URL, "http://{{id}}/", "here: a field cannot stand in the host"},
	    {PLACE_URL, "http://u:{{id}}@h/", "here: a field cannot stand in the host"},
	    {PLACE_URL, "http://h:{{id}}/", "here: a field cannot stand in the host"},
	    {PLACE_URL, "http://h\\x/", "here: holds a character that cannot stand in a host"},
	    {PLACE_URL, "http://h x/", "here: holds a character that cannot stand in a host"},
	    {PLACE_URL, "http://a@b@h/", "here: holds two '@'"},
	    {PLACE_URL, "http://h/#{{id}}", "here: a field after '#' would never be sent"},
	    {PLACE_URL, "http://h/{{dots}}", "here: with its fields in, a path segment is"},
	    {PLACE_URL, "http://h/a/{{dot}}/b", "here: with its fields in, a path segment is"},
	    {PLACE_URL, "http://h/a/{{dots:raw}}?x", "here: with its fields in, a path segment is"},
	    {PLACE_URL, "http://h/{{dot}}{{dot}}/b", "here: with its fields in, a path segment is"},
	    {PLACE_URL, "http://h/.{{dot}}", "here: with its fields in, a path segment is"},
	    {PLACE_URL, "http://h/{{gone:raw|%2e%2E}}/x", "here: with its fields in, a path segment is"},
	    {PLACE_JSON, "{\"a\":}", "here: not JSON at byte 6"},
	    {PLACE_JSON, "[\"{{gone:json}}\"]", "here: field 'gone' is missing"},
	    {PLACE_JSON, "[\"{{gone:number}}\"]", "here: field 'gone' is missing"},
	    {PLACE_JSON, "[\"{{name:number}}\"]", "here: field 'name' is no JSON number"},
	    {PLACE_JSON, "[\"{{seven:number}}\"]", "here: field 'seven' is no JSON number"},
	    {PLACE_JSON, "[\"{{spaced:number}}\"]", "here: field 'spaced' is no JSON number"},
	    {PLACE_JSON, "[\"{{spaced:number|1}}\"]", "here: field 'spaced' is no JSON number"},
	    {PLACE_JSON, "[\"{{yes:number}}\"]", "here: field 'yes' is no JSON number"},
	    {PLACE_JSON, "[\"{{empty:number}}\"]", "here: field 'empty' is no JSON number"},
	    {PLACE_JSON, "[\"{{nul:number}}\"]", "here: field 'nul' is no JSON number"},
	    {PLACE_TEXT, "{{name:number}}", "here: field 'name' is no JSON number"},
	    {PLACE_JSON, "[\"{{age:number|none}}\"]",
	     "here: the default of field 'age' is no JSON value"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error error;
		char *rendered = render(cases[i].text, cases[i].place, &error);

		if (rendered)
			fail_msg("%s: rendered %s", cases[i].text, rendered);
		if (strncmp(error.text, cases[i].rendered, strlen(cases[i].rendered)) != 0)
			fail_msg("%s: %s", cases[i].text, error.text);
	}
}

static void test_secrets(void **state)
{
	static const struct {
		enum template_place place;
		const char *text, *rendered;
	} cases[] = {
	    {PLACE_TEXT, "a ${given:s} {{id}}", "a p\"&{{id}}# 1234567890123456789"},
	    {PLACE_TEXT, "$${given:s} ${other} $$ {{{{", "${given:s} ${other} $$ {{"},
	    {PLACE_JSON, "[\"${given:s}\",\"x${given:s}\"]", "[\"p\\\"&{{id}}#\",\"xp\\\"&{{id}}#\"]"},
	    {PLACE_QUERY, "${given:s}", "p%22%26%7B%7Bid%7D%7D%23"},
	    {PLACE_HEADER, "Bearer ${given:s}", "Bearer p\"&{{id}}#"},
	    {PLACE_URL, "${given:base}/{{id}}", "https://h/v1/1234567890123456789"},
	    {PLACE_URL, "https://${given:user}@h", "https://u:p@h/"},
	    {PLACE_URL, "http://h/${given:s}/x", "http://h/p%22&%7B%7Bid%7D%7D%23/x"},
	    {PLACE_URL, "http://h/?a=${env:SLUICE_TEST_SECRET}&b={{id}}",
	     "http://h/?a=a%26b%23&b=1234567890123456789"},
	};
	struct secret_set *secrets = secret_set_new();
	struct template_item item = {.input = {item_text, sizeof(item_text) - 1}};

	(void)state;
	setenv("SLUICE_TEST_SECRET", "a&b#", 1);
	secret_set_put(secrets, "given:s", "p\"&{{id}}#", 10);
	secret_set_put(secrets, "given:base", "https://h/v1", 12);
	secret_set_put(secrets, "given:user", "u:p", 3);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct template *compiled;
		struct buffer out = {0};
		struct error error;

		if (template_compile(cases[i].text, strlen(cases[i].text), cases[i].place, "here", secrets,
		                     NULL, &compiled, &error) != STATUS_OK)
			fail_msg("%s: %s", cases[i].text, error.text);
		assert_int_equal(template_render(compiled, &item, &out, &error), STATUS_OK);
		assert_string_equal(out.data, cases[i].rendered);
		buffer_free(&out);
		template_free(compiled);
	}
	secret_set_free(secrets);
}

static void visit(void *context, const char *field)
{
	buffer_text(context, field);
	buffer_char(context, ' ');
}

static void test_questions(void **state)
{
	struct buffer names = {0};
	struct template *compiled;
	static const char text[] = "{{a}}{{b|x}}{{$key}}{{c d}}";

	(void)state;
	assert_int_equal(template_compile(text, strlen(text), PLACE_TEXT, "p", NULL, NULL, &compiled,
	                                  NULL),
	                 STATUS_OK);
	template_fields(compiled, visit, &names);
	assert_string_equal(names.data, "a c d ");
	assert_true(template_uses(compiled, "$key"));
	assert_false(template_uses(compiled, "$seq"));
	assert_false(template_constant(compiled));
	template_free(compiled);
	assert_int_equal(template_compile("x{{$job}}", 9, PLACE_TEXT, "p", NULL, NULL, &compiled, NULL),
	                 STATUS_OK);
	assert_true(template_constant(compiled));
	template_free(compiled);
	buffer_free(&names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),    cmocka_unit_test(test_url),
	    cmocka_unit_test(test_json),    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_secrets), cmocka_unit_test(test_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
