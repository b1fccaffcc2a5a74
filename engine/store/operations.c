#include "engine/store/operations.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum status operations_add(struct db *db, struct operation_row *row, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_OPERATION_INSERT);
	enum status status;

	db_bind_int(statement, 1, row->job);
	db_bind_text(statement, 2, row->action);
	db_bind_text(statement, 3, row->selection);
	db_bind_text(statement, 4, row->who);
	db_bind_int(statement, 5, row->created_at_ms);
	db_bind_int(statement, 6, row->done_too);
	db_bind_text(statement, 7, row->reason);
	status = db_run(db, statement, error);
	if (status == STATUS_OK)
		row->id = db_last_id(db);
	return status;
}

enum status operations_save(struct db *db, const struct operation_row *row, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_OPERATION_SAVE);

	db_bind_int(statement, 1, row->id);
	db_bind_int(statement, 2, row->scan_cursor);
	db_bind_int(statement, 3, row->matched);
	db_bind_int(statement, 4, row->changed);
	db_bind_int(statement, 5, row->finished_at_ms);
	db_bind_int(statement, 6, row->cancelled_at_ms);
	return db_run(db, statement, error);
}

static void copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text != NULL ? text : "");
}

static void read_row(sqlite3_stmt *statement, struct operation_row *row)
{
	memset(row, 0, sizeof(*row));
	row->id = db_int(statement, 0);
	row->job = db_int(statement, 1);
	copy_text(row->action, sizeof(row->action), db_text(statement, 2));
	copy_text(row->selection, sizeof(row->selection), db_text(statement, 3));
	copy_text(row->who, sizeof(row->who), db_text(statement, 4));
	row->scan_cursor = db_int(statement, 5);
	row->matched = db_int(statement, 6);
	row->changed = db_int(statement, 7);
	row->created_at_ms = db_int(statement, 8);
	row->finished_at_ms = db_int(statement, 9);
	row->done_too = db_int(statement, 10) != 0;
	copy_text(row->reason, sizeof(row->reason), db_text(statement, 11));
	row->cancelled_at_ms = db_int(statement, 12);
}

enum status operations_open(struct db *db, int64_t after, struct operation_row *row,
                            struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_OPERATION_NEXT_OPEN);
	bool found = false;
	enum status status;

	db_bind_int(statement, 1, after);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	if (!found)
		return STATUS_NOT_FOUND;
	read_row(statement, row);
	db_reset(statement);
	return STATUS_OK;
}

enum status operations_get(struct db *db, int64_t job, int64_t id, struct operation_row *row,
                           struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_OPERATION_GET);
	bool found = false;
	enum status status;

	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, id);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	if (!found)
		return error_set(error, STATUS_NOT_FOUND, "no operation %lld", (long long)id);
	read_row(statement, row);
	db_reset(statement);
	return STATUS_OK;
}

enum status operations_list(struct db *db, int64_t job, int64_t before, int limit,
                            void (*visit)(void *context, const struct operation_row *row),
                            void *context, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_OPERATION_LIST);
	enum status status;
	bool found = false;

	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, before);
	db_bind_int(statement, 3, limit);
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found) {
		struct operation_row row;

		read_row(statement, &row);
		visit(context, &row);
	}
	return status;
}
