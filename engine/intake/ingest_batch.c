#include <stdlib.h>
#include <string.h>

#include "engine/intake/ingest_internal.h"

struct ingest_batch *ingest_batch_new(void)
{
	return calloc(1, sizeof(struct ingest_batch));
}

void ingest_batch_free(struct ingest_batch *batch)
{
	if (batch == NULL)
		return;
	for (int i = 0; i < batch->bad_count; i++) {
		free(batch->bad[i].fault);
		free(batch->bad[i].raw);
	}
	free(batch->bad);
	free(batch->rows);
	buffer_free(&batch->text);
	free(batch->after.reader_state);
	free(batch);
}

bool batch_full(const struct ingest_batch *batch)
{
	return batch->row_count + batch->bad_count >= INGEST_BATCH_ROWS ||
	       batch->text.length >= INGEST_BATCH_BYTES;
}

bool batch_empty(const struct ingest_batch *batch)
{
	return batch->row_count + batch->bad_count == 0;
}

static bool batch_grow(struct ingest_batch *batch)
{
	int capacity = batch->row_capacity == 0 ? 64 : batch->row_capacity * 2;
	struct ingest_row *rows;

	if (batch->row_count < batch->row_capacity)
		return true;
	rows = realloc(batch->rows, (size_t)capacity * sizeof(*rows));
	if (rows == NULL)
		return false;
	batch->rows = rows;
	batch->row_capacity = capacity;
	return true;
}

bool batch_add(struct ingest_batch *batch, struct json_span input, struct json_span key)
{
	struct ingest_row row = { .at = batch->text.length, .length = input.length };

	if (!batch_grow(batch))
		return false;
	buffer_append(&batch->text, input.at, input.length);
	row.key_length = key.length;
	if (key.length > 0 && key.at >= input.at && key.at < input.at + input.length) {
		row.key_at = row.at + (size_t)(key.at - input.at);
	} else if (key.length > 0) {
		row.key_at = batch->text.length;
		buffer_append(&batch->text, key.at, key.length);
	}
	if (batch->text.failed)
		return false;
	batch->rows[batch->row_count++] = row;
	return true;
}

/* The bytes as text that the store can keep: valid UTF-8 without NUL. */
static char *raw_text(struct json_span raw)
{
	struct buffer text = { 0 };

	while (raw.length > 0) {
		size_t good = 0;

		if (utf8_check(raw.at, raw.length, &good))
			good = raw.length;
		buffer_append(&text, raw.at, good);
		raw.at += good;
		raw.length -= good;
		if (raw.length == 0)
			break;
		buffer_char(&text, '?');
		raw.at++;
		raw.length--;
	}
	for (size_t i = 0; i < text.length; i++)
		if (text.data[i] == '\0')
			text.data[i] = '?';
	return buffer_take(&text);
}

bool batch_add_bad(struct ingest_batch *batch, int64_t row, const char *fault,
                   struct json_span raw)
{
	struct ingest_bad *bad;

	if (batch->bad == NULL)
		batch->bad = calloc(INGEST_BATCH_ROWS, sizeof(*batch->bad));
	if (batch->bad == NULL)
		return false;
	bad = &batch->bad[batch->bad_count];
	bad->row = row;
	bad->fault = strdup(fault);
	bad->raw = raw_text(raw);
	if (bad->fault == NULL || bad->raw == NULL) {
		free(bad->fault);
		free(bad->raw);
		return false;
	}
	batch->bad_count++;
	return true;
}
