/* Secrets are known however a server writes them back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "engine/request/encode.h"
#include "engine/request/secret.h"

static struct secret_set *set_of(const char *value)
{
	struct secret_set *set = secret_set_new();

	assert_non_null(set);
	assert_int_equal(secret_set_put(set, "given:x", value, strlen(value)), STATUS_OK);
	return set;
}

/* The whole of `written` becomes stars, and what stands around it does not. */
static void assert_masked(const struct secret_set *set, const char *written)
{
	char text[1024], wanted[1024];
	size_t length = strlen(written);

	snprintf(text, sizeof(text), "{\"a\":\"%s\"}", written);
	snprintf(wanted, sizeof(wanted), "{\"a\":\"%.*s\"}", (int)length,
	         "****************************************************************************"
	         "****************************************************************************"
	         "****************************************************************************");
	if (!secret_mask(set, text, strlen(text)) || strcmp(text, wanted) != 0)
		fail_msg("'%s' became %s", written, text);
}

static void test_forms(void **state)
{
	static const struct {
		const char *secret, *written[9];
	} table[] = {
	    {"a&b/c+d \"e'<\\\xC3\xBC\xF0\x9F\x98\x80",
	     {"a&b/c+d \"e'<\\\xC3\xBC\xF0\x9F\x98\x80",
	      "a\\u0026b\\/c\\u002Bd\\u0020\\\"e\\u0027\\u003c\\\\\\u00fC\\uD83d\\uDE00",
	      "\\u0061&b/c+d\\u0020\\u0022e'<\\u005c\\u00fc\xF0\x9F\x98\x80",
	      "a&amp;b/c+d &quot;e&#39;&lt;\\&#xfc;&#128512;",
	      "a&#38;b&#x2f;c&#x2B;d &#34;e&apos;&#060;&#92;\xC3\xBC&#x1F600;",
	      "a%26b%2Fc%2Bd%20%22e%27%3C%5C%C3%BC%F0%9F%98%80",
	      "a%26b%2fc%2bd+%22e%27%3c%5c%c3%bc%f0%9f%98%80",
	      "%61%26%62%2f%63%2b%64%20%22%65%27%3c%5c%c3%bc%f0%9f%98%80",
	      "a%2526b%252Fc%252Bd%2520%2522e%2527%253C%255C%25C3%25BC%25F0%259F%2598%2580"}},
	    {"pw&\"1/2", {"pw\\\\u0026\\\\\\\"1\\\\/2", "pw&amp;amp;&amp;quot;1/2", "pw&amp;#38;&quot;1/2"}},
	    {"100%25&amp;\\u0041", {"100%25&amp;\\u0041", "100%2525%26amp%3B%5Cu0041",
	                            "100%25&amp;amp;\\u0041", "100%25&amp;\\\\u0041"}},
	    {"\\\\server\\x", {"\\\\server\\x", "\\\\\\\\server\\\\x", "%5C%5Cserver%5cx"}},
	    {"%%%%", {"%%%%", "%25%25%25%25", "%%25%%25"}},
	    {"line\nnext\ttab", {"line\\nnext\\ttab", "line%0Anext%09tab", "line&#10;next&#9;tab"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct secret_set *set = set_of(table[i].secret);

		for (int j = 0; j < 9 && table[i].written[j] != NULL; j++)
			assert_masked(set, table[i].written[j]);
		secret_set_free(set);
	}
}

/* In base64, of itself and of what holds it: no more of it than a few bits at
 * its beginning can be read from what is left. */
static void test_base64(void **state)
{
	static const char secret[] = "s3cr?t>~~\xFB\xFFkey";
	struct secret_set *set = set_of(secret);

	(void)state;
	for (int before = 0; before < 12; before++) {
		for (int after = 0; after < 4; after++) {
			struct buffer plain = {0}, coded = {0};
			size_t first = ((size_t)before * 8 + 5) / 6;
			size_t past = (((size_t)before + sizeof(secret) - 1) * 8 + 5) / 6;

			buffer_append(&plain, "user name is", (size_t)before);
			buffer_text(&plain, secret);
			buffer_append(&plain, "tail", (size_t)after);
			encode_base64(&coded, plain.data, plain.length);
			for (int url = 0; url < 2; url++) {
				char text[128];

				snprintf(text, sizeof(text), "%s", coded.data);
				for (char *c = text; url && *c; c++)
					*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
				assert_true(secret_mask(set, text, strlen(text)));
				assert_int_equal(strspn(text + first, "*"), past - first);
				assert_memory_equal(text, coded.data, first > 0 && !url ? first - 1 : 0);
			}
			buffer_free(&plain);
			buffer_free(&coded);
		}
	}
	assert_masked(set, "czNjcj90Pn5+\\u002b\\/9rZXk"); /* as PHP writes it */
	secret_set_free(set);
}

static void test_what_is_no_secret(void **state)
{
	static const char *const texts[] = {
	    "", "sec", "secre", "s\\u0065cre", "SECRET&1", "secret&2", "secret&amp1", "secret%2", "%",
	    "\\", "\\u", "\\u00", "&", "&#", "&#x;1", "&#99999999999999999999;", "secret\\ud83d1", "+",
	    "secret%261"};
	struct secret_set *set = set_of("secret&1x");

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", texts[i]);
		assert_false(secret_mask(set, text, strlen(text)));
		assert_string_equal(text, texts[i]);
	}
	secret_set_free(set);
}

static void test_overlapping(void **state)
{
	struct secret_set *set = set_of("abcdef");
	char text[] = "xabcdefghiy abcdefabcdef defghi";

	(void)state;
	assert_int_equal(secret_set_put(set, "given:y", "defghi", 6), STATUS_OK);
	assert_true(secret_mask(set, text, strlen(text)));
	assert_string_equal(text, "x*********y ************ ******");
	secret_set_free(set);
}

/* Cut anywhere, no more than three bytes of it are left. */
static void test_cut(void **state)
{
	static const char *const written[] = {"tok/0123456789", "tok%2F0123456789",
	                                      "tok\\u002f0123456789", "tok&#47;0123456789"};
	static const size_t four[] = {4, 6, 9, 8}; /* so many of the text's are four of it */
	struct secret_set *set = set_of("tok/0123456789");

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (size_t length = 0; length <= strlen(written[i]); length++) {
			char text[64];

			snprintf(text, sizeof(text), "is %.*s", (int)length, written[i]);
			secret_mask_cut(set, text, strlen(text));
			assert_memory_equal(text, "is ", 3);
			if (length >= four[i])
				assert_int_equal(strspn(text + 3, "*"), length);
			if (length < 4) /* nor may all that ends like this go */
				assert_null(strchr(text, '*'));
		}
	}
	secret_set_free(set);
}

/* What no secret begins, whatever bytes come: nothing is read beyond them. */
static void test_random_bytes(void **state)
{
	static const char alphabet[] = "\\%&+#;u0x26amp\"/ s\xC3\xBC";
	struct secret_set *set = set_of("s&\\% s+\xC3\xBC");
	struct random random = {7};

	(void)state;
	for (int i = 0; i < 200000; i++) {
		size_t length = (size_t)random_upto(&random, 40);
		char *bytes = malloc(length + 1); /* exact: for the sanitizer */

		for (size_t at = 0; at < length; at++)
			bytes[at] = alphabet[random_upto(&random, (int64_t)sizeof(alphabet) - 2)];
		bytes = realloc(bytes, length > 0 ? length : 1);
		(void)(i & 1 ? secret_mask(set, bytes, length) : secret_mask_cut(set, bytes, length));
		free(bytes);
	}
	secret_set_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms),           cmocka_unit_test(test_base64),
	    cmocka_unit_test(test_what_is_no_secret), cmocka_unit_test(test_overlapping),
	    cmocka_unit_test(test_cut),             cmocka_unit_test(test_random_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
