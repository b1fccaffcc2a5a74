/* The façade's part about a person's actions on items: retry, skip, resolve. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/bulk.h"
#include "engine/run/engine_internal.h"
#include "engine/store/filter.h"
#include "engine/store/operations.h"
#include "engine/store/reads.h"

/* A selection by filter is usually small: so long its end is waited for. */
#define SMALL_WAIT_NS (500 * NS_PER_MS)

/* ---- the selection as a filter ------------------------------------------------- */

static const char *states_of(enum engine_action action, bool done_too)
{
	switch (action) {
	case ACTION_RETRY:
		return done_too ? "state:failed,unknown,done" : "state:failed,unknown";
	case ACTION_SKIP:
		return "state:failed,unknown";
	default:
		return "state:unknown";
	}
}

static enum status selection_text(enum engine_action action,
                                  const struct engine_selection *selection, char *out,
                                  size_t size, struct error *error)
{
	struct filter *filter = NULL;
	int length;
	enum status status;

	if (selection->filter != NULL && selection->filter[strspn(selection->filter, " \t\r\n")] == '\0')
		return error_set(error, STATUS_USAGE,
		                 "filter: empty, which would be every item; where all that it applies "
		                 "to is meant, say \"all\"");
	if (selection->group != 0)
		length = snprintf(out, size, "group:%016llx", (unsigned long long)selection->group);
	else if (selection->filter != NULL)
		length = snprintf(out, size, "%s", selection->filter);
	else
		length = snprintf(out, size, "%s", states_of(action, selection->done_too));
	if (length < 0 || (size_t)length >= size)
		return error_set(error, STATUS_USAGE, "filter: longer than %zu bytes", size - 1);
	status = filter_parse(out, &filter, error);
	filter_free(filter);
	return status;
}

/* ---- counting (dry run) ----------------------------------------------------------- */

struct count {
	enum manual what;
	bool done_too;
	int64_t matched, changed, unknown;
};

static void count_state(struct count *count, enum item_state state)
{
	const bool applies = outcomes_applies(count->what, state, count->done_too);

	count->matched++;
	count->changed += applies;
	count->unknown += applies && state == ITEM_UNKNOWN;
}

static enum status count_one(void *context, const struct item_row *row)
{
	count_state(context, row->state);
	return STATUS_OK;
}

static enum status count_filter(struct engine *engine, int64_t job, const char *text,
                                struct count *count, struct error *error)
{
	struct item_query query = {.limit = 1000, .scan_max = 100000, .parts = ITEM_STANDING};
	struct filter *filter = NULL;
	struct job_row row;
	struct db *db = NULL;
	int64_t next = 0;
	enum status status = filter_parse(text, &filter, error);

	if (status == STATUS_OK)
		status = engine_row(engine, job, &row, error);
	if (status != STATUS_OK) {
		filter_free(filter);
		return status;
	}
	status = engine_reader(engine, &db, error);
	query.filter = filter;
	while (status == STATUS_OK) {
		status = reads_items(db, &row, &query, count_one, count, &next, error);
		if (next == 0)
			break;
		query.after = next;
	}
	engine_reader_done(engine, db);
	job_row_free(&row);
	filter_free(filter);
	return status;
}

static enum status count_seqs(struct engine *engine, int64_t job,
                              const struct engine_selection *selection, struct count *count,
                              struct error *error)
{
	struct job_row row;
	struct db *db = NULL;
	enum status status = engine_row(engine, job, &row, error);

	if (status != STATUS_OK)
		return status;
	status = engine_reader(engine, &db, error);
	for (int i = 0; status == STATUS_OK && i < selection->seq_count; i++) {
		struct item_standing standing;

		status = outcomes_standing(db, &row, selection->seqs[i], &standing, error);
		if (status == STATUS_OK)
			count_state(count, standing.state);
	}
	engine_reader_done(engine, db);
	job_row_free(&row);
	return status;
}

/* ---- acting ------------------------------------------------------------------------- */

struct act {
	struct operation_row row;
	enum manual what;
	const struct engine_selection *selection;
};

static enum status act_begin(struct writer *writer, struct db *db, void *argument,
                             struct error *error)
{
	struct act *act = argument;
	struct job_row *job;
	enum status status = writer_job(writer, act->row.job, &job, error);

	if (status == STATUS_OK)
		status = bulk_allowed(job, act->what, error);
	if (status == STATUS_OK)
		status = operations_add(db, &act->row, error);
	if (status == STATUS_OK)
		writer_bulk_kick(writer);
	return status;
}

/* Named items: at once, in one transaction. */
static enum status act_on_seqs(struct writer *writer, struct db *db, void *argument,
                               struct error *error)
{
	struct act *act = argument;
	const struct engine_selection *selection = act->selection;
	const int64_t now_ms = act->row.created_at_ms;
	enum status status = operations_add(db, &act->row, error);

	act->row.matched = act->row.changed = 0;
	for (int i = 0; status == STATUS_OK && i < selection->seq_count; i++) {
		bool changed = false;

		status = bulk_one(writer, db, act->row.job, selection->seqs[i], act->what,
		                  act->row.done_too, now_ms, &changed, error);
		act->row.matched++;
		act->row.changed += changed;
	}
	act->row.finished_at_ms = now_ms;
	if (status == STATUS_OK)
		status = operations_save(db, &act->row, error);
	if (status != STATUS_OK)
		return status;
	return bulk_log(db, &act->row, now_ms, error);
}

static void name_seqs(const struct engine_selection *selection, char *out, size_t size)
{
	if (selection->seq_count == 1)
		snprintf(out, size, "seq:%lld", (long long)selection->seqs[0]);
	else
		snprintf(out, size, "%d items by number", selection->seq_count);
}

static enum status dry(struct engine *engine, int64_t job, enum engine_action action,
                       enum manual what,
                       const struct engine_selection *selection, const char *text,
                       const char *who, struct engine_operation *out, struct error *error)
{
	struct count count = {.what = what, .done_too = selection->done_too};
	enum status status = selection->seq_count > 0
	                         ? count_seqs(engine, job, selection, &count, error)
	                         : count_filter(engine, job, text, &count, error);

	if (status != STATUS_OK)
		return status;
	memset(out, 0, sizeof(*out));
	out->action = action;
	snprintf(out->who, sizeof(out->who), "%s", who);
	snprintf(out->reason, sizeof(out->reason), "%s", selection->reason != NULL ? selection->reason : "");
	out->matched = count.matched;
	out->changed = count.changed;
	out->unknown = count.unknown;
	out->created_at_ms = out->finished_at_ms = clock_wall_ms();
	snprintf(out->selection, sizeof(out->selection), "%.255s", text);
	return STATUS_OK;
}

static int compare_seqs(const void *a, const void *b)
{
	const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* An item named twice counts once.  *out is the caller's to free. */
static enum status sort_seqs(struct engine_selection *selection, int64_t **out,
                             struct error *error)
{
	int count = 0;
	int64_t *seqs = calloc((size_t)selection->seq_count, sizeof(*seqs));

	if (seqs == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	memcpy(seqs, selection->seqs, (size_t)selection->seq_count * sizeof(*seqs));
	qsort(seqs, (size_t)selection->seq_count, sizeof(*seqs), compare_seqs);
	for (int i = 0; i < selection->seq_count; i++)
		if (count == 0 || seqs[count - 1] != seqs[i])
			seqs[count++] = seqs[i];
	selection->seqs = *out = seqs;
	selection->seq_count = count;
	return STATUS_OK;
}

static enum status act_on(struct engine *engine, int64_t job, enum engine_action action,
                          const struct engine_selection *selection, const char *who, bool dry_run,
                          struct engine_operation *out, struct error *error)
{
	struct act act = {.selection = selection};
	struct job_row row;
	enum status status = STATUS_OK;

	if (selection->seq_count > 0)
		name_seqs(selection, act.row.selection, sizeof(act.row.selection));
	else
		status = selection_text(action, selection, act.row.selection,
		                        sizeof(act.row.selection), error);
	if (status != STATUS_OK)
		return status;
	snprintf(act.row.who, sizeof(act.row.who), "%s", who != NULL ? who : "api");
	if (selection->reason != NULL && strlen(selection->reason) > ENGINE_REASON_MAX)
		return error_set(error, STATUS_USAGE, "reason: longer than %d bytes", ENGINE_REASON_MAX);
	snprintf(act.row.reason, sizeof(act.row.reason), "%s",
	         selection->reason != NULL ? selection->reason : "");
	(void)bulk_action_parse(engine_action_name(action), &act.what);
	status = engine_row(engine, job, &row, error);
	if (status != STATUS_OK)
		return status;
	status = bulk_allowed(&row, act.what, error);
	job_row_free(&row);
	if (status != STATUS_OK)
		return status;
	if (dry_run)
		return dry(engine, job, action, act.what, selection, act.row.selection, act.row.who,
		           out, error);
	act.row.job = job;
	act.row.done_too = selection->done_too;
	act.row.created_at_ms = clock_wall_ms();
	snprintf(act.row.action, sizeof(act.row.action), "%s", engine_action_name(action));
	status = writer_call(engine->writer, selection->seq_count > 0 ? act_on_seqs : act_begin, &act,
	                     error);
	if (status != STATUS_OK)
		return status;
	engine_operation_of_row(&act.row, out);
	if (action == ACTION_RETRY)
		status = engine_ensure_lane(engine, job, error);
	if (selection->seq_count > 0 || status != STATUS_OK)
		return status;
	status = engine_operation_wait(engine, job, act.row.id, clock_mono_ns() + SMALL_WAIT_NS,
	                               error);
	if (status != STATUS_OK && status != STATUS_TIMEOUT)
		return status;
	return engine_operation(engine, job, act.row.id, out, error);
}

enum status engine_act(struct engine *engine, int64_t job, enum engine_action action,
                       const struct engine_selection *given, const char *who, bool dry_run,
                       struct engine_operation *out, struct error *error)
{
	struct engine_selection selection = *given;
	int64_t *seqs = NULL;
	enum status status = STATUS_OK;

	if (selection.seq_count > 0)
		status = sort_seqs(&selection, &seqs, error);
	if (status == STATUS_OK)
		status = act_on(engine, job, action, &selection, who, dry_run, out, error);
	free(seqs);
	return status;
}
