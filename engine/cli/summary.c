#include "engine/cli/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/cli/document.h"
#include "engine/cli/text.h"

#define CAUSES_MAX 5
#define CAUSE_WIDTH 44
#define REASON_WIDTH 40 /* it was said in full before */

#define BOLD "\x1b[1m"
#define RED "\x1b[31m"
#define GREEN "\x1b[32m"
#define YELLOW "\x1b[33m"
#define MAGENTA "\x1b[35m"

static void colored(struct buffer *out, const struct summary *summary, const char *color,
                    const char *text)
{
	if (summary->color)
		buffer_printf(out, "%s%s\x1b[0m", color, text);
	else
		buffer_text(out, text);
}

static int64_t left(const struct view *view)
{
	return view->total - view_final(view);
}

/* "crm: finished in 20.4 s, 49.0 items/s" */
static void headline(const struct summary *summary, struct buffer *out)
{
	const struct view *view = summary->view;
	bool failures = view->counts[ITEM_FAILED] || view->counts[ITEM_UNKNOWN];

	colored(out, summary, BOLD, view->name);
	buffer_text(out, ": ");
	if (summary->already)
		buffer_text(out, "already ");
	if (view->state == JOB_FINISHED || view->state == JOB_CANCELLED ||
	    view->state == JOB_HALTED)
		colored(out, summary,
		        view->state != JOB_FINISHED ? YELLOW
		        : failures                  ? RED
		                                    : GREEN,
		        job_state_name(view->state));
	else
		colored(out, summary, YELLOW, "interrupted");
	if (!summary->already) {
		buffer_text(out, view->state == JOB_FINISHED ? " in " : " after ");
		text_duration(out, summary->seconds);
		if (summary->items > 0 && summary->seconds > 0) {
			buffer_text(out, ", ");
			text_rate(out, (double)summary->items / summary->seconds);
			buffer_text(out, " items/s");
		}
	}
	if (summary->already && view->state == JOB_FINISHED)
		buffer_text(out, "; --new sends all of it again");
	if (view->reason[0] && !view_over(view)) {
		buffer_text(out, " (");
		text_fit(out, view->reason, strlen(view->reason), REASON_WIDTH);
		buffer_char(out, ')');
	}
	buffer_char(out, '\n');
}

static void count(const struct summary *summary, struct buffer *out, const char *color,
                  const char *word, int64_t n)
{
	struct buffer text = {0};

	if (n == 0)
		return;
	text_count(&text, n);
	buffer_printf(out, "  %9s ", text.failed ? "" : text.data);
	colored(out, summary, color, word);
	buffer_char(out, '\n');
	buffer_free(&text);
}

static void counts(const struct summary *summary, struct buffer *out)
{
	const struct view *view = summary->view;

	count(summary, out, GREEN, "done", view->counts[ITEM_DONE]);
	count(summary, out, RED, "failed", view->counts[ITEM_FAILED]);
	count(summary, out, MAGENTA, "unknown: may have arrived, sent again only if you say so",
	      view->counts[ITEM_UNKNOWN]);
	count(summary, out, "", "skipped", view->counts[ITEM_SKIPPED]);
	count(summary, out, YELLOW, "to go", left(view));
	count(summary, out, YELLOW, "bad rows, left out", view->bad_rows);
	if (summary->already || view->attempts == 0)
		return;
	buffer_text(out, "            ");
	text_counted(out, view->attempts, "request", "requests");
	if (view->retries) {
		buffer_text(out, ", ");
		text_counted(out, view->retries, "retry", "retries");
	}
	if (view->throttled) {
		buffer_text(out, ", ");
		text_count(out, view->throttled);
		buffer_text(out, " times 429");
	}
	buffer_char(out, '\n');
}

/* ---- causes -------------------------------------------------------------------- */

static void cause(struct json_span group, struct buffer *out)
{
	struct buffer text = {0}, number = {0};
	char seq[32];

	text_count(&number, document_integer(group, "count", 0));
	cause_text(&text, group, document_integer(group, "http_status", 0));
	document_copy(group, "sample_seq", seq, sizeof(seq));
	if (!text.failed && !number.failed && text.length) {
		struct buffer cut = {0};
		text_fit(&cut, text.data, text.length, CAUSE_WIDTH);
		buffer_printf(out, "  %9s %s", number.data, cut.failed ? "" : cut.data);
		if (seq[0] && !cut.failed) {
			text_spaces(out, CAUSE_WIDTH - text_width(cut.data, cut.length));
			buffer_printf(out, "  e.g. item %s", seq);
		}
		buffer_char(out, '\n');
		buffer_free(&cut);
	}
	buffer_free(&text);
	buffer_free(&number);
}

static void causes(const struct summary *summary, struct buffer *out)
{
	struct json_span name, group;
	int shown = 0, hidden = 0;

	if (!summary->groups.length || json_type(summary->groups) != JSON_ARRAY)
		return;
	for (struct json_cursor at = json_walk(summary->groups); json_next(&at, &name, &group);) {
		if (document_integer(group, "count", 0) == 0)
			continue;
		if (shown == CAUSES_MAX) {
			hidden++;
			continue;
		}
		if (shown++ == 0)
			buffer_text(out, "causes\n");
		cause(group, out);
	}
	if (hidden)
		buffer_printf(out, "            and %s%d more\n", summary->more_groups ? "over " : "",
		              hidden);
}

/* ---- what to type ---------------------------------------------------------------- */

static void command(const struct summary *summary, struct buffer *out, const char *title,
                    const char *verb, const char *after)
{
	buffer_printf(out, "%-9s ", title);
	program_suggest(out);
	buffer_printf(out, " %s ", verb);
	text_shell(out, summary->view->name);
	buffer_text(out, after);
	database_suggest(summary->database, out);
	buffer_char(out, '\n');
}

static void commands(const struct summary *summary, struct buffer *out)
{
	const struct view *view = summary->view;
	bool failed = view->counts[ITEM_FAILED] > 0, unknown = view->counts[ITEM_UNKNOWN] > 0;

	if (failed)
		command(summary, out, "see", "items", " --filter state:failed");
	if (unknown)
		command(summary, out, failed ? "" : "see", "items", " --filter state:unknown");
	if (failed || unknown) {
		command(summary, out, "one", "show", " SEQ");
		command(summary, out, "retry", "retry", " --all");
	}
	if (unknown)
		command(summary, out, "resolve", "resolve", " --as done --filter state:unknown");
	if (view->bad_rows && !failed && !unknown)
		command(summary, out, "see", "status", "");
	if (summary->again && (failed || unknown) && view_over(view))
		buffer_printf(out, "then      %s\n", summary->again);
	else if (summary->again && !view_over(view))
		buffer_printf(out, "resume    %s\n", summary->again);
}

void summary_text(const struct summary *summary, struct buffer *out)
{
	headline(summary, out);
	counts(summary, out);
	if (summary->brief)
		return;
	causes(summary, out);
	commands(summary, out);
}

void summary_make(struct api *api, struct summary *summary, struct buffer *out)
{
	struct api_call call = {0};
	struct buffer answer = {0};
	struct json_span document;

	api_path(&call, "/jobs/%" PRId64 "/groups", summary->view->id);
	if (!summary->brief &&
	    (summary->view->counts[ITEM_FAILED] || summary->view->counts[ITEM_UNKNOWN]) &&
	    api_document(api, &call, &answer, &document, NULL) == STATUS_OK) {
		summary->groups = document_at(document, "groups");
		summary->more_groups = document_has(document, "next");
	}
	summary_text(summary, out);
	buffer_free(&answer);
}
