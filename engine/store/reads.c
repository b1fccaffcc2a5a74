#include "engine/store/reads.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/store/reads_internal.h"

/* Ids are fetched so many at a time; no statement stays open while a row is
 * shown, so that no read transaction lasts. */
#define IDS_AT_ONCE 256

/* What narrows a scan most. */
struct drive {
	enum query query;
	const char *text;  /* ?4 */
	int64_t number;    /* ?4 where text is NULL */
	int64_t number5;   /* ?5 */
	int64_t job;       /* ?6 */
	int64_t first, last; /* ids: (first, last] */
};

static struct json_span span_of(sqlite3_stmt *statement, int column)
{
	struct json_span span = {db_text(statement, column), 0};

	span.length = (size_t)sqlite3_column_bytes(statement, column);
	return span;
}

static void drive_by_state(struct drive *drive, const struct job_row *job, enum item_state state)
{
	switch (state) {
	case ITEM_FAILED:
	case ITEM_UNKNOWN:
	case ITEM_SKIPPED:
		drive->query = QUERY_PAGE_STATE;
		drive->text = item_state_name(state);
		break;
	case ITEM_WAITING:
		drive->query = QUERY_PAGE_WAITING;
		break;
	case ITEM_PENDING:
		drive->query = QUERY_PAGE_PENDING;
		drive->number = store_id(job->id, job->claim_cursor);
		break;
	case ITEM_RUNNING:
		drive->query = QUERY_PAGE_RUNNING;
		drive->number = store_id(job->id, job->low);
		drive->number5 = store_id(job->id, job->claim_cursor);
		break;
	default:
		break;
	}
}

static struct drive choose_drive(const struct job_row *job, const struct item_query *query)
{
	struct drive drive = {.query = QUERY_PAGE_ITEMS, .job = job->id};
	int64_t first = 1, last = job->total;
	enum item_state state;
	uint64_t group;
	const char *key;

	filter_seq_range(query->filter, &first, &last);
	if (first < 1)
		first = 1;
	if (last > job->total)
		last = job->total;
	if (first <= query->after)
		first = query->after + 1;
	drive.first = store_id(job->id, first - 1);
	drive.last = store_id(job->id, last);
	if (filter_single_key(query->filter, &key)) {
		drive.query = QUERY_PAGE_KEY;
		drive.text = key;
		drive.number5 = job->id;
	} else if (filter_single_group(query->filter, &group)) {
		drive.query = QUERY_PAGE_CAUSE;
		drive.number = (int64_t)group;
	} else if (filter_single_state(query->filter, &state)) {
		drive_by_state(&drive, job, state);
	} else if (filter_dead_only(query->filter)) {
		drive.query = QUERY_PAGE_DEAD;
	}
	return drive;
}

static enum status next_ids(struct db *db, const struct drive *drive, int64_t after, int want,
                            int64_t *ids, int *count, struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, drive->query);
	enum status status;
	bool found = false;

	*count = 0;
	if (statement == NULL)
		return db_fail(db, error, "page");
	db_bind_int(statement, 1, after);
	db_bind_int(statement, 2, drive->last);
	db_bind_int(statement, 3, want);
	if (sqlite3_bind_parameter_count(statement) >= 4) {
		if (drive->text != NULL)
			db_bind_text(statement, 4, drive->text);
		else
			db_bind_int(statement, 4, drive->number);
	}
	if (sqlite3_bind_parameter_count(statement) >= 5)
		db_bind_int(statement, 5, drive->number5);
	if (sqlite3_bind_parameter_count(statement) >= 6)
		db_bind_int(statement, 6, drive->job);
	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found)
		ids[(*count)++] = db_int(statement, 0);
	return status;
}

/* A row with the statements that its texts live in. */
struct loaded {
	struct item_row row;
	sqlite3_stmt *main, *attempt, *extracted, *body;
};

static void unload(struct loaded *loaded)
{
	db_reset(loaded->main);
	db_reset(loaded->attempt);
	db_reset(loaded->extracted);
	db_reset(loaded->body);
}

static enum status load_main(struct db *db, const struct job_row *job, int64_t id,
                             struct loaded *loaded, bool *found, struct error *error)
{
	struct item_row *row = &loaded->row;
	sqlite3_stmt *statement = db_prepare(db, QUERY_ROW_GET);
	enum status status;

	loaded->main = statement;
	db_bind_int(statement, 1, id);
	status = db_step(db, statement, found, error);
	if (status != STATUS_OK || !*found)
		return status;
	row->seq = store_seq(id);
	row->input = span_of(statement, 0);
	row->key = db_text(statement, 1);
	row->duration_ms = -1;
	row->class_name = "";
	if (db_text(statement, 2) != NULL) {
		item_state_parse(db_text(statement, 2), &row->state);
		row->attempts = (int)db_int(statement, 3);
		row->http_status = (int)db_int(statement, 4);
		row->group = (uint64_t)db_int(statement, 5);
		row->duration_ms = db_int_or(statement, 6, -1);
		row->at_ms = db_int(statement, 7);
	} else if (db_text(statement, 8) != NULL) {
		item_state_parse(db_text(statement, 8), &row->state);
		row->attempts = (int)db_int(statement, 9);
		if (row->state == ITEM_WAITING)
			row->due_ms = db_int(statement, 10);
	} else {
		row->state = row->seq > job->claim_cursor ? ITEM_PENDING : ITEM_RUNNING;
	}
	return STATUS_OK;
}

/* The last attempt says why; a first-try success has none. */
static enum status load_attempt(struct db *db, int64_t id, bool body, struct loaded *loaded,
                                struct error *error)
{
	struct item_row *row = &loaded->row;
	sqlite3_stmt *statement;
	bool found = false;
	enum status status;

	if (row->attempts == 0)
		return STATUS_OK;
	statement = loaded->attempt = db_prepare(db, QUERY_ROW_LAST_ATTEMPT);
	db_bind_int(statement, 1, id);
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	if (found) {
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
	if (!body)
		return STATUS_OK;
	statement = loaded->body = db_prepare(db, QUERY_BODY_GET);
	db_bind_int(statement, 1, id);
	status = db_step(db, statement, &found, error);
	if (status == STATUS_OK && found)
		row->body = span_of(statement, 1);
	return status;
}

static enum status load_row(struct db *db, const struct job_row *job,
                            const struct item_query *query, int64_t id, struct loaded *loaded,
                            bool *found, struct error *error)
{
	enum status status;

	memset(loaded, 0, sizeof(*loaded));
	status = load_main(db, job, id, loaded, found, error);
	if (status != STATUS_OK || !*found)
		return status;
	if (!query->brief || filter_wants_cause(query->filter) || query->body)
		status = load_attempt(db, id, query->body, loaded, error);
	if (status == STATUS_OK && query->extracted && loaded->row.state == ITEM_DONE) {
		bool there = false;

		loaded->extracted = db_prepare(db, QUERY_ROW_EXTRACTED);
		db_bind_int(loaded->extracted, 1, id);
		status = db_step(db, loaded->extracted, &there, error);
		if (status == STATUS_OK && there)
			loaded->row.extracted = span_of(loaded->extracted, 0);
	}
	return status;
}

static bool matches(const struct item_query *query, const struct item_row *row)
{
	const struct filter_row seen = {
	    .seq = row->seq,
	    .state = row->state,
	    .http_status = row->http_status,
	    .group = row->group,
	    .code = row->code,
	    .message = row->message,
	    .key = row->key,
	    .input = row->input,
	};

	return query->filter == NULL || filter_match(query->filter, &seen);
}

/* Is the page full, or was enough looked at for it? */
static bool page_over(const struct item_query *query, int shown, int scanned, int64_t began_ns)
{
	return shown == query->limit || scanned == query->scan_max ||
	       (query->scan_ns > 0 && scanned >= query->scan_least &&
	        clock_mono_ns() - began_ns > query->scan_ns);
}

static enum status read_page(struct db *db, const struct job_row *job, const struct item_query *query,
                        enum status (*visit)(void *context, const struct item_row *row),
                        void *context, int64_t *next, struct error *error)
{
	const struct drive drive = choose_drive(job, query);
	int64_t ids[IDS_AT_ONCE], after = drive.first;
	int shown = 0, scanned = 0, count;
	const int64_t began_ns = clock_mono_ns();
	enum status status = STATUS_OK;

	*next = 0;
	while (drive.first < drive.last) {
		int want = query->limit + 1 < IDS_AT_ONCE && query->filter == NULL ? query->limit + 1
		                                                                  : IDS_AT_ONCE;

		status = next_ids(db, &drive, after, want, ids, &count, error);
		if (status != STATUS_OK || count == 0)
			return status;
		for (int i = 0; i < count; i++) {
			struct loaded loaded;
			bool found = false;

			if (page_over(query, shown, scanned, began_ns)) {
				*next = store_seq(after);
				return STATUS_OK;
			}
			status = load_row(db, job, query, ids[i], &loaded, &found, error);
			if (status == STATUS_OK && found && matches(query, &loaded.row)) {
				status = visit(context, &loaded.row);
				shown++;
			}
			unload(&loaded);
			if (status != STATUS_OK)
				return status;
			scanned++;
			after = ids[i];
		}
		if (count < want)
			return STATUS_OK;
	}
	return status;
}

/* One transaction a page: its statements then do not lock and look at the log each for
 * itself, which is most of what a row costs. */
enum status reads_items(struct db *db, const struct job_row *job, const struct item_query *query,
                        enum status (*visit)(void *context, const struct item_row *row),
                        void *context, int64_t *next, struct error *error)
{
	bool own = !db_in_transaction(db); /* a bulk action reads in the writer's */
	enum status status = own ? db_exec(db, QUERY_BEGIN_READ, error) : STATUS_OK;

	if (status != STATUS_OK)
		return status;
	status = read_page(db, job, query, visit, context, next, error);
	if (own)
		db_rollback(db);
	return status;
}

/* ---- one item --------------------------------------------------------------- */

enum status reads_item(struct db *db, const struct job_row *job, int64_t seq,
                       void (*item)(void *context, const struct item_row *row),
                       void (*attempt)(void *context, const struct attempt_row *row),
                       void *context, struct error *error)
{
	const struct item_query query = {.extracted = true};
	const int64_t id = store_id(job->id, seq);
	struct loaded loaded = {0};
	bool found = false;
	enum status status = STATUS_OK;

	if (seq >= 1 && seq <= job->total)
		status = load_row(db, job, &query, id, &loaded, &found, error);
	if (status == STATUS_OK && !found)
		status = error_set(error, STATUS_NOT_FOUND, "no item %lld in job '%s' (it has %lld)",
		                   (long long)seq, job->name, (long long)job->total);
	if (status == STATUS_OK) {
		item(context, &loaded.row);
		status = reads_attempts(db, id, &loaded.row, attempt, context, error);
	}
	unload(&loaded);
	return status;
}
