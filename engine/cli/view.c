#include "engine/cli/view.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/utf8.h"
#include "engine/cli/document.h"
#include "engine/cli/text.h"

static void copy_safe(struct json_span document, const char *path, char *out, size_t size)
{
	struct buffer raw = {0}, safe = {0};

	document_text(document, path, &raw);
	text_safe(&safe, raw.data ? raw.data : "", raw.length);
	size_t length =
		safe.failed ? 0 : utf8_cut(safe.data ? safe.data : "", safe.length, size - 1);
	if (length)
		memcpy(out, safe.data, length);
	out[length] = '\0';
	buffer_free(&raw);
	buffer_free(&safe);
}

static void read_counts(struct json_span document, struct view *view)
{
	for (int i = 0; i < ITEM_STATES; i++) {
		char path[64];
		snprintf(path, sizeof(path), "counts.%s", item_state_name((enum item_state)i));
		view->counts[i] = document_integer(document, path, 0);
	}
	view->total = document_integer(document, "total", 0);
	view->attempts = document_integer(document, "attempts", 0);
	view->retries = document_integer(document, "retries", 0);
	view->throttled = document_integer(document, "throttled", 0);
	view->bad_rows = document_integer(document, "bad_rows", 0);
	view->in_flight = document_integer(document, "in_flight", 0);
}

static void read_eta(struct json_span document, struct view *view)
{
	struct json_span eta = document_at(document, "eta_s"), name, end;
	struct json_cursor cursor;

	if (!eta.length || json_type(eta) != JSON_ARRAY)
		return;
	cursor = json_walk(eta);
	for (int i = 0; i < 2; i++) {
		if (!json_next(&cursor, &name, &end))
			return;
		view->eta_s[i] = document_number(end, "", -1);
	}
	view->eta_known = view->eta_s[0] >= 0 && view->eta_s[1] >= 0;
}

static void read_pace(struct json_span document, struct view *view)
{
	view->rate_per_s = document_number(document, "rate_per_s", 0);
	view->p50_ms = document_integer(document, "latency_ms.p50", -1);
	view->p95_ms = document_integer(document, "latency_ms.p95", -1);
	view->p99_ms = document_integer(document, "latency_ms.p99", -1);
	view->concurrency = document_integer(document, "limits.concurrency", 0);
	view->concurrency_now =
		document_integer(document, "limits.concurrency_now", view->concurrency);
	view->limit_per_s = document_number(document, "limits.rate_per_s", 0);
	view->resume_at_ms = document_time_ms(document, "resume_at");
	view->burst = document_integer(document, "limits.burst", 1);
	copy_safe(document, "limits.bound_by", view->bound_by, sizeof(view->bound_by));
	read_eta(document, view);
}

enum status view_read(struct json_span document, struct view *view, struct error *error)
{
	struct view read = {0};
	char state[32];

	document_copy(document, "state", state, sizeof(state));
	if (!job_state_parse(state, &read.state))
		return error_set(error, STATUS_IO, "the API's answer is not a job's progress");
	read.id = document_integer(document, "id", 0);
	copy_safe(document, "name", read.name, sizeof(read.name));
	copy_safe(document, "reason", read.reason, sizeof(read.reason));
	read_counts(document, &read);
	read_pace(document, &read);
	read.created_ms = document_time_ms(document, "created_at");
	read.started_ms = document_time_ms(document, "started_at");
	read.finished_ms = document_time_ms(document, "finished_at");
	read.active = document_true(document, "active");
	*view = read;
	return STATUS_OK;
}

int64_t view_final(const struct view *view)
{
	int64_t final = 0;

	for (int i = 0; i < ITEM_STATES; i++)
		final += item_state_final((enum item_state)i) ? view->counts[i] : 0;
	return final;
}

double view_percent(const struct view *view)
{
	return view->total > 0 ? 100.0 * (double)view_final(view) / (double)view->total : 0;
}

bool view_over(const struct view *view)
{
	return view->state == JOB_FINISHED || view->state == JOB_CANCELLED;
}
