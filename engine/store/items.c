#include "engine/store/items.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "engine/policy/cause.h"
#include "engine/store/outcomes.h"

enum status items_insert(struct db *db, int64_t job, int64_t seq, const char *input,
                         size_t input_length, const char *key, size_t key_length,
                         struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_ITEM_INSERT);
	struct error cause;
	enum status status;

	db_bind_int(statement, 1, store_id(job, seq));
	db_bind_bytes(statement, 2, input, input_length);
	if (key != NULL)
		db_bind_bytes(statement, 3, key, key_length);
	status = db_run(db, statement, &cause);
	if (status == STATUS_CONFLICT && key != NULL)
		return error_set(error, STATUS_CONFLICT, "item %lld: the key '%.*s' stands twice",
		                 (long long)seq, (int)(key_length > 100 ? 100 : key_length), key);
	if (status != STATUS_OK && error != NULL)
		*error = cause;
	return status;
}

enum status items_add_bad_row(struct db *db, int64_t job, int64_t row, const char *fault,
                              const char *raw, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_BAD_ROW_INSERT);

	db_bind_int(statement, 1, job);
	db_bind_int(statement, 2, row);
	db_bind_text(statement, 3, fault);
	db_bind_text(statement, 4, raw);
	return db_run(db, statement, error);
}

typedef enum status claimed_fn(void *context, const struct claimed_item *item);

static void count_claim(struct job_row *row, enum item_state from)
{
	row->counts[from]--;
	row->counts[ITEM_RUNNING]++;
}

/* The rows are marked after the walk: marking takes them out of the very index
 * that the walk is on. */
static enum status claim_due(struct db *db, struct job_row *row, int want, int64_t now_ms,
                             claimed_fn *claimed, void *context, int *count,
                             struct error *error)
{
	int64_t *ids = malloc((size_t)want * sizeof(*ids));
	sqlite3_stmt *statement = db_prepare(db, QUERY_CLAIM_DUE);
	enum status status;
	bool found = false;
	int taken = 0;

	if (ids == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	db_bind_int(statement, 1, row->id);
	db_bind_int(statement, 2, now_ms);
	db_bind_int(statement, 3, want);
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found &&
	       taken < want) {
		struct claimed_item item = {.seq = store_seq(db_int(statement, 0))};
		enum item_state from = ITEM_PENDING;

		item_state_parse(db_text(statement, 1), &from);
		item.attempts = (int)db_int(statement, 2);
		item.spent = (int)db_int(statement, 3);
		item.since_ms = db_int(statement, 4);
		item.input = db_text_or_empty(statement, 5);
		item.input_length = (size_t)sqlite3_column_bytes(statement, 5);
		item.key = db_text(statement, 6);
		item.ask = db_int(statement, 7) != 0;
		status = claimed(context, &item);
		if (status != STATUS_OK)
			break;
		count_claim(row, from);
		ids[taken++] = db_int(statement, 0);
	}
	db_reset(statement);
	for (int i = 0; status == STATUS_OK && i < taken; i++) {
		statement = db_prepare(db, QUERY_CLAIM_MARK);
		db_bind_int(statement, 1, ids[i]);
		status = db_run(db, statement, error);
	}
	free(ids);
	*count += taken;
	return status;
}

static enum status claim_fresh(struct db *db, struct job_row *row, int want,
                               claimed_fn *claimed, void *context, int *count,
                               struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_CLAIM_FRESH);
	enum status status;
	bool found = false;

	db_bind_int(statement, 1, store_id(row->id, row->claim_cursor));
	db_bind_int(statement, 2, store_id(row->id, row->total));
	db_bind_int(statement, 3, want);
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found) {
		struct claimed_item item = {.seq = store_seq(db_int(statement, 0)), .fresh = true};

		item.input = db_text_or_empty(statement, 1);
		item.input_length = (size_t)sqlite3_column_bytes(statement, 1);
		item.key = db_text(statement, 2);
		status = claimed(context, &item);
		if (status != STATUS_OK)
			break;
		row->claim_cursor = item.seq;
		count_claim(row, ITEM_PENDING);
		++*count;
	}
	db_reset(statement);
	return status;
}

enum status items_claim(struct db *db, struct job_row *row, int want, int fresh_max,
                        int64_t now_ms, claimed_fn *claimed, void *context, int *count, struct error *error)
{
	enum status status = STATUS_OK;
	int taken = 0;

	/* Retries go behind fresh work, and are not starved by it: a quarter of what
	 * is claimed, by turns where that is less than one. */
	const bool fresh = fresh_max > 0 && row->claim_cursor < row->total;
	const int due_max = fresh ? (want + (int)(row->attempts % 4)) / 4 : want;

	if (due_max > 0)
		status = claim_due(db, row, due_max, now_ms, claimed, context, &taken, error);
	if (status == STATUS_OK && taken < want && fresh)
		status = claim_fresh(db, row, want - taken < fresh_max ? want - taken : fresh_max,
		                     claimed, context, &taken, error);
	if (status == STATUS_OK && taken < want && due_max < want)
		status = claim_due(db, row, want - taken, now_ms, claimed, context, &taken, error);
	*count = taken;
	return status;
}

static enum status due_of(struct db *db, enum query query, int64_t job, int64_t none,
                          int64_t *due_ms, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, query);
	bool found = false;
	enum status status;

	db_bind_int(statement, 1, job);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	*due_ms = none;
	if (found && sqlite3_column_type(statement, 0) != SQLITE_NULL)
		*due_ms = db_int(statement, 0);
	if (found)
		db_reset(statement);
	return STATUS_OK;
}

enum status items_next_due(struct db *db, int64_t job, int64_t *next_due_ms,
                           struct error *error)
{
	return due_of(db, QUERY_NEXT_DUE, job, INT64_MAX, next_due_ms, error);
}

enum status items_last_due(struct db *db, int64_t job, int64_t *due_ms, struct error *error)
{
	return due_of(db, QUERY_LAST_DUE, job, 0, due_ms, error);
}

static enum status put_back(struct db *db, struct job_row *row, int64_t id, int attempts,
                            int spent, int64_t since_ms, bool ask, int64_t due_ms,
                            struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_RESEND_PUT);
	enum status status;

	db_bind_int(statement, 1, id);
	db_bind_int(statement, 2, row->id);
	db_bind_text(statement, 3, item_state_name(ITEM_PENDING));
	db_bind_int(statement, 4, due_ms);
	db_bind_int(statement, 5, attempts);
	db_bind_int(statement, 6, spent);
	db_bind_int(statement, 7, since_ms);
	db_bind_int(statement, 8, ask);
	status = db_run(db, statement, error);
	if (status == STATUS_OK) {
		row->counts[ITEM_RUNNING]--;
		row->counts[ITEM_PENDING]++;
	}
	return status;
}

enum status items_unclaim(struct db *db, struct job_row *row, int64_t seq, int attempts,
                          int spent, int64_t since_ms, bool ask, int64_t now_ms,
                          struct error *error)
{
	return put_back(db, row, store_id(row->id, seq), attempts, spent, since_ms, ask, now_ms,
	                error);
}

static enum status to_unknown(struct db *db, struct job_row *row, int64_t id, int attempts,
                              bool was_resend, bool requested, bool ask,
                              const char *class_name, const char *message, int64_t now_ms,
                              struct error *error)
{
	const struct attempt_record record = {
	    .seq = store_seq(id),
	    .n = attempts + 1,
	    .at_ms = now_ms,
	    .duration_ms = -1,
	    .connect_ms = -1,
	    .first_byte_ms = -1,
	    .decision = DECISION_UNKNOWN,
	    .next = ask ? ITEM_WAITING : ITEM_UNKNOWN,
	    .due_ms = now_ms,
	    .ask = ask,
	    .class_name = class_name,
	    .message = message,
	    .cause = message,
	    .group = cause_hash(class_name, 0, NULL, message),
	    .wait_ms = -1,
	    .was_resend = was_resend,
	    .requested = requested,
	};
	return outcomes_record(db, row, &record, error);
}

/* The request may have reached the server and may not be repeated. */
static enum status interrupted(struct db *db, struct job_row *row, int64_t id, int attempts,
                               bool was_resend, bool ask, int64_t now_ms, struct error *error)
{
	return to_unknown(db, row, id, attempts, was_resend, true, ask, "interrupted",
	                  "interrupted before the answer came", now_ms, error);
}

enum status items_give_up(struct db *db, struct job_row *row, int64_t seq, int attempts,
                          bool ask, int64_t now_ms, struct error *error)
{
	return to_unknown(db, row, store_id(row->id, seq), attempts, true, false, ask, "key_age",
	                  "sent before, and its idempotency key is too old to send it again",
	                  now_ms, error);
}

struct in_flight {
	int64_t id, since_ms;
	int attempts, spent;
	bool ask;
};

/* Rows of recover_fresh (one column) or recover_resend (four), collected so
 * that no statement is open while the tables change. */
static enum status collect(struct db *db, sqlite3_stmt *statement, bool resend,
                           struct in_flight **out, int *count, struct error *error)
{
	struct in_flight *list = NULL, *grown;
	int capacity = 0;
	bool found = false;
	enum status status;

	*count = 0;
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found) {
		if (*count == capacity) {
			capacity = capacity == 0 ? 256 : capacity * 2;
			grown = realloc(list, (size_t)capacity * sizeof(*list));
			if (grown == NULL) {
				db_reset(statement);
				free(list);
				return error_set(error, STATUS_NO_MEMORY, "out of memory");
			}
			list = grown;
		}
		list[*count] = (struct in_flight){.id = db_int(statement, 0)};
		if (resend) {
			list[*count].attempts = (int)db_int(statement, 1);
			list[*count].spent = (int)db_int(statement, 2);
			list[*count].since_ms = db_int(statement, 3);
			list[*count].ask = db_int(statement, 4) != 0;
		}
		++*count;
	}
	*out = list;
	return status;
}

static enum status recover_list(struct db *db, struct job_row *row, sqlite3_stmt *statement,
                                bool resend, int64_t sent_ms, bool ask, int64_t now_ms,
                                struct recovery *recovery, struct error *error)
{
	struct in_flight *list = NULL;
	int count = 0;
	enum status status = collect(db, statement, resend, &list, &count, error);

	for (int i = 0; status == STATUS_OK && i < count; i++) {
		if (row->repeatable || list[i].ask) { /* a question may be asked again */
			status = put_back(db, row, list[i].id, list[i].attempts, list[i].spent,
			                  list[i].since_ms > 0 ? list[i].since_ms : sent_ms,
			                  list[i].ask, 0, error);
			recovery->put_back++;
		} else {
			status = interrupted(db, row, list[i].id, list[i].attempts, resend, ask,
			                     now_ms, error);
			recovery->unknown++;
		}
	}
	free(list);
	return status;
}

enum status items_recover(struct db *db, struct job_row *row, int64_t sent_ms, bool ask, int64_t now_ms,
                          struct recovery *recovery, struct error *error)
{
	sqlite3_stmt *statement;
	enum status status;

	memset(recovery, 0, sizeof(*recovery));
	if (row->counts[ITEM_RUNNING] == 0) {
		row->low = row->claim_cursor;
		return STATUS_OK;
	}
	statement = db_prepare(db, QUERY_RECOVER_RESEND);
	db_bind_int(statement, 1, row->id);
	status = recover_list(db, row, statement, true, sent_ms, ask, now_ms, recovery, error);
	if (status != STATUS_OK)
		return status;
	statement = db_prepare(db, QUERY_RECOVER_FRESH);
	db_bind_int(statement, 1, store_id(row->id, row->low));
	db_bind_int(statement, 2, store_id(row->id, row->claim_cursor));
	status = recover_list(db, row, statement, false, sent_ms, ask, now_ms, recovery, error);
	if (status != STATUS_OK)
		return status;
	if (row->counts[ITEM_RUNNING] != 0)
		return error_set(error, STATUS_CORRUPT,
		                 "%s: job '%s': %lld items were in flight, %lld were found", db_path(db),
		                 row->name, (long long)(row->counts[ITEM_RUNNING] + recovery->put_back +
		                                        recovery->unknown),
		                 (long long)(recovery->put_back + recovery->unknown));
	row->low = row->claim_cursor;
	return STATUS_OK;
}

enum status items_input(struct db *db, int64_t job, int64_t seq, char **input, size_t *length,
                        char **key, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_ITEM_GET);
	bool found = false;
	enum status status;

	db_bind_int(statement, 1, store_id(job, seq));
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	if (!found)
		return error_set(error, STATUS_NOT_FOUND, "no item %lld", (long long)seq);
	*length = (size_t)sqlite3_column_bytes(statement, 0);
	*input = malloc(*length + 1);
	*key = db_text(statement, 1) != NULL ? strdup(db_text(statement, 1)) : NULL;
	if (*input != NULL) {
		memcpy(*input, db_text_or_empty(statement, 0), *length);
		(*input)[*length] = '\0';
	}
	db_reset(statement);
	return *input != NULL ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}
