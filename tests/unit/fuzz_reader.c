/* Any bytes, in any format: the same rows and faults however they are cut, and
 * the same rest from the place of every row; as a place, they are refused or gone
 * on from.  The first byte chooses the format and the sizes of the chunks. */
#include <assert.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/intake/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct heard {
	struct reader *reader;
	struct buffer text;
	bool skip_bad;
	int64_t place_at_row; /* keep the place before this row */
	char *place;
	uint64_t place_offset;
	size_t place_length;
};

static void place_keep(struct heard *heard, int64_t row)
{
	struct buffer state = { 0 };

	if (row != heard->place_at_row || heard->place != NULL)
		return;
	reader_state(heard->reader, &state);
	heard->place_offset = reader_mark(heard->reader).offset;
	heard->place_length = heard->text.length;
	heard->place = buffer_take(&state);
}

static enum status hear_row(void *context, const struct reader_row *row, struct error *error)
{
	struct heard *heard = context;

	(void)error;
	assert(json_check(row->input.at, row->input.length, NULL));
	assert(json_type(row->input) == JSON_OBJECT);
	place_keep(heard, row->row);
	buffer_printf(&heard->text, "+%" PRId64 " %" PRId64 " ", row->row, row->line);
	buffer_append(&heard->text, row->input.at, row->input.length);
	return STATUS_OK;
}

static enum status hear_bad(void *context, int64_t row, const struct error *fault,
                            struct json_span raw, struct error *error)
{
	struct heard *heard = context;

	assert(raw.length <= READER_RAW_MAX);
	place_keep(heard, row);
	if (!heard->skip_bad) {
		*error = *fault;
		return fault->status;
	}
	buffer_printf(&heard->text, "-%" PRId64 " %s ", row, fault->text);
	if (raw.length > 0)
		buffer_append(&heard->text, raw.at, raw.length);
	return STATUS_OK;
}

static void hear(struct heard *heard, enum items_format format, const char *state,
                 const uint8_t *data, size_t size, size_t chunk)
{
	struct reader_sink sink = { hear_row, hear_bad, heard };
	struct error error = { STATUS_OK, "" };
	enum status status = STATUS_OK;

	heard->reader = reader_new("f", format, sink);
	assert(heard->reader != NULL);
	if (state != NULL)
		status = reader_restore(heard->reader, state, &error);
	for (size_t at = 0; at < size && status == STATUS_OK; at += chunk) {
		size_t part = size - at < chunk ? size - at : chunk;
		char *copy = malloc(part);

		assert(copy != NULL);
		memcpy(copy, data + at, part);
		status = reader_feed(heard->reader, copy, part, &error);
		free(copy);
	}
	if (status == STATUS_OK)
		status = reader_end(heard->reader, &error);
	buffer_printf(&heard->text, "%s %s", status_name(status), error.text);
	reader_free(heard->reader);
}

/* The bytes as a place that a damaged database tells. */
static void go_on_from(enum items_format format, const uint8_t *data, size_t size)
{
	struct heard heard = { .skip_bad = true };
	struct reader_sink sink = { hear_row, hear_bad, &heard };
	struct error error = { STATUS_OK, "" };
	char *state = strndup((const char *)data, size);
	enum status status;

	assert(state != NULL);
	heard.reader = reader_new("f", format, sink);
	status = reader_restore(heard.reader, state, &error);
	assert(status == STATUS_OK || (status == STATUS_CORRUPT && error.text[0] != '\0'));
	if (status == STATUS_OK && reader_feed(heard.reader, "1,2\n{\"a\":1}]", 13, &error) == STATUS_OK)
		(void)reader_end(heard.reader, &error);
	reader_free(heard.reader);
	free(heard.place);
	buffer_free(&heard.text);
	free(state);
}

static void heard_free(struct heard *heard)
{
	free(heard->place);
	buffer_free(&heard->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum items_format formats[] = { FORMAT_AUTO, FORMAT_CSV, FORMAT_NDJSON,
		                                     FORMAT_JSON, FORMAT_LINES };
	enum items_format format;
	struct heard whole = { 0 }, pieces = { 0 };
	size_t chunk;

	if (size == 0)
		return 0;
	format = formats[data[0] % 5];
	chunk = 1 + data[0] / 5 % 7;
	whole.skip_bad = pieces.skip_bad = data[0] & 0x80;
	pieces.place_at_row = 1 + data[0] % 3;
	data++;
	size--;
	hear(&whole, format, NULL, data, size, size + 1);
	hear(&pieces, format, NULL, data, size, chunk);
	assert(whole.text.length == pieces.text.length);
	assert(memcmp(whole.text.data, pieces.text.data, whole.text.length) == 0);
	if (pieces.place != NULL) {
		struct heard rest = { .skip_bad = whole.skip_bad };
		size_t length = whole.text.length - pieces.place_length;

		hear(&rest, format, pieces.place, data + pieces.place_offset,
		     size - pieces.place_offset, size + 1);
		assert(rest.text.length == length);
		assert(memcmp(rest.text.data, whole.text.data + pieces.place_length, length) == 0);
		heard_free(&rest);
	}
	go_on_from(format, data, size);
	heard_free(&whole);
	heard_free(&pieces);
	return 0;
}
