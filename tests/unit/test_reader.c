/* What a reader makes of bytes, told as a transcript: a line for each row
 * ("+row line input"), bad row ("-row fault <raw>") and for the end. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/run/reader.h"

#define PLACES_MAX 64

struct place {
	char *state;
	uint64_t offset;
	size_t told; /* length of the transcript there */
};

struct teller {
	struct buffer told;
	bool skip_bad;
	bool summary; /* lengths in place of inputs */
	struct reader *reader;
	struct place places[PLACES_MAX];
	int place_count;
};

static void place_keep(struct teller *teller)
{
	struct place *place = &teller->places[teller->place_count];
	struct buffer state = { 0 };

	if (teller->place_count == PLACES_MAX)
		return;
	reader_state(teller->reader, &state);
	assert_true(json_check(state.data, state.length, NULL));
	place->offset = reader_mark(teller->reader).offset;
	place->told = teller->told.length;
	place->state = buffer_take(&state);
	teller->place_count++;
}

static enum status tell_row(void *context, const struct reader_row *row, struct error *error)
{
	struct teller *teller = context;

	(void)error;
	place_keep(teller);
	assert_true(json_check(row->input.at, row->input.length, NULL));
	assert_int_equal(json_type(row->input), JSON_OBJECT);
	buffer_printf(&teller->told, "+%" PRId64 " %" PRId64 " ", row->row, row->line);
	if (teller->summary)
		buffer_printf(&teller->told, "%zu", row->input.length);
	else
		buffer_append(&teller->told, row->input.at, row->input.length);
	buffer_char(&teller->told, '\n');
	return STATUS_OK;
}

static enum status tell_bad(void *context, int64_t row, const struct error *fault,
                            struct json_span raw, struct error *error)
{
	struct teller *teller = context;

	place_keep(teller);
	assert_int_equal(fault->status, STATUS_USAGE);
	assert_true(raw.length <= READER_RAW_MAX);
	if (!teller->skip_bad) {
		*error = *fault;
		return fault->status;
	}
	buffer_printf(&teller->told, "-%" PRId64 " %s <", row, fault->text);
	if (raw.length > 0)
		buffer_append(&teller->told, raw.at, raw.length);
	buffer_text(&teller->told, ">\n");
	return STATUS_OK;
}

/* Feed all of it in chunks and tell how it went; `state`: restore it before. */
static void tell(struct teller *teller, const char *name, enum items_format format,
                 const char *bytes, size_t length, size_t chunk, const char *state)
{
	struct reader_sink sink = { tell_row, tell_bad, teller };
	struct error error = { STATUS_OK, "" };
	enum status status = STATUS_OK;

	teller->reader = reader_new(name, format, sink);
	assert_non_null(teller->reader);
	if (state != NULL)
		status = reader_restore(teller->reader, state, &error);
	for (size_t at = 0; at < length && status == STATUS_OK; at += chunk) {
		size_t part = length - at < chunk ? length - at : chunk;
		/* Its own allocation, so that a reader beyond the chunk is seen. */
		char *copy = malloc(part);

		assert_non_null(copy);
		memcpy(copy, bytes + at, part);
		status = reader_feed(teller->reader, copy, part, &error);
		free(copy);
	}
	if (status == STATUS_OK)
		status = reader_end(teller->reader, &error);
	place_keep(teller);
	if (status == STATUS_OK)
		buffer_text(&teller->told, "end\n");
	else
		buffer_printf(&teller->told, "%s: %s\n", status_name(status), error.text);
	reader_free(teller->reader);
}

static void teller_free(struct teller *teller)
{
	for (int i = 0; i < teller->place_count; i++)
		free(teller->places[i].state);
	buffer_free(&teller->told);
}

/* From each place the rest must be told as it was without an interruption. */
static void check_places(const struct teller *whole, const char *name, enum items_format format,
                         const char *bytes, size_t length)
{
	for (int i = 0; i < whole->place_count; i++) {
		const struct place *place = &whole->places[i];
		static const size_t chunks[] = { 1, SIZE_MAX };

		for (size_t c = 0; c < 2; c++) {
			struct teller rest = { .skip_bad = whole->skip_bad };

			assert_true(place->offset <= length);
			tell(&rest, name, format, bytes + place->offset, length - place->offset,
			     chunks[c] < length ? chunks[c] : length + 1, place->state);
			assert_string_equal(rest.told.data, whole->told.data + place->told);
			teller_free(&rest);
		}
	}
}

/* Check the transcript for every way of cutting, and from every place. */
static void check(const char *name, enum items_format format, bool skip_bad, const char *bytes,
                  size_t length, const char *expected)
{
	for (size_t chunk = 1; chunk <= length + 1; chunk++) {
		struct teller teller = { .skip_bad = skip_bad };

		tell(&teller, name, format, bytes, length, chunk, NULL);
		assert_string_equal(teller.told.data, expected);
		check_places(&teller, name, format, bytes, length);
		teller_free(&teller);
	}
}

#define CHECK(name, format, skip, bytes, expected) \
	check(name, format, skip, bytes, sizeof(bytes) - 1, expected)
#define BOM "\xef\xbb\xbf"
#define GBK "\xb1\xb1\xbe\xa9" /* "Beijing" */

static void test_csv_good(void **state)
{
	(void)state;
	CHECK("u.csv", FORMAT_AUTO, false, "id,name\n1,Ann\n2,Bob\n",
	      "+1 2 {\"id\":\"1\",\"name\":\"Ann\"}\n"
	      "+2 3 {\"id\":\"2\",\"name\":\"Bob\"}\nend\n");
	/* CRLF, byte order mark, no line break at the end */
	CHECK("u.csv", FORMAT_AUTO, false, BOM "id\r\n1\r\n2",
	      "+1 2 {\"id\":\"1\"}\n+2 3 {\"id\":\"2\"}\nend\n");
	/* CR alone */
	CHECK("u.csv", FORMAT_AUTO, false, "id,b\r1,x\r\r2,y\r",
	      "+1 2 {\"id\":\"1\",\"b\":\"x\"}\n+2 4 {\"id\":\"2\",\"b\":\"y\"}\nend\n");
	/* quotes, commas, line breaks of every kind, blanks kept */
	CHECK("u.csv", FORMAT_CSV, false,
	      "a,\"b \"\"c\"\"\"\n\"x,\r\ny\",  z \n\n\"1\r2\n3\",\"\"\n,\n\"q\",r",
	      "+1 2 {\"a\":\"x,\\r\\ny\",\"b \\\"c\\\"\":\"  z \"}\n"
	      "+2 5 {\"a\":\"1\\r2\\n3\",\"b \\\"c\\\"\":\"\"}\n"
	      "+3 8 {\"a\":\"\",\"b \\\"c\\\"\":\"\"}\n"
	      "+4 9 {\"a\":\"q\",\"b \\\"c\\\"\":\"r\"}\nend\n");
	/* no rows */
	CHECK("u.csv", FORMAT_AUTO, false, "id,name\n", "end\n");
	CHECK("u.csv", FORMAT_AUTO, false, "id,name", "end\n");
	CHECK("u.csv", FORMAT_AUTO, false, "\n\r\n城市\n北京\n",
	      "+1 4 {\"城市\":\"北京\"}\nend\n");
}

static void test_csv_bad(void **state)
{
	(void)state;
	CHECK("u.csv", FORMAT_AUTO, false, "", "wrong input: u.csv: no header row\n");
	CHECK("u.csv", FORMAT_AUTO, false, BOM "\n\n", "wrong input: u.csv: no header row\n");
	CHECK("u.csv", FORMAT_AUTO, false, "a,,b\n",
	      "wrong input: u.csv: header row (line 1), column 2: the name is empty\n");
	CHECK("u.csv", FORMAT_AUTO, true, "a,b,a\n1,2,3\n",
	      "wrong input: u.csv: header row (line 1): the name 'a' stands twice\n");
	CHECK("u.csv", FORMAT_AUTO, true, "\na,b\"\n1,2\n",
	      "wrong input: u.csv: header row (line 2), column 2: a quote within a field that does "
	      "not begin with one, at line 2, character 4\n");
	CHECK("u.csv", FORMAT_AUTO, true, "a,b\n1\n2,3\n4,5,6\n7,8",
	      "-1 u.csv: row 1 (line 2): expected 2 fields, found 1 <1>\n"
	      "+2 3 {\"a\":\"2\",\"b\":\"3\"}\n"
	      "-3 u.csv: row 3 (line 4): expected 2 fields, found 3 <4,5,6>\n"
	      "+4 5 {\"a\":\"7\",\"b\":\"8\"}\nend\n");
	CHECK("u.csv", FORMAT_AUTO, true, "a,城\n1,2\n\"x\ny\",城\"5\" z,\r\n3,4\r\n",
	      "+1 2 {\"a\":\"1\",\"城\":\"2\"}\n"
	      "-2 u.csv: row 2 (line 3), column '城': a quote within a field that does not begin "
	      "with one, at line 4, character 5 <\"x\ny\",城\"5\" z,>\n"
	      "+3 5 {\"a\":\"3\",\"城\":\"4\"}\nend\n");
	CHECK("u.csv", FORMAT_AUTO, false, "a,b\n1,\"2\"3\n4,5\n",
	      "wrong input: u.csv: row 1 (line 2), column 'b': text behind the closing quote (a "
	      "quote within a quoted field is written twice), at line 2, character 6\n");
	CHECK("u.csv", FORMAT_AUTO, true, "a\n\"1\"\n\"2\n3\n",
	      "+1 2 {\"a\":\"1\"}\n"
	      "wrong input: u.csv: row 2 (line 3), column 'a': its quote is not closed\n");
	CHECK("u.csv", FORMAT_AUTO, true, "a,b\n1,\"2",
	      "-1 u.csv: row 1 (line 2), column 'b': its quote is not closed <1,\"2>\nend\n");
}

static void test_csv_text(void **state)
{
	(void)state;
	CHECK("u.csv", FORMAT_AUTO, true, "id,city\n1," GBK "\n2,ok\n3,a\0b\n",
	      "-1 u.csv: row 1 (line 2), column 'city': not UTF-8 (byte 0xb1); convert the items, "
	      "if they are GBK with: iconv -f GB18030 -t UTF-8 <1," GBK ">\n"
	      "+2 3 {\"id\":\"2\",\"city\":\"ok\"}\n"
	      "-3 u.csv: row 3 (line 4), column 'city': holds a NUL byte (UTF-16 text? convert it "
	      "with: iconv -f UTF-16 -t UTF-8) <3,a");
	CHECK("u.csv", FORMAT_AUTO, true, "id," GBK "\n1,2\n",
	      "wrong input: u.csv: header row (line 1), column 2: not UTF-8 (byte 0xb1); convert the "
	      "items, if they are GBK with: iconv -f GB18030 -t UTF-8\n");
	CHECK("u.csv", FORMAT_AUTO, true, "\xff\xfei\0d\0",
	      "wrong input: u.csv: this is UTF-16 text; convert it with: iconv -f UTF-16 -t UTF-8\n");
	CHECK("u.csv", FORMAT_AUTO, true, "\xfe\xff\0i",
	      "wrong input: u.csv: this is UTF-16 text; convert it with: iconv -f UTF-16 -t UTF-8\n");
	CHECK("u", FORMAT_AUTO, true, "\x1f\x8b\x08",
	      "wrong input: u: this is compressed; unpack it with: gunzip -c\n");
	CHECK("u.csv", FORMAT_AUTO, true, "PK\3\4xyz",
	      "wrong input: u.csv: this is a zip archive or an Excel workbook; save it as CSV "
	      "(UTF-8)\n");
	CHECK("u.csv", FORMAT_AUTO, true, "PK\n1\n", "+1 2 {\"PK\":\"1\"}\nend\n");
	CHECK("u", FORMAT_AUTO, true, "PK", "end\n");
	CHECK("u", FORMAT_AUTO, true, "P", "end\n");
}

static void test_ndjson(void **state)
{
	(void)state;
	CHECK("u.ndjson", FORMAT_AUTO, false,
	      "{\"a\":1234567890123456789}\n\n  {\"b\" : 0.10, \"c\":\"}\\\"\"}\t\r\n{}",
	      "+1 1 {\"a\":1234567890123456789}\n+2 3 {\"b\" : 0.10, \"c\":\"}\\\"\"}\n"
	      "+3 4 {}\nend\n");
	CHECK("u.jsonl", FORMAT_AUTO, true, BOM "{\"a\":1}\n{\"城\":x}\n[1]\n{\"a\":\"" GBK "\"}\n7",
	      "+1 1 {\"a\":1}\n"
	      "-2 u.jsonl: row 2 (line 2), column 6: not a value <{\"城\":x}>\n"
	      "-3 u.jsonl: row 3 (line 3): a JSON object is expected <[1]>\n"
	      "-4 u.jsonl: row 4 (line 4), column 7: not UTF-8 (byte 0xb1); convert the items, if "
	      "they are GBK with: iconv -f GB18030 -t UTF-8 <{\"a\":\"" GBK "\"}>\n"
	      "-5 u.jsonl: row 5 (line 5): a JSON object is expected <7>\nend\n");
	CHECK("u.jsonl", FORMAT_AUTO, false, "[{}]\n",
	      "wrong input: u.jsonl: row 1 (line 1): a JSON object is expected (for a JSON array: "
	      "--format json)\n");
	CHECK("u.ndjson", FORMAT_AUTO, false, "", "end\n");
	CHECK("u.ndjson", FORMAT_AUTO, false, " \n\t\r\n", "end\n");
}

static void test_lines(void **state)
{
	(void)state;
	CHECK("u.txt", FORMAT_AUTO, true, "https://a/\"b\"\r\n\n  \nb c \rd\xff\ne",
	      "+1 1 {\"line\":\"https://a/\\\"b\\\"\"}\n+2 4 {\"line\":\"b c \"}\n"
	      "-3 u.txt: row 3 (line 5): not UTF-8 (byte 0xff); convert the items, if they are GBK "
	      "with: iconv -f GB18030 -t UTF-8 <d\xff>\n"
	      "+4 6 {\"line\":\"e\"}\nend\n");
	CHECK("u", FORMAT_LINES, false, BOM, "end\n");
}

static void test_json_array(void **state)
{
	(void)state;
	CHECK("u.json", FORMAT_AUTO, false,
	      " [ {\"a\":[1,{\"x\":\"]},{\\\"\"}]} ,\n{\"b\":\n 2},{}\n]\n ",
	      "+1 1 {\"a\":[1,{\"x\":\"]},{\\\"\"}]}\n+2 2 {\"b\":\n 2}\n+3 3 {}\nend\n");
	CHECK("u.json", FORMAT_AUTO, false, "[]", "end\n");
	CHECK("u.json", FORMAT_AUTO, true, "[{\"a\":1},\n {\"b\":tru\n},7 ,\"x,]\", [{}],{}]",
	      "+1 1 {\"a\":1}\n"
	      "-2 u.json: row 2 (line 2), column 7: not a value <{\"b\":tru\n}>\n"
	      "-3 u.json: row 3 (line 3): a JSON object is expected <7 >\n"
	      "-4 u.json: row 4 (line 3): a JSON object is expected <\"x,]\">\n"
	      "-5 u.json: row 5 (line 3): a JSON object is expected <[{}]>\n"
	      "+6 3 {}\nend\n");
	CHECK("u.json", FORMAT_AUTO, true, "[{\"a\":\n\n北}]",
	      "-1 u.json: row 1 (line 1), at line 3, column 1: not a value "
	      "<{\"a\":\n\n北}>\nend\n");
	CHECK("u.json", FORMAT_JSON, false, "", "wrong input: u.json: line 1, column 1: a JSON array "
	                                        "is expected, but there is nothing\n");
	CHECK("u.json", FORMAT_JSON, true, "{}",
	      "wrong input: u.json: line 1, column 1: a JSON array is expected to begin with '['\n");
	CHECK("u.json", FORMAT_AUTO, true, "[{}\n,{}",
	      "+1 1 {}\n+2 2 {}\nwrong input: u.json: behind row 2, line 2, column 4: it ends before "
	      "the array does (']' is missing)\n");
	CHECK("u.json", FORMAT_AUTO, true, "[{\"a\":1 {}]",
	      "-1 u.json: row 1 (line 1), column 9: a comma or } is missing <{\"a\":1 {}]>\n"
	      "wrong input: u.json: behind row 1, line 1, column 12: it ends before the array does "
	      "(']' is missing)\n");
	CHECK("u.json", FORMAT_AUTO, true, "[{},]",
	      "+1 1 {}\nwrong input: u.json: behind row 1, line 1, column 5: an object is missing "
	      "here\n");
	CHECK("u.json", FORMAT_AUTO, true, "[,{}]",
	      "wrong input: u.json: line 1, column 2: an object is missing here\n");
	CHECK("u.json", FORMAT_AUTO, true, "[{} {}]",
	      "+1 1 {}\nwrong input: u.json: behind row 1, line 1, column 5: ',' or ']' is expected "
	      "here\n");
	CHECK("u.json", FORMAT_AUTO, true, "[{}]]",
	      "+1 1 {}\nwrong input: u.json: behind row 1, line 1, column 5: text behind the end of "
	      "the array\n");
}

static void test_format_found(void **state)
{
	(void)state;
	CHECK("-", FORMAT_AUTO, false, BOM " \r\n [{}]", "+1 2 {}\nend\n");
	CHECK("-", FORMAT_AUTO, false, "\n\n{}\n{}", "+1 3 {}\n+2 4 {}\nend\n");
	CHECK("-", FORMAT_AUTO, false, " a,b\n1,2", "+1 2 {\" a\":\"1\",\"b\":\"2\"}\nend\n");
	CHECK("-", FORMAT_AUTO, false, "", "wrong input: -: nothing in it\n");
	CHECK("-", FORMAT_AUTO, false, " \n ", "wrong input: -: nothing in it\n");
	CHECK("u.json", FORMAT_AUTO, false, "{}\n{}\n", "+1 1 {}\n+2 2 {}\nend\n");
	CHECK("u.json", FORMAT_AUTO, false, "a,b\n",
	      "wrong input: u.json: line 1, column 1: a JSON array is expected to begin with '['\n");
	CHECK("U.CSV", FORMAT_AUTO, false, "{}\n[1]\n", "+1 2 {\"{}\":\"[1]\"}\nend\n");
	CHECK("u.csv", FORMAT_NDJSON, false, "{}\n", "+1 1 {}\nend\n");
}

/* A row longer than allowed: `head`, then `fill` again and again, then `tail`. */
static void check_long(const char *name, const char *head, char fill, const char *tail,
                       const char *expected)
{
	static const size_t chunks[] = { 65536, 1000003, SIZE_MAX };
	size_t length = READER_ROW_MAX + strlen(head) + strlen(tail) + 1;
	char *bytes = malloc(length + 1);

	assert_non_null(bytes);
	memset(bytes, fill, length);
	memcpy(bytes, head, strlen(head));
	memcpy(bytes + length - strlen(tail), tail, strlen(tail) + 1);
	for (size_t i = 0; i < 3; i++) {
		struct teller teller = { .skip_bad = true, .summary = true };
		char *raw;

		tell(&teller, name, FORMAT_AUTO, bytes, length,
		     chunks[i] < length ? chunks[i] : length, NULL);
		raw = strchr(teller.told.data, '<');
		if (raw != NULL) /* leave the raw bytes out of the comparison */
			memmove(raw, strchr(raw, '>'), strlen(strchr(raw, '>')) + 1);
		assert_string_equal(teller.told.data, expected);
		teller_free(&teller);
	}
	free(bytes);
}

static void test_too_long(void **state)
{
	(void)state;
	check_long("u.csv", "a\n1\n\"", 'x', "\n2\n",
	           "+1 2 9\nwrong input: u.csv: row 2 (line 3), column 'a': longer than 16 MiB; is a "
	           "quote not closed?\n");
	check_long("u.ndjson", "{}\n", 'x', "\n{}\n",
	           "+1 1 2\n-2 u.ndjson: row 2 (line 2): longer than 16 MiB >\n+3 3 2\nend\n");
	check_long("u.txt", "a\n", 'x', "\nb\n",
	           "+1 1 12\n-2 u.txt: row 2 (line 2): longer than 16 MiB >\n+3 3 12\nend\n");
	check_long("u.json", "[{},\n\"", 'x', "\",{}]",
	           "+1 1 2\n-2 u.json: row 2 (line 2): longer than 16 MiB >\n+3 2 2\nend\n");
	check_long("u.json", "[{},\n", '[', "",
	           "+1 1 2\nwrong input: u.json: behind row 1, line 2, column 16777218: it ends "
	           "before the array does (']' is missing)\n");
}

static void test_columns(void **state)
{
	struct teller teller = { 0 };
	struct reader_sink sink = { tell_row, tell_bad, &teller };
	struct reader *reader = reader_new("u.csv", FORMAT_AUTO, sink);
	struct buffer columns = { 0 };
	struct error error;

	(void)state;
	assert_non_null(reader);
	reader_columns(reader, &columns);
	assert_string_equal(columns.data, "null");
	buffer_reset(&columns, 0);
	assert_int_equal(reader_feed(reader, "a b,\"\"\"q\"\n", 10, &error), STATUS_OK);
	reader_columns(reader, &columns);
	assert_string_equal(columns.data, "[\"a b\",\"\\\"q\"]");
	buffer_free(&columns);
	reader_free(reader);
	reader_free(NULL);
}

/* A row that had ended with the stream must not have grown when it is resumed. */
static void test_open_row(void **state)
{
	static const struct {
		const char *name, *first, *more, *told;
	} cases[] = {
		{ "u.csv", "a,b\n1,2", "\n3,4", "+2 3 {\"a\":\"3\",\"b\":\"4\"}\nend\n" },
		{ "u.csv", "a,b\n1,2", "\r3,4", "+2 3 {\"a\":\"3\",\"b\":\"4\"}\nend\n" },
		{ "u.csv", "a,b\n1,2", "3\n",
		  "conflict: u.csv: row 1 (line 2) was taken already and is longer now\n" },
		{ "u.ndjson", "{}", "\n{}", "+2 2 {}\nend\n" },
		{ "u.ndjson", "{}", " {}",
		  "conflict: u.ndjson: row 1 (line 1) was taken already and is longer now\n" },
		{ "u.txt", "a", "b",
		  "conflict: u.txt: row 1 (line 1) was taken already and is longer now\n" },
		{ "u.json", "[{}]", ",{}]", "+2 1 {}\nend\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct teller first = { 0 }, more = { 0 };
		const struct place *last;

		tell(&first, cases[i].name, FORMAT_AUTO, cases[i].first, strlen(cases[i].first), 3,
		     NULL);
		last = &first.places[first.place_count - 1];
		tell(&more, cases[i].name, FORMAT_AUTO, cases[i].more, strlen(cases[i].more), 99,
		     last->state);
		assert_string_equal(more.told.data, cases[i].told);
		teller_free(&first);
		teller_free(&more);
	}
}

static void test_bad_states(void **state)
{
	static const char *const states[] = {
		"", "{", "[]", "{}", "7",
		"{\"format\":\"csv\",\"offset\":5,\"row\":0,\"rows\":0,\"line\":1,\"column\":1,"
		"\"after_cr\":0,\"open_row\":0,\"columns\":null}",
		"{\"format\":\"csv\",\"offset\":5,\"row\":1,\"rows\":1,\"line\":1,\"column\":1,"
		"\"after_cr\":0,\"open_row\":0,\"columns\":null}",
		"{\"format\":\"csv\",\"offset\":5,\"row\":1,\"rows\":2,\"line\":1,\"column\":1,"
		"\"after_cr\":0,\"open_row\":0,\"columns\":[\"a\"]}",
		"{\"format\":\"csv\",\"offset\":5,\"row\":1,\"rows\":1,\"line\":1,\"column\":1,"
		"\"after_cr\":5,\"open_row\":0,\"columns\":[\"a\"]}",
		"{\"format\":\"csv\",\"offset\":99999999999999999999,\"row\":1,\"rows\":1,\"line\":1,"
		"\"column\":1,\"after_cr\":0,\"open_row\":0,\"columns\":[\"a\"]}",
		"{\"format\":\"csv\",\"offset\":5,\"row\":1,\"rows\":1,\"line\":1,\"column\":1,"
		"\"after_cr\":0,\"open_row\":0,\"columns\":[\"a\",7]}",
		"{\"format\":\"csv\",\"offset\":5,\"row\":1,\"rows\":1,\"line\":1,\"column\":1,"
		"\"after_cr\":0,\"open_row\":0,\"columns\":[\"a\",\"a\"]}",
		"{\"format\":\"xml\",\"offset\":5,\"row\":1,\"rows\":1,\"line\":1,\"column\":1,"
		"\"after_cr\":0,\"open_row\":0,\"columns\":[\"a\"]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct reader_sink sink = { tell_row, tell_bad, NULL };
		struct reader *reader = reader_new("-", FORMAT_AUTO, sink);
		struct error error = { STATUS_OK, "" };

		assert_int_equal(reader_restore(reader, states[i], &error), STATUS_CORRUPT);
		assert_non_null(strstr(error.text, "stored state"));
		assert_int_equal(reader_feed(reader, "a", 1, &error), STATUS_CORRUPT);
		assert_int_equal(reader_end(reader, &error), STATUS_CORRUPT);
		reader_free(reader);
	}
}

static void test_restore_other_format(void **state)
{
	struct teller teller = { 0 };
	struct teller other = { 0 };

	(void)state;
	tell(&teller, "u.csv", FORMAT_AUTO, "a\n1\n", 4, 9, NULL);
	tell(&other, "u.ndjson", FORMAT_AUTO, "", 0, 1,
	     teller.places[teller.place_count - 1].state);
	assert_string_equal(other.told.data,
	                    "conflict: u.ndjson: was read as csv and is ndjson now\n");
	teller_free(&teller);
	teller_free(&other);
}

/* Once it has failed it stays so. */
static void test_failure_stays(void **state)
{
	struct teller teller = { 0 };
	struct reader_sink sink = { tell_row, tell_bad, &teller };
	struct reader *reader = reader_new("u.json", FORMAT_JSON, sink);
	struct error error;

	(void)state;
	assert_int_equal(reader_feed(reader, "[}", 2, &error), STATUS_USAGE);
	assert_int_equal(reader_feed(reader, "{}]", 3, &error), STATUS_USAGE);
	assert_int_equal(reader_end(reader, &error), STATUS_USAGE);
	assert_int_equal(reader_end(reader, NULL), STATUS_USAGE);
	assert_null(teller.told.data);
	reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv_good),
		cmocka_unit_test(test_csv_bad),
		cmocka_unit_test(test_csv_text),
		cmocka_unit_test(test_ndjson),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_json_array),
		cmocka_unit_test(test_format_found),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_open_row),
		cmocka_unit_test(test_bad_states),
		cmocka_unit_test(test_restore_other_format),
		cmocka_unit_test(test_failure_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
