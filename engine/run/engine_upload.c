/* The façade's part about items that come in over the API. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/import.h"

/* Rows of a stream that pauses are handed on after so long. */
#define PAUSE_MS 250
#define SOURCE_PATH "upload"

struct engine_upload {
	struct import *import;
	pthread_t flusher; /* hands on what the stream left lying */

	/* guarded by mutex, which is also held while rows are handed on: that may
	 * wait for room, and then so must whoever brings the next ones */
	pthread_mutex_t mutex;
	pthread_cond_t closed;
	bool closing;
};

static void *flusher_main(void *argument)
{
	struct engine_upload *upload = argument;

	pthread_setname_np(pthread_self(), "sluice-upload");
	pthread_mutex_lock(&upload->mutex);
	while (!upload->closing) {
		int64_t deadline = clock_mono_ns() + PAUSE_MS * INT64_C(1000000);

		(void)clock_cond_wait(&upload->closed, &upload->mutex, deadline);
		/* A failure is kept there, for the next call. */
		if (!upload->closing)
			(void)ingest_upload_flush(upload->import->ingest, NULL);
	}
	pthread_mutex_unlock(&upload->mutex);
	return NULL;
}

static enum status flusher_start(struct engine_upload *upload, struct error *error)
{
	sigset_t all, old;
	int failed;

	pthread_mutex_init(&upload->mutex, NULL);
	clock_cond_init(&upload->closed);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failed = pthread_create(&upload->flusher, NULL, flusher_main, upload);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failed == 0)
		return STATUS_OK;
	pthread_cond_destroy(&upload->closed);
	pthread_mutex_destroy(&upload->mutex);
	return error_set(error, STATUS_NO_MEMORY, "cannot start the upload: %s", strerror(failed));
}

static void flusher_stop(struct engine_upload *upload)
{
	pthread_mutex_lock(&upload->mutex);
	upload->closing = true;
	pthread_cond_broadcast(&upload->closed);
	pthread_mutex_unlock(&upload->mutex);
	pthread_join(upload->flusher, NULL);
	pthread_cond_destroy(&upload->closed);
	pthread_mutex_destroy(&upload->mutex);
}

/* ---- open -------------------------------------------------------------------------- */

/* May this one be added without regard to what is in? */
static enum status may_be_new(const struct job_row *row, struct error *error)
{
	if (row->source.complete || row->source.offset == 0
	    || strcmp(row->source_path, SOURCE_PATH) == 0)
		return STATUS_OK;
	return error_set(error, STATUS_CONFLICT,
	                 "the import of %s is to be finished before (it broke off behind row %lld)",
	                 row->source_path, (long long)row->source.rows);
}

static enum status prepare(struct import *import, struct job_row *row,
                           const struct engine_upload_how *how, struct error *error)
{
	struct ingest_options options = {
	    .path = "-", .name = "upload", .format = how->format, .stop = &import->engine->stopping,
	    .append = how->kind == UPLOAD_APPENDED};
	enum status status = STATUS_OK;

	import->upload = true;
	strcpy(import->path, SOURCE_PATH);
	if (how->kind == UPLOAD_NEW)
		status = may_be_new(row, error);
	else
		import_known_source(import, row);
	if (import->has_known)
		options.known = &import->known;
	if (status == STATUS_OK)
		status = spec_parse(row->spec, strlen(row->spec), NULL, &import->spec, error);
	if (status != STATUS_OK)
		return status;
	options.key = import->spec->key;
	return ingest_upload_new(&options, (struct ingest_sink){import_batch, import},
	                         &import->ingest, error);
}

/* With the job claimed for us. */
static enum status open_claimed(struct engine *engine, int64_t job,
                                const struct engine_upload_how *how,
                                struct engine_upload *upload, struct error *error)
{
	struct job_row row;
	enum status status = engine_row(engine, job, &row, error);

	if (status != STATUS_OK)
		return status;
	if (row.sealed || row.state == JOB_CANCELLED)
		status = error_set(error, STATUS_CONFLICT, "job '%s' takes no more items", row.name);
	if (status == STATUS_OK) {
		upload->import = import_new(engine, job);
		status = upload->import != NULL ? prepare(upload->import, &row, how, error)
		                                : error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	job_row_free(&row);
	return status == STATUS_OK ? flusher_start(upload, error) : status;
}

enum status engine_upload_open(struct engine *engine, int64_t job,
                               const struct engine_upload_how *how, struct engine_upload **out,
                               struct error *error)
{
	struct engine_upload *upload = calloc(1, sizeof(*upload));
	struct secret_set *secrets;
	enum status status;

	if (upload == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = import_claim(engine, job, &secrets, error);
	if (status != STATUS_OK) {
		free(upload);
		return status;
	}
	/* Only now: what another upload left is on record when its claim is gone. */
	status = open_claimed(engine, job, how, upload, error);
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
	enum status status;

	pthread_mutex_lock(&upload->mutex);
	status = ingest_upload_feed(upload->import->ingest, bytes, length, error);
	pthread_mutex_unlock(&upload->mutex);
	return status;
}

enum status engine_upload_close(struct engine_upload *upload, bool abandoned,
                                struct engine_upload_rows *rows, struct error *error)
{
	struct import *import = upload->import;
	enum status status = STATUS_OK;

	flusher_stop(upload);
	if (!abandoned)
		status = ingest_upload_end(import->ingest, error);
	import_settle(import);
	if (status == STATUS_OK)
		status = import_failure(import, error);
	if (rows != NULL)
		*rows = (struct engine_upload_rows){import->rows, ingest_upload_known(import->ingest)};
	import_mark(import->engine, import->job, false);
	import_free(import);
	free(upload);
	return status;
}
