/* The façade's part about one item's request: shown, tried with another input,
 * and sent again with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/run/bulk.h"
#include "engine/run/change.h"
#include "engine/run/engine_internal.h"
#include "engine/store/edits.h"
#include "engine/store/items.h"
#include "engine/store/operations.h"

/* An item as it stands, with what its request is made from. */
struct standing {
	struct reading reading;
	struct spec *spec;
	char *input, *key;
	size_t length;
};

static void standing_end(struct engine *engine, struct standing *standing)
{
	free(standing->input);
	free(standing->key);
	spec_free(standing->spec);
	reading_end(engine, &standing->reading);
}

static enum status standing_begin(struct engine *engine, int64_t job, int64_t seq,
                                  struct standing *standing, struct error *error)
{
	enum status status;

	memset(standing, 0, sizeof(*standing));
	status = reading_begin(engine, job, &standing->reading, error);
	if (status != STATUS_OK)
		return status;
	status = spec_parse(standing->reading.row.spec, strlen(standing->reading.row.spec), NULL,
	                    &standing->spec, error);
	if (status == STATUS_OK)
		status = items_input(standing->reading.db, job, seq, &standing->input,
		                     &standing->length, &standing->key, error);
	if (status != STATUS_OK)
		standing_end(engine, standing);
	return status;
}

/* The key names the item: it stays. */
static enum status check_key(const struct standing *standing, struct json_span input,
                             struct error *error)
{
	const char *column = standing->spec->key;
	struct json_span value = {"", 0};
	struct buffer key = {0};
	bool same;

	if (column == NULL || standing->key == NULL)
		return STATUS_OK;
	if (json_member(input, column, strlen(column), &value) && json_type(value) == JSON_STRING)
		json_string_decode(value, &key);
	else
		buffer_append(&key, value.at, value.length);
	same = !key.failed && key.length == strlen(standing->key) &&
	       memcmp(key.length > 0 ? key.data : "", standing->key, key.length) == 0;
	buffer_free(&key);
	return same ? STATUS_OK
	            : error_set(error, STATUS_USAGE,
	                        "input.%s: it is the item's key, '%.100s', and stays", column,
	                        standing->key);
}

/* Fit to be the item's: an object with its key, and a request can be made of it. */
static enum status try_input(const struct standing *standing, int64_t seq, struct json_span input,
                             struct plan_shown *shown, struct error *error)
{
	const struct job_row *row = &standing->reading.row;
	enum status status = STATUS_OK;

	if (json_type(input) != JSON_OBJECT)
		return error_set(error, STATUS_USAGE, "input: an object is asked for");
	if (input.at != standing->input)
		status = check_key(standing, input, error);
	if (status != STATUS_OK)
		return status;
	return plan_show(standing->spec, row->name, row->uuid, seq, standing->key,
	                 standing->key != NULL ? strlen(standing->key) : 0, input, shown, error);
}

enum status engine_item_request(struct engine *engine, int64_t job, int64_t seq,
                                const struct json_span *input, struct plan_shown *shown,
                                struct buffer *changes, struct error *error)
{
	struct standing standing;
	struct json_span before;
	enum status status = standing_begin(engine, job, seq, &standing, error);

	if (status != STATUS_OK)
		return status;
	before = (struct json_span){standing.input, standing.length};
	status = try_input(&standing, seq, input != NULL ? *input : before, shown, error);
	if (status == STATUS_OK && changes != NULL)
		(void)change_list(before, input != NULL ? *input : before, changes);
	standing_end(engine, &standing);
	return status;
}

enum status engine_item_edits(struct engine *engine, int64_t job, int64_t seq,
                              struct engine_edits *edits, struct error *error)
{
	struct edit_row row = {0};
	struct reading reading;
	enum status status = reading_begin(engine, job, &reading, error);

	if (status != STATUS_OK)
		return status;
	status = edits_get(reading.db, job, seq, &row, error);
	if (status == STATUS_OK)
		status = edits_job_updated(reading.db, job, &edits->job_updated_at_ms, error);
	reading_end(engine, &reading);
	if (status != STATUS_OK) {
		buffer_free(&row.original);
		return status;
	}
	edits->original = row.original;
	edits->at_ms = row.at_ms;
	snprintf(edits->who, sizeof(edits->who), "%s", row.who);
	return STATUS_OK;
}

/* ---- sending again ----------------------------------------------------------------- */

struct retry {
	struct operation_row row;
	int64_t seq;
	struct json_span input;
};

static enum status retry_run(struct writer *writer, struct db *db, void *argument,
                             struct error *error)
{
	struct retry *retry = argument;
	const int64_t now_ms = retry->row.created_at_ms;
	bool changed = false;
	enum status status = operations_add(db, &retry->row, error);

	if (status == STATUS_OK)
		status = bulk_one(writer, db, retry->row.job, retry->seq, MANUAL_RETRY,
		                  retry->row.done_too, now_ms, &changed, error);
	if (status == STATUS_OK && !changed)
		status = error_set(error, STATUS_CONFLICT,
		                   "item %lld is in a state that is not retried, so its input stays",
		                   (long long)retry->seq);
	if (status == STATUS_OK)
		status = edits_put(db, retry->row.job, retry->seq, retry->input, retry->row.who, now_ms,
		                   error);
	retry->row.matched = retry->row.changed = 1;
	retry->row.finished_at_ms = now_ms;
	if (status == STATUS_OK)
		status = operations_save(db, &retry->row, error);
	if (status == STATUS_OK)
		status = events_add(db, retry->row.job, now_ms, retry->row.who, "edit",
		                    retry->row.selection, error);
	return status;
}

enum status engine_item_retry_with(struct engine *engine, int64_t job, int64_t seq,
                                   struct json_span input, bool done_too, const char *who,
                                   struct engine_operation *out, struct error *error)
{
	struct retry retry = {.seq = seq};
	struct plan_shown shown = {0};
	struct buffer compact = {0};
	struct standing standing;
	enum status status = standing_begin(engine, job, seq, &standing, error);

	if (status != STATUS_OK)
		return status;
	status = try_input(&standing, seq, input, &shown, error);
	plan_shown_free(&shown);
	standing_end(engine, &standing);
	change_compact(input, &compact);
	if (status == STATUS_OK && compact.failed)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	retry.input = (struct json_span){compact.data, compact.length};
	retry.row.job = job;
	retry.row.done_too = done_too;
	retry.row.created_at_ms = clock_wall_ms();
	snprintf(retry.row.action, sizeof(retry.row.action), "retry");
	snprintf(retry.row.who, sizeof(retry.row.who), "%s", who != NULL ? who : "api");
	snprintf(retry.row.selection, sizeof(retry.row.selection), "seq:%lld, edited",
	         (long long)seq);
	if (status == STATUS_OK)
		status = writer_call(engine->writer, retry_run, &retry, error);
	buffer_free(&compact);
	if (status != STATUS_OK)
		return status;
	engine_operation_of_row(&retry.row, out);
	return engine_ensure_lane(engine, job, error);
}
