/* Items from files, pipes and uploads into batches, interrupted and resumed. */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "engine/run/ingest.h"

#define STATES_MAX 64

static char directory[] = "/tmp/sluice-test-ingest-XXXXXX";

/* Each look at the clock is a second later: nothing waits for a peek's end. */
static int64_t hasty_now_ns;

static int64_t hasty_mono_ns(void)
{
	return __atomic_add_fetch(&hasty_now_ns, NS_PER_S, __ATOMIC_SEQ_CST);
}

/* ---- helpers --------------------------------------------------------- */

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void put_bytes(const char *name, const char *bytes, size_t length)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static void put(const char *name, const char *text)
{
	put_bytes(name, text, strlen(text));
}

/* What a sink got. */
struct taken {
	struct buffer rows; /* "input key\n" */
	struct buffer bad;  /* "row fault <raw>\n" */
	int row_count, batch_count;
	struct source_state states[STATES_MAX];
	size_t rows_at[STATES_MAX]; /* length of rows after that batch */
	int state_count;
	int batches_max; /* then the sink fails; 0: never */
	sem_t *came;     /* posted at every batch; or NULL */
};

static void state_copy(struct taken *taken, const struct source_state *state)
{
	if (taken->state_count == STATES_MAX)
		return;
	taken->states[taken->state_count] = *state;
	assert_non_null(state->reader_state);
	taken->states[taken->state_count].reader_state = strdup(state->reader_state);
	taken->rows_at[taken->state_count++] = taken->rows.length;
}

static enum status take_batch(void *context, struct ingest_batch *batch, struct error *error)
{
	struct taken *taken = context;
	const char *text = batch->text.data;

	assert_true(batch->row_count + batch->bad_count <= INGEST_BATCH_ROWS);
	for (int i = 0; i < batch->row_count; i++) {
		const struct ingest_row *row = &batch->rows[i];

		buffer_append(&taken->rows, text + row->at, row->length);
		buffer_char(&taken->rows, ' ');
		if (row->key_length > 0)
			buffer_append(&taken->rows, text + row->key_at, row->key_length);
		buffer_char(&taken->rows, '\n');
	}
	for (int i = 0; i < batch->bad_count; i++)
		buffer_printf(&taken->bad, "%" PRId64 " %s <%s>\n", batch->bad[i].row,
		              batch->bad[i].fault, batch->bad[i].raw);
	taken->row_count += batch->row_count;
	taken->batch_count++;
	state_copy(taken, &batch->after);
	ingest_batch_free(batch);
	if (taken->came != NULL)
		sem_post(taken->came);
	if (taken->batch_count == taken->batches_max)
		return error_set(error, STATUS_USAGE, "row 7: the key stands twice");
	return STATUS_OK;
}

static void taken_free(struct taken *taken)
{
	for (int i = 0; i < taken->state_count; i++)
		free(taken->states[i].reader_state);
	buffer_free(&taken->rows);
	buffer_free(&taken->bad);
}

static const struct source_state *last_state(const struct taken *taken)
{
	assert_true(taken->state_count > 0);
	return &taken->states[taken->state_count - 1];
}

static struct ingest_options options_for(const char *name)
{
	return (struct ingest_options){ .path = path_of(name), .name = name };
}

static struct ingest *open_ok(const struct ingest_options *options)
{
	struct ingest *ingest = NULL;
	struct error error = { STATUS_OK, "" };

	if (ingest_open(options, &ingest, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	return ingest;
}

static void run_ok(struct ingest *ingest, const struct source_state *known, struct taken *taken)
{
	struct ingest_sink sink = { take_batch, taken };
	struct error error = { STATUS_OK, "" };

	if (ingest_run(ingest, known, sink, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	assert_true(last_state(taken)->complete);
}

/* Open and import the whole of it. */
static void take_all(const struct ingest_options *options, struct taken *taken)
{
	struct ingest *ingest = open_ok(options);

	run_ok(ingest, NULL, taken);
	ingest_close(ingest);
}

static void open_fails(const struct ingest_options *options, enum status status, const char *text)
{
	struct ingest *ingest = NULL;
	struct error error = { STATUS_OK, "" };

	assert_int_equal(ingest_open(options, &ingest, &error), status);
	assert_string_equal(error.text, text);
	assert_null(ingest);
}

static enum source_relation relation_of(struct ingest *ingest, const struct source_state *known)
{
	enum source_relation relation = SOURCE_NEW;
	struct error error = { STATUS_OK, "" };

	if (ingest_compare(ingest, known, &relation, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	return relation;
}

/* ---- files ----------------------------------------------------------- */

static void test_file(void **state)
{
	struct ingest_options options;
	struct taken taken = { 0 };
	struct buffer columns = { 0 };
	struct ingest *ingest;

	(void)state;
	put("u.csv", "id,name\n7,Ann\n8,Bob\n");
	options = options_for("u.csv");
	options.key = "id";
	ingest = open_ok(&options);
	assert_true(ingest_checked(ingest));
	assert_int_equal(ingest_rows_checked(ingest), 2);
	ingest_columns(ingest, &columns);
	assert_string_equal(columns.data, "[\"id\",\"name\"]");
	run_ok(ingest, NULL, &taken);
	assert_string_equal(taken.rows.data, "{\"id\":\"7\",\"name\":\"Ann\"} 7\n"
	                                     "{\"id\":\"8\",\"name\":\"Bob\"} 8\n");
	assert_int_equal(taken.batch_count, 1);
	assert_int_equal(last_state(&taken)->rows, 2);
	assert_int_equal(last_state(&taken)->offset, 20);
	assert_int_equal(last_state(&taken)->size, 20);
	assert_memory_equal(last_state(&taken)->hash, last_state(&taken)->size_hash, 16);
	ingest_close(ingest);
	ingest_close(NULL);
	buffer_free(&columns);
	taken_free(&taken);
}

/* No rows: one batch still, which says that it is complete. */
static void test_no_rows(void **state)
{
	struct ingest_options options;
	struct taken taken = { 0 };

	(void)state;
	put("u.csv", "id,name\n");
	options = options_for("u.csv");
	take_all(&options, &taken);
	assert_int_equal(taken.batch_count, 1);
	assert_int_equal(taken.row_count, 0);
	assert_int_equal(last_state(&taken)->rows, 0);
	taken_free(&taken);
}

static void test_cannot_open(void **state)
{
	struct ingest_options options;

	(void)state;
	options = options_for("nothing.csv");
	open_fails(&options, STATUS_USAGE, "nothing.csv: No such file or directory");
	options = (struct ingest_options){ .path = directory, .name = "dir" };
	open_fails(&options, STATUS_USAGE, "dir: is a directory");
	options = (struct ingest_options){ .path = "/dev/null", .name = "null" };
	open_fails(&options, STATUS_USAGE, "null: nothing in it");
}

static void test_check_fails(void **state)
{
	static const struct {
		const char *name, *text, *key;
		bool skip_bad;
		const char *fault;
	} cases[] = {
		{ "u.csv", "", NULL, true, "u.csv: no header row" },
		{ "u.csv", "a,b\n1,2\n3\n", NULL, false,
		  "u.csv: row 2 (line 3): expected 2 fields, found 1" },
		{ "u.csv", "a,b\n1,2\n", "id", true,
		  "u.csv: no column 'id' for the key; there are: [\"a\",\"b\"]" },
		{ "u.csv", "id,b\n1,2\n,3\n", "id", false,
		  "u.csv: row 2 (line 3), column 'id': the key is empty" },
		{ "u.ndjson", "{\"id\":1}\n{\"di\":2}\n", "id", false,
		  "u.ndjson: row 2 (line 2), column 'id': the key is missing" },
		{ "u.ndjson", "{\"id\":null}\n", "id", false,
		  "u.ndjson: row 1 (line 1), column 'id': the key is neither text nor a number" },
		{ "u.ndjson", "{\"id\":\"a\\u0000\"}\n", "id", false,
		  "u.ndjson: row 1 (line 1), column 'id': the key holds a NUL" },
		{ "u.json", "[{},{}", NULL, true,
		  "u.json: behind row 2, line 1, column 7: it ends before the array does (']' is "
		  "missing)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ingest_options options;

		put(cases[i].name, cases[i].text);
		options = options_for(cases[i].name);
		options.key = cases[i].key;
		options.skip_bad_rows = cases[i].skip_bad;
		open_fails(&options, STATUS_USAGE, cases[i].fault);
	}
}

static void test_keys(void **state)
{
	struct ingest_options options;
	struct taken taken = { 0 };

	(void)state;
	put("u.ndjson", "{\"id\":12345678901234567890}\n{\"x\":\"id\",\"id\":\"a\\u4eac\\\"b\"}\n"
	                "{\"id\":0.10}\n{\"id\":\"\xe4\xba\xac\"}\n");
	options = options_for("u.ndjson");
	options.key = "id";
	take_all(&options, &taken);
	assert_string_equal(taken.rows.data,
	                    "{\"id\":12345678901234567890} 12345678901234567890\n"
	                    "{\"x\":\"id\",\"id\":\"a\\u4eac\\\"b\"} a\xe4\xba\xac\"b\n"
	                    "{\"id\":0.10} 0.10\n{\"id\":\"\xe4\xba\xac\"} \xe4\xba\xac\n");
	taken_free(&taken);
}

static void test_skip_bad_rows(void **state)
{
	static const char text[] = "id,b\n1,x\n2\n,3\n4,\xff\0\n5,y\n";
	struct ingest_options options;
	struct taken taken = { 0 };

	(void)state;
	put_bytes("u.csv", text, sizeof(text) - 1);
	options = options_for("u.csv");
	options.key = "id";
	options.skip_bad_rows = true;
	take_all(&options, &taken);
	assert_string_equal(taken.rows.data, "{\"id\":\"1\",\"b\":\"x\"} 1\n"
	                                     "{\"id\":\"5\",\"b\":\"y\"} 5\n");
	assert_string_equal(
	    taken.bad.data,
	    "2 u.csv: row 2 (line 3): expected 2 fields, found 1 <2>\n"
	    "3 u.csv: row 3 (line 4), column 'id': the key is empty <{\"id\":\"\",\"b\":\"3\"}>\n"
	    "4 u.csv: row 4 (line 5), column 'b': holds a NUL byte (UTF-16 text? convert it with: "
	    "iconv -f UTF-16 -t UTF-8) <4,?" "?>\n");
	assert_int_equal(last_state(&taken)->rows, 2);
	taken_free(&taken);
}

static void test_limit(void **state)
{
	struct ingest_options options;
	struct taken taken = { 0 };
	struct ingest *ingest;

	(void)state;
	/* What is behind the limit is not judged. */
	put("u.json", "[{\"a\":1},{\"a\":2},{\"a\":3},tru");
	options = options_for("u.json");
	options.rows_max = 2;
	ingest = open_ok(&options);
	assert_int_equal(ingest_rows_checked(ingest), 2);
	run_ok(ingest, NULL, &taken);
	assert_string_equal(taken.rows.data, "{\"a\":1} \n{\"a\":2} \n");
	assert_int_equal(relation_of(ingest, last_state(&taken)), SOURCE_SAME);
	ingest_close(ingest);

	/* A higher limit later goes on where the lower one ended. */
	options.rows_max = 3;
	ingest = open_ok(&options);
	taken.rows.length = 0;
	{
		struct taken more = { 0 };

		run_ok(ingest, last_state(&taken), &more);
		assert_string_equal(more.rows.data, "{\"a\":3} \n");
		assert_int_equal(last_state(&more)->rows, 3);
		taken_free(&more);
	}
	ingest_close(ingest);
	taken_free(&taken);
}

/* ---- resuming -------------------------------------------------------- */

static void many_rows(const char *name, int count, struct buffer *text)
{
	if (strcmp(name, "u.csv") == 0)
		buffer_text(text, "id,name\r\n");
	if (strcmp(name, "u.json") == 0)
		buffer_text(text, "[");
	for (int i = 0; i < count; i++) {
		if (strcmp(name, "u.csv") == 0)
			buffer_printf(text, "%d,\"a\"\"b\r\n%d\"%s", i, i * 7,
			              i + 1 < count ? "\r\n" : "");
		else if (strcmp(name, "u.json") == 0)
			buffer_printf(text, "%s{\"id\":%d, \"b\":\"%0*d\"}", i == 0 ? "" : ",\n", i,
			              i % 500 + 1, i);
		else
			buffer_printf(text, "{\"id\":%d}%s", i, i % 3 ? "\n" : " \n\n");
	}
	if (strcmp(name, "u.json") == 0)
		buffer_text(text, "]\n");
}

/* From the state after every batch the rest must come as it came at first. */
static void test_resume(void **state)
{
	static const char *const names[] = { "u.csv", "u.ndjson", "u.json" };

	(void)state;
	for (size_t n = 0; n < 3; n++) {
		struct buffer text = { 0 };
		struct taken taken = { 0 };
		struct ingest_options options;
		struct ingest *ingest;

		many_rows(names[n], 5500, &text);
		put_bytes(names[n], text.data, text.length);
		options = options_for(names[n]);
		options.key = "id";
		ingest = open_ok(&options);
		run_ok(ingest, NULL, &taken);
		assert_int_equal(taken.row_count, 5500);
		assert_true(taken.batch_count >= 6);
		for (int i = 0; i < taken.state_count; i++) {
			struct taken rest = { 0 };

			assert_int_equal(relation_of(ingest, &taken.states[i]), SOURCE_SAME);
			run_ok(ingest, &taken.states[i], &rest);
			assert_int_equal(last_state(&rest)->rows, 5500);
			assert_string_equal(rest.rows.data == NULL ? "" : rest.rows.data,
			                    taken.rows.data + taken.rows_at[i]);
			taken_free(&rest);
		}
		ingest_close(ingest);
		taken_free(&taken);
		buffer_free(&text);
	}
}

/* The very same file is not judged again, and a changed one is. */
static void test_recognised(void **state)
{
	struct ingest_options options;
	struct taken taken = { 0 };
	struct ingest_sink sink = { take_batch, &taken };
	struct error error = { STATUS_OK, "" };
	struct buffer columns = { 0 };
	struct ingest *ingest;

	(void)state;
	put("u.csv", "id,b\n1,x\n2,y\n3\n");
	options = options_for("u.csv");
	options.rows_max = 2;
	take_all(&options, &taken);
	options.known = last_state(&taken);
	options.rows_max = 0;
	ingest = open_ok(&options); /* row 3 was behind the limit, and is not judged now */
	assert_true(ingest_checked(ingest));
	assert_int_equal(ingest_rows_checked(ingest), 2);
	ingest_columns(ingest, &columns);
	assert_string_equal(columns.data, "[\"id\",\"b\"]");
	assert_int_equal(relation_of(ingest, last_state(&taken)), SOURCE_SAME);
	assert_int_equal(ingest_run(ingest, options.known, sink, &error), STATUS_USAGE);
	assert_string_equal(error.text, "u.csv: row 3 (line 4): expected 2 fields, found 1 (0 rows "
	                                "before it were taken in)");
	ingest_close(ingest);
	put("u.csv", "id,b\n1,x\n2,y\n4\n");
	open_fails(&options, STATUS_USAGE, "u.csv: row 3 (line 4): expected 2 fields, found 1");
	put("u.csv", "id,b\n1,x\n2,y\n3\n4\n");
	open_fails(&options, STATUS_USAGE, "u.csv: row 3 (line 4): expected 2 fields, found 1");
	buffer_free(&columns);
	taken_free(&taken);
}

static void test_compare(void **state)
{
	static const struct {
		const char *name, *before, *after;
		enum source_relation relation;
	} cases[] = {
		{ "u.csv", "a\n1\n2\n", "a\n1\n2\n", SOURCE_SAME },
		{ "u.csv", "a\n1\n2\n", "a\n1\n2\n3\n", SOURCE_APPENDED },
		{ "u.csv", "a\n1\n2", "a\n1\n2\n3\n", SOURCE_APPENDED },
		{ "u.csv", "a\n1\n2", "a\n1\n23\n", SOURCE_DIFFERS },
		{ "u.csv", "a\n1\n2\n", "a\n1\n2\n\n\n", SOURCE_SAME },
		{ "u.csv", "a\n1\n2\n", "a\n1\n3\n", SOURCE_DIFFERS },
		{ "u.csv", "a\n1\n2\n", "a\n1\n", SOURCE_DIFFERS },
		{ "u.csv", "a\n1\n2\n", "b\n1\n2\n3\n", SOURCE_DIFFERS },
		{ "u.csv", "a\n", "a\n1\n", SOURCE_APPENDED },
		{ "u.ndjson", "{}", "{}\n{}", SOURCE_APPENDED },
		{ "u.ndjson", "{}", "{} ", SOURCE_DIFFERS },
		{ "u.json", "[{},{\"a\":1}]\n", "[{},{\"a\":1},\n{}]\n", SOURCE_APPENDED },
		{ "u.json", "[{},{\"a\":1}]\n", "[{},{\"a\":1}]", SOURCE_SAME },
		{ "u.json", "[{},{\"a\":1}]\n", "[{},{\"a\":2},{}]", SOURCE_DIFFERS },
		{ "u.json", "[{}]\n", "{}\n", SOURCE_DIFFERS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct taken taken = { 0 };
		struct ingest_options options;
		struct ingest *ingest;

		put(cases[i].name, cases[i].before);
		options = options_for(cases[i].name);
		take_all(&options, &taken);
		put(cases[i].name, cases[i].after);
		ingest = open_ok(&options);
		if (relation_of(ingest, last_state(&taken)) != cases[i].relation)
			fail_msg("case %zu: relation %d", i,
			         (int)relation_of(ingest, last_state(&taken)));
		assert_int_equal(relation_of(ingest, NULL), SOURCE_NEW);
		if (cases[i].relation == SOURCE_APPENDED) {
			struct taken more = { 0 };

			run_ok(ingest, last_state(&taken), &more);
			assert_int_equal(more.row_count, 1);
			assert_int_equal(last_state(&more)->rows, ingest_rows_checked(ingest));
			taken_free(&more);
		}
		ingest_close(ingest);
		taken_free(&taken);
	}
}

/* The import was broken off, and then the file was changed. */
static void test_compare_interrupted(void **state)
{
	struct buffer text = { 0 };
	struct taken taken = { .batches_max = 1 };
	struct ingest_sink sink = { take_batch, &taken };
	struct ingest_options options;
	struct ingest *ingest;
	struct error error;

	(void)state;
	many_rows("u.ndjson", 2500, &text);
	put_bytes("u.ndjson", text.data, text.length);
	options = options_for("u.ndjson");
	ingest = open_ok(&options);
	assert_int_equal(ingest_run(ingest, NULL, sink, &error), STATUS_USAGE);
	assert_string_equal(error.text, "row 7: the key stands twice");
	assert_int_equal(last_state(&taken)->rows, 1000);
	assert_false(last_state(&taken)->complete);
	ingest_close(ingest);

	buffer_text(&text, "{\"id\":\"more\"}\n");
	put_bytes("u.ndjson", text.data, text.length);
	ingest = open_ok(&options);
	assert_int_equal(relation_of(ingest, last_state(&taken)), SOURCE_APPENDED);
	ingest_close(ingest);

	text.data[text.length - 30] = '0'; /* behind what is in */
	put_bytes("u.ndjson", text.data, text.length);
	options.skip_bad_rows = true;
	ingest = open_ok(&options);
	assert_int_equal(relation_of(ingest, last_state(&taken)), SOURCE_DIFFERS);
	ingest_close(ingest);

	text.data[5] = '#'; /* within what is in */
	put_bytes("u.ndjson", text.data, text.length);
	ingest = open_ok(&options);
	assert_int_equal(relation_of(ingest, last_state(&taken)), SOURCE_DIFFERS);
	taken.batches_max = 0;
	assert_int_equal(ingest_run(ingest, last_state(&taken), sink, &error), STATUS_CONFLICT);
	assert_int_equal(taken.batch_count, 1);
	assert_string_equal(error.text, "u.ndjson: is not what was taken in before: the first 11557 "
	                                "bytes differ");
	ingest_close(ingest);
	taken_free(&taken);
	buffer_free(&text);
}

static void test_changed_while_read(void **state)
{
	static const struct {
		const char *after;
		enum status status;
	} cases[] = {
		{ "{\"a\":1}\n{\"a\":2}\n", STATUS_OK },
		{ "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", STATUS_OK }, /* grown: not our rows */
		{ "{\"a\":1}\n{\"a\":9}\n", STATUS_CONFLICT },
		{ "{\"a\":1}\n{\"a\"=2}\n", STATUS_CONFLICT },
		{ "{\"a\":1}\n", STATUS_CONFLICT },
		{ "", STATUS_CONFLICT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct taken taken = { 0 };
		struct ingest_sink sink = { take_batch, &taken };
		struct error error = { STATUS_OK, "" };
		struct ingest_options options;
		struct ingest *ingest;

		put("u.ndjson", "{\"a\":1}\n{\"a\":2}\n");
		options = options_for("u.ndjson");
		ingest = open_ok(&options);
		put("u.ndjson", cases[i].after);
		assert_int_equal(ingest_run(ingest, NULL, sink, &error), cases[i].status);
		if (cases[i].status == STATUS_OK) {
			assert_int_equal(taken.row_count, 2);
		} else {
			assert_string_equal(error.text,
			                    "u.ndjson: changed while it was being read");
			assert_int_equal(taken.batch_count, 0);
		}
		ingest_close(ingest);
		taken_free(&taken);
	}
}

static enum status walk_to(void *context, int64_t seq, struct json_span input, struct error *error)
{
	struct buffer *seen = context;

	buffer_printf(seen, "%" PRId64 " %.*s\n", seq, (int)input.length, input.at);
	return seq < 3 ? STATUS_OK : error_set(error, STATUS_NOT_FOUND, "far enough");
}

static void test_walk(void **state)
{
	struct ingest_options options;
	struct buffer seen = { 0 };
	struct ingest *ingest;
	struct error error;

	(void)state;
	put("u.ndjson", "{\"a\":1}\n{bad}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n");
	options = options_for("u.ndjson");
	options.skip_bad_rows = true;
	ingest = open_ok(&options);
	assert_int_equal(ingest_walk(ingest, walk_to, &seen, &error), STATUS_NOT_FOUND);
	assert_string_equal(seen.data, "1 {\"a\":1}\n2 {\"a\":2}\n3 {\"a\":3}\n");
	ingest_close(ingest);
	buffer_free(&seen);
}

static void test_stop(void **state)
{
	static volatile bool stop;
	struct taken taken = { 0 };
	struct ingest_sink sink = { take_batch, &taken };
	struct ingest_options options;
	struct ingest *ingest;
	struct error error;

	(void)state;
	put("u.ndjson", "{}\n");
	options = options_for("u.ndjson");
	options.stop = &stop;
	ingest = open_ok(&options);
	stop = true;
	assert_int_equal(ingest_run(ingest, NULL, sink, &error), STATUS_CLOSED);
	assert_int_equal(taken.batch_count, 0);
	ingest_close(ingest);
	open_fails(&options, STATUS_CLOSED, "u.ndjson: stopped");
}

/* ---- with a plan ----------------------------------------------------- */

static void test_plan(void **state)
{
	static const char job[] = "{\"request\":{\"url\":\"http://127.0.0.1/{{city}}\"}}";
	static const unsigned char uuid[16] = { 1 };
	struct secret_set *secrets = secret_set_new();
	struct taken taken = { 0 };
	struct spec *spec = NULL;
	struct plan *plan = NULL;
	struct error error = { STATUS_OK, "" };
	struct ingest_options options;

	(void)state;
	assert_non_null(secrets);
	if (spec_parse(job, strlen(job), NULL, &spec, &error) != STATUS_OK ||
	    plan_make(spec, "job", uuid, secrets, &plan, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	put("u.ndjson", "{\"city\":\"a\"}\n\n{\"town\":\"b\"}\n{\"city\":\"c\"}\n");
	options = options_for("u.ndjson");
	options.plan = plan;
	open_fails(&options, STATUS_USAGE,
	           "u.ndjson: row 2 (line 3): request.url: field 'city' is missing");
	/* Such an item is taken in, and fails at its turn. */
	options.skip_bad_rows = true;
	take_all(&options, &taken);
	assert_int_equal(taken.row_count, 3);
	assert_null(taken.bad.data);
	taken_free(&taken);
	plan_free(plan);
	spec_free(spec);
	secret_set_free(secrets);
}

/* ---- pipes ----------------------------------------------------------- */

/* Writes `first`, waits for a batch to come, then writes `then` and closes. */
struct writer {
	int fd;
	const char *first, *then;
	size_t first_length, then_length;
	sem_t came;
	pthread_t thread;
	bool broken; /* the reader went away: no fault */
};

static void write_all(struct writer *writer, const char *bytes, size_t length)
{
	while (length > 0 && !writer->broken) {
		ssize_t written = write(writer->fd, bytes, length);

		if (written < 0) {
			writer->broken = true;
			return;
		}
		bytes += written;
		length -= (size_t)written;
	}
}

static void *writer_run(void *context)
{
	struct writer *writer = context;

	write_all(writer, writer->first, writer->first_length);
	if (writer->then != NULL) {
		sem_wait(&writer->came);
		write_all(writer, writer->then, writer->then_length);
	}
	close(writer->fd);
	return NULL;
}

/* A pipe at /dev/fd/N that `writer` fills. */
static int pipe_start(struct writer *writer, char path[32])
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	writer->fd = ends[1];
	assert_int_equal(sem_init(&writer->came, 0, 0), 0);
	assert_int_equal(pthread_create(&writer->thread, NULL, writer_run, writer), 0);
	snprintf(path, 32, "/dev/fd/%d", ends[0]);
	return ends[0];
}

static void pipe_finish(struct writer *writer, int read_end)
{
	close(read_end);
	assert_int_equal(pthread_join(writer->thread, NULL), 0);
	sem_destroy(&writer->came);
}

/* A pipe that has ended already is as good as a file. */
static void test_pipe_short(void **state)
{
	static const char text[] = "id,b\n1,x\n2,y\n";
	struct taken taken = { 0 };
	struct ingest_options options = { .path = "-", .name = "stdin" };
	struct ingest *ingest;
	int ends[2], input = dup(0);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	close(ends[1]);
	assert_int_equal(dup2(ends[0], 0), 0);
	close(ends[0]);
	ingest = open_ok(&options);
	assert_true(ingest_checked(ingest));
	assert_int_equal(ingest_rows_checked(ingest), 2);
	run_ok(ingest, NULL, &taken);
	assert_int_equal(taken.row_count, 2);
	assert_int_equal(last_state(&taken)->size, sizeof(text) - 1);
	assert_int_equal(relation_of(ingest, last_state(&taken)), SOURCE_SAME);
	ingest_close(ingest);
	assert_int_equal(dup2(input, 0), 0);
	close(input);
	taken_free(&taken);
}

/* A redirected file is a file, from where it stands. */
static void test_stdin_file(void **state)
{
	struct taken taken = { 0 };
	struct ingest_options options = { .path = "-", .name = "stdin" };
	struct ingest *ingest;
	int input = dup(0), fd;

	(void)state;
	put("u.txt", "skip this\nid\n1\n");
	fd = open(path_of("u.txt"), O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(lseek(fd, 10, SEEK_SET), 10);
	assert_int_equal(dup2(fd, 0), 0);
	close(fd);
	ingest = open_ok(&options);
	assert_true(ingest_checked(ingest));
	run_ok(ingest, NULL, &taken);
	assert_string_equal(taken.rows.data, "{\"id\":\"1\"} \n");
	ingest_close(ingest);
	assert_int_equal(dup2(input, 0), 0);
	close(input);
	taken_free(&taken);
}

/* Rows of a pipe that pauses are handed on; the rest follows. */
static void test_pipe_pause(void **state)
{
	struct writer writer = { .first = "{\"a\":1}\n{\"a\":2}\n{\"a\"", .first_length = 20,
		                 .then = ":3}\n", .then_length = 4 };
	struct taken taken = { .came = &writer.came };
	struct ingest_options options = { .name = "pipe" };
	struct ingest *ingest;
	char path[32];
	int read_end = pipe_start(&writer, path);

	(void)state;
	options.path = path;
	options.format = FORMAT_NDJSON;
	ingest = open_ok(&options);
	assert_false(ingest_checked(ingest));
	run_ok(ingest, NULL, &taken);
	assert_int_equal(taken.row_count, 3);
	assert_true(taken.batch_count >= 2);
	assert_int_equal(last_state(&taken)->size, 0);
	ingest_close(ingest);
	pipe_finish(&writer, read_end);
	taken_free(&taken);
}

/* Import a pipe that gives `text`, held open until the first batch came. */
static enum status run_pipe(const char *text, size_t length, const struct source_state *known,
                            struct taken *taken, struct error *error)
{
	struct writer writer = { .first = text, .first_length = length, .then = "",
		                 .then_length = 0 };
	struct ingest_options options = { .name = "pipe", .format = FORMAT_NDJSON };
	struct ingest_sink sink = { take_batch, taken };
	struct ingest *ingest;
	enum status status;
	char path[32];
	int read_end = pipe_start(&writer, path);

	options.path = path;
	taken->came = &writer.came;
	ingest = open_ok(&options);
	assert_false(ingest_checked(ingest));
	if (known != NULL)
		assert_int_equal(relation_of(ingest, known), SOURCE_SAME);
	if (known != NULL) /* there may come no batch */
		sem_post(&writer.came);
	status = ingest_run(ingest, known, sink, error);
	ingest_close(ingest);
	pipe_finish(&writer, read_end);
	taken->came = NULL;
	return status;
}

static void test_pipe_long(void **state)
{
	struct buffer text = { 0 };
	struct taken taken = { 0 }, rest = { 0 }, other = { 0 };
	const struct source_state *known;
	struct error error = { STATUS_OK, "" };

	(void)state;
	many_rows("u.ndjson", 700000, &text);
	assert_true(text.length > INGEST_PEEK_BYTES);
	assert_int_equal(run_pipe(text.data, text.length, NULL, &taken, &error), STATUS_OK);
	assert_int_equal(taken.row_count, 700000);
	known = &taken.states[10];
	assert_int_equal(run_pipe(text.data, text.length, known, &rest, &error), STATUS_OK);
	assert_int_equal(rest.row_count, 700000 - known->rows);
	assert_string_equal(rest.rows.data, taken.rows.data + taken.rows_at[10]);

	text.data[6] = '9'; /* another id before the known place */
	assert_int_equal(run_pipe(text.data, text.length, known, &other, &error), STATUS_CONFLICT);
	assert_int_equal(other.batch_count, 0);
	buffer_free(&text);
	taken_free(&taken);
	taken_free(&rest);
	taken_free(&other);
}

/* A bad row behind the peek ends it there; what came before is kept. */
static void test_pipe_bad(void **state)
{
	struct writer writer = { .first = "{\"a\":1}\n{\"a\":2}\n", .first_length = 16,
		                 .then = "{\"a\":3}\nbad\n", .then_length = 12 };
	struct taken taken = { .came = &writer.came };
	struct ingest_sink sink = { take_batch, &taken };
	struct ingest_options options = { .name = "pipe", .format = FORMAT_NDJSON };
	struct error error = { STATUS_OK, "" };
	struct ingest *ingest;
	char path[32];
	int read_end = pipe_start(&writer, path);

	(void)state;
	options.path = path;
	ingest = open_ok(&options);
	assert_int_equal(ingest_run(ingest, NULL, sink, &error), STATUS_USAGE);
	assert_string_equal(error.text, "pipe: row 4 (line 4), column 1: not a value (3 rows before "
	                                "it were taken in)");
	assert_int_equal(taken.row_count, 3);
	assert_int_equal(last_state(&taken)->offset, 24);
	assert_false(last_state(&taken)->complete);
	ingest_close(ingest);
	pipe_finish(&writer, read_end);
	taken_free(&taken);
}

/* A FIFO whose writer has not come yet is not at its end. */
static void *fifo_write(void *context)
{
	int fd = open(context, O_WRONLY);

	if (fd >= 0) {
		if (write(fd, "{\"a\":1}\n", 8) != 8)
			perror("write");
		close(fd);
	}
	return NULL;
}

static void test_fifo(void **state)
{
	char path[128];
	struct taken taken = { 0 };
	struct ingest_options options;
	struct ingest *ingest;
	pthread_t thread;

	(void)state;
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	snprintf(path, sizeof(path), "%s", path_of("fifo"));
	options = options_for("fifo");
	options.format = FORMAT_NDJSON;
	ingest = open_ok(&options);
	assert_int_equal(pthread_create(&thread, NULL, fifo_write, path), 0);
	run_ok(ingest, NULL, &taken);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(taken.rows.data, "{\"a\":1} \n");
	ingest_close(ingest);
	taken_free(&taken);
}

/* ---- uploads --------------------------------------------------------- */

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
	assert_string_equal(error.text, "upload: row 3 (line 4): expected 1 field, found 2 (2 rows "
	                                "before it were taken in)");
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

static int setup(void **state)
{
	static const struct clock_source hasty = { .mono_ns = hasty_mono_ns };

	(void)state;
	clock_replace(&hasty);
	signal(SIGPIPE, SIG_IGN); /* readers go away on purpose */
	return mkdtemp(directory) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	static const char *const names[] = { "u.csv", "u.json", "u.ndjson", "u.txt", "fifo" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_no_rows),
		cmocka_unit_test(test_cannot_open),
		cmocka_unit_test(test_check_fails),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_skip_bad_rows),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_recognised),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_compare_interrupted),
		cmocka_unit_test(test_changed_while_read),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_pipe_short),
		cmocka_unit_test(test_stdin_file),
		cmocka_unit_test(test_pipe_pause),
		cmocka_unit_test(test_pipe_long),
		cmocka_unit_test(test_pipe_bad),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_upload),
		cmocka_unit_test(test_upload_bad),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
