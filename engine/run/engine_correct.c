/* The façade's part about corrected files: rows that name an item by its key are
 * laid over its input, and the item is sent again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/intake/ingest.h"
#include "engine/request/secret_reference.h"
#include "engine/run/bulk.h"
#include "engine/run/change.h"
#include "engine/run/engine_internal.h"
#include "engine/store/edits.h"
#include "engine/store/operations.h"

#define EXAMPLES_MAX 20
#define EXAMPLES_BYTES_MAX (256u << 10)

struct engine_correction {
	struct engine *engine;
	int64_t job;
	bool dry_run;
	char who[64];
	struct spec *spec;
	struct secret_set *markers;
	struct plan *plan; /* with markers for secrets: can a request be made? */
	struct rendered rendered;
	struct ingest *ingest;
	struct engine_corrected sum;
	/* of the batch under way; begun anew where its transaction is */
	const struct ingest_batch *batch;
	struct engine_corrected now;
	struct buffer input, merged, changes;
	/* What the log says of it so far, as of the last batch and as of this one: told with
	 * every batch, so that one that is cut off is told too. */
	struct noted {
		struct operation_row row; /* id 0: nothing was changed yet */
		int64_t event;
	} noted, noting;
};

/* ---- one row ------------------------------------------------------------------- */

static void add_miss(struct engine_correction *correction, int64_t row, struct json_span key,
                     const char *why)
{
	struct engine_corrected *now = &correction->now;

	if (correction->sum.miss_count + now->miss_count >= EXAMPLES_MAX)
		return;
	buffer_printf(&now->misses, "%s{\"row\":\"%lld\",\"key\":",
	              correction->sum.miss_count + now->miss_count > 0 ? "," : "", (long long)row);
	buffer_json(&now->misses, key.at, key.length);
	buffer_text(&now->misses, ",\"why\":");
	buffer_json_text(&now->misses, why);
	buffer_char(&now->misses, '}');
	now->miss_count++;
}

static void add_diff(struct engine_correction *correction, int64_t seq, struct json_span key)
{
	struct engine_corrected *now = &correction->now;

	if (correction->sum.diff_count + now->diff_count >= EXAMPLES_MAX ||
	    correction->changes.length > EXAMPLES_BYTES_MAX)
		return;
	buffer_printf(&now->diffs, "%s{\"seq\":\"%lld\",\"key\":",
	              correction->sum.diff_count + now->diff_count > 0 ? "," : "", (long long)seq);
	buffer_json(&now->diffs, key.at, key.length);
	buffer_text(&now->diffs, ",\"changes\":");
	buffer_append(&now->diffs, correction->changes.data, correction->changes.length);
	buffer_char(&now->diffs, '}');
	now->diff_count++;
}

/* The row's fields laid over the item's.  False: nothing differs, or no request
 * would come of it (which is a miss). */
static bool lay_over(struct engine_correction *correction, int64_t number, int64_t seq,
                     struct json_span key, struct json_span row)
{
	const struct json_span input = {correction->input.data, correction->input.length};
	struct json_span merged;
	struct error unfit = {0};

	buffer_reset(&correction->merged, 65536);
	if (correction->batch->cells)
		change_merge_cells(input, row, &correction->merged);
	else
		change_merge(input, row, &correction->merged);
	merged = (struct json_span){correction->merged.data, correction->merged.length};
	buffer_reset(&correction->changes, 65536);
	if (correction->merged.failed || change_list(input, merged, &correction->changes) == 0) {
		correction->now.unchanged++;
		return false;
	}
	if (plan_render(correction->plan, seq, key.at, key.length, merged, &correction->rendered,
	                &unfit) != STATUS_OK) {
		correction->now.unfit++;
		add_miss(correction, number, key, unfit.text);
		return false;
	}
	return true;
}

static enum status correct_one(struct engine_correction *correction, struct writer *writer,
                               struct db *db, const struct job_row *job, int64_t number,
                               struct json_span key, struct json_span row, struct error *error)
{
	const int64_t now_ms = clock_wall_ms();
	struct item_standing standing;
	char why[64];
	int64_t seq;
	bool changed = false;
	enum status status;

	buffer_reset(&correction->input, 65536);
	status = edits_find(db, job->id, key.at, key.length, &seq, &correction->input, error);
	if (status != STATUS_OK)
		return status;
	if (seq == 0) {
		correction->now.not_found++;
		add_miss(correction, number, key, "no item has this key");
		return STATUS_OK;
	}
	status = outcomes_standing(db, job, seq, &standing, error);
	if (status != STATUS_OK)
		return status;
	if (!outcomes_applies(MANUAL_RETRY, standing.state, false)) {
		correction->now.not_failed++;
		snprintf(why, sizeof(why), "the item is %s", item_state_name(standing.state));
		add_miss(correction, number, key, why);
		return STATUS_OK;
	}
	correction->now.matched++;
	if (!lay_over(correction, number, seq, key, row))
		return STATUS_OK;
	add_diff(correction, seq, key);
	status = edits_put(db, job->id, seq,
	                   (struct json_span){correction->merged.data, correction->merged.length},
	                   correction->who, now_ms, error);
	if (status == STATUS_OK)
		status = bulk_one(writer, db, job->id, seq, MANUAL_RETRY, false, now_ms, &changed, error);
	correction->now.changed += changed;
	correction->now.unknown += changed && standing.state == ITEM_UNKNOWN;
	return status;
}

/* ---- batches ---------------------------------------------------------------------- */

static void corrected_reset(struct engine_corrected *corrected)
{
	engine_corrected_free(corrected);
	memset(corrected, 0, sizeof(*corrected));
}

static enum status note(struct engine_correction *correction, struct db *db, struct error *error)
{
	struct noted *noted = &correction->noting;
	struct operation_row *row = &noted->row;
	char detail[128];
	enum status status = STATUS_OK;

	*noted = correction->noted;
	row->matched = correction->sum.matched + correction->now.matched;
	row->changed = correction->sum.changed + correction->now.changed;
	row->finished_at_ms = clock_wall_ms(); /* no work for the writer */
	if (row->changed == 0)
		return STATUS_OK;
	snprintf(detail, sizeof(detail), "%lld of %lld items", (long long)row->changed,
	         (long long)row->matched);
	if (row->id != 0) {
		status = events_amend(db, noted->event, detail, error);
	} else {
		row->job = correction->job;
		row->created_at_ms = row->finished_at_ms;
		snprintf(row->action, sizeof(row->action), "retry");
		snprintf(row->selection, sizeof(row->selection), "a corrected file");
		snprintf(row->who, sizeof(row->who), "%s", correction->who);
		status = operations_add(db, row, error);
		if (status == STATUS_OK)
			status = events_add(db, row->job, row->created_at_ms, row->who, "correct", detail,
			                    error);
		noted->event = db_last_id(db);
	}
	return status == STATUS_OK ? operations_save(db, row, error) : status;
}

/* A dry run does it all, and has it undone. */
static enum status batch_run(struct writer *writer, struct db *db, void *argument,
                             struct error *error)
{
	struct engine_correction *correction = argument;
	const struct ingest_batch *batch = correction->batch;
	struct job_row *job;
	enum status status = writer_job(writer, correction->job, &job, error);

	corrected_reset(&correction->now);
	for (int i = 0; status == STATUS_OK && i < batch->row_count; i++) {
		const struct ingest_row *row = &batch->rows[i];
		const char *text = batch->text.data;

		correction->now.rows++;
		status = correct_one(correction, writer, db, job,
		                     correction->sum.rows + correction->now.rows,
		                     (struct json_span){text + row->key_at, row->key_length},
		                     (struct json_span){text + row->at, row->length}, error);
	}
	if (status == STATUS_OK && correction->dry_run)
		return error_set(error, STATUS_CLOSED, "dry run");
	return status == STATUS_OK ? note(correction, db, error) : status;
}

static void sum_up(struct engine_corrected *sum, const struct engine_corrected *now)
{
	sum->rows += now->rows;
	sum->matched += now->matched;
	sum->changed += now->changed;
	sum->unchanged += now->unchanged;
	sum->unknown += now->unknown;
	sum->unfit += now->unfit;
	sum->not_found += now->not_found;
	sum->not_failed += now->not_failed;
	sum->diff_count += now->diff_count;
	sum->miss_count += now->miss_count;
	if (now->diffs.length > 0)
		buffer_append(&sum->diffs, now->diffs.data, now->diffs.length);
	if (now->misses.length > 0)
		buffer_append(&sum->misses, now->misses.data, now->misses.length);
}

static enum status take_batch(void *context, struct ingest_batch *batch, struct error *error)
{
	struct engine_correction *correction = context;
	enum status status = STATUS_OK;

	if (batch->row_count > 0) {
		struct error own = {0};

		correction->batch = batch;
		status = writer_call(correction->engine->writer, batch_run, correction, &own);
		if (status == STATUS_CLOSED && correction->dry_run && strcmp(own.text, "dry run") == 0)
			status = STATUS_OK;
		if (status == STATUS_OK) {
			sum_up(&correction->sum, &correction->now);
			correction->noted = correction->noting;
		} else if (error != NULL)
			*error = own;
	}
	ingest_batch_free(batch);
	return status;
}

/* ---- the door ----------------------------------------------------------------------- */

static void correction_free(struct engine_correction *correction)
{
	ingest_close(correction->ingest);
	rendered_free(&correction->rendered);
	plan_free(correction->plan);
	secret_set_free(correction->markers);
	spec_free(correction->spec);
	engine_corrected_free(&correction->now);
	engine_corrected_free(&correction->sum);
	buffer_free(&correction->input);
	buffer_free(&correction->merged);
	buffer_free(&correction->changes);
	free(correction);
}

static enum status prepare(struct engine_correction *correction, const struct job_row *row,
                           enum items_format format, struct error *error)
{
	struct ingest_options options = {.path = "-", .name = "corrections", .format = format};
	enum status status = spec_parse(row->spec, strlen(row->spec), NULL, &correction->spec, error);

	if (status != STATUS_OK)
		return status;
	options.key = correction->spec->key;
	if (options.key == NULL)
		return error_set(error, STATUS_CONFLICT,
		                 "job '%s' has no key, by which rows could be told apart", row->name);
	correction->markers = secret_set_new_markers();
	if (correction->markers == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = plan_make(correction->spec, row->name, row->uuid, correction->markers,
	                   &correction->plan, error);
	if (status != STATUS_OK)
		return status;
	return ingest_upload_new(&options, (struct ingest_sink){take_batch, correction},
	                         &correction->ingest, error);
}

/* A job that is being corrected is not removed meanwhile. */
static enum status mark(struct engine *engine, int64_t job, int by, struct error *error)
{
	struct station *station;
	enum status status = STATUS_OK;

	pthread_mutex_lock(&engine->mutex);
	station = station_of_locked(engine, job);
	if (station == NULL)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	else if (by > 0 && station->removing)
		status = error_set(error, STATUS_NOT_FOUND, "no job %lld", (long long)job);
	else
		station->correcting += by;
	pthread_mutex_unlock(&engine->mutex);
	return status;
}

enum status engine_correction_open(struct engine *engine, int64_t job, enum items_format format,
                                   bool dry_run, const char *who,
                                   struct engine_correction **out, struct error *error)
{
	struct engine_correction *correction = calloc(1, sizeof(*correction));
	struct job_row row;
	enum status status;

	if (correction == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	correction->engine = engine;
	correction->job = job;
	correction->dry_run = dry_run;
	snprintf(correction->who, sizeof(correction->who), "%s", who != NULL ? who : "api");
	status = engine_row(engine, job, &row, error);
	if (status == STATUS_OK) {
		status = bulk_allowed(&row, MANUAL_RETRY, error);
		if (status == STATUS_OK)
			status = prepare(correction, &row, format, error);
		job_row_free(&row);
	}
	if (status == STATUS_OK)
		status = mark(engine, job, 1, error);
	if (status == STATUS_OK)
		*out = correction;
	else
		correction_free(correction);
	return status;
}

enum status engine_correction_feed(struct engine_correction *correction, const char *bytes,
                                   size_t length, struct error *error)
{
	return ingest_upload_feed(correction->ingest, bytes, length, error);
}

enum status engine_correction_close(struct engine_correction *correction, bool abandoned,
                                    struct engine_corrected *out, struct error *error)
{
	enum status status = STATUS_OK;
	struct error starting = {0};

	if (!abandoned)
		status = ingest_upload_end(correction->ingest, error);
	/* What came before a bad row is done, and is sent. */
	(void)mark(correction->engine, correction->job, -1, NULL);
	correction->sum.operation = correction->noted.row.id;
	if (correction->sum.operation != 0 &&
	    engine_ensure_lane(correction->engine, correction->job, &starting) != STATUS_OK &&
	    status == STATUS_OK) {
		status = starting.status;
		if (error != NULL)
			*error = starting;
	}
	*out = correction->sum;
	memset(&correction->sum, 0, sizeof(correction->sum));
	correction_free(correction);
	return status;
}

void engine_corrected_free(struct engine_corrected *corrected)
{
	buffer_free(&corrected->diffs);
	buffer_free(&corrected->misses);
}
