/* A job, an item and an operation as JSON. */
#include "engine/request/spec.h"
#include "web/handlers.h"

static void write_counts(struct buffer *out, const struct engine_progress *progress)
{
	buffer_text(out, ",\"counts\":{");
	for (int state = 0; state < ITEM_STATES; state++)
		buffer_printf(out, "%s\"%s\":%lld", state > 0 ? "," : "",
		              item_state_name((enum item_state)state),
		              (long long)progress->counts[state]);
	buffer_char(out, '}');
}

static void write_pace(struct buffer *out, const struct engine_progress *progress)
{
	buffer_text(out, ",\"rate_per_s\":");
	write_rate(out, progress->rate_per_s);
	buffer_text(out, ",\"eta_s\":");
	if (progress->eta_known) {
		buffer_char(out, '[');
		write_number(out, progress->eta_s[0], 1);
		buffer_char(out, ',');
		write_number(out, progress->eta_s[1], 1);
		buffer_char(out, ']');
	} else {
		buffer_text(out, "null");
	}
	buffer_text(out, ",\"latency_ms\":{\"p50\":");
	write_count_or_null(out, progress->p50_ms, -1);
	buffer_text(out, ",\"p95\":");
	write_count_or_null(out, progress->p95_ms, -1);
	buffer_text(out, ",\"p99\":");
	write_count_or_null(out, progress->p99_ms, -1);
	buffer_char(out, '}');
}

static void write_limits(struct buffer *out, const struct engine_progress *progress)
{
	buffer_printf(out, ",\"limits\":{\"concurrency\":%d,\"concurrency_now\":%d,\"rate_per_s\":",
	              progress->concurrency, progress->concurrency_now);
	if (progress->rate.count > 0)
		write_rate(out, rate_per_s(progress->rate));
	else
		buffer_text(out, "null");
	buffer_text(out, ",\"rate_now\":");
	if (progress->rate_now > 0)
		write_rate(out, progress->rate_now);
	else
		buffer_text(out, "null");
	buffer_printf(out, ",\"burst\":%lld,\"adapt\":%s,\"bound_by\":", (long long)progress->burst,
	              progress->adapt ? "true" : "false");
	buffer_json_text(out, progress->bound_by);
	buffer_char(out, '}');
}

void write_progress(struct buffer *out, const struct engine_progress *progress)
{
	buffer_text(out, "{\"id\":");
	write_id(out, progress->id);
	buffer_text(out, ",\"name\":");
	buffer_json_text(out, progress->name);
	buffer_printf(out, ",\"state\":\"%s\",\"reason\":", job_state_name(progress->state));
	buffer_json_text(out, progress->reason[0] != '\0' ? progress->reason : NULL);
	buffer_text(out, ",\"resume_at\":");
	write_time(out, progress->resume_at_ms);
	buffer_text(out, ",\"state_since\":");
	write_time(out, progress->state_since_ms);
	buffer_printf(out, ",\"active\":%s,\"total\":%lld", progress->active ? "true" : "false",
	              (long long)progress->total);
	write_counts(out, progress);
	buffer_printf(out,
	              ",\"attempts\":%lld,\"retries\":%lld,\"throttled\":%lld,\"in_flight\":%d,"
	              "\"bad_rows\":%lld",
	              (long long)progress->attempts, (long long)progress->retries,
	              (long long)progress->throttled, progress->in_flight,
	              (long long)progress->bad_rows);
	write_pace(out, progress);
	write_limits(out, progress);
	buffer_text(out, ",\"created_at\":");
	write_time(out, progress->created_at_ms);
	buffer_text(out, ",\"started_at\":");
	write_time(out, progress->started_at_ms);
	buffer_text(out, ",\"finished_at\":");
	write_time(out, progress->finished_at_ms);
	if (progress->worked_s >= 0)
		buffer_printf(out, ",\"worked_s\":%.3f", progress->worked_s);
	else
		buffer_text(out, ",\"worked_s\":null");
	buffer_char(out, '}');
}

static void write_span_or_null(struct buffer *out, struct json_span span)
{
	if (span.length == 0)
		buffer_text(out, "null");
	else
		buffer_append(out, span.at, span.length);
}

static void write_cause(struct buffer *out, const struct engine_item *item)
{
	const char *class_name = item->class_name != NULL ? item->class_name : "";

	/* It is why an item is not done; what came before stands in its attempts. */
	if (item->state == ITEM_DONE
	    || (class_name[0] == '\0' && item->code == NULL && item->message == NULL
	        && item->group == 0)) {
		buffer_text(out, "null");
		return;
	}
	buffer_text(out, "{\"class\":");
	buffer_json_text(out, class_name);
	buffer_text(out, ",\"code\":");
	buffer_json_text(out, item->code);
	buffer_text(out, ",\"message\":");
	buffer_json_text(out, item->message != NULL ? item->message : "");
	buffer_text(out, ",\"group\":");
	write_group(out, item->group);
	buffer_char(out, '}');
}

void write_item(struct buffer *out, const struct engine_item *item)
{
	buffer_text(out, "{\"seq\":");
	write_id(out, item->seq);
	buffer_text(out, ",\"key\":");
	buffer_json_text(out, item->key);
	buffer_printf(out, ",\"state\":\"%s\",\"input\":", item_state_name(item->state));
	write_span_or_null(out, item->input);
	buffer_printf(out, ",\"attempts\":%d,\"http_status\":", item->attempts);
	write_count_or_null(out, item->http_status, 0);
	buffer_text(out, ",\"cause\":");
	write_cause(out, item);
	buffer_text(out, ",\"duration_ms\":");
	write_count_or_null(out, item->duration_ms, -1);
	buffer_text(out, ",\"at\":");
	write_time(out, item->at_ms);
	buffer_text(out, ",\"due\":");
	write_time(out, item->due_ms);
	buffer_text(out, ",\"extracted\":");
	write_span_or_null(out, item->extracted);
}

static void write_action(struct buffer *out, enum engine_action action)
{
	static const char *const texts[] = {
		[ACTION_RETRY] = "\"retry\"",
		[ACTION_SKIP] = "\"skip\"",
		[ACTION_RESOLVE_DONE] = "\"resolve\",\"as\":\"done\"",
		[ACTION_RESOLVE_FAILED] = "\"resolve\",\"as\":\"failed\"",
	};

	buffer_text(out, ",\"action\":");
	buffer_text(out, texts[action]);
}

void write_operation(struct buffer *out, const struct engine_operation *operation, bool dry_run)
{
	buffer_text(out, "{\"id\":");
	write_id_or_null(out, operation->id);
	write_action(out, operation->action);
	buffer_text(out, ",\"who\":");
	buffer_json_text(out, operation->who);
	buffer_text(out, ",\"created_at\":");
	write_time(out, operation->created_at_ms);
	buffer_text(out, ",\"finished_at\":");
	write_time(out, operation->finished_at_ms);
	buffer_text(out, ",\"cancelled_at\":");
	write_time(out, operation->cancelled_at_ms);
	buffer_text(out, ",\"reason\":");
	buffer_json_text(out, operation->reason[0] != '\0' ? operation->reason : NULL);
	buffer_printf(out, ",\"matched\":%lld,\"changed\":%lld,\"selection\":",
	              (long long)operation->matched, (long long)operation->changed);
	buffer_json_text(out, operation->selection);
	buffer_printf(out, ",\"dry_run\":%s", dry_run ? "true" : "false");
	if (dry_run)
		buffer_printf(out, ",\"unknown\":%lld", (long long)operation->unknown);
	buffer_char(out, '}');
}
