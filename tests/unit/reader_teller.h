/* What a reader makes of bytes, told as a transcript: a line for each row
 * ("+row line input"), bad row ("-row fault <raw>") and for the end. */
#ifndef SLUICE_TESTS_READER_TELLER_H
#define SLUICE_TESTS_READER_TELLER_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/intake/reader.h"

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

static inline void place_keep(struct teller *teller)
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

static inline enum status tell_row(void *context, const struct reader_row *row, struct error *error)
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

static inline enum status tell_bad(void *context, int64_t row, const struct error *fault,
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
static inline void tell(struct teller *teller, const char *name, enum items_format format,
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

static inline void teller_free(struct teller *teller)
{
	for (int i = 0; i < teller->place_count; i++)
		free(teller->places[i].state);
	buffer_free(&teller->told);
}

/* From each place the rest must be told as it was without an interruption. */
static inline void check_places(const struct teller *whole, const char *name, enum items_format format,
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
static inline void check(const char *name, enum items_format format, bool skip_bad, const char *bytes,
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

#endif
