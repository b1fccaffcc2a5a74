/* status: one job, once or followed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/cli/command.h"
#include "engine/cli/document.h"
#include "engine/cli/progress.h"
#include "engine/cli/terminal.h"
#include "engine/cli/text.h"
#include "engine/cli/view.h"

#define WATCH_EVERY_MS 500

static void line_begin(struct buffer *out, const char *title, bool color)
{
	buffer_printf(out, color ? "\x1b[2m%-10s\x1b[0m" : "%-10s", title);
}

static void counts_line(struct buffer *out, const struct view *view, bool color)
{
	const char *between = "";

	line_begin(out, "items", color);
	for (int i = 0; i < ITEM_STATES; i++) {
		if (!view->counts[i])
			continue;
		buffer_printf(out, "%s%s ", between, item_state_name((enum item_state)i));
		text_count(out, view->counts[i]);
		between = ", ";
	}
	buffer_text(out, *between ? "\n" : "none yet\n");
	if (view->bad_rows) {
		line_begin(out, "bad rows", color);
		text_count(out, view->bad_rows);
		buffer_text(out, " left out\n");
	}
}

static void requests_line(struct buffer *out, const struct view *view, bool color)
{
	line_begin(out, "requests", color);
	text_count(out, view->attempts);
	buffer_text(out, " sent, ");
	text_counted(out, view->retries, "retry", "retries");
	buffer_text(out, ", ");
	text_count(out, view->throttled);
	buffer_text(out, " times 429");
	if (view->in_flight) {
		buffer_text(out, ", ");
		text_count(out, view->in_flight);
		buffer_text(out, " in flight");
	}
	buffer_char(out, '\n');
}

static void pace_lines(struct buffer *out, const struct view *view, bool color)
{
	if (view->active && view->rate_per_s > 0) {
		line_begin(out, "rate", color);
		text_rate(out, view->rate_per_s);
		buffer_text(out, "/s");
		if (view->eta_known) {
			buffer_text(out, ", ETA ");
			text_range(out, view->eta_s);
		}
		if (view->bound_by[0])
			buffer_printf(out, ", bound by %s", view->bound_by);
		buffer_char(out, '\n');
	}
	if (view->p50_ms >= 0) {
		line_begin(out, "latency", color);
		buffer_printf(out, "p50 %lld ms, p95 %lld ms, p99 %lld ms\n",
		              (long long)view->p50_ms, (long long)view->p95_ms,
		              (long long)view->p99_ms);
	}
	line_begin(out, "limits", color);
	buffer_text(out, "concurrency ");
	text_count(out, view->concurrency);
	if (view->limit_per_s > 0) {
		buffer_text(out, ", rate ");
		text_limit(out, view->limit_per_s);
		buffer_text(out, ", burst ");
		text_count(out, view->burst);
	}
	buffer_char(out, '\n');
}

static void time_line(struct buffer *out, const char *title, int64_t wall_ms, bool color)
{
	if (!wall_ms)
		return;
	line_begin(out, title, color);
	time_text(out, wall_ms);
	buffer_char(out, '\n');
}

static void status_text(struct buffer *out, const struct view *view, bool color)
{
	struct progress_style style = {
		.width = terminal_width(1), .color = color, .unicode = text_unicode()};
	bool waits = !view->active && !view_over(view) && view->state != JOB_PAUSED;

	style.width = style.width > 100 ? 100 : style.width;
	buffer_printf(out, color ? "\x1b[1m%s\x1b[0m (job %lld): %s" : "%s (job %lld): %s",
	              view->name, (long long)view->id, job_state_name(view->state));
	if (view->reason[0])
		buffer_printf(out, ", %s", view->reason);
	if (waits)
		buffer_text(out, ", nobody works on it now");
	buffer_char(out, '\n');
	struct view unnamed = *view;
	unnamed.name[0] = '\0';
	progress_bar_line(&unnamed, &style, out);
	buffer_char(out, '\n');
	counts_line(out, view, color);
	requests_line(out, view, color);
	pace_lines(out, view, color);
	time_line(out, "created", view->created_ms, color);
	time_line(out, "started", view->started_ms, color);
	time_line(out, "finished", view->finished_ms, color);
}

/* True: Ctrl-C or the like came meanwhile. */
static bool wait_a_moment(const sigset_t *signals)
{
	struct timespec moment = {0, WATCH_EVERY_MS * NS_PER_MS};

	return sigtimedwait(signals, NULL, &moment) > 0;
}

/* Follow until it is over.  The database is not held between two looks, so
 * that a run can begin meanwhile. */
static enum status watch(struct talk *talk, const struct api_call *call)
{
	sigset_t signals;
	struct view view;
	enum status status;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	progress_start(talk->json ? PROGRESS_NONE : PROGRESS_AUTO,
	               terminal_color(2, arguments_has(talk->arguments, OPTION_NO_COLOR)));
	for (;;) {
		status = talk_call(talk, call);
		if (status == STATUS_OK)
			status = view_read(talk->document, &view, &talk->error);
		if (status)
			break;
		progress_show(&view, talk->document,
		              view.active || view_over(&view) ? NULL : "not running");
		if (talk->json) {
			printf("%.*s\n", (int)talk->document.length, talk->document.at);
			if (fflush(stdout))
				break;
		}
		if (view_over(&view))
			break;
		if (!api_owned(talk->api)) {
			api_close(talk->api);
			talk->api = NULL;
		}
		if (wait_a_moment(&signals))
			break;
		if (!talk->api)
			status = api_open(&talk->database, &talk->api, &talk->error);
		if (status)
			break;
	}
	progress_stop();
	return status;
}

int command_status(const struct arguments *arguments)
{
	struct talk talk;
	struct api_call call = {0};
	struct buffer out = {0};
	struct view view;
	bool follow = arguments_has(arguments, OPTION_WATCH);

	if (talk_open(&talk, arguments) || talk_job_path(&talk, &call, ""))
		return talk_fail(&talk);
	if (follow ? watch(&talk, &call) : talk_call(&talk, &call))
		return talk_fail(&talk);
	if (talk.json) {
		if (!follow) {
			buffer_append(&out, talk.document.at, talk.document.length);
			buffer_char(&out, '\n');
		}
		return talk_print(&talk, &out);
	}
	if (view_read(talk.document, &view, &talk.error))
		return talk_fail(&talk);
	status_text(&out, &view, talk.color);
	return talk_print(&talk, &out);
}
