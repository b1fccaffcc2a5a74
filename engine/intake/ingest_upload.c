#include <assert.h>

#include "engine/intake/ingest_internal.h"

enum status ingest_upload_new(const struct ingest_options *options, struct ingest_sink sink,
                              struct ingest **ingest, struct error *error)
{
	struct ingest *made;
	enum status status = ingest_new(options, &made, error);

	if (status != STATUS_OK)
		return status;
	status = intake_new(&made->options, sink, true, NULL, &made->upload, error);
	if (status != STATUS_OK) {
		ingest_close(made);
		return status;
	}
	*ingest = made;
	return STATUS_OK;
}

/* After a failure nothing more is taken; the cause is told once. */
static enum status upload_finish(struct ingest *ingest, enum status status, struct error *fault,
                                 struct error *error)
{
	if (status == STATUS_USAGE && !intake_refused(ingest->upload))
		status = intake_break(ingest->upload, fault);
	ingest->upload_failed = status;
	if (status != STATUS_OK && error != NULL)
		*error = *fault;
	return status;
}

enum status ingest_upload_feed(struct ingest *ingest, const char *bytes, size_t length,
                               struct error *error)
{
	struct error fault = { STATUS_OK, "" };
	enum status status;

	assert(ingest->upload != NULL);
	if (ingest->upload_failed != STATUS_OK)
		return error_set(error, ingest->upload_failed, "%s: the upload was ended by an error",
		                 ingest->options.name);
	status = intake_feed(ingest->upload, bytes, length, &fault);
	return upload_finish(ingest, status, &fault, error);
}

enum status ingest_upload_end(struct ingest *ingest, struct error *error)
{
	struct error fault = { STATUS_OK, "" };
	enum status status;

	assert(ingest->upload != NULL);
	if (ingest->upload_failed != STATUS_OK)
		return error_set(error, ingest->upload_failed, "%s: the upload was ended by an error",
		                 ingest->options.name);
	status = intake_end(ingest->upload, &fault);
	return upload_finish(ingest, status, &fault, error);
}
