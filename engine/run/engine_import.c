/* The façade's part about items coming in: from a path on a thread of our own,
 * or from an upload on the caller's. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/run/account.h"
#include "engine/run/engine_internal.h"
#include "engine/run/import.h"
#include "engine/store/items.h"

void import_free(struct import *import)
{
	if (import == NULL)
		return;
	ingest_close(import->ingest);
	plan_free(import->plan);
	spec_free(import->spec);
	semaphore_free(import->room);
	free(import->known.reader_state);
	pthread_mutex_destroy(&import->mutex);
	free(import);
}

/* ---- the import thread ------------------------------------------------------------ */

struct stop_note {
	int64_t job;
	const char *reason;
};

static enum status stopped_run(struct writer *writer, struct db *db, void *argument,
                               struct error *error)
{
	const struct stop_note *note = argument;
	struct job_row *row;
	enum status status = writer_job(writer, note->job, &row, error);

	if (status != STATUS_OK)
		return status;
	if (row->state == JOB_RUNNING || row->state == JOB_IMPORTING)
		account_set_state(row, JOB_PAUSED, note->reason, 0);
	return events_add(db, note->job, clock_wall_ms(), "sluice", "import stopped", note->reason,
	                  error);
}

void import_mark(struct engine *engine, int64_t job, bool importing)
{
	struct station *station;

	pthread_mutex_lock(&engine->mutex);
	station = station_of_locked(engine, job);
	if (station != NULL)
		station->importing = importing;
	engine->serial++;
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->mutex);
}

static enum status run_to_end(struct import *import, struct error *error)
{
	struct ingest_sink sink = {import_batch, import};
	enum status status = ingest_run(import->ingest, import->has_known ? &import->known : NULL,
	                                sink, error);

	import_settle(import);
	if (status == STATUS_OK)
		status = import_failure(import, error);
	return status;
}

static void *import_main(void *argument)
{
	struct import *import = argument;
	struct error error = {0};
	char reason[256];
	struct stop_note note = {import->job, reason};
	enum status status;

	pthread_setname_np(pthread_self(), "sluice-import");
	status = run_to_end(import, &error);
	if (status != STATUS_OK && status != STATUS_CLOSED) {
		snprintf(reason, sizeof(reason), "import stopped: %.230s", error.text);
		log_error("%s", reason);
		(void)writer_call(import->engine->writer, stopped_run, &note, NULL);
	}
	pthread_mutex_lock(&import->mutex);
	if (status != STATUS_OK && import->failed.status == STATUS_OK)
		import->failed = error;
	import->over = true;
	pthread_mutex_unlock(&import->mutex);
	import_mark(import->engine, import->job, false);
	return NULL;
}

static enum status start_thread(struct import *import, struct error *error)
{
	struct engine *engine = import->engine;
	sigset_t all, old;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failed = pthread_create(&import->thread, NULL, import_main, import);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (failed != 0)
		return error_set(error, STATUS_NO_MEMORY, "cannot start the import: %s",
		                 strerror(failed));
	import->threaded = true;
	pthread_mutex_lock(&engine->mutex);
	import->next = engine->imports;
	engine->imports = import;
	pthread_mutex_unlock(&engine->mutex);
	return STATUS_OK;
}

void engine_imports_stop(struct engine *engine)
{
	struct import *import;

	pthread_mutex_lock(&engine->mutex);
	atomic_store(&engine->stopping, true);
	import = engine->imports;
	engine->imports = NULL;
	pthread_mutex_unlock(&engine->mutex);
	while (import != NULL) {
		struct import *next = import->next;

		pthread_join(import->thread, NULL);
		import_free(import);
		import = next;
	}
}

/* ---- before it starts ---------------------------------------------------------------- */

enum status import_claim(struct engine *engine, int64_t job, struct secret_set **secrets,
                                 struct error *error)
{
	struct station *station;
	enum status status = STATUS_OK;

	pthread_mutex_lock(&engine->mutex);
	station = station_of_locked(engine, job);
	if (station == NULL)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	else if (station->importing)
		status = error_set(error, STATUS_CONFLICT, "items are coming in already");
	else
		station->importing = true;
	if (status == STATUS_OK)
		*secrets = station->secrets;
	pthread_mutex_unlock(&engine->mutex);
	return status;
}

void import_known_source(struct import *import, struct job_row *row)
{
	struct source_state *known = &import->known;

	import->has_known = row->source.offset > 0 || row->source.size > 0 || row->source.complete;
	known->offset = (uint64_t)row->source.offset;
	memcpy(known->hash, row->source.hash, sizeof(known->hash));
	known->rows = row->source.rows;
	known->complete = row->source.complete;
	known->size = (uint64_t)row->source.size;
	memcpy(known->size_hash, row->source.size_hash, sizeof(known->size_hash));
	known->reader_state = row->source.state;
	row->source.state = NULL;
}

static enum status unseal_run(struct writer *writer, struct db *db, void *argument,
                              struct error *error)
{
	const int64_t *job = argument;
	struct job_row *row;
	enum status status = writer_job(writer, *job, &row, error);

	(void)db;
	if (status != STATUS_OK)
		return status;
	row->sealed = false;
	if (row->state == JOB_RUNNING || row->state == JOB_FINISHED)
		account_set_state(row, JOB_IMPORTING, NULL, 0);
	row->finished_at_ms = 0;
	return STATUS_OK;
}

struct import *import_new(struct engine *engine, int64_t job)
{
	struct import *import = calloc(1, sizeof(*import));

	if (import == NULL)
		return NULL;
	pthread_mutex_init(&import->mutex, NULL);
	import->engine = engine;
	import->job = job;
	import->room = semaphore_new(BATCHES_OUT_MAX);
	if (import->room != NULL)
		return import;
	import_free(import);
	return NULL;
}

static enum status prepare(struct import *import, struct job_row *row,
                           const struct engine_import *how, struct secret_set *secrets,
                           struct error *error)
{
	struct ingest_options options = {
	    .path = how->path,
	    .name = strcmp(how->path, "-") == 0 ? "stdin" : how->path,
	    .skip_bad_rows = how->skip_bad_rows,
	    .stop = &import->engine->stopping,
	};
	enum status status = spec_parse(row->spec, strlen(row->spec), NULL, &import->spec, error);

	if (status == STATUS_OK)
		status = plan_make(import->spec, row->name, row->uuid, secrets, &import->plan, error);
	if (status != STATUS_OK)
		return status;
	snprintf(import->path, sizeof(import->path), "%s", options.name);
	options.format = how->format;
	options.rows_max = how->rows_max;
	options.key = import->spec->key;
	options.plan = import->plan;
	import_known_source(import, row);
	options.known = import->has_known ? &import->known : NULL;
	return ingest_open(&options, &import->ingest, error);
}

/* A job that was made for these items and has none of them is of no use. */
static void drop_if_empty(struct engine *engine, int64_t job)
{
	struct job_row row;
	bool empty;

	if (engine_row(engine, job, &row, NULL) != STATUS_OK)
		return;
	empty = row.started_at_ms == 0 && row.counts[ITEM_PENDING] == row.total && !row.sealed;
	job_row_free(&row);
	if (empty)
		(void)engine_job_remove(engine, job, NULL);
}

enum status engine_job_import(struct engine *engine, int64_t job,
                              const struct engine_import *how, struct error *error)
{
	struct secret_set *secrets = NULL;
	struct import *import = NULL;
	struct job_row row;
	bool nothing = false, running = false;
	enum status status = engine_row(engine, job, &row, error);

	if (status != STATUS_OK)
		return status;
	status = import_claim(engine, job, &secrets, error);
	if (status != STATUS_OK) {
		job_row_free(&row);
		return status;
	}
	import = import_new(engine, job);
	status = import != NULL ? prepare(import, &row, how, secrets, error)
	                        : error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status == STATUS_OK)
		status = import_compare(import, &row, how, &nothing, error);
	if (status == STATUS_OK && nothing && !row.sealed)
		status = engine_job_seal_now(engine, job, error);
	if (status == STATUS_OK && !nothing && row.sealed && !import->no_more)
		status = writer_call(engine->writer, unseal_run, &job, error);
	if (status == STATUS_OK && !nothing && import->no_more) {
		status = run_to_end(import, error);
	} else if (status == STATUS_OK && !nothing && import->spec->key != NULL) {
		/* Keys that stand twice are found by the store: before anything is sent. */
		status = run_to_end(import, error);
		if (status == STATUS_CONFLICT)
			error->status = status = STATUS_USAGE;
	} else if (status == STATUS_OK && !nothing) {
		status = start_thread(import, error);
		running = status == STATUS_OK;
	}
	job_row_free(&row);
	if (running)
		return STATUS_OK;
	import_free(import);
	import_mark(engine, job, false);
	if (status != STATUS_OK && status != STATUS_CONFLICT)
		drop_if_empty(engine, job);
	return status;
}
