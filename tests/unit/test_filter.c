/* The filter language: what each term matches, what is refused and how, and
 * what narrows a scan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/random.h"
#include "engine/store/filter.h"

#define INPUT(text) {text, sizeof(text) - 1}

/* The rows that every filter below is held against; its answer is one letter
 * a row, '.' where it does not match. */
static const struct filter_row rows[] = {
    {.seq = 1, .state = ITEM_DONE, .http_status = 200, .key = "alice",
     .input = INPUT("{\"city\":\"Beijing\",\"n\":1,\"the city\":\"x\"}")},
    {.seq = 2, .state = ITEM_FAILED, .http_status = 503, .group = 0xab12000000000001,
     .code = "1001", .message = "upstream Timeout", .key = "bob",
     .input = INPUT("{\"city\":\"Paris\",\"n\":2.50,\"vip\":true}")},
    {.seq = 3, .state = ITEM_UNKNOWN, .group = 0xab13000000000002, .message = "connection lost",
     .input = INPUT("{\"city\":\"Bei\\u006aing\",\"n\":\"2\",\"a:b\":\"c\"}")},
    {.seq = 4, .state = ITEM_WAITING, .http_status = 429, .message = "say \"no\" to it",
     .key = "-", .input = INPUT("{\"city\":null,\"a\\\"b\":\"1\"}")},
    {.seq = 5, .state = ITEM_PENDING, .input = INPUT("{}")},
    {.seq = 6, .state = ITEM_SKIPPED, .http_status = 404, .code = "", .message = "",
     .key = "two words", .input = INPUT("{\"city\":\"\"}")},
    {.seq = 700, .state = ITEM_RUNNING},
};
#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

static void answer(const char *text, char out[ROWS + 1])
{
	struct filter *filter = NULL;
	struct error error = {0};

	if (filter_parse(text, &filter, &error) != STATUS_OK)
		fail_msg("'%s': %s", text, error.text);
	for (int i = 0; i < ROWS; i++)
		out[i] = filter_match(filter, &rows[i]) ? (char)('a' + i) : '.';
	out[ROWS] = '\0';
	filter_free(filter);
}

static void test_terms(void **state)
{
	static const struct {
		const char *filter, *matches;
	} table[] = {
	    {NULL, "abcdefg"},
	    {"", "abcdefg"},
	    {" \t\n", "abcdefg"},
	    {"state:done", "a......"},
	    {"state:failed,unknown", ".bc...."},
	    {"state:pending,running,waiting,done,failed,unknown,skipped", "abcdefg"},
	    {"-state:failed,unknown", "a..defg"},
	    {"state:,done,", "a......"},
	    {"http:503", ".b....."},
	    {"http:4xx", "...d.f."},
	    {"http:5XX", ".b....."},
	    {"http:200-299", "a......"},
	    {"http:200,400-499", "a..d.f."},
	    {"http:0", "..c.e.g"},
	    {"-http:0", "ab.d.f."},
	    {"code:1001", ".b....."},
	    {"code:100", "......."},
	    {"code:\"\"", ".....f."},
	    {"group:ab12000000000001", ".b....."},
	    {"group:AB12", ".b....."},
	    {"group:ab1", ".bc...."},
	    {"group:a", ".bc...."},
	    {"group:0", "......."}, /* no cause is not cause 0 */
	    {"key:bob", ".b....."},
	    {"key:Bob", "......."},
	    {"key:\"two words\"", ".....f."},
	    {"key:-", "...d..."},
	    {"-key:bob", "a.cdefg"},
	    {"seq:2", ".b....."},
	    {"seq:2-4", ".bcd..."},
	    {"seq:6-", ".....fg"},
	    {"seq:-2", "ab....."},
	    {"-seq:2-6", "a.....g"},
	    {"seq:0", "......."},
	    {"seq:007", "......."},
	    {"seq:9-900000000000000000", "......g"},
	    {"text:\"\"", "abcdefg"}, /* what has no text, too */
	    {"text:timeout", ".b....."},
	    {"text:TIMEOUT", ".b....."},
	    {"text:1001", ".b....."}, /* codes are text too */
	    {"text:beijing", "a......"}, /* the input, as it is written */
	    {"text:\"\\\"no\\\"\"", "...d..."},
	    {"text:\"connection lost\"", "..c...."},
	    {"field.\"a\\\"b\":1", "...d..."},
	    {"field.city:Beijing", "a.c...."}, /* an escape is the letter it stands for */
	    {"field.city:beijing", "......."},
	    {"field.city:null", "...d..."},
	    {"field.city:\"\"", ".....f."},
	    {"field.n:1", "a......"},
	    {"field.n:2.50", ".b....."}, /* numbers as they are written */
	    {"field.n:2.5", "......."},
	    {"field.n:2", "..c...."},
	    {"field.vip:true", ".b....."},
	    {"field.\"the city\":x", "a......"},
	    {"field.\"a:b\":c", "..c...."},
	    {"-field.city:Beijing", ".b.defg"},
	    {"state:failed http:503 code:1001 group:ab12 key:bob seq:1-20 text:time field.city:Paris",
	     ".b....."},
	    {"state:failed http:200", "......."},
	    {"state:failed state:unknown", "......."}, /* joined by and */
	    {"  state:failed\thttp:503\n", ".b....."},
	    {"-state:done -state:failed -state:unknown", "...defg"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char got[ROWS + 1];

		answer(table[i].filter, got);
		if (strcmp(got, table[i].matches) != 0)
			fail_msg("'%s': %s, not %s", table[i].filter, got, table[i].matches);
	}
}

/* A term and its negation part the rows. */
static void test_negation_is_the_rest(void **state)
{
	static const char *const terms[] = {"state:failed", "http:5xx", "code:1001", "group:ab",
	                                    "key:bob", "seq:2-5", "text:e", "field.city:Paris"};

	(void)state;
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		char negated[64], yes[ROWS + 1], no[ROWS + 1];

		snprintf(negated, sizeof(negated), "-%s", terms[i]);
		answer(terms[i], yes);
		answer(negated, no);
		for (int row = 0; row < ROWS; row++)
			assert_true((yes[row] == '.') != (no[row] == '.'));
	}
}

static void test_bad_input(void **state)
{
	static const struct {
		const char *filter, *says;
	} table[] = {
	    {"foo:1", "unknown term 'foo:1'"},
	    {"failed", "unknown term 'failed'"},
	    {"state", "unknown term 'state'"},
	    {":x", "unknown term ':x'"},
	    {"-", "unknown term"},
	    {"--state:failed", "unknown term"},
	    {"STATE:failed", "unknown term"},
	    {"field.:x", "unknown term"},
	    {"field:x", "unknown term"},
	    {"state:failed nonsense", "unknown term 'nonsense'"},
	    {"state:", "expected a state"},
	    {"state:,", "expected a state"},
	    {"state=failed", "'state=failed': write state:…"},
	    {"field.city=Lima", "write field.city:…"},
	    {"foo=1", "unknown term 'foo=1' (known: state"},
	    {"timeout", "unknown term 'timeout' (text:timeout looks for the word; known: state"},
	    {"state:dead", "'state:dead': expected pending"},
	    {"state:failed,dead", "expected pending"},
	    {"state:Failed", "expected pending"},
	    {"http:", "expected a status"},
	    {"http:abc", "expected a status"},
	    {"http:5x", "expected a status"},
	    {"http:xx5", "expected a status"},
	    {"http:-1", "expected a status"},
	    {"http:1000", "expected a status"},
	    {"http:500-", "expected a status"},
	    {"http:599-500", "expected a status"},
	    {"http:500-599-600", "expected a status"},
	    {"http: 503", "expected a status"},
	    {"http:99999999999999999999999", "expected a status"},
	    {"http:1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "expected a status"},
	    {"seq:", "expected a number"},
	    {"seq:-", "expected a number"},
	    {"seq:x", "expected a number"},
	    {"seq:1-2-3", "expected a number"},
	    {"seq:1,2", "expected a number"},
	    {"seq:20-10", "expected a number"},
	    {"seq:+1", "expected a number"},
	    {"seq:99999999999999999999999", "expected a number"},
	    {"seq:1-99999999999999999999999", "expected a number"},
	    {"group:", "hexadecimal"},
	    {"group:xyz", "hexadecimal"},
	    {"group:0x12", "hexadecimal"},
	    {"group:12345678901234567", "hexadecimal"},
	    {"key:\"open", "the quote does not end"},
	    {"key:\"", "the quote does not end"},
	    {"key:\"open\\\"", "the quote does not end"},
	    {"text:\"a\\", "the quote does not end"},
	    {"field.\"open:x", "unknown term"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct filter *filter = NULL;
		struct error error = {0};

		if (filter_parse(table[i].filter, &filter, &error) != STATUS_USAGE)
			fail_msg("'%s' is taken", table[i].filter);
		assert_null(filter);
		assert_int_equal(error.status, STATUS_USAGE);
		assert_memory_equal(error.text, "filter: ", 8);
		if (strstr(error.text, table[i].says) == NULL)
			fail_msg("'%s': %s", table[i].filter, error.text);
	}
}

static enum status parse(const char *text)
{
	struct filter *filter = NULL;
	enum status status = filter_parse(text, &filter, NULL);

	if (status == STATUS_OK)
		filter_free(filter);
	return status;
}

static void test_lengths(void **state)
{
	char text[8192] = "key:", longest[4097] = "key:";

	(void)state;
	memset(longest + 4, 'x', 4092);
	assert_int_equal(parse(longest), STATUS_OK);
	memset(text + 4, 'x', 4093);
	assert_int_equal(parse(text), STATUS_USAGE);

	text[0] = '\0';
	for (int i = 0; i < 32; i++)
		strcat(text, "seq:1- ");
	assert_int_equal(parse(text), STATUS_OK);
	strcat(text, "seq:1-");
	assert_int_equal(parse(text), STATUS_USAGE);
	assert_int_equal(parse("http:1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"), STATUS_OK);
}

/* Whatever comes in: taken or refused, and a filter that was taken answers. */
static void test_noise(void **state)
{
	static const char *const pieces[] = {"state:", "http:", "code:",  "group:", "key:", "seq:",
	                                     "text:",  "field.", "\"",    "\\",     "-",    " ",
	                                     ":",      ",",      "failed", "503",   "5xx",  "ab12",
	                                     "1-2",    "\xff",   "\xe5\x8c\x97", "\t", "\x01", "x"};
	struct random random = {.state = 7};
	int taken = 0;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct filter *filter = NULL;
		char text[256] = "";
		int64_t count = 1 + random_upto(&random, 11);

		for (int64_t i = 0; i < count; i++)
			strcat(text, pieces[random_upto(&random, sizeof(pieces) / sizeof(pieces[0]) - 1)]);
		if (filter_parse(text, &filter, NULL) != STATUS_OK)
			continue;
		taken++;
		for (int i = 0; i < ROWS; i++)
			(void)filter_match(filter, &rows[i]);
		filter_free(filter);
	}
	assert_true(taken > 100);
}

static struct filter *parse_ok(const char *text)
{
	struct filter *filter = NULL;

	assert_int_equal(filter_parse(text, &filter, NULL), STATUS_OK);
	return filter;
}

static void test_what_narrows(void **state)
{
	static const struct {
		const char *filter;
		int single_state; /* -1 none */
		bool dead_only;
		uint64_t group;
		const char *key;
		int64_t first, last;
		bool cause, input;
	} table[] = {
	    {"", -1, false, 0, NULL, 1, 1000, false, false},
	    {"state:failed", ITEM_FAILED, true, 0, NULL, 1, 1000, false, false},
	    {"state:failed,skipped", -1, true, 0, NULL, 1, 1000, false, false},
	    {"state:failed,done", -1, false, 0, NULL, 1, 1000, false, false},
	    {"state:waiting", ITEM_WAITING, false, 0, NULL, 1, 1000, false, false},
	    {"-state:failed", -1, false, 0, NULL, 1, 1000, false, false},
	    {"group:ab12", -1, false, 0, NULL, 1, 1000, false, false},
	    {"group:ab12000000000001", -1, false, 0xab12000000000001, NULL, 1, 1000, false, false},
	    {"-group:ab12000000000001", -1, false, 0, NULL, 1, 1000, false, false},
	    {"key:bob", -1, false, 0, "bob", 1, 1000, false, true},
	    {"-key:bob", -1, false, 0, NULL, 1, 1000, false, true},
	    {"seq:10-20", -1, false, 0, NULL, 10, 20, false, false},
	    {"seq:10- seq:-15", -1, false, 0, NULL, 10, 15, false, false},
	    {"-seq:10-20", -1, false, 0, NULL, 1, 1000, false, false},
	    {"http:503", -1, false, 0, NULL, 1, 1000, true, false},
	    {"code:1", -1, false, 0, NULL, 1, 1000, true, false},
	    {"text:a", -1, false, 0, NULL, 1, 1000, true, true},
	    {"-text:a", -1, false, 0, NULL, 1, 1000, true, true},
	    {"field.a:b", -1, false, 0, NULL, 1, 1000, false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct filter *filter = parse_ok(table[i].filter);
		enum item_state single = ITEM_DONE;
		uint64_t group = 0;
		const char *key = NULL;
		int64_t first = 1, last = 1000;

		assert_int_equal(filter_single_state(filter, &single), table[i].single_state >= 0);
		if (table[i].single_state >= 0)
			assert_int_equal(single, table[i].single_state);
		assert_int_equal(filter_dead_only(filter), table[i].dead_only);
		assert_int_equal(filter_single_group(filter, &group), table[i].group != 0);
		assert_true(group == table[i].group);
		assert_int_equal(filter_single_key(filter, &key), table[i].key != NULL);
		if (table[i].key != NULL)
			assert_string_equal(key, table[i].key);
		filter_seq_range(filter, &first, &last);
		assert_int_equal(first, table[i].first);
		assert_int_equal(last, table[i].last);
		assert_int_equal(filter_wants_cause(filter), table[i].cause);
		assert_int_equal(filter_wants_input(filter), table[i].input);
		filter_free(filter);
	}
	filter_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_terms),
	    cmocka_unit_test(test_negation_is_the_rest),
	    cmocka_unit_test(test_bad_input),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_noise),
	    cmocka_unit_test(test_what_narrows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
