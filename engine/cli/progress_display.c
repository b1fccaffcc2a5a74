/* The display's part of progress.h: what is on the terminal now, and when the
 * next line is due. */
#include "engine/cli/progress.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/cli/terminal.h"
#include "engine/cli/text.h"

#define PLAIN_EVERY_NS (10 * NS_PER_S)
#define JSON_EVERY_NS NS_PER_S

/* Cursor hidden and line wrap off while we draw: a line that is too wide after
 * the window was narrowed must not push the others down. */
#define DRAW_BEGIN "\x1b[?25l\x1b[?7l\r"
#define LINE_END "\x1b[K"
#define DRAW_END "\x1b[?7h"
#define CURSOR_SHOW "\x1b[?25h"

/* Held while writing: the terminal is what it guards.  Taken inside log.c's
 * own lock (log lines come between clear and redraw), never the other way
 * round: nothing in here logs. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* guarded by lock */
static struct {
	enum progress_mode mode;
	bool color;
	int rows;            /* of ours on the terminal: 0, 1 or 2 */
	struct buffer drawn; /* what they are, to draw again below a log line */
	struct buffer line;  /* plain, json: the newest state */
	bool line_shown;
	int64_t due_ns;       /* plain, json: the next line */
	enum job_state state; /* as shown last */
	char reason[256], notice[128];
} display = {.mode = PROGRESS_NONE};

static void write_all(const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = write(STDERR_FILENO, bytes, length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nobody looks any more */
		bytes += n;
		length -= (size_t)n;
	}
}

static void write_text(const char *text)
{
	write_all(text, strlen(text));
}

bool progress_mode_parse(const char *name, enum progress_mode *mode)
{
	static const char *const names[] = {"auto", "tty", "plain", "json", "none"};

	for (int i = 0; i < 5; i++) {
		if (strcmp(names[i], name) == 0) {
			*mode = (enum progress_mode)i;
			return true;
		}
	}
	return false;
}

/* ---- two lines on a terminal ---------------------------------------------------- */

/* Wipe our rows and stand where the first one was.  Line by line: some
 * terminals keep what is wiped as a whole screen in their history. */
static void clear_locked(void)
{
	if (display.rows == 0)
		return;
	write_text(display.rows == 2 ? "\r" LINE_END "\x1b[1A" LINE_END : "\r" LINE_END);
	write_text(CURSOR_SHOW);
	display.rows = 0;
}

static void redraw_locked(void)
{
	if (display.drawn.failed || display.drawn.length == 0)
		return;
	if (display.rows == 2)
		write_text("\r\x1b[1A");
	write_all(display.drawn.data, display.drawn.length);
	display.rows = strchr(display.drawn.data, '\n') ? 2 : 1;
}

static void before_log(void)
{
	pthread_mutex_lock(&lock);
	int rows = display.rows;
	clear_locked();
	display.rows = -rows; /* remembered for after_log */
}

static void after_log(void)
{
	bool again = display.rows < 0;

	display.rows = 0;
	if (again)
		redraw_locked();
	pthread_mutex_unlock(&lock);
}

static void draw_locked(const struct view *view, const char *notice)
{
	struct progress_style style = {
		.width = terminal_width(STDERR_FILENO) - 1,
		.color = display.color,
		.unicode = text_unicode(),
	};

	buffer_reset(&display.drawn, 4096);
	buffer_text(&display.drawn, DRAW_BEGIN);
	progress_bar_line(view, &style, &display.drawn);
	buffer_text(&display.drawn, LINE_END "\r\n  ");
	style.width -= 2;
	progress_count_line(view, notice, &style, &display.drawn);
	buffer_text(&display.drawn, LINE_END DRAW_END);
	if (display.rows == 1)
		clear_locked();
	redraw_locked();
}

/* ---- lines elsewhere ----------------------------------------------------------- */

static void lines_locked(const struct view *view, struct json_span document, const char *notice)
{
	bool json = display.mode == PROGRESS_JSON;
	int64_t now = clock_mono_ns();
	bool changed = view->state != display.state || strcmp(view->reason, display.reason) != 0 ||
	               strcmp(notice, display.notice) != 0;

	buffer_reset(&display.line, 4096);
	if (json)
		buffer_append(&display.line, document.at, document.length);
	else
		progress_plain_line(view, notice, text_unicode(), &display.line);
	buffer_char(&display.line, '\n');
	display.line_shown = false;
	/* Plain: how it began and how it ended are said by others. */
	if (!json && (display.state == JOB_STATES || view_over(view))) {
		display.state = view->state;
		display.line_shown = true;
		return;
	}
	if (now < display.due_ns && !changed)
		return;
	if (!display.line.failed)
		write_all(display.line.data, display.line.length);
	display.line_shown = true;
	display.due_ns = now + (json ? JSON_EVERY_NS : PLAIN_EVERY_NS);
	display.state = view->state;
	snprintf(display.reason, sizeof(display.reason), "%s", view->reason);
	snprintf(display.notice, sizeof(display.notice), "%s", notice);
}

/* ---- the calls ------------------------------------------------------------------ */

void progress_start(enum progress_mode mode, bool color)
{
	const char *term = getenv("TERM");

	if (mode == PROGRESS_AUTO) {
		bool able = terminal_is(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
		mode = able ? PROGRESS_TTY : PROGRESS_PLAIN;
	}
	pthread_mutex_lock(&lock);
	display.mode = mode;
	display.color = color;
	display.due_ns = mode == PROGRESS_PLAIN ? clock_mono_ns() + PLAIN_EVERY_NS : 0;
	display.state = JOB_STATES; /* none shown yet */
	pthread_mutex_unlock(&lock);
	if (mode == PROGRESS_TTY)
		log_set_around(before_log, after_log);
}

void progress_show(const struct view *view, struct json_span document, const char *notice)
{
	notice = notice ? notice : "";
	pthread_mutex_lock(&lock);
	if (display.mode == PROGRESS_TTY)
		draw_locked(view, notice);
	else if (display.mode == PROGRESS_PLAIN || display.mode == PROGRESS_JSON)
		lines_locked(view, document, notice);
	pthread_mutex_unlock(&lock);
}

void progress_say(const char *text)
{
	pthread_mutex_lock(&lock);
	if (display.mode == PROGRESS_TTY) {
		int width = terminal_width(STDERR_FILENO) - 1;
		clear_locked();
		buffer_reset(&display.drawn, 4096);
		buffer_text(&display.drawn, DRAW_BEGIN);
		text_fit(&display.drawn, text, strlen(text), width > 0 ? width : 1);
		buffer_text(&display.drawn, LINE_END DRAW_END);
		redraw_locked();
	}
	pthread_mutex_unlock(&lock);
}

void progress_clear(void)
{
	pthread_mutex_lock(&lock);
	clear_locked();
	pthread_mutex_unlock(&lock);
}

void progress_stop(void)
{
	pthread_mutex_lock(&lock);
	clear_locked();
	if (display.mode == PROGRESS_JSON && display.line.length && !display.line.failed &&
	    !display.line_shown)
		write_all(display.line.data, display.line.length);
	display.mode = PROGRESS_NONE;
	buffer_free(&display.line);
	buffer_free(&display.drawn);
	pthread_mutex_unlock(&lock);
}
