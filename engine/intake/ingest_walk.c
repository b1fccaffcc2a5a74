/* The rows of a source one by one, without taking them in: the check before an
 * import, and ingest_walk(). */
#include <assert.h>
#include <stdlib.h>

#include "engine/intake/ingest_internal.h"

struct walk {
	const struct ingest_options *options;
	struct reader *reader;
	struct row_check check;
	int64_t rows, bad;
	enum status (*row)(void *context, int64_t seq, struct json_span input, struct error *error);
	void *context; /* of row(), which may be NULL */
};

static bool walk_satisfied(const struct walk *walk)
{
	return walk->options->rows_max > 0 && walk->rows >= walk->options->rows_max;
}

static enum status walk_bad(void *context, int64_t row, const struct error *fault,
                            struct json_span raw, struct error *error)
{
	struct walk *walk = context;

	(void)row;
	(void)raw;
	if (walk_satisfied(walk))
		return STATUS_CLOSED;
	if (walk->options->skip_bad_rows && fault->status == STATUS_USAGE) {
		walk->bad++;
		return STATUS_OK;
	}
	if (error != NULL)
		*error = *fault;
	return fault->status;
}

static enum status walk_row(void *context, const struct reader_row *row, struct error *error)
{
	struct walk *walk = context;
	struct json_span key;
	struct error fault;
	enum status status;

	if (walk_satisfied(walk))
		return STATUS_CLOSED;
	status = row_check_columns(&walk->check, walk->reader, error);
	if (status != STATUS_OK)
		return status;
	if (row_check_key(&walk->check, row, &key, &fault) != STATUS_OK)
		return walk_bad(walk, row->row, &fault, row->input, error);
	status = row_check_render(&walk->check, row, walk->rows + 1, error);
	if (status == STATUS_OK && walk->row != NULL)
		status = walk->row(walk->context, walk->rows + 1, row->input, error);
	if (status == STATUS_OK)
		walk->rows++;
	return status;
}

static enum status walk_begin(struct walk *walk, const struct ingest_options *options,
                              struct error *error)
{
	struct reader_sink sink = { walk_row, walk_bad, walk };

	walk->options = walk->check.options = options;
	walk->reader = reader_new(options->name, options->format, sink);
	if (walk->reader == NULL)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", options->name);
	return STATUS_OK;
}

static void walk_finish(struct walk *walk)
{
	reader_free(walk->reader);
	row_check_free(&walk->check);
}

static enum status walk_feed(struct walk *walk, const char *bytes, size_t length,
                             struct error *error)
{
	enum status status;

	if (walk_satisfied(walk))
		return STATUS_OK;
	status = reader_feed(walk->reader, bytes, length, error);
	/* What is behind the last row asked for does not matter. */
	if (walk_satisfied(walk) && (status == STATUS_CLOSED || status == STATUS_USAGE))
		return STATUS_OK;
	return status;
}

static enum status walk_end(struct walk *walk, struct error *error)
{
	return walk_satisfied(walk) ? STATUS_OK : reader_end(walk->reader, error);
}

static enum status check_all(struct ingest *ingest, struct walk *walk, struct error *error)
{
	struct digest *digest = digest_new();
	enum status status = STATUS_OK;
	uint64_t size = 0;
	size_t got;

	if (digest == NULL)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory",
		                 ingest->options.name);
	for (;;) {
		status = source_read_at(ingest->source, size, ingest->chunk, SOURCE_CHUNK, &got,
		                        error);
		if (status != STATUS_OK || got == 0)
			break;
		digest_add(digest, ingest->chunk, got);
		size += got;
		status = walk_feed(walk, ingest->chunk, got, error);
		if (status != STATUS_OK)
			break;
	}
	if (status == STATUS_OK)
		status = walk_end(walk, error);
	ingest->whole.size = size;
	digest_value(digest, ingest->whole.hash);
	digest_free(digest);
	return status;
}

enum status ingest_check(struct ingest *ingest, struct error *error)
{
	struct walk walk = { .check.render = true };
	const struct buffer *peeked = source_peeked(ingest->source);
	enum status status = walk_begin(&walk, &ingest->options, error);

	if (status != STATUS_OK)
		goto out;
	if (source_rereadable(ingest->source))
		status = check_all(ingest, &walk, error);
	else if (peeked->length > 0)
		status = walk_feed(&walk, peeked->data, peeked->length, error);
	if (status != STATUS_OK)
		goto out;
	ingest->rows_checked = walk.rows;
	ingest->rows_bad = walk.bad;
	reader_columns(walk.reader, &ingest->columns);
	if (ingest->columns.failed)
		status = error_set(error, STATUS_NO_MEMORY, "%s: out of memory",
		                   ingest->options.name);
	ingest->checked = status == STATUS_OK && source_rereadable(ingest->source);
out:
	walk_finish(&walk);
	return status;
}

enum status ingest_walk(struct ingest *ingest,
                        enum status (*row)(void *context, int64_t seq, struct json_span input,
                                           struct error *error),
                        void *context, struct error *error)
{
	struct walk walk = { .row = row, .context = context };
	enum status status = walk_begin(&walk, &ingest->options, error);
	uint64_t offset = 0;

	assert(ingest->checked);
	while (status == STATUS_OK && offset < ingest->whole.size && !walk_satisfied(&walk)) {
		uint64_t left = ingest->whole.size - offset;
		size_t got;

		status = source_read_at(ingest->source, offset, ingest->chunk,
		                        left < SOURCE_CHUNK ? (size_t)left : SOURCE_CHUNK, &got,
		                        error);
		if (status == STATUS_OK && got == 0)
			status = error_set(error, STATUS_CONFLICT,
			                   "%s: changed while it was being read",
			                   ingest->options.name);
		if (status == STATUS_OK)
			status = walk_feed(&walk, ingest->chunk, got, error);
		offset += got;
	}
	if (status == STATUS_OK)
		status = walk_end(&walk, error);
	walk_finish(&walk);
	return status;
}
