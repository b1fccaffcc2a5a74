/* One item, put together from the tables that hold its parts. */
#include <string.h>

#include "engine/store/reads_internal.h"

/* A side that is so many rows behind is looked up anew: that costs as much as walking
 * over a dozen. */
#define STEPS_AHEAD 12

static struct json_span span_of(sqlite3_stmt *statement, int column)
{
	struct json_span span = {db_text(statement, column), 0};

	span.length = (size_t)sqlite3_column_bytes(statement, column);
	return span;
}

static enum status side_step(struct row_reader *rows, struct side *side, struct error *error)
{
	bool found = false;
	enum status status = db_step(rows->db, side->statement, &found, error);

	side->at = found ? db_int(side->statement, 0) : INT64_MAX;
	return status;
}

/* Brings a side to an item; *there: it has a row of it. */
static enum status side_find(struct row_reader *rows, struct side *side, enum query query,
                             int64_t id, bool *there, struct error *error)
{
	enum status status = STATUS_OK;

	for (int i = 0; side->statement != NULL && side->at < id && i < STEPS_AHEAD; i++) {
		status = side_step(rows, side, error);
		if (status != STATUS_OK)
			return status;
	}
	if (side->statement == NULL || side->at < id) {
		side->statement = db_prepare(rows->db, query);
		db_bind_int(side->statement, 1, id);
		db_bind_int(side->statement, 2, store_id(rows->job->id, rows->job->total));
		status = side_step(rows, side, error);
	}
	*there = side->at == id;
	return status;
}

/* Its outcome, or else how it stands among those that are sent again, or else in the
 * order of the file. */
static enum status read_state(struct row_reader *rows, int64_t id, struct error *error)
{
	struct item_row *row = &rows->row;
	bool there;
	enum status status = side_find(rows, &rows->outcome, QUERY_SIDE_OUTCOME, id, &there, error);

	if (status == STATUS_OK && there) {
		item_state_parse(db_text_or_empty(rows->outcome.statement, 1), &row->state);
		row->attempts = (int)db_int(rows->outcome.statement, 2);
		row->http_status = (int)db_int(rows->outcome.statement, 3);
		row->group = (uint64_t)db_int(rows->outcome.statement, 4);
		row->duration_ms = db_int_or(rows->outcome.statement, 5, -1);
		row->at_ms = db_int(rows->outcome.statement, 6);
		return STATUS_OK;
	}
	if (status == STATUS_OK)
		status = side_find(rows, &rows->resend, QUERY_SIDE_RESEND, id, &there, error);
	if (status == STATUS_OK && there) {
		item_state_parse(db_text_or_empty(rows->resend.statement, 1), &row->state);
		row->in_resend = true;
		row->attempts = (int)db_int(rows->resend.statement, 2);
		if (row->state == ITEM_WAITING)
			row->due_ms = db_int(rows->resend.statement, 3);
	} else {
		row->state = row->seq > rows->job->claim_cursor ? ITEM_PENDING : ITEM_RUNNING;
	}
	return status;
}

/* The last attempt says why; a first-try success has none. */
static enum status read_attempt(struct row_reader *rows, int64_t id, struct error *error)
{
	const bool body = rows->query->body;
	struct item_row *row = &rows->row;
	sqlite3_stmt *statement;
	bool there = false;
	enum status status;

	if (row->attempts == 0)
		return STATUS_OK;
	status = side_find(rows, &rows->tried, QUERY_SIDE_TRIED, id, &there, error);
	if (status == STATUS_OK && !there && body) {
		status = side_find(rows, &rows->body, QUERY_SIDE_BODY, id, &there, error);
		if (status == STATUS_OK && there)
			row->body = span_of(rows->body.statement, 1);
		return status;
	}
	if (status != STATUS_OK || !there)
		return status;
	statement = rows->last_attempt = db_prepare(rows->db, QUERY_ROW_LAST_ATTEMPT);
	db_bind_int(statement, 1, id);
	status = db_step(rows->db, statement, &there, error);
	if (status != STATUS_OK || !there)
		return status;
	row->class_name = db_text_or_empty(statement, 0);
	row->code = db_text(statement, 1);
	row->message = db_text(statement, 2);
	if (row->http_status == 0)
		row->http_status = (int)db_int(statement, 3);
	if (row->duration_ms < 0)
		row->duration_ms = db_int_or(statement, 4, -1);
	if (row->at_ms == 0)
		row->at_ms = db_int(statement, 5);
	if (body)
		row->body = span_of(statement, 6);
	return STATUS_OK;
}

enum status row_read(struct row_reader *rows, int64_t id, bool *found, struct error *error)
{
	const struct item_query *query = rows->query;
	struct item_row *row = &rows->row;
	enum status status;

	memset(row, 0, sizeof(*row));
	row->seq = store_seq(id);
	row->duration_ms = -1;
	row->class_name = "";
	*found = true;
	if (query->parts != ITEM_STANDING || filter_wants_input(query->filter)) {
		status = side_find(rows, &rows->item, QUERY_SIDE_ITEM, id, found, error);
		if (status != STATUS_OK || !*found)
			return status;
		row->input = span_of(rows->item.statement, 1);
		row->key = db_text(rows->item.statement, 2);
	}
	status = read_state(rows, id, error);
	if (status == STATUS_OK &&
	    (query->parts == ITEM_WHOLE || filter_wants_cause(query->filter) || query->body))
		status = read_attempt(rows, id, error);
	if (status == STATUS_OK && query->extracted && row->state == ITEM_DONE) {
		bool there;

		status = side_find(rows, &rows->extracted, QUERY_SIDE_EXTRACTED, id, &there, error);
		if (status == STATUS_OK && there)
			row->extracted = span_of(rows->extracted.statement, 1);
	}
	return status;
}

void row_reader_done(struct row_reader *rows)
{
	struct side *const sides[] = {&rows->item,  &rows->outcome,   &rows->resend,
	                              &rows->tried, &rows->extracted, &rows->body};

	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++)
		db_reset(sides[i]->statement);
	db_reset(rows->last_attempt);
}
