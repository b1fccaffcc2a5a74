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

static bool mask(const struct secret_set *set, char *text)
{
	size_t length = strlen(text);
	bool masked = secret_mask(set, text, &length);

	assert_int_equal(length, strlen(text)); /* the NUL is where it ends */
	return masked;
}

static bool mask_cut(const struct secret_set *set, char *text)
{
	size_t length = strlen(text);
	bool masked = secret_mask_cut(set, text, &length);

	assert_int_equal(length, strlen(text));
	return masked;
}

/* The whole of `written` becomes three stars, and what stands around it stays. */
static void assert_masked(const struct secret_set *set, const char *written)
{
	char text[4096];

	snprintf(text, sizeof(text), "{\"a\":\"%s\"}", written);
	if (!mask(set, text) || strcmp(text, "{\"a\":\"***\"}") != 0)
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
				size_t stars;

				snprintf(text, sizeof(text), "%s", coded.data);
				for (char *c = text; url && *c; c++)
					*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
				assert_true(mask(set, text));
				stars = strcspn(text, "*");
				assert_in_range(stars, first > 0 ? first - 1 : 0, first);
				assert_memory_equal(text + stars, "***", 3);
				assert_int_equal(strlen(text + stars + 3), coded.length - past);
				assert_memory_equal(text, coded.data, url ? 0 : stars);
			}
			buffer_free(&plain);
			buffer_free(&coded);
		}
	}
	assert_masked(set, "czNjcj90Pn5+\\u002b\\/9rZXk"); /* as PHP writes it */
	secret_set_free(set);
}

/* ---- one inside the other ---------------------------------------------------- */

enum coder {
	JSON_SHORT, /* only what has to be */
	JSON_LONG,  /* \\u for all but letters and digits, and \\/ */
	PERCENT_UPPER,
	PERCENT_LOWER,
	FORM,
	HTML_NAMED,
	HTML_NUMBERS,
	HTML_HEX,
	CODERS
};

static void put_json_long(struct buffer *out, unsigned char c)
{
	if (c == '/')
		buffer_text(out, "\\/");
	else
		buffer_printf(out, "\\u%04x", c);
}

static void put_named(struct buffer *out, unsigned char c)
{
	static const char bytes[] = "&<>\"'";
	static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
	const char *found = strchr(bytes, c);

	if (found)
		buffer_text(out, names[found - bytes]);
	else
		buffer_char(out, (char)c);
}

static void put_coded(enum coder coder, struct buffer *out, unsigned char c)
{
	bool plain = c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	             (c >= '0' && c <= '9');

	if (plain && (c < 0x80 || coder < PERCENT_UPPER || coder > FORM))
		buffer_char(out, (char)c);
	else if (coder == JSON_SHORT)
		buffer_json_inner(out, (const char *)&c, 1);
	else if (coder == JSON_LONG)
		put_json_long(out, c);
	else if (coder == FORM && c == ' ')
		buffer_char(out, '+');
	else if (coder <= FORM)
		buffer_printf(out, coder == PERCENT_LOWER ? "%%%02x" : "%%%02X", c);
	else if (coder == HTML_NAMED)
		put_named(out, c);
	else
		buffer_printf(out, coder == HTML_NUMBERS ? "&#%d;" : "&#x%x;", c);
}

/* Code a text as often as told, the innermost first. */
static void code(const char *text, const enum coder *chain, int depth, struct buffer *out)
{
	buffer_text(out, text);
	for (int i = 0; i < depth; i++) {
		struct buffer coded = {0};

		for (size_t at = 0; at < out->length; at++)
			put_coded(chain[i], &coded, (unsigned char)out->data[at]);
		buffer_free(out);
		*out = coded;
	}
}

static void test_nested_table(void **state)
{
	static const struct {
		const char *secret, *written[6];
	} table[] = {
	    {"pa\"ss-WORD",
	     {"pa\\\\\\\"ss-WORD", "pa\\u005c\\u0022ss-WORD", "pa\\\\u0022ss-WORD", "pa%5C%22ss-WORD",
	      "pa\\&quot;ss-WORD", "pa%255C%2522ss-WORD"}},
	    {"a<b&c/d", {"a%26lt%3Bb%26amp%3Bc%2Fd", "a\\u0026lt;b\\u0026amp;c\\/d",
	                 "a&#37;3Cb&#37;26c&#37;2Fd", "a&#92;u003cb&#92;u0026c&#92;/d",
	                 "a\\u00253Cb\\u002526c\\u00252Fd", "a%5cu003cb%5cu0026c%5c%2fd"}},
	    {"J\xC3\xBC\xF0\x9F\x98\x80n", {"J%5Cu00fc%5Cud83d%5Cude00n", "J\\\\u00fc\\\\ud83d\\\\ude00n",
	                                    "J%25C3%25BC%25F0%259F%2598%2580n", "J&amp;#252;&amp;#x1f600;n",
	                                    "J\\u0026#252;\\u0026#x1f600;n", "J\\u005cu00fc\\u005cud83d\\u005cude00n"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct secret_set *set = set_of(table[i].secret);

		for (int j = 0; j < 6; j++)
			assert_masked(set, table[i].written[j]);
		secret_set_free(set);
	}
}

/* Every chain of one, two and three. */
static void test_nested_chains(void **state)
{
	static const char secret[] = "a&b/c+d \"e'<\\%41\n\xC3\xBC";
	struct secret_set *set = set_of(secret);

	(void)state;
	for (int number = 0; number < CODERS * CODERS * CODERS; number++) {
		const enum coder chain[] = {(enum coder)(number % CODERS),
		                            (enum coder)(number / CODERS % CODERS),
		                            (enum coder)(number / CODERS / CODERS)};

		for (int depth = 1; depth <= 3; depth++) {
			struct buffer written = {0};

			code(secret, chain, depth, &written);
			assert_masked(set, written.data);
			buffer_free(&written);
		}
	}
	secret_set_free(set);
}

static void test_nested_random(void **state)
{
	static const char alphabet[] = "aZ09-_.~ !\"#$%&'()*+,/:;<=>?@[\\]^`{|}\n\t";
	struct random random = {11};

	(void)state;
	for (int i = 0; i < 20000; i++) {
		int depth = (int)random_upto(&random, 3);
		size_t length = 4 + (size_t)random_upto(&random, 12);
		struct buffer written = {0};
		enum coder chain[3];
		struct secret_set *set;
		char secret[20] = "";

		for (size_t at = 0; at < length; at++)
			secret[at] = alphabet[random_upto(&random, (int64_t)sizeof(alphabet) - 2)];
		for (int j = 0; j < 3; j++)
			chain[j] = (enum coder)random_upto(&random, CODERS - 1);
		set = set_of(secret);
		code(secret, chain, depth, &written);
		assert_masked(set, written.data);
		secret_set_free(set);
		buffer_free(&written);
	}
}

/* Cut anywhere, as above. */
static void test_nested_cut(void **state)
{
	static const char written[] = "toke\\\\\\\"n%5C%22-\\u005c\\u0022-0123456789";
	struct secret_set *set = set_of("toke\"n\"-\"-0123456789");

	(void)state;
	for (size_t length = 4; length < strlen(written); length++) {
		char text[64];

		snprintf(text, sizeof(text), "is %.*s", (int)length, written);
		mask_cut(set, text);
		assert_memory_equal(text, "is ***", 6);
	}
	secret_set_free(set);
}

/* What looks like more than it is: nothing of it is a secret. */
static void test_nested_none(void **state)
{
	static const char *const texts[] = {
	    "pa\\\\\\\"ss-WORT", "pa%5C%2", "\\u005c", "%5C%22", "\\\\\\\\\\\\", "%2525252525",
	    "&amp;amp;amp;quot;", "pa\\\\\\ss-WORD", "pa%5Css-WORD\\u0025"};
	struct secret_set *set = set_of("pa\"ss-WORD");

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", texts[i]);
		assert_false(mask(set, text));
		assert_string_equal(text, texts[i]);
	}
	secret_set_free(set);
}

/* ------------------------------------------------------------------------------- */

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
		assert_false(mask(set, text));
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
	assert_true(mask(set, text));
	assert_string_equal(text, "x***y *** ***");
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
			mask_cut(set, text);
			assert_memory_equal(text, "is ", 3);
			if (length >= four[i])
				assert_string_equal(text + 3, "***");
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
		(void)(i & 1 ? secret_mask(set, bytes, &length) : secret_mask_cut(set, bytes, &length));
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
	    cmocka_unit_test(test_nested_table),    cmocka_unit_test(test_nested_chains),
	    cmocka_unit_test(test_nested_random),   cmocka_unit_test(test_nested_cut),
	    cmocka_unit_test(test_nested_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
