/* What the engine's files about items coming in share. */
#ifndef SLUICE_RUN_IMPORT_H
#define SLUICE_RUN_IMPORT_H

#include "engine/run/engine_internal.h"
#include "engine/intake/ingest.h"

/* Batches on their way to the writer, of up to 1000 rows each. */
#define BATCHES_OUT_MAX 4

struct import {
	/* immutable once it runs */
	struct engine *engine;
	int64_t job;
	struct spec *spec;
	struct plan *plan;          /* to check rows with; may be NULL */
	struct ingest *ingest;
	char path[4096];
	bool by_key;                /* rows whose key is known are passed over */
	bool no_more;               /* all is in: a further row is one too many */
	bool upload;                /* its end is not the job's: more may follow */
	bool has_known;
	struct source_state known;
	struct semaphore *room;
	pthread_t thread;
	bool threaded;

	/* guarded by mutex */
	pthread_mutex_t mutex;
	struct error failed;        /* of a batch at the writer */
	int64_t rows;
	bool over;

	struct import *next;        /* the engine's list */
};

struct import *import_new(struct engine *engine, int64_t job); /* NULL without memory */
void import_free(struct import *import);

/* The job takes items from one side at a time.  STATUS_CONFLICT: it does already. */
enum status import_claim(struct engine *engine, int64_t job, struct secret_set **secrets,
                         struct error *error);
/* What a former run or upload took in, out of the job's row. */
void import_known_source(struct import *import, struct job_row *row);
void import_mark(struct engine *engine, int64_t job, bool importing);

/* ingest's sink: hands a batch to the writer, waiting for room. */
enum status import_batch(void *context, struct ingest_batch *batch, struct error *error);
/* All batches handed on are committed, or failed. */
void import_settle(struct import *import);
/* What the first failed batch said. */
enum status import_failure(struct import *import, struct error *error);

/* Compare the opened source with what a former run took in: what is left to do,
 * or STATUS_CONFLICT saying what differs.  *nothing: all of it is in. */
enum status import_compare(struct import *import, const struct job_row *row,
                           const struct engine_import *how, bool *nothing, struct error *error);

#endif
