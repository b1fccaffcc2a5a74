#include "tests/unit/plan_stage.h"

#define AGENT "User-Agent: sluice/" SLUICE_VERSION "\n"
#define ITEM "{\"id\":7,\"name\":\"J\\u00fcrgen \\\"x\\\"\",\"price\":0.10,\"blank\":\"  \",\"lf\":\"a\\nb\"}"

/* A request as one text. */
static void put(struct buffer *out, const struct rendered *request)
{
	const char *at = request->headers.data;

	buffer_printf(out, "%s %s\n", request->method, request->url.data);
	for (int i = 0; i < request->header_count; i++, at += strlen(at) + 1)
		buffer_printf(out, "%s\n", at);
	assert_ptr_equal(at, request->headers.data + request->headers.length);
	if (request->has_body)
		buffer_printf(out, "\n%s", request->body.data ? request->body.data : "");
}

static void test_requests(void **state)
{
	static const struct {
		const char *request, *text; /* text: without the default headers */
	} cases[] = {
	    {"\"url\":\"http://h/{{id}}\"", "GET http://h/7\n" AGENT "Accept: */*\n"},
	    {"\"url\":\"http://h?a=1\",\"query\":{\"b c\":\"{{name}}\",\"{{id}}\":2}",
	     "GET http://h/?a=1&b%20c=J%C3%BCrgen%20%22x%22&7=2\n" AGENT "Accept: */*\n"},
	    {"\"url\":\"http://h/?\",\"query\":{\"a\":\"\"}", "GET http://h/?a=\n" AGENT "Accept: */*\n"},
	    {"\"url\":\"http://h/\",\"method\":\"POST\"",
	     "POST http://h/\n" AGENT "Accept: */*\nContent-Type: application/json\n\n" ITEM},
	    {"\"url\":\"http://h/\",\"json\":{\"p\":\"{{price:json}}\"}",
	     "POST http://h/\n" AGENT "Accept: */*\nContent-Type: application/json\n\n{\"p\":0.10}"},
	    {"\"url\":\"http://h/\",\"form\":{\"a b\":\"{{name}}\",\"c\":\"&\"}",
	     "POST http://h/\n" AGENT
	     "Accept: */*\nContent-Type: application/x-www-form-urlencoded\n\n"
	     "a%20b=J%C3%BCrgen%20%22x%22&c=%26"},
	    {"\"url\":\"http://h/\",\"body\":\"x={{name}}\"",
	     "POST http://h/\n" AGENT
	     "Accept: */*\nContent-Type: text/plain; charset=utf-8\n\nx=J\xc3\xbcrgen \"x\""},
	    {"\"url\":\"http://h/\",\"body\":\" [{{id}}] \"",
	     "POST http://h/\n" AGENT "Accept: */*\nContent-Type: application/json\n\n [7] "},
	    {"\"url\":\"http://h/\",\"body\":\"{{id}}\"",
	     "POST http://h/\n" AGENT "Accept: */*\nContent-Type: text/plain; charset=utf-8\n\n7"},
	    {"\"url\":\"http://h/\",\"body\":\"\",\"headers\":{\"content-type\":\"a/b\",\"ACCEPT\":\"\","
	     "\"User-Agent\":\" me \",\"X\":\"{{blank}}\",\"Y\":\" \\t{{name}} \",\"Host\":\"other\"}",
	     "POST http://h/\nACCEPT:\ncontent-type: a/b\nHost: other\nUser-Agent: me\nX:\n"
	     "Y: J\xc3\xbcrgen \"x\"\n\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct secret_set *secrets = secret_set_new();
		struct rendered request = {0};
		struct buffer job = {0}, text = {0};
		struct error error;
		struct plan *plan;

		buffer_printf(&job, "{\"request\":{%s}}", cases[i].request);
		plan = make(job.data, secrets);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(plan_render(plan, 1, NULL, 0,
			                             (struct json_span){ITEM, sizeof(ITEM) - 1}, &request,
			                             &error),
			                 STATUS_OK);
			text.length = 0;
			put(&text, &request);
			if (strcmp(text.data, cases[i].text) != 0)
				fail_msg("%s: got %s", cases[i].request, text.data);
		}
		assert_string_equal(request.idempotency_key, "");
		assert_int_equal(request.headers_constant, !strstr(cases[i].request, "\"X\""));
		rendered_free(&request);
		plan_free(plan);
		secret_set_free(secrets);
		buffer_free(&job);
		buffer_free(&text);
	}
}

static void test_built_ins(void **state)
{
	static const char job[] =
	    "{\"key\":\"id\",\"idempotency\":{\"header\":\"X-Once\"},\"request\":{\"url\":\"http://h/{{$key}}/"
	    "{{$seq}}/{{$job}}\",\"json\":[\"{{$item:json}}\",\"{{$idempotency_key}}\",\"{{$key:json}}\"]}}";
	struct secret_set *secrets = secret_set_new();
	struct plan *plan = make(job, secrets);
	struct rendered request = {0};
	struct json_span input = {"{\"id\":\"k 1\"}", 12};
	struct buffer body = {0};
	struct error error;
	char key[40];

	(void)state;
	assert_int_equal(plan_render(plan, 1099511627775, "k 1", 3, input, &request, &error),
	                 STATUS_OK);
	plan_idempotency_key(uuid, 1099511627775, key);
	assert_string_equal(request.url.data, "http://h/k%201/1099511627775/crm");
	assert_string_equal(request.idempotency_key, key);
	buffer_printf(&body, "[{\"id\":\"k 1\"},\"%s\",\"k 1\"]", key);
	assert_string_equal(request.body.data, body.data);
	assert_false(request.headers_constant);
	assert_non_null(memmem(request.headers.data, request.headers.length, "X-Once: ", 8));
	/* The check takes the key from its column. */
	assert_int_equal(plan_check_item(plan, 1, input, &request, &error), STATUS_OK);
	assert_string_equal(request.url.data, "http://h/k%201/1/crm");
	rendered_free(&request);
	buffer_free(&body);
	plan_free(plan);
	secret_set_free(secrets);
}

static void test_idempotency_key(void **state)
{
	static const unsigned char other[16] = {1};
	char key[40], again[40];

	(void)state;
	/* printf '\0\1…\17\0\0\0\0\0\0\0\1' | sha256sum, version and variant bits set */
	plan_idempotency_key(uuid, 1, key);
	assert_string_equal(key, "112ac280-cda0-5f4c-959e-4150e2be4230");
	assert_int_equal(strlen(key), 36);
	plan_idempotency_key(uuid, 1, again);
	assert_string_equal(key, again);
	plan_idempotency_key(uuid, 2, again);
	assert_string_not_equal(key, again);
	plan_idempotency_key(other, 1, again);
	assert_string_not_equal(key, again);
}

static void test_item_faults(void **state)
{
	static const struct {
		const char *request, *fault;
	} cases[] = {
	    {"\"url\":\"http://h/{{gone}}\"", "request.url: field 'gone' is missing"},
	    {"\"url\":\"http://h/\",\"query\":{\"a\":\"{{gone}}\"}", "request.query.a: field 'gone' is missing"},
	    {"\"url\":\"http://h/\",\"query\":{\"{{gone}}\":\"\"}", "request.query.{{gone}}: field 'gone' is missing"},
	    {"\"url\":\"http://h/\",\"headers\":{\"X-A\":\"{{lf}}\"}",
	     "request.headers.X-A: field 'lf' holds a line break"},
	    {"\"url\":\"http://h/\",\"json\":\"{{gone}}\"", "request.json: field 'gone' is missing"},
	    {"\"url\":\"http://h/\",\"body\":\"{{gone}}\"", "request.body: field 'gone' is missing"},
	    {"\"url\":\"http://h/\",\"form\":{\"f\":\"{{gone}}\"}", "request.form.f: field 'gone' is missing"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct secret_set *secrets = secret_set_new();
		struct rendered request = {0};
		struct buffer job = {0};
		struct error error = {0};
		struct plan *plan;

		buffer_printf(&job, "{\"request\":{%s}}", cases[i].request);
		plan = make(job.data, secrets);
		assert_int_equal(plan_check_item(plan, 1, (struct json_span){ITEM, sizeof(ITEM) - 1},
		                                 &request, &error),
		                 STATUS_USAGE);
		assert_string_equal(error.text, cases[i].fault);
		rendered_free(&request);
		plan_free(plan);
		secret_set_free(secrets);
		buffer_free(&job);
	}
}

static void test_secrets(void **state)
{
	static const char job[] =
	    "{\"request\":{\"url\":\"https://bob:p%40ss@h/\",\"proxy\":\"http://al:prox1@p:1\","
	    "\"headers\":{\"Authorization\":\"Bearer ${env:SLUICE_TEST_TOKEN}\"}}}";
	struct secret_set *secrets = secret_set_new();
	struct rendered request = {0};
	struct plan *plan = NULL;
	struct error error;
	size_t length;
	char text[] = "Basic Ym9iOnBAc3M= p@ss tok-1234 YWw6cHJveDE=.";

	(void)state;
	setenv("SLUICE_TEST_TOKEN", "tok-1234", 1);
	plan = make(job, secrets);
	assert_ptr_equal(plan_secrets(plan), secrets);
	assert_string_equal(plan_spec(plan)->request.proxy, "http://al:prox1@p:1");
	assert_null(strstr(plan_spec(plan)->canonical, "prox1"));
	assert_int_equal(plan_render(plan, 1, NULL, 0, (struct json_span){"{}", 2}, &request, &error),
	                 STATUS_OK);
	assert_string_equal(request.url.data, "https://bob:p%40ss@h/");
	assert_non_null(memmem(request.headers.data, request.headers.length,
	                       "Authorization: Bearer tok-1234", 31));
	/* Also what libcurl will make of user and password. */
	length = strlen(text);
	assert_true(secret_mask(secrets, text, &length));
	assert_string_equal(text, "Basic ***= *** *** ***=.");
	rendered_free(&request);
	plan_free(plan);
	secret_set_free(secrets);
}

static void test_missing_secret(void **state)
{
	static const char job[] = "{\"request\":{\"url\":\"http://h/\",\"headers\":{\"X-Token\":"
	                          "\"${env:SLUICE_TEST_NO_SUCH}\"}}}";
	struct secret_set *secrets = secret_set_new();
	struct spec *spec;
	struct plan *plan = NULL;
	struct error error;

	(void)state;
	assert_int_equal(spec_parse(job, strlen(job), NULL, &spec, &error), STATUS_OK);
	assert_int_equal(plan_make(spec, "j", uuid, secrets, &plan, &error), STATUS_USAGE);
	assert_string_equal(error.text, "request.headers.X-Token: ${env:SLUICE_TEST_NO_SUCH} is not "
	                                "set in the environment");
	spec_free(spec);
	secret_set_free(secrets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_requests),        cmocka_unit_test(test_built_ins),
	    cmocka_unit_test(test_idempotency_key), cmocka_unit_test(test_item_faults),
	    cmocka_unit_test(test_secrets),         cmocka_unit_test(test_missing_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
