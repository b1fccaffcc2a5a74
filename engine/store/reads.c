#include "engine/store/reads.h"

#include <sqlite3.h>

#include "engine/base/clock.h"
#include "engine/store/reads_internal.h"

/* Ids are fetched so many at a time. */
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

static enum status read_page(struct row_reader *rows,
                             enum status (*visit)(void *context, const struct item_row *row),
                             void *context, int64_t *next, struct error *error)
{
	const struct item_query *query = rows->query;
	const struct drive drive = choose_drive(rows->job, query);
	int64_t ids[IDS_AT_ONCE], after = drive.first;
	int shown = 0, scanned = 0, count;
	const int64_t began_ns = clock_mono_ns();
	enum status status = STATUS_OK;

	*next = 0;
	while (drive.first < drive.last) {
		int want = query->limit + 1 < IDS_AT_ONCE && query->filter == NULL ? query->limit + 1
		                                                                  : IDS_AT_ONCE;

		status = next_ids(rows->db, &drive, after, want, ids, &count, error);
		if (status != STATUS_OK || count == 0)
			return status;
		for (int i = 0; i < count; i++) {
			bool found = false;

			if (page_over(query, shown, scanned, began_ns)) {
				*next = store_seq(after);
				return STATUS_OK;
			}
			status = row_read(rows, ids[i], &found, error);
			if (status == STATUS_OK && found && matches(query, &rows->row)) {
				status = visit(context, &rows->row);
				shown++;
			}
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

/* One transaction a page: short enough not to hold up a checkpoint, and its statements do
 * not each lock and look at the log for itself. */
enum status reads_items(struct db *db, const struct job_row *job, const struct item_query *query,
                        enum status (*visit)(void *context, const struct item_row *row),
                        void *context, int64_t *next, struct error *error)
{
	struct row_reader rows = {.db = db, .job = job, .query = query};
	bool own = !db_in_transaction(db); /* a bulk action reads in the writer's */
	enum status status = own ? db_exec(db, QUERY_BEGIN_READ, error) : STATUS_OK;

	if (status != STATUS_OK)
		return status;
	status = read_page(&rows, visit, context, next, error);
	row_reader_done(&rows);
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
	struct row_reader rows = {.db = db, .job = job, .query = &query};
	bool found = false;
	enum status status = STATUS_OK;

	if (seq >= 1 && seq <= job->total)
		status = row_read(&rows, id, &found, error);
	if (status == STATUS_OK && !found)
		status = error_set(error, STATUS_NOT_FOUND, "no item %lld in job '%s' (it has %lld)",
		                   (long long)seq, job->name, (long long)job->total);
	if (status == STATUS_OK) {
		item(context, &rows.row);
		status = reads_attempts(db, id, &rows.row, attempt, context, error);
	}
	row_reader_done(&rows);
	return status;
}
