#include "engine/store/outcomes.h"

#include <sqlite3.h>
#include <assert.h>
#include <string.h>

#include "engine/store/samples.h"

static enum status insert_attempt(struct db *db, int64_t id, const struct attempt_record *record,
                                  struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_ATTEMPT_INSERT);

	if (statement == NULL)
		return db_fail(db, error, "attempt");
	db_bind_int(statement, 1, id);
	db_bind_int(statement, 2, record->n);
	db_bind_int(statement, 3, record->at_ms);
	db_bind_int_or_null(statement, 4, record->duration_ms, -1);
	db_bind_int_or_null(statement, 5, record->connect_ms, -1);
	db_bind_int_or_null(statement, 6, record->first_byte_ms, -1);
	db_bind_text(statement, 7, decision_name(record->decision));
	db_bind_int_or_null(statement, 8, record->http_status, 0);
	db_bind_int(statement, 9, record->curl_error);
	db_bind_text(statement, 10, record->class_name);
	db_bind_text(statement, 11, record->message);
	db_bind_int_or_null(statement, 12, record->wait_ms, -1);
	db_bind_text(statement, 13, record->wait_source);
	db_bind_text(statement, 14, record->request);
	if (record->headers != NULL)
		db_bind_bytes(statement, 15, record->headers, record->headers_length);
	db_bind_blob(statement, 16, record->body, record->body_length);
	db_bind_int(statement, 17, record->body_bytes);
	db_bind_text(statement, 18, record->code);
	return db_run(db, statement, error);
}

static enum status insert_body(struct db *db, int64_t id, const struct attempt_record *record,
                               struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_BODY_INSERT);

	if (statement == NULL)
		return db_fail(db, error, "body");
	db_bind_int(statement, 1, id);
	if (record->headers != NULL)
		db_bind_bytes(statement, 2, record->headers, record->headers_length);
	db_bind_blob(statement, 3, record->body, record->body_length);
	db_bind_int(statement, 4, record->body_bytes);
	db_bind_int_or_null(statement, 5, record->connect_ms, -1);
	db_bind_int_or_null(statement, 6, record->first_byte_ms, -1);
	return db_run(db, statement, error);
}

static enum status put_resend(struct db *db, int64_t job, int64_t id, enum item_state state,
                              int64_t due_ms, int attempts, int spent, int64_t since_ms,
                              bool ask, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_RESEND_PUT);

	db_bind_int(statement, 1, id);
	db_bind_int(statement, 2, job);
	db_bind_text(statement, 3, item_state_name(state));
	db_bind_int(statement, 4, due_ms);
	db_bind_int(statement, 5, attempts);
	db_bind_int(statement, 6, spent);
	db_bind_int(statement, 7, since_ms);
	db_bind_int(statement, 8, ask);
	return db_run(db, statement, error);
}

static enum status run_with_id(struct db *db, enum query query, int64_t id, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, query);

	db_bind_int(statement, 1, id);
	return db_run(db, statement, error);
}

static enum status insert_outcome(struct db *db, int64_t id, enum item_state state, int attempts,
                                  int http, uint64_t cause, int64_t duration_ms, int64_t at_ms,
                                  struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_OUTCOME_INSERT);

	if (statement == NULL)
		return db_fail(db, error, "outcome");
	db_bind_int(statement, 1, id);
	db_bind_text(statement, 2, item_state_name(state));
	db_bind_int(statement, 3, attempts);
	db_bind_int_or_null(statement, 4, http, 0);
	db_bind_int_or_null(statement, 5, (int64_t)cause, 0);
	db_bind_int_or_null(statement, 6, duration_ms, -1);
	db_bind_int(statement, 7, at_ms);
	return db_run(db, statement, error);
}

static enum status add_to_group(struct db *db, int64_t job, const struct attempt_record *record,
                                struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_GROUP_ADD);
	enum status status;

	if (statement == NULL)
		return db_fail(db, error, "group");
	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, (int64_t)record->group);
	db_bind_text(statement, 3, record->class_name);
	db_bind_int_or_null(statement, 4, record->http_status, 0);
	db_bind_text(statement, 5, record->code);
	db_bind_text(statement, 6, record->cause != NULL ? record->cause : "");
	db_bind_int(statement, 7, record->at_ms);
	db_bind_int(statement, 8, record->seq);
	status = db_run(db, statement, error);
	return status != STATUS_OK ? status
	                           : group_times_add(db, job, record->group, record->at_ms, error);
}

static enum status put_extracted(struct db *db, int64_t id, const struct attempt_record *record,
                                 struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_EXTRACTED_PUT);

	db_bind_int(statement, 1, id);
	db_bind_bytes(statement, 2, record->extracted, record->extracted_length);
	return db_run(db, statement, error);
}

static enum status record_final(struct db *db, struct job_row *row, int64_t id,
                                const struct attempt_record *record, struct error *error)
{
	bool grouped = record->next == ITEM_FAILED || record->next == ITEM_UNKNOWN;
	uint64_t group = grouped ? record->group : 0;
	enum status status =
	    insert_outcome(db, id, record->next, record->n, record->http_status, group,
	                   record->duration_ms, record->at_ms, error);

	if (status == STATUS_OK && record->was_resend)
		status = run_with_id(db, QUERY_RESEND_DELETE, id, error);
	if (status == STATUS_OK && group != 0)
		status = add_to_group(db, row->id, record, error);
	if (status == STATUS_OK && record->extracted != NULL)
		status = put_extracted(db, id, record, error);
	return status;
}

static void count_move(struct job_row *row, enum item_state from, enum item_state to)
{
	row->counts[from]--;
	row->counts[to]++;
}

enum status outcomes_record(struct db *db, struct job_row *row,
                            const struct attempt_record *record, struct error *error)
{
	const int64_t id = store_id(row->id, record->seq);
	const bool first_try_success = record->next == ITEM_DONE && record->n == 1;
	enum status status = STATUS_OK;

	if (!first_try_success)
		status = insert_attempt(db, id, record, error);
	else if (record->headers != NULL || record->body != NULL)
		status = insert_body(db, id, record, error);
	if (status != STATUS_OK)
		return status;
	if (item_state_final(record->next))
		status = record_final(db, row, id, record, error);
	else
		status = put_resend(db, row->id, id, record->next, record->due_ms, record->n,
		                    record->spent, record->since_ms, record->ask, error);
	if (status != STATUS_OK)
		return status;
	count_move(row, ITEM_RUNNING, record->next);
	row->attempts += record->requested;
	row->retries += record->requested && record->n > 1;
	row->throttled += record->decision == DECISION_THROTTLE;
	return STATUS_OK;
}

enum status outcomes_standing(struct db *db, const struct job_row *row, int64_t seq,
                              struct item_standing *standing, struct error *error)
{
	const int64_t id = store_id(row->id, seq);
	sqlite3_stmt *statement;
	bool found = false;
	enum status status;

	*standing = (struct item_standing){.seq = seq};
	if (seq < 1 || seq > row->total)
		return error_set(error, STATUS_NOT_FOUND, "no item %lld in job '%s' (it has %lld)",
		                 (long long)seq, row->name, (long long)row->total);
	statement = db_prepare(db, QUERY_OUTCOME_GET);
	db_bind_int(statement, 1, id);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	if (found) {
		item_state_parse(db_text(statement, 0), &standing->state);
		standing->attempts = (int)db_int(statement, 1);
		standing->cause = (uint64_t)db_int(statement, 3);
		db_reset(statement);
		return STATUS_OK;
	}
	statement = db_prepare(db, QUERY_RESEND_GET);
	db_bind_int(statement, 1, id);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	if (found) {
		standing->in_resend = true;
		item_state_parse(db_text(statement, 0), &standing->state);
		standing->attempts = (int)db_int(statement, 2);
		db_reset(statement);
		return STATUS_OK;
	}
	standing->state = seq > row->claim_cursor ? ITEM_PENDING : ITEM_RUNNING;
	return STATUS_OK;
}

/* How many left which cause: a page has few causes, and each is one row. */
#define LEFT_CAUSES 8
struct left {
	struct {
		uint64_t cause;
		int64_t count;
	} of[LEFT_CAUSES];
	int causes;
};

static enum status take_from_groups(struct db *db, int64_t job, struct left *left,
                                    struct error *error)
{
	enum status status = STATUS_OK;

	for (int i = 0; i < left->causes && status == STATUS_OK; i++) {
		sqlite3_stmt *statement = db_prepare(db, QUERY_GROUP_SUBTRACT);

		db_bind_int(statement, 1, job);
		db_bind_int(statement, 2, (int64_t)left->of[i].cause);
		db_bind_int(statement, 3, left->of[i].count);
		status = db_run(db, statement, error);
	}
	left->causes = 0;
	return status;
}

static enum status leave_group(struct db *db, int64_t job, uint64_t cause, struct left *left,
                               struct error *error)
{
	enum status status = STATUS_OK;

	if (cause == 0)
		return STATUS_OK;
	for (int i = 0; i < left->causes; i++)
		if (left->of[i].cause == cause) {
			left->of[i].count++;
			return STATUS_OK;
		}
	if (left->causes == LEFT_CAUSES)
		status = take_from_groups(db, job, left, error);
	left->of[left->causes].cause = cause;
	left->of[left->causes++].count = 1;
	return status;
}

/* Back to pending with a fresh budget; what was recorded stays as history. */
static enum status retry_one(struct db *db, struct job_row *row, const struct item_standing *standing,
                             struct left *left, struct error *error)
{
	const int64_t id = store_id(row->id, standing->seq);
	enum status status = STATUS_OK;

	if (standing->state == ITEM_DONE && standing->attempts == 1)
		status = run_with_id(db, QUERY_BODY_TO_ATTEMPT, id, error);
	if (status == STATUS_OK && standing->state == ITEM_DONE)
		status = run_with_id(db, QUERY_BODY_DELETE, id, error);
	if (status == STATUS_OK && standing->state == ITEM_DONE)
		status = run_with_id(db, QUERY_EXTRACTED_DELETE, id, error);
	if (status == STATUS_OK)
		status = run_with_id(db, QUERY_OUTCOME_DELETE, id, error);
	if (status == STATUS_OK)
		status = leave_group(db, row->id, standing->cause, left, error);
	/* One that was skipped before its first claim lies ahead of the cursor
	 * and is fresh again without a row. */
	if (status == STATUS_OK && standing->seq <= row->claim_cursor) {
		/* What had an outcome is in no other table: a plain INSERT needs no savepoint. */
		sqlite3_stmt *statement = db_prepare(db, QUERY_RESEND_AGAIN);

		db_bind_int(statement, 1, id);
		db_bind_int(statement, 2, row->id);
		db_bind_int(statement, 3, standing->attempts);
		status = db_run(db, statement, error);
	}
	if (status == STATUS_OK)
		count_move(row, standing->state, ITEM_PENDING);
	return status;
}

static enum status settle_by_hand(struct db *db, struct job_row *row,
                                  const struct item_standing *standing, enum item_state to,
                                  int64_t now_ms, struct left *left, struct error *error)
{
	const int64_t id = store_id(row->id, standing->seq);
	const bool keeps_cause = to == ITEM_FAILED;
	enum status status = STATUS_OK;

	if (item_state_final(standing->state)) {
		sqlite3_stmt *statement = db_prepare(db, QUERY_OUTCOME_RESOLVE);

		db_bind_int(statement, 1, id);
		db_bind_text(statement, 2, item_state_name(to));
		db_bind_int(statement, 3, now_ms);
		if (keeps_cause && standing->cause != 0)
			db_bind_int(statement, 4, (int64_t)standing->cause);
		status = db_run(db, statement, error);
		if (status == STATUS_OK && !keeps_cause)
			status = leave_group(db, row->id, standing->cause, left, error);
	} else {
		if (standing->in_resend)
			status = run_with_id(db, QUERY_RESEND_DELETE, id, error);
		if (status == STATUS_OK)
			status = insert_outcome(db, id, to, standing->attempts, 0, 0, -1, now_ms, error);
	}
	if (status == STATUS_OK)
		count_move(row, standing->state, to);
	return status;
}

bool outcomes_applies(enum manual what, enum item_state state, bool done_too)
{
	const bool dead = state == ITEM_FAILED || state == ITEM_UNKNOWN;

	switch (what) {
	case MANUAL_RETRY:
		return dead || state == ITEM_SKIPPED || (done_too && state == ITEM_DONE);
	case MANUAL_SKIP:
		return dead || state == ITEM_PENDING || state == ITEM_WAITING;
	case MANUAL_DONE:
	case MANUAL_FAILED:
		break;
	}
	return state == ITEM_UNKNOWN;
}

static enum status act_on_one(struct db *db, struct job_row *row,
                              const struct item_standing *standing, enum manual what,
                              int64_t now_ms, struct left *left, struct error *error)
{
	static const enum item_state ends[] = {[MANUAL_SKIP] = ITEM_SKIPPED,
	                                       [MANUAL_DONE] = ITEM_DONE,
	                                       [MANUAL_FAILED] = ITEM_FAILED};

	return what == MANUAL_RETRY
	           ? retry_one(db, row, standing, left, error)
	           : settle_by_hand(db, row, standing, ends[what], now_ms, left, error);
}

enum status outcomes_manual(struct db *db, struct job_row *row, const struct item_standing *items,
                            int count, enum manual what, bool done_too, int64_t now_ms,
                            bool *changed, struct error *error)
{
	struct left left = {.causes = 0};
	enum status status = STATUS_OK;

	for (int i = 0; i < count && status == STATUS_OK; i++) {
		changed[i] = outcomes_applies(what, items[i].state, done_too);
		if (changed[i])
			status = act_on_one(db, row, &items[i], what, now_ms, &left, error);
	}
	return status == STATUS_OK ? take_from_groups(db, row->id, &left, error) : status;
}
