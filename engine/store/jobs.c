#include "engine/store/jobs.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void job_row_free(struct job_row *row)
{
	free(row->spec);
	free(row->source_columns);
	free(row->source.state);
	row->spec = row->source_columns = row->source.state = NULL;
}

enum status jobs_insert(struct db *db, const char *name, const unsigned char uuid[16],
                        const char *spec, bool repeatable, int64_t now_ms, int64_t *job,
                        struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_JOB_INSERT);
	enum status status;

	db_bind_text(statement, 1, name);
	db_bind_blob(statement, 2, uuid, 16);
	db_bind_text(statement, 3, spec);
	db_bind_int(statement, 4, repeatable);
	db_bind_int(statement, 5, now_ms);
	status = db_run(db, statement, error);
	if (status == STATUS_OK)
		*job = db_last_id(db);
	return status;
}

enum status jobs_rename(struct db *db, int64_t job, const char *name, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_JOB_RENAME);

	db_bind_int(statement, 1, job);
	db_bind_text(statement, 2, name);
	return db_run(db, statement, error);
}

enum status jobs_set_spec(struct db *db, int64_t job, const char *spec, bool repeatable,
                          struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_JOB_SET_SPEC);

	db_bind_int(statement, 1, job);
	db_bind_text(statement, 2, spec);
	db_bind_int(statement, 3, repeatable);
	return db_run(db, statement, error);
}

enum status jobs_set_limits(struct db *db, int64_t job, int64_t concurrency, const char *rate,
                            int64_t burst, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_JOB_SET_LIMITS);

	db_bind_int(statement, 1, job);
	if (concurrency >= 0)
		db_bind_int(statement, 2, concurrency);
	if (rate[0] != '\0')
		db_bind_text(statement, 3, rate);
	if (burst >= 0)
		db_bind_int(statement, 4, burst);
	return db_run(db, statement, error);
}

enum status jobs_set_removing(struct db *db, int64_t job, struct error *error)
{
	char name[64];
	sqlite3_stmt *statement = db_prepare(db, QUERY_JOB_SET_REMOVING);

	/* '/' cannot stand in a user's name, so this one is nobody's. */
	snprintf(name, sizeof(name), "removed/%lld", (long long)job);
	db_bind_int(statement, 1, job);
	db_bind_text(statement, 2, name);
	return db_run(db, statement, error);
}

enum status jobs_save(struct db *db, const struct job_row *row, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_JOB_SAVE);
	int index = 9;

	db_bind_int(statement, 1, row->id);
	db_bind_text(statement, 2, job_state_name(row->state));
	if (row->reason[0] != '\0')
		db_bind_text(statement, 3, row->reason);
	db_bind_int(statement, 4, row->resume_at_ms);
	db_bind_int(statement, 5, row->sealed);
	db_bind_int(statement, 6, row->claim_cursor);
	db_bind_int(statement, 7, row->low);
	db_bind_int(statement, 8, row->total);
	for (int state = 0; state < ITEM_STATES; state++)
		db_bind_int(statement, index++, row->counts[state]);
	db_bind_int(statement, 16, row->attempts);
	db_bind_int(statement, 17, row->retries);
	db_bind_int(statement, 18, row->throttled);
	db_bind_int(statement, 19, row->bad_rows);
	db_bind_int(statement, 20, row->started_at_ms);
	db_bind_int(statement, 21, row->finished_at_ms);
	db_bind_int(statement, 22, row->pace.rate_milli);
	db_bind_int(statement, 23, row->pace.concurrency);
	db_bind_int(statement, 24, row->upstream.down_since_ms);
	db_bind_int(statement, 25, row->upstream.probe_ms);
	db_bind_int(statement, 26, row->canary_passed);
	db_bind_int(statement, 27, row->halt_failed);
	db_bind_int(statement, 28, row->halt_ended);
	db_bind_int(statement, 29, row->state_since_ms);
	return db_run(db, statement, error);
}

enum status jobs_save_source(struct db *db, const struct job_row *row, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_JOB_SAVE_SOURCE);
	const struct job_source *source = &row->source;

	db_bind_int(statement, 1, row->id);
	db_bind_text(statement, 2, row->source_path);
	db_bind_text(statement, 3, row->source_format);
	db_bind_text(statement, 4, row->source_columns);
	db_bind_int(statement, 5, source->offset);
	db_bind_blob(statement, 6, source->hash, sizeof(source->hash));
	db_bind_int(statement, 7, source->rows);
	db_bind_int(statement, 8, source->complete);
	db_bind_int(statement, 9, source->size);
	db_bind_blob(statement, 10, source->size_hash, sizeof(source->size_hash));
	db_bind_text(statement, 11, source->state);
	return db_run(db, statement, error);
}

static void copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text != NULL ? text : "");
}

static void copy_hash(uint64_t hash[2], sqlite3_stmt *statement, int column)
{
	hash[0] = hash[1] = 0;
	if (sqlite3_column_bytes(statement, column) == 16)
		memcpy(hash, sqlite3_column_blob(statement, column), 16);
}

static char *dup_or_null(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

static void read_source(sqlite3_stmt *statement, struct job_row *row)
{
	copy_text(row->source_path, sizeof(row->source_path), db_text(statement, 27));
	copy_text(row->source_format, sizeof(row->source_format), db_text(statement, 28));
	row->source_columns = dup_or_null(db_text(statement, 29));
	row->source.offset = db_int(statement, 30);
	copy_hash(row->source.hash, statement, 31);
	row->source.rows = db_int(statement, 32);
	row->source.complete = db_int(statement, 33) != 0;
	row->source.size = db_int(statement, 34);
	copy_hash(row->source.size_hash, statement, 35);
	row->source.state = dup_or_null(db_text(statement, 36));
	row->created_at_ms = db_int(statement, 37);
	row->started_at_ms = db_int(statement, 38);
	row->finished_at_ms = db_int(statement, 39);
}

/* Out of range values would be a foreign hand's. */
static void read_learned(sqlite3_stmt *statement, struct job_row *row)
{
	int64_t concurrency = db_int(statement, 41);

	row->pace.rate_milli = db_int(statement, 40);
	if (concurrency > 0 && concurrency <= INT32_MAX)
		row->pace.concurrency = (int32_t)concurrency;
	row->upstream.down_since_ms = db_int(statement, 42);
	row->upstream.probe_ms = db_int(statement, 43);
	row->canary_passed = db_int(statement, 44) != 0;
	row->halt_failed = db_int(statement, 45);
	row->halt_ended = db_int(statement, 46);
	row->state_since_ms = db_int(statement, 47);
}

/* The column order is that of job_get. */
static bool read_row(sqlite3_stmt *statement, struct job_row *row)
{
	memset(row, 0, sizeof(*row));
	row->id = db_int(statement, 0);
	copy_text(row->name, sizeof(row->name), db_text(statement, 1));
	if (sqlite3_column_bytes(statement, 2) != 16)
		return false;
	memcpy(row->uuid, sqlite3_column_blob(statement, 2), 16);
	row->spec = dup_or_null(db_text(statement, 3));
	row->repeatable = db_int(statement, 4) != 0;
	if (row->spec == NULL || !job_state_parse(db_text(statement, 5), &row->state)) {
		free(row->spec);
		row->spec = NULL;
		return false;
	}
	copy_text(row->reason, sizeof(row->reason), db_text(statement, 6));
	row->resume_at_ms = db_int(statement, 7);
	row->sealed = db_int(statement, 8) != 0;
	row->removing = db_int(statement, 9) != 0;
	row->claim_cursor = db_int(statement, 10);
	row->low = db_int(statement, 11);
	row->total = db_int(statement, 12);
	for (int state = 0; state < ITEM_STATES; state++)
		row->counts[state] = db_int(statement, 13 + state);
	row->attempts = db_int(statement, 20);
	row->retries = db_int(statement, 21);
	row->throttled = db_int(statement, 22);
	row->bad_rows = db_int(statement, 23);
	row->concurrency_set = sqlite3_column_type(statement, 24) == SQLITE_NULL ? -1 : db_int(statement, 24);
	copy_text(row->rate_set, sizeof(row->rate_set), db_text(statement, 25));
	row->burst_set = sqlite3_column_type(statement, 26) == SQLITE_NULL ? -1 : db_int(statement, 26);
	read_source(statement, row);
	read_learned(statement, row);
	return true;
}

enum status jobs_get(struct db *db, int64_t job, struct job_row *row, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_JOB_GET);
	bool found = false, sound = true;
	enum status status;

	db_bind_int(statement, 1, job);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	if (!found)
		return error_set(error, STATUS_NOT_FOUND, "no job %lld", (long long)job);
	sound = read_row(statement, row);
	db_reset(statement);
	if (!sound)
		return error_set(error, STATUS_CORRUPT, "%s: job %lld cannot be read", db_path(db),
		                 (long long)job);
	return STATUS_OK;
}

enum status jobs_next(struct db *db, int64_t after, struct job_row *row, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_JOB_NEXT);
	bool found = false;
	enum status status;
	int64_t job;

	db_bind_int(statement, 1, after);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	if (!found)
		return STATUS_NOT_FOUND;
	job = db_int(statement, 0);
	db_reset(statement);
	return jobs_get(db, job, row, error);
}

enum status jobs_find(struct db *db, const char *name, int64_t *job, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_JOB_FIND);
	bool found = false;
	enum status status;

	db_bind_text(statement, 1, name);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	if (!found)
		return error_set(error, STATUS_NOT_FOUND, "no job named '%s'", name);
	*job = db_int(statement, 0);
	db_reset(statement);
	return STATUS_OK;
}

enum status jobs_list(struct db *db, int64_t before, int limit,
                      void (*visit)(void *context, const struct job_row *row), void *context,
                      struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_JOB_LIST);
	enum status status = STATUS_OK;
	bool found = false;

	db_bind_int(statement, 1, before > 0 ? before : INT64_MAX);
	db_bind_int(statement, 2, limit);
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found) {
		struct job_row row;

		status = jobs_get(db, db_int(statement, 0), &row, error);
		if (status != STATUS_OK)
			break;
		visit(context, &row);
		job_row_free(&row);
	}
	db_reset(statement);
	return status;
}

static enum status run_range(struct db *db, enum query query, int64_t after, int64_t last,
                             struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, query);

	db_bind_int(statement, 1, after);
	db_bind_int(statement, 2, last);
	return db_run(db, statement, error);
}

static enum status remove_rest(struct db *db, int64_t job, struct error *error)
{
	static const enum query rest[] = {QUERY_REMOVE_GROUPS, QUERY_REMOVE_OPERATIONS,
	                                  QUERY_REMOVE_EVENTS, QUERY_REMOVE_BAD_ROWS,
	                                  QUERY_REMOVE_SAMPLES, QUERY_REMOVE_GROUP_TIMES,
	                                  QUERY_JOB_DELETE};
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && i < sizeof(rest) / sizeof(rest[0]); i++) {
		sqlite3_stmt *statement = db_prepare(db, rest[i]);

		db_bind_int(statement, 1, job);
		status = db_run(db, statement, error);
	}
	return status;
}

enum status jobs_remove_some(struct db *db, int64_t job, int limit, bool *more,
                             struct error *error)
{
	static const enum query by_item[] = {QUERY_REMOVE_OUTCOMES, QUERY_REMOVE_BODIES,
	                                     QUERY_REMOVE_EXTRACTED, QUERY_REMOVE_ATTEMPTS,
	                                     QUERY_REMOVE_RESEND, QUERY_REMOVE_EDITS,
	                                     QUERY_REMOVE_ITEMS};
	const int64_t first = store_id(job, 0), end = store_id(job, STORE_SEQ_MAX);
	sqlite3_stmt *statement = db_prepare(db, QUERY_REMOVE_BOUND);
	enum status status;
	int64_t last;
	bool found = false;

	db_bind_int(statement, 1, first);
	db_bind_int(statement, 2, end);
	db_bind_int(statement, 3, limit);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	last = found ? db_int(statement, 0) : end;
	db_reset(statement);
	for (size_t i = 0; status == STATUS_OK && i < sizeof(by_item) / sizeof(by_item[0]); i++)
		status = run_range(db, by_item[i], first, last, error);
	if (status == STATUS_OK && !found)
		status = remove_rest(db, job, error);
	if (status == STATUS_OK)
		*more = found;
	return status;
}

enum status events_amend(struct db *db, int64_t id, const char *detail, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_EVENT_AMEND);

	db_bind_int(statement, 1, id);
	db_bind_text(statement, 2, detail);
	return db_run(db, statement, error);
}

enum status events_add(struct db *db, int64_t job, int64_t now_ms, const char *who,
                       const char *what, const char *detail, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_EVENT_INSERT);

	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, now_ms);
	db_bind_text(statement, 3, who);
	db_bind_text(statement, 4, what);
	db_bind_text(statement, 5, detail);
	return db_run(db, statement, error);
}
