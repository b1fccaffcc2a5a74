/* A directory for files, a clock that does not make anyone wait, and a sink that
 * remembers: for the tests of ingest. */
#ifndef SLUICE_TESTS_INGEST_BENCH_H
#define SLUICE_TESTS_INGEST_BENCH_H

#include <inttypes.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "engine/intake/ingest.h"

#define STATES_MAX 64

static char directory[] = "/tmp/sluice-test-ingest-XXXXXX";

/* Each look at the clock is a second later: nothing waits for a peek's end. */
static int64_t hasty_now_ns;

static inline int64_t hasty_mono_ns(void)
{
	return __atomic_add_fetch(&hasty_now_ns, NS_PER_S, __ATOMIC_SEQ_CST);
}

static inline const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static inline void put_bytes(const char *name, const char *bytes, size_t length)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static inline void put(const char *name, const char *text)
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

static inline void state_copy(struct taken *taken, const struct source_state *state)
{
	if (taken->state_count == STATES_MAX)
		return;
	taken->states[taken->state_count] = *state;
	assert_non_null(state->reader_state);
	taken->states[taken->state_count].reader_state = strdup(state->reader_state);
	taken->rows_at[taken->state_count++] = taken->rows.length;
}

static inline enum status take_batch(void *context, struct ingest_batch *batch, struct error *error)
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

static inline void taken_free(struct taken *taken)
{
	for (int i = 0; i < taken->state_count; i++)
		free(taken->states[i].reader_state);
	buffer_free(&taken->rows);
	buffer_free(&taken->bad);
}

static inline const struct source_state *last_state(const struct taken *taken)
{
	assert_true(taken->state_count > 0);
	return &taken->states[taken->state_count - 1];
}

static inline struct ingest_options options_for(const char *name)
{
	return (struct ingest_options){ .path = path_of(name), .name = name };
}

static inline struct ingest *open_ok(const struct ingest_options *options)
{
	struct ingest *ingest = NULL;
	struct error error = { STATUS_OK, "" };

	if (ingest_open(options, &ingest, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	return ingest;
}

static inline void run_ok(struct ingest *ingest, const struct source_state *known, struct taken *taken)
{
	struct ingest_sink sink = { take_batch, taken };
	struct error error = { STATUS_OK, "" };

	if (ingest_run(ingest, known, sink, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	assert_true(last_state(taken)->complete);
}

/* Open and import the whole of it. */
static inline void take_all(const struct ingest_options *options, struct taken *taken)
{
	struct ingest *ingest = open_ok(options);

	run_ok(ingest, NULL, taken);
	ingest_close(ingest);
}

static inline void open_fails(const struct ingest_options *options, enum status status, const char *text)
{
	struct ingest *ingest = NULL;
	struct error error = { STATUS_OK, "" };

	assert_int_equal(ingest_open(options, &ingest, &error), status);
	assert_string_equal(error.text, text);
	assert_null(ingest);
}

static inline enum source_relation relation_of(struct ingest *ingest, const struct source_state *known)
{
	enum source_relation relation = SOURCE_NEW;
	struct error error = { STATUS_OK, "" };

	if (ingest_compare(ingest, known, &relation, &error) != STATUS_OK)
		fail_msg("%s", error.text);
	return relation;
}

static inline void many_rows(const char *name, int count, struct buffer *text)
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

static inline int setup(void **state)
{
	static const struct clock_source hasty = { .mono_ns = hasty_mono_ns };

	(void)state;
	clock_replace(&hasty);
	signal(SIGPIPE, SIG_IGN); /* readers go away on purpose */
	return mkdtemp(directory) == NULL ? -1 : 0;
}

static inline int teardown(void **state)
{
	static const char *const names[] = { "u.csv", "u.json", "u.ndjson", "u.txt", "fifo" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path_of(names[i]));
	return rmdir(directory);
}

#endif
