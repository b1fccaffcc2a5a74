#include "engine/store/edits.h"

#include <sqlite3.h>
#include <stdio.h>

#include "engine/store/jobs.h"

enum status edits_put(struct db *db, int64_t job, int64_t seq, struct json_span input,
                      const char *who, int64_t now_ms, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_EDIT_KEEP);
	enum status status;

	if (statement == NULL)
		return db_fail(db, error, "edit");
	db_bind_int(statement, 1, store_id(job, seq));
	db_bind_int(statement, 2, now_ms);
	db_bind_text(statement, 3, who);
	status = db_run(db, statement, error);
	if (status != STATUS_OK)
		return status;
	statement = db_prepare(db, QUERY_ITEM_SET_INPUT);
	if (statement == NULL)
		return db_fail(db, error, "edit");
	db_bind_int(statement, 1, store_id(job, seq));
	db_bind_bytes(statement, 2, input.at, input.length);
	return db_run(db, statement, error);
}

static void append_column(struct buffer *out, sqlite3_stmt *statement, int column)
{
	const char *text = db_text(statement, column);

	if (text != NULL)
		buffer_append(out, text, (size_t)sqlite3_column_bytes(statement, column));
}

enum status edits_get(struct db *db, int64_t job, int64_t seq, struct edit_row *row,
                      struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_EDIT_GET);
	enum status status;
	bool found = false;

	db_bind_int(statement, 1, store_id(job, seq));
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK || !found)
		return status;
	append_column(&row->original, statement, 0);
	row->at_ms = db_int(statement, 1);
	snprintf(row->who, sizeof(row->who), "%s", db_text(statement, 2));
	db_reset(statement);
	return row->original.failed ? error_set(error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

enum status edits_find(struct db *db, int64_t job, const char *key, size_t key_length,
                       int64_t *seq, struct buffer *input, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_ITEM_BY_KEY);
	enum status status;
	bool found = false;

	*seq = 0;
	db_bind_int(statement, 1, job);
	db_bind_bytes(statement, 2, key, key_length);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK || !found)
		return status;
	*seq = store_seq(db_int(statement, 0));
	append_column(input, statement, 1);
	db_reset(statement);
	return input->failed ? error_set(error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

enum status edits_job_updated(struct db *db, int64_t job, int64_t *at_ms, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_LAST_UPDATE);
	enum status status;
	bool found = false;

	*at_ms = 0;
	db_bind_int(statement, 1, job);
	status = db_step(db, statement, &found, error);
	if (status == STATUS_OK && found) {
		*at_ms = db_int(statement, 0);
		db_reset(statement);
	}
	return status;
}
