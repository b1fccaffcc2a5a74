/* Bytes -> reader -> batches -> sink, with the state of the source after each
 * batch: how far it was read and the hash of what was read.
 *
 * A batch goes out when the row behind it comes (or the stream pauses or ends),
 * because the reader's mark is then the end of the batch's last row. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/intake/ingest_internal.h"

struct intake {
	const struct ingest_options *options;
	struct ingest_sink sink;
	struct row_check check;
	struct reader *reader;
	struct ingest_batch *batch; /* NULL: none begun */
	struct whole whole;
	int64_t rows;      /* taken, with those of former runs */
	int64_t rows_in;   /* of them, handed on by this one */
	bool refused;      /* the sink did not take a batch: its error is not about the bytes */

	struct digest *digest;
	uint64_t hashed;   /* bytes of the stream that are in the digest */
	const char *chunk; /* being fed, or NULL; it begins at chunk_at of the stream */
	size_t chunk_length;
	uint64_t chunk_at;

	uint64_t mark, mark_hash[2]; /* the reader's newest mark whose hash was taken */
};

static enum status no_memory(const struct intake *intake, struct error *error)
{
	return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", intake->options->name);
}

/* ---- hashes ---------------------------------------------------------- */

static void hash_up_to(struct intake *intake, uint64_t offset)
{
	assert(offset >= intake->hashed);
	if (offset == intake->hashed)
		return;
	assert(intake->hashed >= intake->chunk_at);
	assert(offset <= intake->chunk_at + intake->chunk_length);
	digest_add(intake->digest, intake->chunk + (intake->hashed - intake->chunk_at),
	           (size_t)(offset - intake->hashed));
	intake->hashed = offset;
}

/* Take the hash at the reader's mark.  A new mark always lies in the chunk
 * being fed, because what is behind the last one is hashed only after that. */
static void mark_take(struct intake *intake)
{
	uint64_t mark = reader_mark(intake->reader).offset;

	if (mark == intake->mark)
		return;
	hash_up_to(intake, mark);
	digest_value(intake->digest, intake->mark_hash);
	intake->mark = mark;
}

void intake_hash(const struct intake *intake, uint64_t hash[2])
{
	digest_value(intake->digest, hash);
}

void intake_pass(struct intake *intake, const char *bytes, size_t length)
{
	digest_add(intake->digest, bytes, length);
	intake->hashed += length;
	intake->chunk_at += length;
}

/* ---- batches --------------------------------------------------------- */

static enum status batch_send(struct intake *intake, bool complete, struct error *error)
{
	struct ingest_batch *batch = intake->batch;
	struct source_state *after = &batch->after;
	struct buffer state = { 0 };
	int64_t rows = batch->row_count;
	enum status status;

	mark_take(intake);
	reader_state(intake->reader, &state);
	after->reader_state = buffer_take(&state);
	if (after->reader_state == NULL)
		return no_memory(intake, error);
	batch->cells = reader_format(intake->reader) == FORMAT_CSV;
	after->offset = intake->mark;
	memcpy(after->hash, intake->mark_hash, sizeof(after->hash));
	after->rows = intake->rows;
	after->complete = complete;
	after->size = intake->whole.size;
	memcpy(after->size_hash, intake->whole.hash, sizeof(after->size_hash));
	intake->batch = NULL;
	status = intake->sink.batch(intake->sink.context, batch, error);
	if (status == STATUS_OK)
		intake->rows_in += rows;
	else
		intake->refused = true;
	return status;
}

/* Room for one more row. */
static enum status batch_ready(struct intake *intake, struct error *error)
{
	enum status status = STATUS_OK;

	if (intake->batch != NULL && batch_full(intake->batch))
		status = batch_send(intake, false, error);
	if (status == STATUS_OK && intake->batch == NULL) {
		intake->batch = ingest_batch_new();
		if (intake->batch == NULL)
			return no_memory(intake, error);
	}
	return status;
}

enum status intake_flush(struct intake *intake, struct error *error)
{
	if (intake->batch == NULL || batch_empty(intake->batch))
		return STATUS_OK;
	return batch_send(intake, false, error);
}

/* ---- rows ------------------------------------------------------------ */

bool intake_satisfied(const struct intake *intake)
{
	int64_t rows_max = intake->options->rows_max;

	return rows_max > 0 && intake->rows >= rows_max;
}

static enum status bad_take(struct intake *intake, int64_t row, const struct error *fault,
                            struct json_span raw, struct error *error)
{
	if (!intake->options->skip_bad_rows || fault->status != STATUS_USAGE) {
		if (error != NULL)
			*error = *fault;
		return fault->status;
	}
	return batch_add_bad(intake->batch, row, fault->text, raw) ? STATUS_OK
	                                                           : no_memory(intake, error);
}

static enum status intake_bad(void *context, int64_t row, const struct error *fault,
                              struct json_span raw, struct error *error)
{
	struct intake *intake = context;
	enum status status;

	if (intake_satisfied(intake))
		return STATUS_CLOSED;
	status = batch_ready(intake, error);
	return status == STATUS_OK ? bad_take(intake, row, fault, raw, error) : status;
}

static enum status intake_row(void *context, const struct reader_row *row, struct error *error)
{
	struct intake *intake = context;
	struct json_span key;
	struct error fault;
	enum status status;

	if (intake_satisfied(intake))
		return STATUS_CLOSED;
	status = batch_ready(intake, error);
	if (status == STATUS_OK)
		status = row_check_columns(&intake->check, intake->reader, error);
	if (status != STATUS_OK)
		return status;
	if (row_check_key(&intake->check, row, &key, &fault) != STATUS_OK) {
		struct json_span raw = row->input;

		raw.length = raw.length > READER_RAW_MAX ? READER_RAW_MAX : raw.length;
		return bad_take(intake, row->row, &fault, raw, error);
	}
	status = row_check_render(&intake->check, row, intake->rows + 1, error);
	if (status != STATUS_OK)
		return status;
	if (!batch_add(intake->batch, row->input, key))
		return no_memory(intake, error);
	intake->rows++;
	return STATUS_OK;
}

/* ---- the whole ------------------------------------------------------- */

enum status intake_new(const struct ingest_options *options, struct ingest_sink sink, bool render,
                       const struct whole *whole, struct intake **intake, struct error *error)
{
	struct intake *made = calloc(1, sizeof(*made));
	struct reader_sink reader_sink = { intake_row, intake_bad, made };

	if (made == NULL)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", options->name);
	made->options = options;
	made->sink = sink;
	made->check = (struct row_check){ .options = options, .render = render };
	if (whole != NULL)
		made->whole = *whole;
	made->reader = reader_new(options->name, options->format, reader_sink);
	made->digest = digest_new();
	if (made->reader == NULL || made->digest == NULL) {
		intake_free(made);
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", options->name);
	}
	digest_value(made->digest, made->mark_hash);
	*intake = made;
	return STATUS_OK;
}

void intake_free(struct intake *intake)
{
	if (intake == NULL)
		return;
	ingest_batch_free(intake->batch);
	reader_free(intake->reader);
	digest_free(intake->digest);
	row_check_free(&intake->check);
	free(intake);
}

enum status intake_resume(struct intake *intake, const struct source_state *known,
                          struct error *error)
{
	enum status status;

	digest_value(intake->digest, intake->mark_hash);
	intake->mark = intake->hashed;
	if (intake->hashed != known->offset || !digest_equal(intake->mark_hash, known->hash))
		return error_set(error, STATUS_CONFLICT,
		                 "%s: is not what was taken in before: the first %" PRIu64
		                 " bytes differ",
		                 intake->options->name, known->offset);
	if (known->reader_state != NULL) {
		status = reader_restore(intake->reader, known->reader_state, error);
		if (status != STATUS_OK)
			return status;
	}
	if (reader_mark(intake->reader).offset != known->offset || known->rows < 0)
		return error_set(error, STATUS_CORRUPT,
		                 "%s: the stored state of the import contradicts itself",
		                 intake->options->name);
	intake->rows = known->rows;
	return STATUS_OK;
}

bool intake_refused(const struct intake *intake)
{
	return intake->refused;
}

enum status intake_feed(struct intake *intake, const char *bytes, size_t length,
                        struct error *error)
{
	enum status status = STATUS_OK;

	intake->chunk = bytes;
	intake->chunk_length = length;
	if (!intake_satisfied(intake)) {
		status = reader_feed(intake->reader, bytes, length, error);
		if (intake_satisfied(intake) && !intake->refused &&
		    (status == STATUS_CLOSED || status == STATUS_USAGE))
			status = STATUS_OK; /* what is behind the last row does not matter */
	}
	mark_take(intake);
	hash_up_to(intake, intake->chunk_at + length);
	intake->chunk_at += length;
	intake->chunk = NULL;
	intake->chunk_length = 0;
	return status;
}

enum status intake_part(struct intake *intake, const struct source_state *known, uint64_t offset,
                        const char *bytes, size_t length, struct error *error)
{
	uint64_t before = known == NULL || known->offset <= offset ? 0 : known->offset - offset;
	size_t pass = before < length ? (size_t)before : length;
	enum status status;

	if (pass > 0) {
		intake_pass(intake, bytes, pass);
		if (before > pass)
			return STATUS_OK;
		status = intake_resume(intake, known, error);
		if (status != STATUS_OK)
			return status;
	}
	return intake_feed(intake, bytes + pass, length - pass, error);
}

enum status intake_end(struct intake *intake, struct error *error)
{
	enum status status = STATUS_OK;

	if (!intake_satisfied(intake)) {
		status = reader_end(intake->reader, error);
		if (status != STATUS_OK)
			return status;
	}
	status = batch_ready(intake, error);
	return status == STATUS_OK ? batch_send(intake, true, error) : status;
}

enum status intake_break(struct intake *intake, struct error *error)
{
	struct error cause = *error;
	enum status status = intake_flush(intake, error);

	if (status != STATUS_OK)
		return status;
	return error_set(error, cause.status, "%s (%" PRId64 " row%s before it %s taken in)",
	                 cause.text, intake->rows_in, intake->rows_in == 1 ? "" : "s",
	                 intake->rows_in == 1 ? "was" : "were");
}
