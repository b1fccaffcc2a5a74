/* Bulk operations: retry, skip, resolve; and what became of them. */
#include <stdlib.h>
#include <string.h>

#include "web/handlers.h"

/* What a body selects; owns its memory. */
struct asked {
	char *filter, *reason;
	int64_t *seqs;
	int seq_count;
	uint64_t group;
	bool all, dry_run, done_too;
};

static void asked_free(struct asked *asked)
{
	free(asked->filter);
	free(asked->reason);
	free(asked->seqs);
}

/* A seq stands as a number or as a text of digits. */
static bool seq_read(struct json_span value, int64_t *seq)
{
	if (json_type(value) == JSON_STRING && value.length >= 2) {
		value.at++;
		value.length -= 2;
	}
	return number_parse(value.at, value.length, seq) && *seq > 0;
}

static bool seqs_ask(struct call *call, struct json_span body, struct asked *asked)
{
	struct json_span array, name, value;
	struct json_cursor cursor;
	size_t count = 0;

	if (!json_member(body, "seqs", strlen("seqs"), &array))
		return true;
	if (json_type(array) != JSON_ARRAY) {
		reply_problem(call, 400, "seqs: an array of item numbers");
		return false;
	}
	for (cursor = json_walk(array); json_next(&cursor, &name, &value);)
		count++;
	if (count == 0) {
		reply_problem(call, 400, "seqs: empty");
		return false;
	}
	asked->seqs = calloc(count, sizeof(*asked->seqs));
	if (asked->seqs == NULL) {
		reply_problem(call, 500, "out of memory");
		return false;
	}
	for (cursor = json_walk(array); json_next(&cursor, &name, &value);) {
		if (!seq_read(value, &asked->seqs[asked->seq_count])) {
			reply_problem(call, 400, "seqs[%d]: an item's number, from 1",
			              asked->seq_count);
			return false;
		}
		asked->seq_count++;
	}
	return true;
}

static bool group_ask(struct call *call, struct json_span body, struct asked *asked)
{
	char *text = NULL, *end;
	bool good = true;

	if (!ask_member_text(call, body, "group", &text))
		return false;
	if (text != NULL) {
		size_t length = strlen(text);

		good = length >= 1 && length <= 16
		       && strspn(text, "0123456789abcdefABCDEF") == length;
		asked->group = good ? strtoull(text, &end, 16) : 0;
		good = asked->group != 0;
		if (!good)
			reply_problem(call, 400, "group: the id of a group, up to 16 hex digits");
	}
	free(text);
	return good;
}

/* The members of all three: of those that select exactly one must stand. */
static bool selection_ask(struct call *call, struct json_span body, struct asked *asked)
{
	bool in_query;
	int ways;

	if (!ask_member_text(call, body, "filter", &asked->filter)
	    || !group_ask(call, body, asked) || !seqs_ask(call, body, asked)
	    || !ask_member_flag(call, body, "all", &asked->all))
		return false;
	if (!ask_member_flag(call, body, "dry_run", &asked->dry_run)
	    || !ask_flag(call, "dry_run", false, &in_query)
	    || !ask_member_text(call, body, "reason", &asked->reason))
		return false;
	asked->dry_run = asked->dry_run || in_query;
	ways = (asked->filter != NULL) + (asked->group != 0) + (asked->seqs != NULL) + asked->all;
	if (ways != 1) {
		reply_problem(call, 400,
		              "%s: one of \"filter\", \"group\", \"seqs\" and \"all\": true",
		              ways == 0 ? "nothing is selected" : "selected in more than one way");
		return false;
	}
	return true;
}

/* How many were changed. */
static int64_t act(struct call *call, enum engine_action action, const struct asked *asked)
{
	struct engine_selection selection = {
		.filter = asked->filter,
		.group = asked->group,
		.seqs = asked->seqs,
		.seq_count = asked->seq_count,
		.all = asked->all,
		.done_too = asked->done_too,
		.reason = asked->reason,
	};
	struct engine_operation operation = {0};
	struct error error = {0};

	if (engine_act(call->engine, call->job, action, &selection, call->request->who,
	               asked->dry_run, &operation, &error) != STATUS_OK) {
		reply_error(call, &error);
		return 0;
	}
	write_operation(reply_json(call), &operation, asked->dry_run);
	if (!asked->dry_run && operation.finished_at_ms == 0)
		call->response->status = 202;
	return operation.changed;
}

void bulk_retry(struct call *call)
{
	static const char *const known[] = {"filter",  "group",    "seqs",   "all",
	                                    "dry_run", "done_too", "reason", NULL};
	struct asked asked = {0};
	struct json_span body;

	if (ask_body(call, known, &body) && selection_ask(call, body, &asked)
	    && ask_member_flag(call, body, "done_too", &asked.done_too))
		act(call, ACTION_RETRY, &asked);
	asked_free(&asked);
}

void bulk_skip(struct call *call)
{
	static const char *const known[] = {"filter",  "group",  "seqs", "all",
	                                    "dry_run", "reason", NULL};
	struct asked asked = {0};
	struct json_span body;

	if (ask_body(call, known, &body) && selection_ask(call, body, &asked))
		act(call, ACTION_SKIP, &asked);
	asked_free(&asked);
}

static bool as_ask(struct call *call, struct json_span body, enum engine_action *action)
{
	char *as = NULL;
	bool good;

	if (!ask_member_text(call, body, "as", &as))
		return false;
	good = as != NULL && (strcmp(as, "done") == 0 || strcmp(as, "failed") == 0);
	if (good)
		*action = as[0] == 'd' ? ACTION_RESOLVE_DONE : ACTION_RESOLVE_FAILED;
	else
		reply_problem(call, 400, "as: \"done\" or \"failed\"");
	free(as);
	return good;
}

void bulk_resolve(struct call *call)
{
	static const char *const known[] = {"filter", "group",  "seqs", "all", "dry_run",
	                                    "as",     "reason", NULL};
	struct asked asked = {0};
	struct json_span body;
	enum engine_action action;

	if (ask_body(call, known, &body) && as_ask(call, body, &action)
	    && selection_ask(call, body, &asked))
		act(call, action, &asked);
	asked_free(&asked);
}

static void retry_with(struct call *call, struct json_span input, bool done_too)
{
	struct engine_operation operation = {0};
	struct error error = {0};

	if (engine_item_retry_with(call->engine, call->job, call->number, input, done_too,
	                           call->request->who, &operation, &error) != STATUS_OK)
		reply_error(call, &error);
	else
		write_operation(reply_json(call), &operation, false);
}

void item_retry(struct call *call)
{
	static const char *const known[] = {"done_too", "input", NULL};
	struct asked asked = {.seqs = &call->number, .seq_count = 1};
	struct json_span body, input;

	if (!ask_body(call, known, &body)
	    || !ask_member_flag(call, body, "done_too", &asked.done_too))
		return;
	if (json_member(body, "input", strlen("input"), &input))
		retry_with(call, input, asked.done_too);
	else if (act(call, ACTION_RETRY, &asked) == 0 && call->response->status == 200)
		reply_problem(call, 409, "item %lld is in a state that is not retried (%s are)",
		              (long long)call->number,
		              asked.done_too ? "failed, unknown, skipped and done ones"
		                             : "failed, unknown and skipped ones");
}

/* ---- what became of them ---------------------------------------------------- */

struct operation_listing {
	struct buffer *out;
	int count;
	int64_t last;
};

static void operation_visit(void *context, const struct engine_operation *operation)
{
	struct operation_listing *listing = context;

	if (listing->count++ > 0)
		buffer_char(listing->out, ',');
	listing->last = operation->id;
	write_operation(listing->out, operation, false);
}

void operations_page(struct call *call)
{
	struct operation_listing listing = {0};
	struct error error = {0};
	int64_t after, limit;

	if (!ask_number(call, "after", 1, INT64_MAX, INT64_MAX, &after)
	    || !ask_number(call, "limit", 1, PAGE_LIMIT_MAX, PAGE_LIMIT, &limit))
		return;
	listing.out = reply_json(call);
	buffer_text(listing.out, "{\"operations\":[");
	if (engine_operations(call->engine, call->job, after, (int)limit, operation_visit, &listing,
	                      &error) != STATUS_OK) {
		reply_error(call, &error);
		return;
	}
	buffer_text(listing.out, "],\"next\":");
	write_id_or_null(listing.out, listing.count == limit ? listing.last : 0);
	buffer_char(listing.out, '}');
}

void operation_show(struct call *call)
{
	struct engine_operation operation = {0};
	struct error error = {0};

	if (engine_operation(call->engine, call->job, call->number, &operation, &error) != STATUS_OK)
		reply_error(call, &error);
	else
		write_operation(reply_json(call), &operation, false);
}

void operation_cancel(struct call *call)
{
	static const char *const known[] = {NULL};
	struct engine_operation operation = {0};
	struct error error = {0};
	struct json_span body;

	if (!ask_body(call, known, &body))
		return;
	if (engine_operation_cancel(call->engine, call->job, call->number, call->request->who,
	                            &operation, &error) != STATUS_OK)
		reply_error(call, &error);
	else
		write_operation(reply_json(call), &operation, false);
}
