/* What happened: causes of failure, samples for charts, the audit log, rows
 * that were left out. */
#include <stdlib.h>
#include <string.h>

#include "web/handlers.h"

#define GROUP_PLACE "%lld.%016llx" /* items in the last group of a page, its id */

struct listing {
	struct buffer *out;
	int count;
	int64_t last;
	struct engine_group_place group;
};

static void listing_next(struct listing *listing)
{
	if (listing->count++ > 0)
		buffer_char(listing->out, ',');
}

static void group_visit(void *context, const struct engine_group *group)
{
	struct listing *listing = context;
	struct buffer *out = listing->out;

	listing_next(listing);
	listing->group = (struct engine_group_place){group->count, group->id};
	buffer_text(out, "{\"id\":");
	write_group(out, group->id);
	buffer_text(out, ",\"class\":");
	buffer_json_text(out, group->class_name);
	buffer_text(out, ",\"http_status\":");
	write_count_or_null(out, group->http_status, 0);
	buffer_text(out, ",\"code\":");
	buffer_json_text(out, group->code);
	buffer_text(out, ",\"message\":");
	buffer_json_text(out, group->message != NULL ? group->message : "");
	buffer_printf(out, ",\"count\":%lld,\"first_at\":", (long long)group->count);
	write_time(out, group->first_at_ms);
	buffer_text(out, ",\"last_at\":");
	write_time(out, group->last_at_ms);
	buffer_text(out, ",\"sample_seq\":");
	write_id_or_null(out, group->sample_seq);
	buffer_text(out, ",\"samples\":[");
	for (int i = 0; i < group->sample_count; i++) {
		buffer_text(out, i > 0 ? "," : "");
		write_id(out, group->samples[i]);
	}
	buffer_printf(out, "],\"trend\":{\"t\":%lld,\"step_s\":%d,\"counts\":[",
	              (long long)group->trend_at_ms, group->trend_step_s);
	for (int i = 0; i < group->trend_count; i++)
		buffer_printf(out, "%s%lld", i > 0 ? "," : "", (long long)group->trend[i]);
	buffer_text(out, "]}}");
}

static bool ask_group_place(struct call *call, struct engine_group_place *out)
{
	const char *text = ask_text(call, "after"), *point;

	if (text == NULL) {
		*out = (struct engine_group_place){INT64_MAX, 0};
		return true;
	}
	point = strchr(text, '.');
	if (point != NULL && number_parse(text, (size_t)(point - text), &out->count)
	    && strlen(point + 1) == 16 && strspn(point + 1, "0123456789abcdef") == 16) {
		out->id = strtoull(point + 1, NULL, 16);
		return true;
	}
	reply_problem(call, 400, "after: `next` of the page before, not '%.100s'", text);
	return false;
}

void groups_list(struct call *call)
{
	struct listing listing = {0};
	struct engine_group_place after;
	struct error error = {0};
	int64_t limit;

	if (!ask_group_place(call, &after)
	    || !ask_number(call, "limit", 1, PAGE_LIMIT_MAX, PAGE_LIMIT, &limit))
		return;
	listing.out = reply_json(call);
	buffer_text(listing.out, "{\"groups\":[");
	if (engine_groups(call->engine, call->job, &after, (int)limit, group_visit, &listing,
	                  &error) != STATUS_OK) {
		reply_error(call, &error);
		return;
	}
	buffer_text(listing.out, "],\"next\":");
	if (listing.count == limit)
		buffer_printf(listing.out, "\"" GROUP_PLACE "\"}", (long long)listing.group.count,
		              (unsigned long long)listing.group.id);
	else
		buffer_text(listing.out, "null}");
}

static void sample_visit(void *context, const struct meter_sample *sample)
{
	struct listing *listing = context;
	struct buffer *out = listing->out;

	listing_next(listing);
	buffer_printf(out,
	              "{\"t\":%lld,\"s\":%d,\"done\":%d,\"failed\":%d,\"unknown\":%d,"
	              "\"skipped\":%d,\"retried\":%d,\"throttled\":%d,\"in_flight\":%d,"
	              "\"concurrency\":%d,\"p50\":",
	              (long long)sample->at_ms, sample->step_s, sample->done, sample->failed,
	              sample->unknown, sample->skipped, sample->retried, sample->throttled,
	              sample->in_flight, sample->concurrency);
	write_number(out, sample->p50_ms, 1);
	buffer_text(out, ",\"p95\":");
	write_number(out, sample->p95_ms, 1);
	buffer_text(out, ",\"p99\":");
	write_number(out, sample->p99_ms, 1);
	buffer_char(out, '}');
}

void series_show(struct call *call)
{
	struct listing listing = {0};
	struct error error = {0};
	int64_t since;
	int step_s = 1;

	if (!ask_number(call, "since", 0, INT64_MAX, 0, &since))
		return;
	listing.out = reply_json(call);
	buffer_text(listing.out, "{\"samples\":[");
	if (engine_series(call->engine, call->job, since, sample_visit, &listing, &step_s, &error)
	    != STATUS_OK)
		reply_error(call, &error);
	else
		buffer_printf(listing.out, "],\"step_s\":%d}", step_s);
}

static void event_visit(void *context, const struct engine_event *event)
{
	struct listing *listing = context;
	struct buffer *out = listing->out;

	listing_next(listing);
	listing->last = event->id;
	buffer_text(out, "{\"id\":");
	write_id(out, event->id);
	buffer_text(out, ",\"at\":");
	write_time(out, event->at_ms);
	buffer_text(out, ",\"who\":");
	buffer_json_text(out, event->who);
	buffer_text(out, ",\"what\":");
	buffer_json_text(out, event->what);
	buffer_text(out, ",\"detail\":");
	buffer_json_text(out, event->detail);
	buffer_char(out, '}');
}

void events_list(struct call *call)
{
	struct listing listing = {0};
	struct error error = {0};
	int64_t after, limit;

	if (!ask_number(call, "after", 0, INT64_MAX, 0, &after)
	    || !ask_number(call, "limit", 1, PAGE_LIMIT_MAX, PAGE_LIMIT, &limit))
		return;
	listing.out = reply_json(call);
	buffer_text(listing.out, "{\"events\":[");
	if (engine_events(call->engine, call->job, after, (int)limit, event_visit, &listing,
	                  &error) != STATUS_OK) {
		reply_error(call, &error);
		return;
	}
	buffer_text(listing.out, "],\"next\":");
	write_id_or_null(listing.out, listing.count == limit ? listing.last : 0);
	buffer_char(listing.out, '}');
}

static void bad_row_visit(void *context, int64_t row, const char *fault, const char *raw)
{
	struct listing *listing = context;

	listing_next(listing);
	listing->last = row;
	buffer_text(listing->out, "{\"row\":");
	write_id(listing->out, row);
	buffer_text(listing->out, ",\"fault\":");
	buffer_json_text(listing->out, fault);
	buffer_text(listing->out, ",\"raw\":");
	buffer_json_text(listing->out, raw);
	buffer_char(listing->out, '}');
}

void bad_rows_list(struct call *call)
{
	struct listing listing = {0};
	struct error error = {0};
	int64_t after, limit;

	if (!ask_number(call, "after", 0, INT64_MAX, 0, &after)
	    || !ask_number(call, "limit", 1, PAGE_LIMIT_MAX, PAGE_LIMIT, &limit))
		return;
	listing.out = reply_json(call);
	buffer_text(listing.out, "{\"bad_rows\":[");
	if (engine_bad_rows(call->engine, call->job, after, (int)limit, bad_row_visit, &listing,
	                    &error) != STATUS_OK) {
		reply_error(call, &error);
		return;
	}
	buffer_text(listing.out, "],\"next\":");
	write_id_or_null(listing.out, listing.count == limit ? listing.last : 0);
	buffer_char(listing.out, '}');
}
