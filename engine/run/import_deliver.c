/* Batches of rows on their way into the store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/import.h"
#include "engine/store/items.h"

struct delivery {
	struct import *import;
	struct ingest_batch *batch;
	int64_t rows; /* that came in */
};

static enum status insert_rows(struct delivery *delivery, struct db *db, struct job_row *row,
                               struct error *error)
{
	const struct ingest_batch *batch = delivery->batch;
	const char *text = batch->text.data;
	enum status status = STATUS_OK;
	int64_t inserted = 0;

	for (int i = 0; status == STATUS_OK && i < batch->row_count; i++) {
		const struct ingest_row *in = &batch->rows[i];
		const char *key = in->key_length > 0 ? text + in->key_at : NULL;

		status = items_insert(db, row->id, row->total + inserted + 1, text + in->at, in->length,
		                      key, in->key_length, error);
		if (status == STATUS_OK)
			inserted++;
		else if (status == STATUS_CONFLICT && delivery->import->by_key && key != NULL)
			status = STATUS_OK;
	}
	if (status != STATUS_OK)
		return status;
	row->total += inserted;
	row->counts[ITEM_PENDING] += inserted;
	delivery->rows = inserted;
	return STATUS_OK;
}

static enum status save_source(const struct delivery *delivery, struct db *db,
                               struct job_row *row, struct error *error)
{
	const struct source_state *after = &delivery->batch->after;
	struct job_source *source = &row->source;
	char *state = after->reader_state != NULL ? strdup(after->reader_state) : NULL;

	free(source->state);
	source->state = state;
	source->offset = (int64_t)after->offset;
	memcpy(source->hash, after->hash, sizeof(source->hash));
	source->rows = after->rows;
	source->complete = after->complete;
	source->size = (int64_t)after->size;
	memcpy(source->size_hash, after->size_hash, sizeof(source->size_hash));
	snprintf(row->source_path, sizeof(row->source_path), "%s", delivery->import->path);
	if (row->source_columns == NULL && !delivery->import->upload) {
		struct buffer columns = {0};

		ingest_columns(delivery->import->ingest, &columns);
		row->source_columns = buffer_take(&columns);
	}
	if (after->complete && !delivery->import->upload)
		row->sealed = true;
	return jobs_save_source(db, row, error);
}

/* The first failure counts. */
static void note_failure(struct import *import, const struct error *error)
{
	pthread_mutex_lock(&import->mutex);
	if (import->failed.status == STATUS_OK)
		import->failed = *error;
	pthread_mutex_unlock(&import->mutex);
}

static enum status insert_batch(struct delivery *delivery, struct writer *writer, struct db *db,
                                struct error *error)
{
	const struct ingest_batch *batch = delivery->batch;
	struct job_row *row;
	enum status status = writer_job(writer, delivery->import->job, &row, error);

	/* Cancelled while they came: no word that all is well. */
	if (status == STATUS_OK && row->state == JOB_CANCELLED && delivery->import->upload)
		status = error_set(error, STATUS_CONFLICT, "job '%s' was cancelled meanwhile",
		                   row->name);
	if (status == STATUS_OK)
		status = insert_rows(delivery, db, row, error);
	for (int i = 0; status == STATUS_OK && i < batch->bad_count; i++) {
		status = items_add_bad_row(db, row->id, batch->bad[i].row, batch->bad[i].fault,
		                           batch->bad[i].raw, error);
		row->bad_rows += status == STATUS_OK;
	}
	return status == STATUS_OK ? save_source(delivery, db, row, error) : status;
}

/* Does it concern the whole database?  Then the batch is tried again, or the
 * writer stops. */
static bool of_database(enum status status)
{
	return status == STATUS_IO || status == STATUS_DISK_FULL || status == STATUS_CORRUPT;
}

static enum status deliver_run(struct writer *writer, struct db *db, void *argument,
                               struct error *error)
{
	struct delivery *delivery = argument;
	/* Behind a batch that failed none may come in: its rows would be passed
	 * over by whoever goes on from there. */
	enum status status = import_failure(delivery->import, error);
	struct error fault = {0};

	if (status != STATUS_OK)
		return status;
	status = insert_batch(delivery, writer, db, &fault);
	fault.status = status;
	if (status != STATUS_OK && !of_database(status))
		note_failure(delivery->import, &fault);
	if (status != STATUS_OK && error != NULL)
		*error = fault;
	return status;
}

static void deliver_finished(void *argument, const struct error *error)
{
	struct delivery *delivery = argument;
	struct import *import = delivery->import;

	if (error->status != STATUS_OK) {
		note_failure(import, error);
	} else {
		pthread_mutex_lock(&import->mutex);
		import->rows += delivery->rows;
		pthread_mutex_unlock(&import->mutex);
	}
	ingest_batch_free(delivery->batch);
	free(delivery);
	semaphore_release(import->room, 1);
}

enum status import_failure(struct import *import, struct error *error)
{
	enum status status;

	pthread_mutex_lock(&import->mutex);
	status = import->failed.status;
	if (status != STATUS_OK && error != NULL)
		*error = import->failed;
	pthread_mutex_unlock(&import->mutex);
	return status;
}

enum status import_batch(void *context, struct ingest_batch *batch, struct error *error)
{
	struct import *import = context;
	struct delivery *delivery;
	enum status status = import_failure(import, error);

	if (status == STATUS_OK && import->no_more && batch->row_count > 0)
		status = error_set(error, STATUS_CONFLICT,
		                   "%s: has more rows than the %lld that are in (the first %lld are "
		                   "the same)",
		                   import->path, (long long)import->known.rows,
		                   (long long)import->known.rows);

	if (status == STATUS_OK && (delivery = calloc(1, sizeof(*delivery))) != NULL) {
		while (semaphore_acquire(import->room, 1, CLOCK_NEVER) == 0)
			;
		delivery->import = import;
		delivery->batch = batch;
		status = writer_post(import->engine->writer, deliver_run, delivery, deliver_finished);
		if (status == STATUS_OK)
			return STATUS_OK;
		semaphore_release(import->room, 1);
		free(delivery);
		error_set(error, status, "the engine is stopping");
	} else if (status == STATUS_OK) {
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	ingest_batch_free(batch);
	return status;
}

/* All batches are committed (or failed). */
void import_settle(struct import *import)
{
	int taken = 0;

	while (taken < BATCHES_OUT_MAX)
		taken += semaphore_acquire(import->room, BATCHES_OUT_MAX - taken, CLOCK_NEVER);
	semaphore_release(import->room, taken);
}
