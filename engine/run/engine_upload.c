/* The façade's part about items that come in over the API. */
#include <stdlib.h>
#include <string.h>

#include "engine/run/import.h"

struct engine_upload {
	struct import *import;
};

enum status engine_upload_open(struct engine *engine, int64_t job, enum items_format format,
                               struct engine_upload **out, struct error *error)
{
	struct ingest_options options = {.path = "-", .name = "upload", .format = format};
	struct engine_upload *upload = calloc(1, sizeof(*upload));
	struct secret_set *secrets;
	struct job_row row;
	enum status status = engine_row(engine, job, &row, error);

	if (status != STATUS_OK || upload == NULL) {
		free(upload);
		return status != STATUS_OK ? status : error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	if (row.sealed || row.state == JOB_CANCELLED)
		status = error_set(error, STATUS_CONFLICT, "job '%s' takes no more items", row.name);
	if (status == STATUS_OK)
		status = import_claim(engine, job, &secrets, error);
	if (status != STATUS_OK) {
		job_row_free(&row);
		free(upload);
		return status;
	}
	upload->import = import_new(engine, job);
	if (upload->import == NULL)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status == STATUS_OK) {
		upload->import->upload = true;
		status = spec_parse(row.spec, strlen(row.spec), NULL, &upload->import->spec, error);
	}
	if (status == STATUS_OK) {
		options.key = upload->import->spec->key;
		options.stop = &upload->import->stop;
		status = ingest_upload_new(&options, (struct ingest_sink){import_batch, upload->import},
		                           &upload->import->ingest, error);
	}
	job_row_free(&row);
	if (status != STATUS_OK) {
		import_free(upload->import);
		import_mark(engine, job, false);
		free(upload);
		return status;
	}
	*out = upload;
	return STATUS_OK;
}

enum status engine_upload_feed(struct engine_upload *upload, const char *bytes, size_t length,
                               struct error *error)
{
	return ingest_upload_feed(upload->import->ingest, bytes, length, error);
}

enum status engine_upload_close(struct engine_upload *upload, bool abandoned, int64_t *rows,
                                struct error *error)
{
	struct import *import = upload->import;
	enum status status = STATUS_OK;

	if (!abandoned)
		status = ingest_upload_end(import->ingest, error);
	import_settle(import);
	if (status == STATUS_OK)
		status = import_failure(import, error);
	if (rows != NULL)
		*rows = import->rows;
	import_mark(import->engine, import->job, false);
	import_free(import);
	free(upload);
	return status;
}
