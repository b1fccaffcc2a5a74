/* Items that are fed instead of read, and whether they were fed before. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/intake/ingest_internal.h"

void upload_free(struct upload *upload)
{
	if (upload == NULL)
		return;
	intake_free(upload->intake);
	head_free(&upload->head);
	buffer_free(&upload->held);
	free(upload->known.reader_state);
	free(upload);
}

static const char *name_of(const struct upload *upload)
{
	return upload->ingest->options.name;
}

static enum status no_memory(const struct upload *upload, struct error *error)
{
	return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", name_of(upload));
}

/* ---- what is refused ------------------------------------------------------ */

static enum status differs(const struct upload *upload, struct error *error)
{
	const struct source_state *known = &upload->known;

	return error_set(error, STATUS_CONFLICT,
	                 "%s: the last one %s (%" PRId64 " row%s of it, %" PRIu64
	                 " bytes, are in), and this one does not go on as that did; repeat that "
	                 "one, or let upload=new add all of this one",
	                 name_of(upload), known->complete ? "began alike" : "broke off", known->rows,
	                 known->rows == 1 ? "" : "s", known->offset);
}

static enum status more_rows(const struct upload *upload, struct error *error)
{
	return error_set(error, STATUS_CONFLICT,
	                 "%s: begins with the whole of the last one (%" PRId64 " row%s) and has more; "
	                 "upload=append adds what is behind, upload=new adds all of it",
	                 name_of(upload), upload->known.rows, upload->known.rows == 1 ? "" : "s");
}

/* ---- batches --------------------------------------------------------------- */

static enum status upload_batch(void *context, struct ingest_batch *batch, struct error *error)
{
	struct upload *upload = context;
	enum status status = STATUS_OK;

	if (upload->stage == UPLOAD_BOUND && upload->known.complete &&
	    !upload->ingest->options.append && !batch_empty(batch))
		status = more_rows(upload, error);
	else if (!head_write(&upload->head, &batch->after.reader_state))
		status = no_memory(upload, error);
	if (status == STATUS_OK)
		return upload->sink.batch(upload->sink.context, batch, error);
	ingest_batch_free(batch);
	return status;
}

/* ---- new or known? ---------------------------------------------------------- */

static enum status part_take(struct upload *upload, const char *bytes, size_t length,
                             struct error *error)
{
	bool bound = upload->stage == UPLOAD_BOUND;
	enum status status = intake_part(upload->intake, bound ? &upload->known : NULL,
	                                 upload->offset, bytes, length, error);

	if (status == STATUS_CONFLICT && bound && !intake_refused(upload->intake))
		return differs(upload, error);
	upload->offset += length;
	return status;
}

/* All bytes that the last one took in are held, and one more, or none came. */
static enum status begins_alike(const struct upload *upload, bool *alike, struct error *error)
{
	const struct source_state *known = &upload->known;
	const struct buffer *held = &upload->held;
	struct digest *digest = digest_new();
	uint64_t hash[2];

	if (digest == NULL)
		return no_memory(upload, error);
	digest_add(digest, held->data, (size_t)known->offset);
	digest_value(digest, hash);
	digest_free(digest);
	*alike = digest_equal(hash, known->hash);
	if (!*alike)
		return STATUS_OK;
	return ingest_can_go_on(upload->ingest, known, held->data + known->offset,
	                        held->length > known->offset ? 1 : 0, alike, error);
}

static enum status decide(struct upload *upload, bool ended, struct error *error)
{
	uint64_t known = upload->known.offset, length = upload->held.length;
	bool alike = head_alike(&upload->head, &upload->known_head, known);
	enum status status = STATUS_OK;

	if (alike && !ended && length <= known && length < HEAD_BYTES_MAX)
		return STATUS_OK; /* not yet */
	if (alike && length >= known && (ended || length > known))
		status = begins_alike(upload, &alike, error);
	else if (ended)
		alike = false;
	if (status != STATUS_OK)
		return status;
	upload->stage = alike ? UPLOAD_BOUND : UPLOAD_FREE;
	if (length > 0)
		status = part_take(upload, upload->held.data, (size_t)length, error);
	buffer_free(&upload->held);
	return status;
}

static enum status bytes_take(struct upload *upload, const char *bytes, size_t length,
                              struct error *error)
{
	head_add(&upload->head, bytes, length);
	if (upload->stage == UPLOAD_UNDECIDED) {
		buffer_append(&upload->held, bytes, length);
		return upload->held.failed ? no_memory(upload, error)
		                           : decide(upload, false, error);
	}
	if (upload->stage == UPLOAD_BOUND &&
	    !head_alike(&upload->head, &upload->known_head, upload->known.offset))
		return differs(upload, error);
	return part_take(upload, bytes, length, error);
}

static enum status bytes_end(struct upload *upload, struct error *error)
{
	enum status status = STATUS_OK;

	if (upload->stage == UPLOAD_UNDECIDED)
		status = decide(upload, true, error);
	if (status != STATUS_OK)
		return status;
	if (upload->stage == UPLOAD_BOUND && upload->offset < upload->known.offset)
		return differs(upload, error);
	return intake_end(upload->intake, error);
}

/* ---- from outside ------------------------------------------------------------ */

/* After a failure nothing more is taken. */
static enum status finish(struct upload *upload, enum status status, struct error *error)
{
	struct error *fault = &upload->fault, flushing;

	if (status == STATUS_USAGE && !intake_refused(upload->intake) &&
	    intake_flush(upload->intake, &flushing) != STATUS_OK)
		*fault = flushing;
	if (status != STATUS_OK && error != NULL)
		*error = *fault;
	return fault->status;
}

enum status ingest_upload_feed(struct ingest *ingest, const char *bytes, size_t length,
                               struct error *error)
{
	struct upload *upload = ingest->upload;

	assert(upload != NULL);
	if (upload->fault.status == STATUS_OK)
		return finish(upload, bytes_take(upload, bytes, length, &upload->fault), error);
	if (error != NULL)
		*error = upload->fault;
	return upload->fault.status;
}

enum status ingest_upload_flush(struct ingest *ingest, struct error *error)
{
	struct upload *upload = ingest->upload;

	assert(upload != NULL);
	if (upload->fault.status == STATUS_OK)
		return finish(upload, intake_flush(upload->intake, &upload->fault), error);
	if (error != NULL)
		*error = upload->fault;
	return upload->fault.status;
}

enum status ingest_upload_end(struct ingest *ingest, struct error *error)
{
	struct upload *upload = ingest->upload;

	assert(upload != NULL);
	if (upload->fault.status == STATUS_OK)
		return finish(upload, bytes_end(upload, &upload->fault), error);
	if (error != NULL)
		*error = upload->fault;
	return upload->fault.status;
}

int64_t ingest_upload_known(const struct ingest *ingest)
{
	const struct upload *upload = ingest->upload;

	return upload->stage == UPLOAD_BOUND && upload->offset >= upload->known.offset
	         ? upload->known.rows
	         : 0;
}

/* Keep what the last one took in, and choose how to begin. */
static bool upload_bind(struct upload *upload, const struct source_state *known)
{
	upload->stage = UPLOAD_FREE;
	if (known == NULL || known->offset == 0)
		return true;
	upload->stage = known->complete ? UPLOAD_UNDECIDED : UPLOAD_BOUND;
	upload->known = *known;
	head_read(&upload->known_head, known->reader_state);
	if (known->reader_state == NULL)
		return true;
	upload->known.reader_state = strdup(known->reader_state);
	return upload->known.reader_state != NULL;
}

enum status ingest_upload_new(const struct ingest_options *options, struct ingest_sink sink,
                              struct ingest **ingest, struct error *error)
{
	struct ingest *made;
	struct upload *upload;
	enum status status = ingest_new(options, &made, error);

	if (status != STATUS_OK)
		return status;
	upload = made->upload = calloc(1, sizeof(*upload));
	if (upload == NULL) {
		status = error_set(error, STATUS_NO_MEMORY, "%s: out of memory", options->name);
		goto failed;
	}
	upload->ingest = made;
	upload->sink = sink;
	made->options.known = NULL; /* the caller's, for this call only */
	if (!upload_bind(upload, options->known) || !head_begin(&upload->head)) {
		status = no_memory(upload, error);
		goto failed;
	}
	status = intake_new(&made->options, (struct ingest_sink){ upload_batch, upload }, true, NULL,
	                    &upload->intake, error);
	if (status != STATUS_OK)
		goto failed;
	*ingest = made;
	return STATUS_OK;
failed:
	ingest_close(made);
	return status;
}
