#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "engine/request/secret.h"
#include "engine/request/spec.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define URL "\"request\":{\"url\":\"http://h/\"}"

static struct spec *parse(const char *text, struct secret_set *literal)
{
	struct spec *spec;
	struct error error;

	if (spec_parse(text, strlen(text), literal, &spec, &error) != STATUS_OK)
		fail_msg("%s: %s", text, error.text);
	return spec;
}

/* The canonical text gives the same canonical text again. */
static void check_again(const struct spec *spec)
{
	struct spec *again = parse(spec->canonical, NULL);

	assert_int_equal(spec->canonical_length, strlen(spec->canonical));
	assert_string_equal(again->canonical, spec->canonical);
	spec_free(again);
}

static void test_defaults(void **state)
{
	struct spec *spec = parse("{" URL "}", NULL);

	(void)state;
	assert_string_equal(
	    spec->canonical,
	    "{\"request\":{\"method\":\"GET\",\"url\":\"http://h/\",\"timeout_s\":30,"
	    "\"connect_timeout_s\":10,\"follow_redirects\":false},"
	    "\"store\":{\"body\":\"all\",\"body_bytes_max\":1048576},"
	    "\"limits\":{\"concurrency\":16,\"burst\":1,\"adapt\":true},"
	    "\"retry\":{\"max\":5,\"delay_s\":0.5,\"delay_max_s\":60,\"time_max_s\":0}}");
	assert_null(spec->name);
	assert_null(spec->items);
	assert_int_equal(spec->format, FORMAT_AUTO);
	assert_int_equal(spec->items_limit, 0);
	assert_int_equal(spec->request.body_kind, BODY_NONE);
	assert_int_equal(spec->request.timeout_ms, 30000);
	assert_int_equal(spec->request.connect_timeout_ms, 10000);
	assert_int_equal(spec->concurrency, 16);
	assert_int_equal(spec->rate.count, 0);
	assert_int_equal(spec->retry.retries_max, 5);
	assert_int_equal(spec->retry.delay_ms, 500);
	assert_int_equal(spec->retry.delay_ms_max, 60000);
	assert_true(spec->idempotent);
	assert_false(spec->keyed);
	check_again(spec);
	spec_free(spec);
}

static void test_everything(void **state)
{
	static const char text[] =
	    "\xef\xbb\xbf// all of it\n"
	    "{ /* one */ \"retry\": {\"time_max_s\": 900, \"max\": 0, \"delay_s\": 0.25, \"delay_max_s\": 1.5},\n"
	    " \"limits\": {\"rate\": \" 1.50 / m \", \"burst\": 10, \"concurrency\": 30, \"adapt\": false,\n"
	    "   \"share\": \"crm\"}, \"canary\": 9,\n"
	    " \"halt\": {\"failed\": 50, \"failed_percent\": 2.5, \"min_items\": 200},\n"
	    " \"store\": {\"body\": \"failed\", \"body_bytes_max\": 10}, \"extract\": {\"z\": \"$.z\", \"a\": \"$[0]\"},\n"
	    " \"rules\": [{\"then\": \"skip\", \"if\": \"status == 404\"},\n"
	    "   {\"if\": \"$.code != 0\", \"then\": \"fail\", \"code\": \"$.code\", \"message\": \"$.msg\"}],\n"
	    " \"ok_if\": \"status < 300\", \"idempotency\": {\"header\": \"X-Key\"},\n"
	    " \"request\": {\"key_file\": \"k\", \"cert\": \"c\", \"cacert\": \"a\", \"proxy\": \"http://${env:P}@p:1\",\n"
	    "   \"follow_redirects\": true, \"connect_timeout_s\": 0.001, \"timeout_s\": 2,\n"
	    "   \"json\": { \"n\" : [ 1.10 , 1234567890123456789 ], \"n\": \"// {{x}}\" },\n"
	    "   \"headers\": {\"x-b\": \"{{h}}\", \"X-A\": 5}, \"query\": {\"z\": true, \"a\": \"2 {{q}}\"},\n"
	    "   \"url\": \"https://h/{{p}}\", \"method\": \"patch\"},\n"
	    " \"limit\": 7, \"format\": \"lines\", \"key\": \"\\u0069d\", \"items\": \"-\", \"name\": \"n\\u00e4me x\"}";
	struct spec *spec = parse(text, NULL);

	(void)state;
	assert_string_equal(
	    spec->canonical,
	    "{\"name\":\"n\xc3\xa4me x\",\"key\":\"id\",\"request\":{\"method\":\"PATCH\",\"url\":"
	    "\"https://h/{{p}}\",\"query\":{\"z\":\"true\",\"a\":\"2 {{q}}\"},\"headers\":{\"X-A\":\"5\","
	    "\"x-b\":\"{{h}}\"},\"json\":{\"n\":[1.10,1234567890123456789],\"n\":\"// {{x}}\"},"
	    "\"timeout_s\":2,\"connect_timeout_s\":0.001,\"follow_redirects\":true,\"proxy\":"
	    "\"http://${env:P}@p:1\",\"cacert\":\"a\",\"cert\":\"c\",\"key_file\":\"k\"},\"idempotency\":"
	    "{\"header\":\"X-Key\",\"max_age_s\":82800},\"ok_if\":\"status < 300\",\"rules\":[{\"if\":\"status == 404\","
	    "\"then\":\"skip\"},{\"if\":\"$.code != 0\",\"then\":\"fail\",\"code\":\"$.code\",\"message\":"
	    "\"$.msg\"}],\"extract\":{\"a\":\"$[0]\",\"z\":\"$.z\"},\"store\":{\"body\":\"failed\","
	    "\"body_bytes_max\":10},\"limits\":{\"concurrency\":30,\"rate\":\"1.5/m\",\"burst\":10,"
	    "\"adapt\":false,\"share\":\"crm\"},\"retry\":{\"max\":0,\"delay_s\":0.25,\"delay_max_s\":1.5,"
	    "\"time_max_s\":900},\"halt\":{\"failed\":50,\"failed_percent\":2.5,\"min_items\":200},"
	    "\"canary\":9}");
	assert_string_equal(spec->items, "-");
	assert_int_equal(spec->format, FORMAT_LINES);
	assert_int_equal(spec->items_limit, 7);
	assert_int_equal(spec->request.body_kind, BODY_JSON);
	assert_int_equal(spec->rate.count, 15);
	assert_int_equal(spec->rate.per_ns, 600000000000LL);
	assert_string_equal(spec->rate_text, " 1.50 / m ");
	assert_int_equal(spec->rules[1].then, DECISION_FAIL);
	assert_non_null(spec->rules[1].condition);
	assert_non_null(spec->ok_if);
	assert_false(spec->idempotent);
	assert_true(spec->keyed);
	assert_string_equal(spec->extract[0].value, "$[0]");
	check_again(spec);
	spec_free(spec);
}

static void test_bodies(void **state)
{
	static const struct {
		const char *request, *method;
		enum body_kind kind;
	} cases[] = {
	    {"", "GET", BODY_NONE},
	    {",\"method\":\"DELETE\"", "DELETE", BODY_NONE},
	    {",\"method\":\"PUT\"", "PUT", BODY_ITEM},
	    {",\"method\":\"post\"", "POST", BODY_ITEM},
	    {",\"body\":\"\"", "POST", BODY_TEXT},
	    {",\"body\":\"x\",\"method\":\"GET\"", "GET", BODY_TEXT},
	    {",\"json\":null", "POST", BODY_JSON},
	    {",\"json\":[]", "POST", BODY_JSON},
	    {",\"form\":{\"a\":1}", "POST", BODY_FORM},
	    {",\"form\":{}", "POST", BODY_FORM},
	    {",\"form\":null,\"json\":0", "POST", BODY_JSON},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buffer text = {0};
		struct spec *spec;

		buffer_printf(&text, "{\"request\":{\"url\":\"http://h/\"%s}}", cases[i].request);
		spec = parse(text.data, NULL);
		assert_string_equal(spec->request.method, cases[i].method);
		assert_int_equal(spec->request.body_kind, cases[i].kind);
		check_again(spec);
		spec_free(spec);
		buffer_free(&text);
	}
}

static void test_faults(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
	    {"", "line 1, column 1: "},
	    {"[]", "a job file is a JSON object"},
	    {"{}", "request.url: is missing"},
	    {"{\n  \"a\": 1,\n}", "line 3, column 1: a comma with nothing after it"},
	    {"{\"\xc3\xbc\": [1,], }", "line 1, column 10: a comma with nothing after it"},
	    {"{/* open", "line 1, column 2: a comment without its */"},
	    {"{'a': 1}", "line 1, column 2: strings are written with \""},
	    {"{\"name\":\"a\",\"name\":\"b\"}", "'name' stands twice"},
	    {"{\"request\":{\"query\":{\"a\":\"1\",\"\\u0061\":\"2\"}}}", "request.query: 'a' stands twice"},
	    {"{\"rules\":[{\"if\":\"\",\"if\":\"\"}]}", "rules[0]: 'if' stands twice"},
	    {"{\"nmae\":\"x\"}", "nmae: no such key (did you mean name?)"},
	    {"{\"url\":\"x\"}", "url: no such key (did you mean request.url?)"},
	    {"{\"limits\":{\"concurency\":1}}", "limits.concurency: no such key (did you mean limits.concurrency?)"},
	    {"{\"rate\":\"1/s\"}", "rate: no such key (did you mean limits.rate?)"},
	    {"{\"request.url\":\"x\"}", "request.url: no such key (did you mean request.url?)"},
	    {"{\"qwertyuiop\":1}", "qwertyuiop: no such key"},
	    {"{\"rules\":[{\"iff\":\"\"}]}", "rules[0].iff: no such key (did you mean rules[].if?)"},
	    {"{\"limits\":{\"share\":\"\"}," URL "}", "limits.share: must have 1 to 100 bytes"},
	    {"{\"limits\":{\"share\":\"a\\u0007\"}," URL "}", "limits.share: holds a control character"},
	    {"{\"alerts\":{}}", "alerts is not supported yet"},
	    {"{\"cluster\":null}", "cluster is not supported yet"},
	    {"{\"verify\":{\"url\":\"http://h/{{id}}\"}," URL "}", "verify.done_if: is missing"},
	    {"{\"verify\":{\"url\":\"http://h/\",\"done_if\":\"status =\"}," URL "}",
	     "verify.done_if: column 8: expected == (two of them)"},
	    {"{\"halt\":{}," URL "}", "halt: must have failed (a count) or failed_percent"},
	    {"{\"halt\":{\"failed\":0}," URL "}", "halt.failed: must be from 1 to 1000000000000"},
	    {"{\"halt\":{\"failed_percent\":101}," URL "}", "halt.failed_percent: must be from 0.001 to 100"},
	    {"{\"canary\":0," URL "}", "canary: must be from 1 to 1000000000000"},
	    {"{\"items\":{\"rabbitmq\":{}}}", "items: rabbitmq is not supported yet"},
	    {"{\"name\":5}", "name: must be a text, not a number"},
	    {"{\"request\":[]}", "request: must be an object, not a list"},
	    {"{\"request\":{\"headers\":{\"A\":[]}}}", "request.headers.A: must be a text, not a list"},
	    {"{\"rules\":{}}", "rules: must be a list, not an object"},
	    {"{\"rules\":[1]}", "rules[0]: must be an object, not a number"},
	    {"{\"limits\":{\"concurrency\":0}}", "limits.concurrency: must be from 1 to 100000"},
	    {"{\"limits\":{\"concurrency\":1.5}}", "limits.concurrency: must be a whole number"},
	    {"{\"limits\":{\"concurrency\":\"9\"}}", "limits.concurrency: must be a number, not a text"},
	    {"{\"limits\":{\"rate\":50}}", "limits.rate: must be a text, not a number"},
	    {"{\"limits\":{\"rate\":\"50\"}," URL "}", "limits.rate: '50' names no unit (write 50/s, /m or /h)"},
	    {"{\"limits\":{\"rate\":\"0/s\"}," URL "}", "limits.rate: '0/s' is not a rate"},
	    {"{\"retry\":{\"max\":-1}}", "retry.max: must be from 0 to 1000"},
	    {"{\"retry\":{\"delay_s\":1e999}}", "retry.delay_s: must be from 0 to 86400"},
	    {"{\"name\":\"a/b\"," URL "}", "name: cannot hold '/'"},
	    {"{\"name\":\"\\u202eevil\"," URL "}", "name: cannot hold '/' or control characters"},
	    {"{\"name\":\"a\\u200fb\"," URL "}", "name: cannot hold '/' or control characters"},
	    {"{\"name\":\"a\\u0085b\"," URL "}", "name: cannot hold '/' or control characters"},
	    {"{\"name\":\"\"," URL "}", "name: must have 1 to 100 characters"},
	    {"{\"name\":\"a\\u0000b\"," URL "}", "name: holds a NUL byte"},
	    {"{\"format\":\"xml\"," URL "}", "format: must be csv, ndjson, json or lines"},
	    {"{\"store\":{\"body\":\"some\"}," URL "}", "store.body: must be all, failed or none"},
	    {"{\"request\":{\"url\":\"h/x\"}}", "request.url: must begin with http:// or https://"},
	    {"{\"request\":{\"url\":\"http://h{{x}}\"}}", "request.url: a field cannot stand in the host"},
	    {"{\"request\":{\"url\":\"http://h/\",\"method\":\"A B\"}}", "request.method: 'A B' is not a method"},
	    {"{\"request\":{\"url\":\"http://h/\",\"method\":\"connect\"}}", "request.method: CONNECT cannot be sent"},
	    {"{\"request\":{\"url\":\"http://h/\",\"body\":\"\",\"json\":1}}", "request: give only one of json, body and form"},
	    {"{\"request\":{\"url\":\"http://h/\",\"headers\":{\"A B\":\"\"}}}", "request.headers.A B: not a header's name"},
	    {"{\"request\":{\"url\":\"http://h/\",\"headers\":{\"A\":\"\",\"a\":\"\"}}}", "request.headers.a: stands twice"},
	    {"{\"request\":{\"url\":\"http://h/\",\"headers\":{\"content-length\":\"1\"}}}", "request.headers.content-length: is set by the transfer itself"},
	    {"{\"request\":{\"url\":\"http://h/\",\"headers\":{\"Transfer-Encoding\":\"1\"}}}", "request.headers.Transfer-Encoding: is set by"},
	    {"{\"request\":{\"url\":\"http://h/\",\"headers\":{\"Connection\":\"1\"}}}", "request.headers.Connection: is set by"},
	    {"{\"request\":{\"url\":\"http://h/\",\"headers\":{\"Host\":\"{{h}}\"}}}", "request.headers.Host: cannot hold fields"},
	    {"{\"request\":{\"url\":\"http://h/\",\"headers\":{\"A\":\"b\\nC: d\"}}}", "request.headers.A: a header's value cannot hold a line break"},
	    {"{\"request\":{\"url\":\"http://h/\",\"proxy\":\"http://{{p}}\"}}", "request.proxy: cannot hold fields"},
	    {"{\"request\":{\"url\":\"http://h/{{$key}}\"}}", "{{$key}} is used, but no key column is named"},
	    {"{\"request\":{\"url\":\"http://h/\",\"query\":{\"a\":\"{{x\"}}}", "request.query.a: {{x has no closing }}"},
	    {"{\"request\":{\"url\":\"http://h/\",\"query\":{\"a\":\"${env:A-B}\"}}}", "request.query.a: ${env:A-B} is not the name of a variable"},
	    {"{\"idempotency\":true,\"request\":{\"url\":\"http://h/\",\"headers\":{\"idempotency-key\":\"1\"}}}", "request.headers.idempotency-key: is the idempotency header"},
	    {"{\"idempotency\":{\"header\":\"a:b\"}," URL "}", "idempotency.header: not a header's name"},
	    {"{\"ok_if\":\"status = 1\"," URL "}", "ok_if: column 8: expected == (two of them)"},
	    {"{\"rules\":[{\"then\":\"skip\"}]," URL "}", "rules[0].if: is missing"},
	    {"{\"rules\":[{\"if\":\"x\",\"then\":\"skip\"}]," URL "}", "rules[0].if: column 1: expected a comparison"},
	    {"{\"rules\":[{\"if\":\"status == 1\",\"then\":\"none\"}]," URL "}", "rules[0].then: must be done, retry"},
	    {"{\"rules\":[{\"if\":\"status == 1\",\"then\":\"fail\",\"code\":\"code\"}]," URL "}", "rules[0].code: 'code' is not a JSON path"},
	    {"{\"extract\":{\"a\":\"$[\"}," URL "}", "extract.a: '$[' is not a JSON path"},
	    {"{\"request\":{\"url\":\"http://h/\",\"headers\":{\"Authorization\":\"Bearer hunter2\"}}}", "request.headers.Authorization: holds a credential in plain text"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct spec *spec;
		struct error error = {0};

		if (spec_parse(cases[i].text, strlen(cases[i].text), NULL, &spec, &error) == STATUS_OK)
			fail_msg("%s: was taken", cases[i].text);
		assert_int_equal(error.status, STATUS_USAGE);
		if (strncmp(error.text, cases[i].fault, strlen(cases[i].fault)) != 0)
			fail_msg("%s: %s", cases[i].text, error.text);
		assert_null(strstr(error.text, "hunter2"));
	}
}

static void test_literals(void **state)
{
	static const char text[] =
	    "{\"request\":{\"url\":\"https://bob:pw1@h/?token=pw2&x=1&token=pw3&sig={{s}}#f\","
	    "\"proxy\":\"bob:pw4@p:3128\",\"query\":{\"api_key\":\"pw5 &\",\"lang\":\"zh\"},"
	    "\"form\":{\"password\":\"pw6\",\"name\":\"x\"},"
	    "\"headers\":{\"Authorization\":\"Bearer  pw7\",\"Cookie\":\"a=pw8\",\"X-Token\":\"${env:T}\","
	    "\"X-Sign\":\"{{s}}\",\"X-Api-Key\":\"a$${pw9\",\"Idempotency-Key\":\"plain\",\"X-Auth\":\"\"}}}";
	static const struct {
		const char *reference, *value;
	} values[] = {
	    {"${given:request.url}", "bob:pw1"},
	    {"${given:request.url.token}", "pw2"},
	    {"${given:request.url.token+}", "pw3"},
	    {"${given:request.proxy}", "bob:pw4"},
	    {"${given:request.query.api_key}", "pw5 &"},
	    {"${given:request.form.password}", "pw6"},
	    {"${given:request.headers.Authorization}", "pw7"},
	    {"${given:request.headers.Cookie}", "a=pw8"},
	    {"${given:request.headers.X-Api-Key}", "a${pw9"},
	};
	struct secret_set *set = secret_set_new();
	struct spec *spec = parse(text, set), *again;

	(void)state;
	assert_null(strstr(spec->canonical, "pw"));
	assert_string_equal(spec->request.url,
	                    "https://${given:request.url}@h/?token=${given:request.url.token}&x=1&token="
	                    "${given:request.url.token+}&sig={{s}}#f");
	assert_string_equal(spec->request.proxy, "${given:request.proxy}@p:3128");
	assert_non_null(strstr(spec->canonical, "\"Bearer  ${given:request.headers.Authorization}\""));
	assert_non_null(strstr(spec->canonical, "\"Idempotency-Key\":\"plain\""));
	for (size_t i = 0; i < COUNT(values); i++) {
		struct buffer out = {0};

		assert_non_null(strstr(spec->canonical, values[i].reference));
		assert_int_equal(secret_expand(set, values[i].reference, &out, NULL), STATUS_OK);
		assert_string_equal(out.data, values[i].value);
		buffer_free(&out);
	}
	check_again(spec);
	/* Given again, it is the same job. */
	again = parse(text, set);
	assert_string_equal(again->canonical, spec->canonical);
	spec_free(again);
	spec_free(spec);
	secret_set_free(set);
}

/* Any job that is taken is the same job when it comes back from the database. */
static void test_property(void **state)
{
	static const char *const parts[] = {
	    "\"name\":\"j\"",
	    "\"key\":\"a b\"",
	    "\"items\":\"x.csv\"",
	    "\"idempotency\":true",
	    "\"idempotency\":false",
	    "\"ok_if\":\" $.a == \\\"x\\\" or body ~ 'y' \"",
	    "\"rules\":[]",
	    "\"rules\":[{\"if\":\"$.a exists\",\"then\":\"pause\",\"message\":\"$.\\\"a b\\\"\"}]",
	    "\"extract\":{\"b\":\"$.b\",\"a\":\"$.a\"}",
	    "\"store\":{\"body\":\"none\"}",
	    "\"limits\":{\"rate\":\"0.125/h\",\"burst\":3}",
	    "\"limits\":{\"rate\":\"1000000000/s\"}",
	    "\"retry\":{\"delay_s\":0.1234567,\"delay_max_s\":0.001}",
	    "\"limit\":null",
	};
	static const char *const bodies[] = {
	    "\"json\":[1e5, \"\\u0041{{x:json}}\"]", "\"body\":\"a\\n{{x}}\"",
	    "\"form\":{\"b\":\"{{x|y}}\",\"a\":\"$${\"}", "\"method\":\"PUT\"", "\"timeout_s\":0.05",
	    "\"query\":{\"q\":\"\\u0001\",\"p\":-0.0}", "\"headers\":{\"B\":\"1\",\"a\":\"\"}",
	};
	struct random random = {7};

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct buffer text = {0};
		struct spec *spec;
		uint64_t bits = random_next(&random);

		buffer_text(&text, "{");
		for (size_t p = 0; p < COUNT(parts); p++) {
			/* Of two with the same name only one. */
			bool same = (p == 4 && bits >> 3 & 1) || (p == 7 && bits >> 6 & 1) ||
			            (p == 11 && bits >> 10 & 1);

			if ((bits >> p & 1) && !same)
				buffer_printf(&text, "%s,", parts[p]);
		}
		buffer_text(&text, "\"request\":{");
		for (size_t b = 0; b < COUNT(bodies); b++) {
			if (b < 3 ? (bits >> 40) % 4 == b : (bits >> (40 + b)) & 1)
				buffer_printf(&text, "%s,", bodies[b]);
		}
		buffer_text(&text, "\"url\":\"https://h/{{x}}\"}}");
		spec = parse(text.data, NULL);
		check_again(spec);
		spec_free(spec);
		buffer_free(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults), cmocka_unit_test(test_everything),
	    cmocka_unit_test(test_bodies),   cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_literals), cmocka_unit_test(test_property),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
