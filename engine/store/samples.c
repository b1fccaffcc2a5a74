#include "engine/store/samples.h"

#include <sqlite3.h>

#include "engine/store/jobs.h"

static enum status width_of(struct db *db, int64_t job, int64_t *count, int64_t *step_s,
                            struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_SAMPLE_WIDTH);
	enum status status;
	bool found = false;

	db_bind_int(statement, 1, job);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	*count = found ? db_int(statement, 0) : 0;
	*step_s = *count > 0 ? db_int(statement, 1) : 1;
	db_reset(statement);
	return STATUS_OK;
}

static enum status thin_by(struct db *db, enum query query, int64_t job, int64_t step_s,
                           struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, query);

	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, step_s);
	return db_run(db, statement, error);
}

static enum status thin(struct db *db, int64_t job, int64_t step_s, struct error *error)
{
	enum status status = thin_by(db, QUERY_SAMPLE_THIN, job, step_s, error);

	if (status == STATUS_OK)
		status = thin_by(db, QUERY_SAMPLE_THIN_REST, job, step_s, error);
	if (status != STATUS_OK || step_s <= GROUP_TIME_S)
		return status;
	status = thin_by(db, QUERY_GROUP_TIME_THIN, job, step_s, error);
	return status != STATUS_OK ? status
	                           : thin_by(db, QUERY_GROUP_TIME_THIN_REST, job, step_s, error);
}

static enum status add_one(struct db *db, int64_t job, int64_t step_s, const struct sample_row *row,
                           struct error *error)
{
	const int64_t step_ms = step_s * 1000;
	sqlite3_stmt *statement = db_prepare(db, QUERY_SAMPLE_ADD);

	if (statement == NULL)
		return db_fail(db, error, "sample");
	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, row->at_ms / step_ms * step_ms);
	db_bind_int(statement, 3, step_s);
	db_bind_int(statement, 4, row->done);
	db_bind_int(statement, 5, row->failed);
	db_bind_int(statement, 6, row->unknown);
	db_bind_int(statement, 7, row->skipped);
	db_bind_int(statement, 8, row->retried);
	db_bind_int(statement, 9, row->throttled);
	db_bind_int(statement, 10, row->in_flight);
	db_bind_int(statement, 11, row->concurrency);
	sqlite3_bind_double(statement, 12, row->p50_ms);
	sqlite3_bind_double(statement, 13, row->p95_ms);
	sqlite3_bind_double(statement, 14, row->p99_ms);
	db_bind_int(statement, 15, row->done + row->failed + row->unknown + row->skipped +
	                               row->retried + row->throttled);
	return db_run(db, statement, error);
}

enum status samples_add(struct db *db, int64_t job, const struct sample_row *rows, int count,
                        struct error *error)
{
	int64_t kept, step_s;
	enum status status = width_of(db, job, &kept, &step_s, error);

	while (status == STATUS_OK && kept + count > SAMPLES_MAX) {
		step_s *= 2;
		status = thin(db, job, step_s, error);
		/* Silences leave gaps, so twice the width need not be half as many. */
		if (status == STATUS_OK)
			status = width_of(db, job, &kept, &step_s, error);
	}
	for (int i = 0; status == STATUS_OK && i < count; i++)
		status = add_one(db, job, step_s, &rows[i], error);
	return status;
}

enum status samples_list(struct db *db, int64_t job, int64_t since_ms,
                         void (*visit)(void *context, const struct sample_row *row),
                         void *context, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_SAMPLE_LIST);
	enum status status;
	bool found = false;

	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, since_ms);
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found) {
		const struct sample_row row = {
		    .at_ms = db_int(statement, 0),
		    .step_s = (int)db_int(statement, 1),
		    .done = db_int(statement, 2),
		    .failed = db_int(statement, 3),
		    .unknown = db_int(statement, 4),
		    .skipped = db_int(statement, 5),
		    .retried = db_int(statement, 6),
		    .throttled = db_int(statement, 7),
		    .in_flight = (int)db_int(statement, 8),
		    .concurrency = (int)db_int(statement, 9),
		    .p50_ms = sqlite3_column_double(statement, 10),
		    .p95_ms = sqlite3_column_double(statement, 11),
		    .p99_ms = sqlite3_column_double(statement, 12),
		};

		visit(context, &row);
	}
	return status;
}

enum status samples_worked(struct db *db, int64_t job, int64_t *seconds, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_SAMPLE_WORKED);
	bool found = false;
	enum status status;

	db_bind_int(statement, 1, job);
	status = db_step(db, statement, &found, error);
	*seconds = status == STATUS_OK && found ? db_int(statement, 0) : 0;
	db_reset(statement);
	return status;
}

/* ---- causes -------------------------------------------------------------------- */

enum status group_times_add(struct db *db, int64_t job, uint64_t group, int64_t at_ms,
                            struct error *error)
{
	const int64_t width_ms = GROUP_TIME_S * 1000;
	sqlite3_stmt *statement = db_prepare(db, QUERY_GROUP_TIME_ADD);

	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, (int64_t)group);
	db_bind_int(statement, 3, at_ms / width_ms * width_ms);
	return db_run(db, statement, error);
}

enum status group_times_list(struct db *db, int64_t job, uint64_t group,
                             void (*visit)(void *context, int64_t at_ms, int64_t count),
                             void *context, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_GROUP_TIME_LIST);
	enum status status;
	bool found = false;

	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, (int64_t)group);
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found)
		visit(context, db_int(statement, 0), db_int(statement, 1));
	return status;
}

enum status group_samples(struct db *db, int64_t job, uint64_t group, int64_t seqs[5], int *count,
                          struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_GROUP_SAMPLES);
	enum status status;
	bool found = false;

	*count = 0;
	db_bind_int(statement, 1, (int64_t)group);
	db_bind_int(statement, 2, store_id(job, 0));
	db_bind_int(statement, 3, store_id(job, STORE_SEQ_MAX));
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found)
		seqs[(*count)++] = store_seq(db_int(statement, 0));
	return status;
}
