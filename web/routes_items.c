/* Items: pages of them, and one with all its attempts. */
#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"
#include "web/handlers.h"

struct item_listing {
	struct buffer *out;
	int count;
	int64_t last;
	bool full; /* the page has its bytes: the rest belongs to the next one */
};

static void item_visit(void *context, const struct engine_item *item)
{
	struct item_listing *listing = context;

	if (listing->out->length > PAGE_BYTES_MAX) {
		listing->full = true;
		return;
	}
	if (listing->count++ > 0)
		buffer_char(listing->out, ',');
	write_item(listing->out, item);
	buffer_char(listing->out, '}');
	listing->last = item->seq;
}

void items_list(struct call *call)
{
	struct engine_page page = {.filter = ask_text(call, "filter"), .extracted = true};
	struct item_listing listing = {0};
	struct error error = {0};
	int64_t limit, next = 0;

	if (!ask_number(call, "after", 0, INT64_MAX, 0, &page.after)
	    || !ask_number(call, "limit", 1, PAGE_LIMIT_MAX, PAGE_LIMIT, &limit))
		return;
	page.limit = (int)limit;
	listing.out = reply_json(call);
	buffer_text(listing.out, "{\"items\":[");
	if (engine_items(call->engine, call->job, &page, item_visit, &listing, &next, &error)
	    != STATUS_OK) {
		reply_error(call, &error);
		return;
	}
	buffer_text(listing.out, "],\"next\":");
	write_id_or_null(listing.out, listing.full ? listing.last : next);
	buffer_char(listing.out, '}');
}

/* ---- one item ------------------------------------------------------------- */

struct item_detail {
	struct buffer *out;
	struct buffer attempts; /* they may be told before the item or after it */
	int count;
	int64_t last_at_ms; /* of the attempts */
};

static void detail_item(void *context, const struct engine_item *item)
{
	struct item_detail *detail = context;

	write_item(detail->out, item);
}

static void write_response(struct buffer *out, const struct engine_attempt *attempt)
{
	if (attempt->http_status == 0 && attempt->headers == NULL && attempt->body == NULL) {
		buffer_text(out, "null");
		return;
	}
	buffer_text(out, "{\"headers\":");
	buffer_json_text(out, attempt->headers);
	write_body(out, attempt->body, attempt->body_length);
	buffer_printf(out, ",\"bytes\":%lld,\"truncated\":%s}", (long long)attempt->body_bytes,
	              attempt->truncated ? "true" : "false");
}

static void detail_attempt(void *context, const struct engine_attempt *attempt)
{
	struct item_detail *detail = context;
	struct buffer *out = &detail->attempts;

	detail->last_at_ms = attempt->at_ms;
	buffer_printf(out, "%s{\"n\":%d,\"at\":", detail->count++ > 0 ? "," : "", attempt->n);
	write_time(out, attempt->at_ms);
	buffer_text(out, ",\"duration_ms\":");
	write_count_or_null(out, attempt->duration_ms, -1);
	buffer_text(out, ",\"connect_ms\":");
	write_count_or_null(out, attempt->connect_ms, -1);
	buffer_text(out, ",\"first_byte_ms\":");
	write_count_or_null(out, attempt->first_byte_ms, -1);
	buffer_printf(out, ",\"decision\":\"%s\",\"http_status\":",
	              decision_name(attempt->decision));
	write_count_or_null(out, attempt->http_status, 0);
	buffer_printf(out, ",\"curl_error\":%d,\"class\":", attempt->curl_error);
	buffer_json_text(out, attempt->class_name);
	buffer_text(out, ",\"message\":");
	buffer_json_text(out, attempt->message);
	buffer_text(out, ",\"wait_ms\":");
	write_count_or_null(out, attempt->wait_ms, -1);
	buffer_text(out, ",\"wait_source\":");
	buffer_json_text(out, attempt->wait_source);
	buffer_text(out, ",\"request\":");
	buffer_json_text(out, attempt->request);
	buffer_text(out, ",\"response\":");
	write_response(out, attempt);
	buffer_char(out, '}');
}

/* Its request, and whether that is what the last attempt sent. */
static void detail_request(struct call *call, struct item_detail *detail)
{
	struct engine_edits edits = {0};
	struct plan_shown shown = {0};
	struct buffer *out = detail->out;
	struct error error = {0};
	int64_t changed_ms;
	bool current;

	buffer_text(out, ",\"request\":");
	if (engine_item_request(call->engine, call->job, call->number, NULL, &shown, NULL, &error)
	    == STATUS_OK)
		write_request(out, &shown);
	else
		buffer_text(out, "null");
	plan_shown_free(&shown);
	/* Without them it is not known to be the one sent. */
	current = engine_item_edits(call->engine, call->job, call->number, &edits, &error)
	          == STATUS_OK;
	changed_ms = edits.at_ms > edits.job_updated_at_ms ? edits.at_ms
	                                                   : edits.job_updated_at_ms;
	current = current && detail->count > 0 && detail->last_at_ms >= changed_ms;
	buffer_printf(out, ",\"request_is_current\":%s,\"original_input\":",
	              current ? "true" : "false");
	if (edits.original.length > 0)
		buffer_append(out, edits.original.data, edits.original.length);
	else
		buffer_text(out, "null");
	buffer_text(out, ",\"edited_at\":");
	write_time(out, edits.at_ms);
	buffer_text(out, ",\"edited_by\":");
	buffer_json_text(out, edits.at_ms != 0 ? edits.who : NULL);
	buffer_free(&edits.original);
}

void item_show(struct call *call)
{
	struct item_detail detail = {0};
	struct error error = {0};

	detail.out = reply_json(call);
	if (engine_item(call->engine, call->job, call->number, detail_item, detail_attempt,
	                &detail, &error) != STATUS_OK) {
		reply_error(call, &error);
		goto out;
	}
	detail_request(call, &detail);
	buffer_text(detail.out, ",\"attempts_log\":[");
	buffer_append(detail.out, detail.attempts.data, detail.attempts.length);
	buffer_text(detail.out, "]}");
	detail.out->failed = detail.out->failed || detail.attempts.failed;
out:
	buffer_free(&detail.attempts);
}

void item_preview(struct call *call)
{
	static const char *const known[] = {"input", NULL};
	struct plan_shown shown = {0};
	struct buffer changes = {0};
	struct json_span body, input;
	struct error error = {0};

	if (!ask_body(call, known, &body))
		return;
	if (engine_item_request(call->engine, call->job, call->number,
	                        json_member(body, "input", strlen("input"), &input) ? &input : NULL,
	                        &shown, &changes, &error) != STATUS_OK) {
		reply_error(call, &error);
	} else {
		struct buffer *out = reply_json(call);

		buffer_text(out, "{\"request\":");
		write_request(out, &shown);
		buffer_text(out, ",\"changes\":");
		buffer_append(out, changes.data, changes.length);
		buffer_char(out, '}');
		out->failed = out->failed || changes.failed;
	}
	plan_shown_free(&shown);
	buffer_free(&changes);
}

void item_curl(struct call *call)
{
	struct error error = {0};

	call->response->status = 200;
	call->response->content_type = "text/plain; charset=utf-8";
	if (engine_item_curl(call->engine, call->job, call->number, &call->response->body, &error)
	    != STATUS_OK)
		reply_error(call, &error);
}
