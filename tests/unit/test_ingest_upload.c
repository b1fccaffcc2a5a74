/* Items that are uploaded, and uploads that are repeated. */
#include "tests/unit/ingest_bench.h"

static void test_upload(void **state)
{
	struct ingest_options options = { .name = "upload", .format = FORMAT_CSV, .key = "id" };
	struct taken taken = { 0 };
	struct ingest_sink sink = { take_batch, &taken };
	struct buffer text = { 0 };
	struct error error = { STATUS_OK, "" };
	struct ingest *ingest;

	(void)state;
	many_rows("u.csv", 2500, &text);
	assert_int_equal(ingest_upload_new(&options, sink, &ingest, &error), STATUS_OK);
	for (size_t at = 0; at < text.length; at += 100) {
		size_t part = text.length - at < 100 ? text.length - at : 100;

		assert_int_equal(ingest_upload_feed(ingest, text.data + at, part, &error),
		                 STATUS_OK);
	}
	assert_int_equal(ingest_upload_end(ingest, &error), STATUS_OK);
	assert_int_equal(taken.row_count, 2500);
	assert_true(last_state(&taken)->complete);
	assert_int_equal(last_state(&taken)->offset, text.length);
	ingest_close(ingest);
	taken_free(&taken);
	buffer_free(&text);
}

static void test_upload_bad(void **state)
{
	struct ingest_options options = { .name = "upload", .format = FORMAT_CSV, .key = "id" };
	struct taken taken = { 0 };
	struct ingest_sink sink = { take_batch, &taken };
	struct error error = { STATUS_OK, "" };
	struct ingest *ingest;

	(void)state;
	assert_int_equal(ingest_upload_new(&options, sink, &ingest, &error), STATUS_OK);
	assert_int_equal(ingest_upload_feed(ingest, "id\n1\n2\n", 7, &error), STATUS_OK);
	assert_int_equal(ingest_upload_feed(ingest, "3,4\n5\n", 6, &error), STATUS_USAGE);
	assert_string_equal(error.text, "upload: row 3 (line 4): expected 1 field, found 2");
	assert_int_equal(taken.row_count, 2);
	assert_int_equal(ingest_upload_feed(ingest, "6\n", 2, &error), STATUS_USAGE);
	assert_int_equal(ingest_upload_end(ingest, &error), STATUS_USAGE);
	assert_int_equal(taken.row_count, 2);
	ingest_close(ingest);

	/* One that is given up hands nothing on. */
	assert_int_equal(ingest_upload_new(&options, sink, &ingest, &error), STATUS_OK);
	assert_int_equal(ingest_upload_feed(ingest, "id\n1\n", 5, &error), STATUS_OK);
	ingest_close(ingest);
	assert_int_equal(taken.row_count, 2);
	taken_free(&taken);
}


/* ---- repeated ones ------------------------------------------------------ */

enum end { ENDED, BROKE_OFF };

/* Upload `text` in pieces after `known` (NULL: nothing); what comes in goes to
 * `taken`, and if there was anything, where it stands into *after. */
static enum status upload_after(const struct source_state *known, bool append, const char *text,
                                size_t piece, enum end end, struct taken *taken, int64_t *knew)
{
	struct ingest_options options = {
		.name = "upload", .format = FORMAT_AUTO, .known = known, .append = append
	};
	struct ingest_sink sink = { take_batch, taken };
	size_t length = strlen(text);
	struct error error = { STATUS_OK, "" };
	struct ingest *ingest;
	enum status status = STATUS_OK;

	assert_int_equal(ingest_upload_new(&options, sink, &ingest, &error), STATUS_OK);
	for (size_t at = 0; at < length && status == STATUS_OK; at += piece) {
		size_t part = length - at < piece ? length - at : piece;
		char *copy = malloc(part); /* of exactly that size: reading beyond it shows */

		assert_non_null(copy);
		memcpy(copy, text + at, part);
		status = ingest_upload_feed(ingest, copy, part, &error);
		free(copy);
		if (status == STATUS_OK && (piece == 1 || at % 3 == 0))
			status = ingest_upload_flush(ingest, &error);
	}
	if (status == STATUS_OK && end == ENDED)
		status = ingest_upload_end(ingest, &error);
	if (knew != NULL)
		*knew = ingest_upload_known(ingest);
	if (status == STATUS_CONFLICT)
		if (strstr(error.text, "upload=new") == NULL)
			fail_msg("no way out told: %s", error.text);
	ingest_close(ingest);
	return status;
}

struct repeat {
	const char *first, *then;
	enum end end; /* of the first */
	bool append;
	enum status status;
	int knew;
	const char *came; /* with the second */
};

static const struct repeat repeats[] = {
	/* It broke off: the same goes on. */
	{ "a\n1\n2\n3", "a\n1\n2\n3\n4\n", BROKE_OFF, false, STATUS_OK, 2,
	  "{\"a\":\"3\"} \n{\"a\":\"4\"} \n" },
	{ "a\n1\n2\n", "a\n1\n3\n", BROKE_OFF, false, STATUS_CONFLICT, 0, "" },
	{ "a\n1\n2\n", "a\n1\n", BROKE_OFF, false, STATUS_CONFLICT, 0, "" },
	{ "a\n1\n2\n", "{\"a\":1}\n", BROKE_OFF, false, STATUS_CONFLICT, 0, "" },
	/* Nothing of it came in: the next is a new one. */
	{ "a\n1", "a\n2\n", BROKE_OFF, false, STATUS_OK, 0, "{\"a\":\"2\"} \n" },
	/* A bad row, put right. */
	{ "a\n1\n2,3\n", "a\n1\n2\n3\n", ENDED, false, STATUS_OK, 1,
	  "{\"a\":\"2\"} \n{\"a\":\"3\"} \n" },
	/* It ended: the same again, with or without its last line break. */
	{ "a\n1\n2\n", "a\n1\n2\n", ENDED, false, STATUS_OK, 2, "" },
	{ "a\n1\n2", "a\n1\n2", ENDED, false, STATUS_OK, 2, "" },
	{ "a\n1\n2", "a\n1\n2\n", ENDED, false, STATUS_OK, 2, "" },
	{ "a\n1\n2\n\n", "a\n1\n2\n", ENDED, false, STATUS_OK, 2, "" },
	{ "[{\"a\":1}]", "[{\"a\":1}]\n", ENDED, false, STATUS_OK, 1, "" },
	/* It ended: another one. */
	{ "a\n1\n2\n", "a\n1\n3\n", ENDED, false, STATUS_OK, 0,
	  "{\"a\":\"1\"} \n{\"a\":\"3\"} \n" },
	{ "a\n1\n2\n", "a\n1\n", ENDED, false, STATUS_OK, 0, "{\"a\":\"1\"} \n" },
	{ "a\n1\n2", "a\n1\n23\n", ENDED, false, STATUS_OK, 0,
	  "{\"a\":\"1\"} \n{\"a\":\"23\"} \n" },
	{ "a\n1\n2\n", "", ENDED, false, STATUS_USAGE, 0, "" },
	{ "a\n", "a\n1\n", ENDED, false, STATUS_OK, 0, "{\"a\":\"1\"} \n" },
	/* It ended and this one has more. */
	{ "a\n1\n2\n", "a\n1\n2\n3\n", ENDED, false, STATUS_CONFLICT, 2, "" },
	{ "a\n1\n2\n", "a\n1\n2\n3\n", ENDED, true, STATUS_OK, 2, "{\"a\":\"3\"} \n" },
	{ "[{\"a\":1}]", "[{\"a\":1},{\"a\":2}]", ENDED, false, STATUS_CONFLICT, 1, "" },
	{ "[{\"a\":1}]", "[{\"a\":1},{\"a\":2}]", ENDED, true, STATUS_OK, 1, "{\"a\":2} \n" },
};

static void test_repeats(void **state)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof(repeats) / sizeof(repeats[0]); i++) {
		const struct repeat *r = &repeats[i];

		for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++) {
			struct taken first = { 0 }, then = { 0 };
			const struct source_state *known;
			int64_t knew;

			/* By the byte and flushed: all that can be in is in. */
			(void)upload_after(NULL, false, r->first, 1, r->end, &first, NULL);
			known = first.state_count > 0 ? last_state(&first) : NULL;
			if (upload_after(known, r->append, r->then, pieces[j], ENDED, &then,
			                 &knew) != r->status)
				fail_msg("case %zu, pieces of %zu: the status", i, pieces[j]);
			if (strcmp(then.rows.data != NULL ? then.rows.data : "", r->came) != 0)
				fail_msg("case %zu: came %s", i, then.rows.data);
			if (knew != r->knew)
				fail_msg("case %zu: knew %d", i, (int)knew);
			taken_free(&first);
			taken_free(&then);
		}
	}
}

/* However often and wherever it breaks off: in the end every row is in once. */
static void test_broken_many_times(void **state)
{
	struct buffer text = { 0 }, whole = { 0 };

	(void)state;
	many_rows("u.csv", 3000, &text);
	srand(7);
	for (int round = 0; round < 20; round++) {
		struct taken taken = { 0 };
		int64_t knew = 0;
		size_t cut = 0;

		for (int tries = 0; tries < 6; tries++) {
			struct source_state known = { 0 };
			char *part;

			if (taken.state_count > 0)
				known = *last_state(&taken);
			cut += (size_t)rand() % (text.length / 5);
			part = strndup(text.data, cut);
			assert_non_null(part);
			assert_true(taken.state_count < STATES_MAX);
			/* A shorter one than what is in never happens here: cut only grows. */
			assert_int_equal(upload_after(taken.state_count > 0 ? &known : NULL, false,
			                              part, 20011, BROKE_OFF, &taken, NULL),
			                 STATUS_OK);
			free(part);
		}
		assert_int_equal(upload_after(taken.state_count > 0 ? last_state(&taken) : NULL,
		                              false, text.data, 50021, ENDED, &taken, &knew),
		                 STATUS_OK);
		assert_int_equal(taken.row_count, 3000);
		if (whole.length == 0)
			buffer_append(&whole, taken.rows.data, taken.rows.length);
		assert_string_equal(whole.data, taken.rows.data);
		taken_free(&taken);
	}
	buffer_free(&text);
	buffer_free(&whole);
}

/* Long ones are told apart by their first MiB. */
static void test_long_repeats(void **state)
{
	struct taken first = { 0 }, again = { 0 }, other = { 0 }, late = { 0 };
	struct buffer text = { 0 };
	int64_t knew;

	(void)state;
	many_rows("u.csv", 200000, &text);
	assert_true(text.length > 2 << 20);
	assert_int_equal(upload_after(NULL, false, text.data, 65536, ENDED, &first, NULL), STATUS_OK);
	assert_int_equal(first.row_count, 200000);
	/* STATES_MAX states are kept, so where it ended is asked for once more. */
	assert_int_equal(first.state_count, STATES_MAX);
	assert_int_equal(upload_after(&first.states[STATES_MAX - 1], false, text.data, 65536, ENDED,
	                              &again, &knew),
	                 STATUS_OK);
	assert_int_equal(again.row_count + knew, 200000);
	taken_free(&again);
	memset(&again, 0, sizeof(again));
	first.states[STATES_MAX - 1].complete = true; /* as if it had ended there */
	assert_int_equal(upload_after(&first.states[STATES_MAX - 1], false, text.data, 65536, ENDED,
	                              &again, &knew),
	                 STATUS_CONFLICT);
	assert_int_equal(again.row_count, 0);

	text.data[1000000] ^= 1; /* a digit */
	assert_int_equal(upload_after(&first.states[STATES_MAX - 1], false, text.data, 65536, ENDED,
	                              &other, &knew),
	                 STATUS_OK);
	assert_int_equal(other.row_count, 200000);
	assert_int_equal(knew, 0);
	text.data[1000000] ^= 1;
	text.data[1100000] ^= 1;
	assert_int_equal(upload_after(&first.states[STATES_MAX - 1], false, text.data, 65536, ENDED,
	                              &late, &knew),
	                 STATUS_CONFLICT);
	assert_int_equal(late.row_count, 0);
	taken_free(&first);
	taken_free(&again);
	taken_free(&other);
	taken_free(&late);
	buffer_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upload),
		cmocka_unit_test(test_upload_bad),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_broken_many_times),
		cmocka_unit_test(test_long_repeats),
	};

	assert_non_null(mkdtemp(directory));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
