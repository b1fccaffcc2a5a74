/* Is the source what a former run took in?  Content is compared by its hash;
 * sizes and times of files are not trusted. */
#include <string.h>

#include "engine/intake/ingest_internal.h"

/* Are the first `length` bytes those with this hash? */
static enum status prefix_equal(struct ingest *ingest, uint64_t length, const uint64_t hash[2],
                                bool *equal, struct error *error)
{
	struct digest *digest;
	enum status status = STATUS_OK;
	uint64_t offset = 0, found[2];

	*equal = false;
	if (length > ingest->whole.size)
		return STATUS_OK;
	digest = digest_new();
	if (digest == NULL)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory",
		                 ingest->options.name);
	while (offset < length) {
		uint64_t left = length - offset;
		size_t got;

		status = source_read_at(ingest->source, offset, ingest->chunk,
		                        left < SOURCE_CHUNK ? (size_t)left : SOURCE_CHUNK, &got,
		                        error);
		if (status != STATUS_OK || got == 0)
			break;
		digest_add(digest, ingest->chunk, got);
		offset += got;
	}
	digest_value(digest, found);
	digest_free(digest);
	*equal = offset == length && digest_equal(found, hash);
	return status;
}

/* The columns, as the reader had them then. */
static enum status columns_recall(struct ingest *ingest, const struct source_state *known,
                                  struct error *error)
{
	const char *text = known->reader_state;
	struct json_span state, columns = { "null", strlen("null") };

	if (text != NULL && json_trim(text, strlen(text), &state, NULL))
		(void)json_member(state, "columns", strlen("columns"), &columns);
	buffer_append(&ingest->columns, columns.at, columns.length);
	if (ingest->columns.failed)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory",
		                 ingest->options.name);
	return STATUS_OK;
}

enum status ingest_recognise(struct ingest *ingest, const struct source_state *known,
                             bool *recognised, struct error *error)
{
	char beyond;
	size_t got = 0;
	enum status status = STATUS_OK;

	*recognised = false;
	if (known->size == 0 || !source_rereadable(ingest->source))
		return STATUS_OK;
	ingest->whole.size = known->size;
	memcpy(ingest->whole.hash, known->size_hash, sizeof(ingest->whole.hash));
	status = prefix_equal(ingest, known->size, known->size_hash, recognised, error);
	if (status == STATUS_OK && *recognised)
		status = source_read_at(ingest->source, known->size, &beyond, 1, &got, error);
	*recognised = status == STATUS_OK && *recognised && got == 0;
	ingest->checked = ingest->recognised = *recognised;
	if (!*recognised) {
		memset(&ingest->whole, 0, sizeof(ingest->whole));
		return status;
	}
	ingest->rows_checked = known->rows;
	return columns_recall(ingest, known, error);
}

static enum status ignore_row(void *context, const struct reader_row *row, struct error *error)
{
	(void)context;
	(void)row;
	(void)error;
	return STATUS_OK;
}

static enum status ignore_bad(void *context, int64_t row, const struct error *fault,
                              struct json_span raw, struct error *error)
{
	(void)context;
	(void)row;
	(void)fault;
	(void)raw;
	(void)error;
	return STATUS_OK;
}

enum status ingest_can_go_on(const struct ingest *ingest, const struct source_state *known,
                             const char *bytes, size_t length, bool *can, struct error *error)
{
	struct reader_sink sink = { ignore_row, ignore_bad, NULL };
	struct reader *reader;
	struct error fault; /* most are for the reading itself to tell */
	enum status status;

	*can = true;
	if (known->reader_state == NULL)
		return STATUS_OK;
	reader = reader_new(ingest->options.name, ingest->options.format, sink);
	if (reader == NULL)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory",
		                 ingest->options.name);
	status = reader_restore(reader, known->reader_state, &fault);
	if (status == STATUS_OK && length > 0)
		status = reader_feed(reader, bytes, length, &fault);
	reader_free(reader);
	*can = status != STATUS_CONFLICT;
	if (status == STATUS_OK || status == STATUS_CONFLICT || status == STATUS_USAGE)
		return STATUS_OK;
	if (error != NULL)
		*error = fault;
	return status;
}

/* The same of a file. */
static enum status can_go_on(struct ingest *ingest, const struct source_state *known, bool *can,
                             struct error *error)
{
	size_t got = 0;
	enum status status =
	    source_read_at(ingest->source, known->offset, ingest->chunk, 1, &got, error);

	if (status != STATUS_OK)
		return status;
	return ingest_can_go_on(ingest, known, ingest->chunk, got, can, error);
}

/* Does it begin with what was taken in? */
static enum status begins_alike(struct ingest *ingest, const struct source_state *known,
                                bool *alike, struct error *error)
{
	enum status status = STATUS_OK;

	*alike = false;
	if (known->size > 0)
		status = prefix_equal(ingest, known->size, known->size_hash, alike, error);
	/* The end of a JSON array moves when rows are added: what counts is what
	 * the rows came from.  Of a file that was not taken in to its end, what was
	 * checked must be the same too. */
	if (status == STATUS_OK && !*alike && (known->complete || known->size == 0))
		status = prefix_equal(ingest, known->offset, known->hash, alike, error);
	if (status == STATUS_OK && *alike)
		status = can_go_on(ingest, known, alike, error);
	return status;
}

enum status ingest_compare(struct ingest *ingest, const struct source_state *known,
                           enum source_relation *relation, struct error *error)
{
	bool alike;
	enum status status;

	if (known == NULL || (known->offset == 0 && !known->complete)) {
		*relation = SOURCE_NEW;
		return STATUS_OK;
	}
	if (!ingest->checked || (known->size > 0 && known->size == ingest->whole.size &&
	                         digest_equal(known->size_hash, ingest->whole.hash))) {
		*relation = SOURCE_SAME;
		return STATUS_OK;
	}
	status = begins_alike(ingest, known, &alike, error);
	if (status != STATUS_OK)
		return status;
	if (!alike)
		*relation = SOURCE_DIFFERS;
	else if (known->complete && ingest->rows_checked > known->rows)
		*relation = SOURCE_APPENDED;
	else if (known->complete || known->size == 0) /* no rows more, or not yet all of a pipe */
		*relation = SOURCE_SAME;
	else
		*relation = SOURCE_APPENDED;
	return STATUS_OK;
}

/* The end of a file that was read to its end: blanks, and an array's bracket. */
#define TAIL_MAX 4096

enum status ingest_has_more(struct ingest *ingest, const struct source_state *known, bool *more,
                            struct error *error)
{
	uint64_t left = known->offset < known->size ? known->size - known->offset : 0;
	size_t got = 0;
	enum status status;

	*more = left > TAIL_MAX;
	if (!ingest->checked || left == 0 || *more)
		return STATUS_OK;
	status = source_read_at(ingest->source, known->offset, ingest->chunk, (size_t)left, &got,
	                        error);
	for (size_t i = 0; status == STATUS_OK && i < got && !*more; i++)
		*more = memchr(" \t\r\n]", ingest->chunk[i], 5) == NULL;
	return status;
}
