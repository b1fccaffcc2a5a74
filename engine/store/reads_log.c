/* Reading what stands beside the items: causes, the audit log, bad rows. */
#include <sqlite3.h>

#include "engine/store/reads.h"

enum status reads_groups(struct db *db, int64_t job, int64_t count, uint64_t id, int limit,
                         void (*visit)(void *context, const struct group_row *row), void *context,
                         struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_GROUP_LIST);
	enum status status;
	bool found = false;

	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, count);
	db_bind_int(statement, 3, (int64_t)id);
	db_bind_int(statement, 4, limit);
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found) {
		const struct group_row row = {
		    .id = (uint64_t)db_int(statement, 0),
		    .class_name = db_text_or_empty(statement, 1),
		    .http_status = (int)db_int(statement, 2),
		    .code = db_text(statement, 3),
		    .message = db_text_or_empty(statement, 4),
		    .count = db_int(statement, 5),
		    .first_at_ms = db_int(statement, 6),
		    .last_at_ms = db_int(statement, 7),
		    .sample_seq = db_int(statement, 8),
		};

		visit(context, &row);
	}
	return status;
}

enum status reads_events(struct db *db, int64_t job, int64_t after, int limit,
                         void (*visit)(void *context, int64_t id, int64_t at_ms, const char *who,
                                       const char *what, const char *detail),
                         void *context, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_EVENT_LIST);
	enum status status;
	bool found = false;

	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, after);
	db_bind_int(statement, 3, limit);
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found)
		visit(context, db_int(statement, 0), db_int(statement, 1), db_text_or_empty(statement, 2),
		      db_text_or_empty(statement, 3), db_text(statement, 4));
	return status;
}

enum status reads_bad_rows(struct db *db, int64_t job, int64_t after, int limit,
                           void (*visit)(void *context, int64_t row, const char *fault,
                                         const char *raw),
                           void *context, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_BAD_ROW_LIST);
	enum status status;
	bool found = false;

	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, after);
	db_bind_int(statement, 3, limit);
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found)
		visit(context, db_int(statement, 0), db_text_or_empty(statement, 1),
		      db_text_or_empty(statement, 2));
	return status;
}
