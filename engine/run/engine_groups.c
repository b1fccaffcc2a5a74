/* The façade's part about causes of failure: how many, since when, how they came. */
#include "engine/base/clock.h"
#include "engine/run/engine_internal.h"
#include "engine/store/reads.h"
#include "engine/store/samples.h"

struct showing {
	struct db *db;
	const struct job_row *job;
	int64_t until_ms;
	struct engine_group group; /* under way */
	void (*visit)(void *context, const struct engine_group *group);
	void *context;
	enum status status;
	struct error *error;
};

static void add_count(void *context, int64_t at_ms, int64_t count)
{
	struct engine_group *group = &((struct showing *)context)->group;
	int64_t place;

	if (group->trend_count == 0)
		return;
	place = (at_ms - group->trend_at_ms) / (group->trend_step_s * MS_PER_S);
	if (at_ms < group->trend_at_ms)
		place = 0; /* of a width that came before it */
	if (place >= group->trend_count)
		place = group->trend_count - 1;
	group->trend[place] += count;
}

/* From the first failure to the end, in at most sixty steps of whole tens of seconds. */
static void lay_trend(struct engine_group *group, int64_t until_ms)
{
	const int64_t width_ms = GROUP_TIME_S * MS_PER_S;
	int64_t from_ms = group->first_at_ms / width_ms * width_ms, steps, step_ms = width_ms;

	if (until_ms < group->last_at_ms)
		until_ms = group->last_at_ms;
	steps = (until_ms - from_ms) / width_ms + 1;
	step_ms *= (steps + GROUP_TREND_MAX - 1) / GROUP_TREND_MAX;
	group->trend_at_ms = from_ms;
	group->trend_step_s = (int)(step_ms / MS_PER_S);
	group->trend_count = (int)((until_ms - from_ms) / step_ms + 1);
}

static void show_group(void *context, const struct group_row *row)
{
	struct showing *showing = context;

	if (showing->status != STATUS_OK)
		return;
	showing->group = (struct engine_group){
	    .id = row->id,
	    .class_name = row->class_name,
	    .http_status = row->http_status,
	    .code = row->code,
	    .message = row->message,
	    .count = row->count,
	    .first_at_ms = row->first_at_ms,
	    .last_at_ms = row->last_at_ms,
	    .sample_seq = row->sample_seq,
	};
	lay_trend(&showing->group, showing->until_ms);
	showing->status = group_times_list(showing->db, showing->job->id, row->id, add_count, showing,
	                                   showing->error);
	if (showing->status == STATUS_OK)
		showing->status = group_samples(showing->db, showing->job->id, row->id,
		                                showing->group.samples,
		                                &showing->group.sample_count, showing->error);
	if (showing->status == STATUS_OK)
		showing->visit(showing->context, &showing->group);
}

enum status engine_groups(struct engine *engine, int64_t job,
                          const struct engine_group_place *after, int limit,
                          void (*visit)(void *context, const struct engine_group *group),
                          void *context, struct error *error)
{
	static const struct engine_group_place start = {INT64_MAX, 0};
	struct showing showing = {.visit = visit, .context = context, .error = error};
	struct reading reading;
	enum status status = reading_begin(engine, job, &reading, error);

	if (status != STATUS_OK)
		return status;
	showing.db = reading.db;
	showing.job = &reading.row;
	showing.until_ms = reading.row.finished_at_ms != 0 ? reading.row.finished_at_ms
	                                                   : clock_wall_ms();
	if (after == NULL)
		after = &start;
	status = reads_groups(reading.db, job, after->count, after->id, limit, show_group, &showing,
	                      error);
	reading_end(engine, &reading);
	return status == STATUS_OK ? showing.status : status;
}
