#include <sqlite3.h>

#include "engine/store/reads_internal.h"

static enum status visit_attempts(struct db *db, int64_t id,
                                  void (*attempt)(void *context, const struct attempt_row *row),
                                  void *context, int *seen, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_ROW_ATTEMPTS);
	enum status status;
	bool found = false;

	db_bind_int(statement, 1, id);
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found) {
		struct attempt_row row = {
		    .n = (int)db_int(statement, 0),
		    .at_ms = db_int(statement, 1),
		    .duration_ms = db_int_or(statement, 2, -1),
		    .connect_ms = db_int_or(statement, 3, -1),
		    .first_byte_ms = db_int_or(statement, 4, -1),
		    .decision = db_text_or_empty(statement, 5),
		    .http_status = (int)db_int(statement, 6),
		    .curl_error = (int)db_int(statement, 7),
		    .class_name = db_text_or_empty(statement, 8),
		    .message = db_text(statement, 9),
		    .wait_ms = db_int_or(statement, 10, -1),
		    .wait_source = db_text(statement, 11),
		    .request = db_text(statement, 12),
		    .headers = db_text(statement, 13),
		    .body = sqlite3_column_blob(statement, 14),
		    .body_length = (size_t)sqlite3_column_bytes(statement, 14),
		    .bytes = db_int(statement, 15),
		};

		if (row.body == NULL && sqlite3_column_type(statement, 14) != SQLITE_NULL)
			row.body = ""; /* stored, and empty */
		++*seen;
		attempt(context, &row);
	}
	return status;
}

/* A first-try success: its attempt is put together from outcome and body. */
static enum status visit_success(struct db *db, int64_t id, const struct item_row *item,
                                 void (*attempt)(void *context, const struct attempt_row *row),
                                 void *context, struct error *error)
{
	struct attempt_row row = {
	    .n = 1,
	    .at_ms = item->at_ms,
	    .duration_ms = item->duration_ms,
	    .connect_ms = -1,
	    .first_byte_ms = -1,
	    .decision = "done",
	    .http_status = item->http_status,
	    .class_name = "http",
	    .wait_ms = -1,
	};
	sqlite3_stmt *statement = db_prepare(db, QUERY_BODY_GET);
	bool found = false;
	enum status status;

	db_bind_int(statement, 1, id);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	if (found) {
		row.headers = db_text(statement, 0);
		row.body = sqlite3_column_blob(statement, 1);
		row.body_length = (size_t)sqlite3_column_bytes(statement, 1);
		if (row.body == NULL && sqlite3_column_type(statement, 1) != SQLITE_NULL)
			row.body = "";
		row.bytes = db_int(statement, 2);
		row.connect_ms = db_int_or(statement, 3, -1);
		row.first_byte_ms = db_int_or(statement, 4, -1);
	}
	attempt(context, &row);
	db_reset(statement);
	return STATUS_OK;
}

enum status reads_attempts(struct db *db, int64_t id, const struct item_row *item,
                           void (*attempt)(void *context, const struct attempt_row *row),
                           void *context, struct error *error)
{
	int seen = 0;
	enum status status = visit_attempts(db, id, attempt, context, &seen, error);

	if (status == STATUS_OK && seen == 0 && item->attempts > 0)
		status = visit_success(db, id, item, attempt, context, error);
	return status;
}
