/* Whatever the items hold: what is rendered keeps its promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "engine/request/template.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A random value as JSON text: nasty bytes far more often than others. */
static void put_random(struct random *random, struct buffer *out)
{
	static const char nasty[] = "\"\\/.%@:?#&{}[]<>| \r\n\t\x01\x7f\xc3\xbc\xff\xe5\x8c" "ab0";
	char bytes[12];
	size_t length = (size_t)random_upto(random, sizeof(bytes));

	for (size_t i = 0; i < length; i++)
		bytes[i] = random_upto(random, 20) ? nasty[random_upto(random, sizeof(nasty) - 1)]
		                                   : (char)random_next(random);
	switch (random_upto(random, 5)) {
	case 0:
		buffer_int64(out, (int64_t)random_next(random));
		break;
	case 1:
		buffer_text(out, random_upto(random, 1) ? "null" : "[1.0,\"\\ud800\",{}]");
		break;
	default:
		buffer_json(out, bytes, length);
		break;
	}
}

static void put_random_item(struct random *random, struct buffer *out)
{
	out->length = 0;
	buffer_text(out, "{\"f\":");
	put_random(random, out);
	buffer_text(out, ",\"g\":");
	put_random(random, out);
	buffer_text(out, "}");
	assert_true(json_check(out->data, out->length, NULL));
}

static void check_rendered(enum template_place place, const char *bytes, size_t length)
{
	static const char head[] = "https://u@api.example.com:8443/";

	switch (place) {
	case PLACE_JSON:
		assert_true(json_check(bytes, length, NULL));
		break;
	case PLACE_HEADER:
		assert_null(memchr(bytes, '\r', length));
		assert_null(memchr(bytes, '\n', length));
		assert_null(memchr(bytes, '\0', length));
		break;
	default:
		assert_true(length >= sizeof(head) - 1);
		assert_memory_equal(bytes, head, sizeof(head) - 1);
		for (size_t i = 0; i < length; i++) {
			assert_true(bytes[i] > ' ' && bytes[i] < 0x7f);
			assert_null(strchr("\"#<>\\^`{|}", bytes[i]));
		}
		assert_null(memmem(bytes, length, "/../", 4));
		assert_null(memmem(bytes, length, "/./", 3));
		break;
	}
}

static void test_property(void **state)
{
	static const struct {
		enum template_place place;
		const char *text;
	} templates[] = {
	    {PLACE_JSON, "{\"{{f}}\":[\"{{f:json}}\",\"x{{g:json}}\",\"{{g:raw}}\"],\"b\":1.10}"},
	    {PLACE_JSON, "[\"{{f:url}}{{g:base64}}\",\"{{$item}}\",\"{{$item:json}}\",\"{{h|q\\\"}}\"]"},
	    {PLACE_HEADER, "a {{f}} {{g:json}} {{g:url}} {{f:base64}} {{f:raw}}"},
	    {PLACE_URL, "https://u@api.example.com:8443/{{f}}/{{g}}"},
	    {PLACE_URL, "https://u@api.example.com:8443/x{{f:raw}}?{{g}}"},
	    {PLACE_URL, "https://u@api.example.com:8443?{{f:json}}={{g:raw}}"},
	};
	struct random random = {20260102};
	struct buffer item = {0}, out = {0};
	int rendered = 0;

	(void)state;
	for (size_t t = 0; t < COUNT(templates); t++) {
		struct template *compiled;
		const char *text = templates[t].text;

		assert_int_equal(template_compile(text, strlen(text), templates[t].place, "here", NULL,
		                                  NULL, &compiled, NULL),
		                 STATUS_OK);
		for (int i = 0; i < 3000; i++) {
			struct template_item values = {.job = "j"};

			put_random_item(&random, &item);
			values.input = (struct json_span){item.data, item.length};
			out.length = 0;
			if (template_render(compiled, &values, &out, NULL) != STATUS_OK)
				continue;
			check_rendered(templates[t].place, out.data, out.length);
			rendered++;
		}
		template_free(compiled);
	}
	assert_true(rendered > 9000);
	buffer_free(&item);
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_property),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
