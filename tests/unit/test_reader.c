/* Rows and faults of every format, however the bytes are cut and from every place. */
#include "tests/unit/reader_teller.h"

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
	      "-1 u.csv: row 1 (line 2), column 'city': not UTF-8 (byte 0xb1); if the items are "
	      "GBK, convert them with: iconv -f GB18030 -t UTF-8 <1," GBK ">\n"
	      "+2 3 {\"id\":\"2\",\"city\":\"ok\"}\n"
	      "-3 u.csv: row 3 (line 4), column 'city': holds a NUL byte (UTF-16 text? convert it "
	      "with: iconv -f UTF-16 -t UTF-8) <3,a");
	CHECK("u.csv", FORMAT_AUTO, true, "id," GBK "\n1,2\n",
	      "wrong input: u.csv: header row (line 1), column 2: not UTF-8 (byte 0xb1); if the "
	      "items are GBK, convert them with: iconv -f GB18030 -t UTF-8\n");
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
	      "-4 u.jsonl: row 4 (line 4), column 7: not UTF-8 (byte 0xb1); if the items are "
	      "GBK, convert them with: iconv -f GB18030 -t UTF-8 <{\"a\":\"" GBK "\"}>\n"
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
	      "-3 u.txt: row 3 (line 5): not UTF-8 (byte 0xff); if the items are GBK, convert "
	      "them with: iconv -f GB18030 -t UTF-8 <d\xff>\n"
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

/* What an export wrote gives its inputs back; what only looks like it does not. */
static void test_exported(void **state)
{
#define EXPORTED(input)                                                                            \
	"{\"seq\":\"7\",\"key\":null,\"state\":\"failed\",\"attempts\":6,\"http_status\":404,"      \
	"\"class\":\"http\",\"code\":null,\"message\":\"m\",\"input\":" input                        \
	",\"extracted\":null,\"response\":null"
	(void)state;
	CHECK("u.ndjson", FORMAT_AUTO, false,
	      EXPORTED("{\"id\": 12345678901234567890}") "}\n{\"id\":2}\n",
	      "+1 1 {\"id\": 12345678901234567890}\n+2 2 {\"id\":2}\nend\n");
	CHECK("u.json", FORMAT_AUTO, false, "[" EXPORTED("{\"id\":\"1\"}") "}]",
	      "+1 1 {\"id\":\"1\"}\nend\n");
	CHECK("u.ndjson", FORMAT_AUTO, false, EXPORTED("[1]") "}\n",
	      "+1 1 " EXPORTED("[1]") "}\nend\n");
	CHECK("u.ndjson", FORMAT_AUTO, false, EXPORTED("{}") ",\"more\":1}\n",
	      "+1 1 " EXPORTED("{}") ",\"more\":1}\nend\n");
	CHECK("u.ndjson", FORMAT_AUTO, false, "{\"seq\":\"1\",\"input\":{\"a\":1}}\n",
	      "+1 1 {\"seq\":\"1\",\"input\":{\"a\":1}}\nend\n");
}

/* What others would read otherwise than we do is not taken in. */
static void test_ambiguous(void **state)
{
	static char deep[700] = "{\"a\":";

	(void)state;
	CHECK("u.ndjson", FORMAT_AUTO, true,
	      "{\"a\":1,\"b\":{\"a\":2},\"c\":[{\"a\":1},{\"a\":2}]}\n{\"a\":1,\"b\":2,\"a\":3}\n"
	      "{\"a\":1,\"\\u0061\":2}\n{\"x\":[0,{\"\":1,\"\":2}]}\n{\"a\":1}\n",
	      "+1 1 {\"a\":1,\"b\":{\"a\":2},\"c\":[{\"a\":1},{\"a\":2}]}\n"
	      "-2 u.ndjson: row 2 (line 2), column 14: a name that stands twice in its object <"
	      "{\"a\":1,\"b\":2,\"a\":3}>\n"
	      "-3 u.ndjson: row 3 (line 3), column 8: a name that stands twice in its object <"
	      "{\"a\":1,\"\\u0061\":2}>\n"
	      "-4 u.ndjson: row 4 (line 4), column 15: a name that stands twice in its object <"
	      "{\"x\":[0,{\"\":1,\"\":2}]}>\n"
	      "+5 5 {\"a\":1}\nend\n");
	CHECK("u.json", FORMAT_AUTO, false, "[\n {\"é\":1, \"é\":2}]",
	      "wrong input: u.json: row 1 (line 2), column 10: a name that stands twice in its "
	      "object\n");
	CHECK("u.ndjson", FORMAT_AUTO, true,
	      "{\"a\":\"\\ud83d\\ude00 \\\\ud800 \\u00d8\"}\n{\"a\":\"\\ud83d!\"}\n"
	      "{\"a\":\"\\uDE00\"}\n{\"\\ud800\\ud800\":1}\n",
	      "+1 1 {\"a\":\"\\ud83d\\ude00 \\\\ud800 \\u00d8\"}\n"
	      "-2 u.ndjson: row 2 (line 2), column 7: half a character (a surrogate without its "
	      "other half) <{\"a\":\"\\ud83d!\"}>\n"
	      "-3 u.ndjson: row 3 (line 3), column 7: half a character (a surrogate without its "
	      "other half) <{\"a\":\"\\uDE00\"}>\n"
	      "-4 u.ndjson: row 4 (line 4), column 3: half a character (a surrogate without its "
	      "other half) <{\"\\ud800\\ud800\":1}>\nend\n");
	memset(deep + strlen(deep), '[', 256);
	memset(deep + strlen(deep), ']', 256);
	strcat(deep, "}");
	CHECK("u.ndjson", FORMAT_AUTO, false, deep,
	      "wrong input: u.ndjson: row 1 (line 1), column 261: nested too deep\n");
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
		cmocka_unit_test(test_exported),
		cmocka_unit_test(test_ambiguous),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
