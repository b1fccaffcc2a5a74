#include "engine/run/bulk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/store/filter.h"
#include "engine/store/reads.h"

/* A step must not hold up results for long: pages of so many, for so long. */
#define STEP_CHANGES 500
#define STEP_SCAN 5000
#define STEP_NS (20 * NS_PER_MS)

struct bulk {
	bool busy;
	bool loaded; /* row and filter hold the operation under way */
	struct operation_row row;
	struct filter *filter;
	struct item_standing items[STEP_CHANGES];
	bool changed[STEP_CHANGES];
	int item_count;
};

struct bulk *bulk_new(void)
{
	struct bulk *bulk = calloc(1, sizeof(*bulk));

	if (bulk != NULL)
		bulk->busy = true; /* a former run may have left one open */
	return bulk;
}

static void unload(struct bulk *bulk)
{
	filter_free(bulk->filter);
	bulk->filter = NULL;
	bulk->loaded = false;
}

void bulk_free(struct bulk *bulk)
{
	if (bulk == NULL)
		return;
	unload(bulk);
	free(bulk);
}

void bulk_kick(struct bulk *bulk)
{
	unload(bulk); /* it may be the one that was stopped; the row says how far it is */
	bulk->busy = true;
}

bool bulk_busy(const struct bulk *bulk)
{
	return bulk->busy;
}

void bulk_rolled_back(struct bulk *bulk)
{
	unload(bulk);
	bulk->busy = true;
}

bool bulk_action_parse(const char *name, enum manual *what)
{
	static const char *const names[] = {
	    [MANUAL_RETRY] = "retry",
	    [MANUAL_SKIP] = "skip",
	    [MANUAL_DONE] = "resolve_done",
	    [MANUAL_FAILED] = "resolve_failed",
	};

	for (int i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++)
		if (strcmp(names[i], name) == 0) {
			*what = (enum manual)i;
			return true;
		}
	return false;
}

enum status bulk_allowed(const struct job_row *job, enum manual what, struct error *error)
{
	if (what != MANUAL_RETRY || job->state != JOB_CANCELLED)
		return STATUS_OK;
	return error_set(error, STATUS_CONFLICT,
	                 "job '%s' is cancelled: it sends nothing more, so its items stay as they are",
	                 job->name);
}

enum status bulk_one(struct writer *writer, struct db *db, int64_t job, int64_t seq,
                     enum manual what, bool done_too, int64_t now_ms, bool *changed,
                     struct error *error)
{
	struct item_standing standing;
	struct job_row *row;
	enum status status = writer_job(writer, job, &row, error);

	*changed = false;
	if (status == STATUS_OK)
		status = bulk_allowed(row, what, error);
	if (status == STATUS_OK)
		status = outcomes_standing(db, row, seq, &standing, error);
	if (status == STATUS_OK)
		status = outcomes_manual(db, row, &standing, 1, what, done_too, now_ms, changed, error);
	if (status == STATUS_OK && *changed)
		writer_settled(writer, job, seq);
	return status;
}

static enum status load(struct bulk *bulk, struct db *db, struct error *error)
{
	enum status status = operations_open(db, 0, &bulk->row, error);

	if (status == STATUS_NOT_FOUND) {
		bulk->busy = false;
		return STATUS_OK;
	}
	if (status != STATUS_OK)
		return status;
	status = filter_parse(bulk->row.selection, &bulk->filter, error);
	bulk->loaded = status == STATUS_OK;
	return status;
}

static enum status collect(void *context, const struct item_row *item)
{
	struct bulk *bulk = context;

	bulk->items[bulk->item_count++] = (struct item_standing){
	    .seq = item->seq,
	    .state = item->state,
	    .in_resend = item->in_resend,
	    .attempts = item->attempts,
	    .cause = item->group,
	};
	return STATUS_OK;
}

enum status bulk_log(struct db *db, const struct operation_row *row, int64_t now_ms,
                     struct error *error)
{
	char detail[1024];

	snprintf(detail, sizeof(detail), "%s%lld of %lld items (%.300s)%s%s",
	         row->cancelled_at_ms != 0 ? "cancelled after " : "", (long long)row->changed,
	         (long long)row->matched, row->selection, row->reason[0] != '\0' ? ": " : "",
	         row->reason);
	return events_add(db, row->job, now_ms, row->who, row->action, detail, error);
}

static enum status page(struct bulk *bulk, struct writer *writer, struct db *db,
                        struct job_row *job, enum manual what, int64_t now_ms,
                        struct error *error)
{
	const struct item_query query = {.filter = bulk->filter,
	                                 .after = bulk->row.scan_cursor,
	                                 .limit = STEP_CHANGES,
	                                 .scan_max = STEP_SCAN,
	                                 .parts = ITEM_STANDING};
	int64_t next = 0;
	enum status status;

	bulk->item_count = 0;
	status = reads_items(db, job, &query, collect, bulk, &next, error);
	if (status == STATUS_OK)
		status = outcomes_manual(db, job, bulk->items, bulk->item_count, what,
		                         bulk->row.done_too, now_ms, bulk->changed, error);
	for (int i = 0; status == STATUS_OK && i < bulk->item_count; i++) {
		if (!bulk->changed[i])
			continue;
		writer_settled(writer, bulk->row.job, bulk->items[i].seq);
		bulk->row.changed++;
	}
	bulk->row.matched += bulk->item_count;
	bulk->row.scan_cursor = next;
	return status;
}

enum status bulk_step(struct bulk *bulk, struct writer *writer, struct db *db, int64_t now_ms,
                      struct error *error)
{
	struct job_row *job;
	enum manual what = MANUAL_RETRY;
	const int64_t end_ns = clock_mono_ns() + STEP_NS;
	enum status status = bulk->loaded ? STATUS_OK : load(bulk, db, error);

	if (status != STATUS_OK || !bulk->loaded)
		return status;
	bulk_action_parse(bulk->row.action, &what);
	status = writer_job(writer, bulk->row.job, &job, error);
	if (status == STATUS_OK && bulk_allowed(job, what, NULL) != STATUS_OK) {
		bulk->row.cancelled_at_ms = now_ms; /* together with its job */
		bulk->row.scan_cursor = 0;
	}
	while (status == STATUS_OK && bulk->row.cancelled_at_ms == 0) {
		status = page(bulk, writer, db, job, what, now_ms, error);
		if (bulk->row.scan_cursor == 0 || clock_mono_ns() >= end_ns)
			break;
	}
	if (status != STATUS_OK)
		return status;
	if (bulk->row.scan_cursor == 0) {
		bulk->row.finished_at_ms = now_ms;
		status = bulk_log(db, &bulk->row, now_ms, error);
	}
	if (status == STATUS_OK)
		status = operations_save(db, &bulk->row, error);
	if (status == STATUS_OK && bulk->row.finished_at_ms != 0)
		unload(bulk);
	return status;
}
