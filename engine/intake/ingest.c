#include "engine/intake/ingest.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/intake/ingest_internal.h"

/* A pipe that pauses for so long has its rows handed on, full batch or not. */
#define PIPE_PAUSE_MS 50

static bool text_copy(const char **text)
{
	if (*text == NULL)
		return true;
	*text = strdup(*text);
	return *text != NULL;
}

enum status ingest_new(const struct ingest_options *options, struct ingest **ingest,
                       struct error *error)
{
	struct ingest *made = calloc(1, sizeof(*made));

	if (made == NULL)
		goto no_memory;
	made->options = *options;
	made->options.path = made->options.key = NULL;
	if (!text_copy(&made->options.name))
		goto no_memory;
	made->options.path = options->path;
	if (!text_copy(&made->options.path))
		goto no_memory;
	made->options.key = options->key;
	if (!text_copy(&made->options.key))
		goto no_memory;
	*ingest = made;
	return STATUS_OK;
no_memory:
	ingest_close(made);
	return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", options->name);
}

void ingest_close(struct ingest *ingest)
{
	if (ingest == NULL)
		return;
	upload_free(ingest->upload);
	source_close(ingest->source);
	buffer_free(&ingest->columns);
	free(ingest->chunk);
	free((char *)ingest->options.path);
	free((char *)ingest->options.name);
	free((char *)ingest->options.key);
	free(ingest);
}

enum status ingest_open(const struct ingest_options *options, struct ingest **ingest,
                        struct error *error)
{
	struct ingest *made;
	bool recognised = false;
	enum status status = ingest_new(options, &made, error);

	if (status != STATUS_OK)
		return status;
	made->chunk = malloc(SOURCE_CHUNK);
	if (made->chunk == NULL)
		status = error_set(error, STATUS_NO_MEMORY, "%s: out of memory", options->name);
	else
		status = source_open(options->path, options->name, options->stop, &made->source,
		                     error);
	if (status == STATUS_OK && options->known != NULL)
		status = ingest_recognise(made, options->known, &recognised, error);
	if (status == STATUS_OK && !recognised)
		status = ingest_check(made, error);
	made->options.known = NULL; /* the caller's, for this call only */
	if (status != STATUS_OK) {
		ingest_close(made);
		return status;
	}
	*ingest = made;
	return STATUS_OK;
}

bool ingest_checked(const struct ingest *ingest)
{
	return ingest->checked;
}

int64_t ingest_rows_bad(const struct ingest *ingest)
{
	return ingest->rows_bad;
}

int64_t ingest_rows_checked(const struct ingest *ingest)
{
	return ingest->rows_checked;
}

void ingest_columns(const struct ingest *ingest, struct buffer *out)
{
	buffer_append(out, ingest->columns.data, ingest->columns.length);
}

/* ---- import ---------------------------------------------------------- */

static enum status changed_while_read(const struct ingest *ingest, struct error *error)
{
	return error_set(error, STATUS_CONFLICT, "%s: changed while it was being read",
	                 ingest->options.name);
}

/* All of a checked source, up to where it was checked (it may have grown). */
static enum status run_checked(struct ingest *ingest, struct intake *intake,
                               const struct source_state *known, struct error *error)
{
	uint64_t offset = 0, hash[2];

	while (offset < ingest->whole.size) {
		uint64_t left = ingest->whole.size - offset;
		size_t got;
		enum status status = source_read_at(ingest->source, offset, ingest->chunk,
		                                    left < SOURCE_CHUNK ? (size_t)left : SOURCE_CHUNK,
		                                    &got, error);

		if (status != STATUS_OK)
			return status;
		if (got == 0)
			return changed_while_read(ingest, error);
		status = intake_part(intake, known, offset, ingest->chunk, got, error);
		/* It was sound when it was checked. */
		if (status == STATUS_USAGE && !intake_refused(intake) && !ingest->recognised)
			return changed_while_read(ingest, error);
		if (status != STATUS_OK)
			return status;
		offset += got;
	}
	if (known != NULL && known->offset > offset)
		return error_set(error, STATUS_CONFLICT,
		                 "%s: is shorter than what was taken in before",
		                 ingest->options.name);
	intake_hash(intake, hash);
	return digest_equal(hash, ingest->whole.hash) ? STATUS_OK
	                                              : changed_while_read(ingest, error);
}

/* A pipe, as it comes. */
static enum status run_pipe(struct ingest *ingest, struct intake *intake,
                            const struct source_state *known, struct error *error)
{
	uint64_t offset = 0;

	for (;;) {
		size_t got;
		enum status status = source_read(ingest->source, PIPE_PAUSE_MS, ingest->chunk,
		                                 SOURCE_CHUNK, &got, error);

		if (status == STATUS_TIMEOUT)
			status = intake_flush(intake, error);
		else if (status == STATUS_OK && got == 0)
			break;
		else if (status == STATUS_OK) {
			status = intake_part(intake, known, offset, ingest->chunk, got, error);
			offset += got;
		}
		if (status != STATUS_OK || intake_satisfied(intake))
			return status;
	}
	if (known != NULL && known->offset > offset)
		return error_set(error, STATUS_CONFLICT,
		                 "%s: ended after %llu bytes, before the %llu taken in earlier",
		                 ingest->options.name, (unsigned long long)offset,
		                 (unsigned long long)known->offset);
	return STATUS_OK;
}

enum status ingest_run(struct ingest *ingest, const struct source_state *known,
                       struct ingest_sink sink, struct error *error)
{
	struct intake *intake;
	struct error fault = { STATUS_OK, "" };
	enum status status;

	assert(ingest->source != NULL);
	if (known != NULL && known->offset == 0)
		known = NULL;
	status = intake_new(&ingest->options, sink, !ingest->checked,
	                    ingest->checked ? &ingest->whole : NULL, &intake, error);
	if (status != STATUS_OK)
		return status;
	status = ingest->checked ? run_checked(ingest, intake, known, &fault)
	                         : run_pipe(ingest, intake, known, &fault);
	if (status == STATUS_OK)
		status = intake_end(intake, &fault);
	if (status == STATUS_USAGE && !intake_refused(intake))
		status = intake_break(intake, &fault);
	if (status != STATUS_OK && error != NULL)
		*error = fault;
	intake_free(intake);
	return status;
}
