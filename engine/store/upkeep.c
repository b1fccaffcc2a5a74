#include "engine/store/upkeep.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "engine/policy/state.h"
#include "engine/store/jobs.h"

static enum status integrity(struct db *db, bool *sound, struct buffer *report,
                             struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, QUERY_INTEGRITY_CHECK);
	enum status status;
	bool found = false;

	while ((status = db_step(db, statement, &found, error)) == STATUS_OK && found) {
		const char *line = db_text(statement, 0);

		if (line == NULL || strcmp(line, "ok") == 0)
			continue;
		*sound = false;
		buffer_printf(report, "%s\n", line);
	}
	return status;
}

static enum status count_of(struct db *db, enum query query, int64_t job, int64_t *count,
                            struct error *error)
{
	sqlite3_stmt *statement = db_prepare(db, query);
	bool found = false;
	enum status status;

	db_bind_int(statement, 1, store_id(job, 0));
	db_bind_int(statement, 2, store_id(job, STORE_SEQ_MAX));
	status = db_step(db, statement, &found, error);
	if (status != STATUS_OK)
		return status;
	*count = found ? db_int(statement, 0) : 0;
	db_reset(statement);
	return STATUS_OK;
}

static void expect(const struct job_row *row, const char *what, int64_t counted, int64_t told,
                   bool *sound, struct buffer *report)
{
	if (counted == told)
		return;
	*sound = false;
	buffer_printf(report, "job '%s': %lld %s by the counter, %lld rows\n", row->name,
	              (long long)told, what, (long long)counted);
}

static enum status check_job(struct db *db, const struct job_row *row, bool *sound,
                             struct buffer *report, struct error *error)
{
	static const struct {
		enum query query;
		enum item_state state;
	} counters[] = {{QUERY_COUNT_DONE, ITEM_DONE},       {QUERY_COUNT_FAILED, ITEM_FAILED},
	                {QUERY_COUNT_UNKNOWN, ITEM_UNKNOWN}, {QUERY_COUNT_SKIPPED, ITEM_SKIPPED},
	                {QUERY_COUNT_WAITING, ITEM_WAITING}};
	int64_t count = 0, stray = 0;
	enum status status = count_of(db, QUERY_COUNT_ITEMS, row->id, &count, error);

	if (status == STATUS_OK)
		expect(row, "items", count, row->total, sound, report);
	for (size_t i = 0; status == STATUS_OK && i < sizeof(counters) / sizeof(counters[0]); i++) {
		status = count_of(db, counters[i].query, row->id, &count, error);
		if (status == STATUS_OK)
			expect(row, item_state_name(counters[i].state), count,
			       row->counts[counters[i].state], sound, report);
	}
	if (status == STATUS_OK)
		status = count_of(db, QUERY_COUNT_BOTH, row->id, &stray, error);
	if (status == STATUS_OK && stray > 0) {
		*sound = false;
		buffer_printf(report, "job '%s': %lld items have an outcome and wait to be sent\n",
		              row->name, (long long)stray);
	}
	return status;
}

enum status upkeep_check(struct db *db, bool *sound, struct buffer *report, struct error *error)
{
	enum status status;
	int64_t after = 0;

	*sound = true;
	/* One transaction, so that counters and rows are of one moment. */
	status = db_exec(db, QUERY_BEGIN_READ, error);
	if (status == STATUS_OK)
		status = integrity(db, sound, report, error);
	while (status == STATUS_OK) {
		struct job_row row;

		status = jobs_next(db, after, &row, error);
		if (status != STATUS_OK)
			break;
		after = row.id;
		if (!row.removing)
			status = check_job(db, &row, sound, report, error);
		job_row_free(&row);
	}
	(void)db_exec(db, QUERY_ROLLBACK, NULL);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status upkeep_backup(struct db *db, const char *path, struct error *error)
{
	sqlite3 *target = NULL;
	sqlite3_backup *backup = NULL;
	enum status status = STATUS_OK;
	int code = SQLITE_OK;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_set(error, errno == EEXIST ? STATUS_USAGE : STATUS_IO, "%s: %s", path,
		                 strerror(errno));
	close(fd);
	if (sqlite3_open_v2(path, &target, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    (backup = sqlite3_backup_init(target, "main", db_handle(db), "main")) == NULL) {
		status = error_set(error, STATUS_IO, "%s: %s", path,
		                   target != NULL ? sqlite3_errmsg(target) : "out of memory");
	} else {
		/* In one step: in pieces, each commit beside it would start it anew. */
		code = sqlite3_backup_step(backup, -1);
		sqlite3_backup_finish(backup);
		if (code != SQLITE_DONE)
			status = error_set(error, code == SQLITE_FULL ? STATUS_DISK_FULL : STATUS_IO,
			                   "%s: %s", path, sqlite3_errstr(code));
	}
	sqlite3_close(target);
	if (status != STATUS_OK)
		unlink(path);
	return status;
}

enum status upkeep_vacuum(struct db *db, struct error *error)
{
	enum status status = db_exec(db, QUERY_VACUUM, error);

	return status == STATUS_OK ? db_exec(db, QUERY_CHECKPOINT, error) : status;
}
