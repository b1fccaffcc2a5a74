#include "engine/cli/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/cli/text.h"

#define NAME_COLUMNS_MAX 24
#define BAR_COLUMNS_MIN 10
#define BAR_COLUMNS_MAX 48

#define RESET "\x1b[0m"
#define DIM "\x1b[2m"
#define BOLD "\x1b[1m"
#define RED "\x1b[31m"
#define GREEN "\x1b[32m"
#define YELLOW "\x1b[33m"
#define MAGENTA "\x1b[35m"

static void colored(struct buffer *out, const struct progress_style *style, const char *color,
                    const char *text)
{
	if (style->color && *color)
		buffer_printf(out, "%s%s" RESET, color, text);
	else
		buffer_text(out, text);
}

/* ---- the bar ----------------------------------------------------------------- */

static void cells_put(struct buffer *out, const struct progress_style *style, const char *color,
                      const char *cell, int count)
{
	if (count <= 0)
		return;
	if (style->color && *color)
		buffer_text(out, color);
	for (int i = 0; i < count; i++)
		buffer_text(out, cell);
	if (style->color && *color)
		buffer_text(out, RESET);
}

/* Cells for `count` of `total`, rounded down. */
static int cells_of(int64_t count, int64_t total, int cells)
{
	if (total <= 0 || count <= 0)
		return 0;
	return count >= total ? cells : (int)((double)count / (double)total * cells);
}

/* One failure among thousands is worth a cell of its own. */
static int cells_seen(int64_t count, int64_t total, int cells)
{
	int share = cells_of(count, total, cells);

	return count > 0 && share == 0 ? 1 : share;
}

void progress_bar(const struct view *view, int cells, const struct progress_style *style,
                  struct buffer *out)
{
	int failed = cells_seen(view->counts[ITEM_FAILED], view->total, cells);
	int unknown = cells_seen(view->counts[ITEM_UNKNOWN], view->total, cells);
	int skipped = cells_of(view->counts[ITEM_SKIPPED], view->total, cells);
	int final = cells_of(view_final(view), view->total, cells);
	int done = final - failed - unknown - skipped;
	int rest;

	done = done > 0 ? done : 0;
	rest = cells - done - skipped - unknown - failed;
	cells_put(out, style, GREEN, style->unicode ? "█" : "#", done);
	cells_put(out, style, DIM, style->unicode ? "▒" : "-", skipped);
	/* Without colours the sign must tell them apart. */
	cells_put(out, style, MAGENTA, style->unicode && style->color ? "█" : "?", unknown);
	cells_put(out, style, RED, style->unicode && style->color ? "█" : "x", failed);
	cells_put(out, style, DIM, style->unicode ? "░" : ".", rest);
}

static void figures(const struct view *view, struct buffer *out)
{
	/* Rounded down: 100 % is said when it is so. */
	double percent = view_percent(view);
	int64_t tenths = (int64_t)(percent * 10 + 1e-6);

	buffer_printf(out, "%lld.%lld%%  ", (long long)(tenths / 10), (long long)(tenths % 10));
	text_count(out, view_final(view));
	buffer_char(out, '/');
	text_count(out, view->total);
	if (view->rate_per_s > 0 && view->state != JOB_PAUSED && !view_over(view)) {
		buffer_text(out, "  ");
		text_rate(out, view->rate_per_s);
		buffer_text(out, "/s");
	}
	if (view->eta_known && view->state != JOB_PAUSED && view_final(view) < view->total) {
		buffer_text(out, "  ETA ");
		text_range(out, view->eta_s);
	}
}

void progress_bar_line(const struct view *view, const struct progress_style *style,
                       struct buffer *out)
{
	struct buffer name = {0}, right = {0};

	text_fit(&name, view->name, strlen(view->name), NAME_COLUMNS_MAX);
	figures(view, &right);
	if (name.failed || right.failed) {
		out->failed = true;
		goto out;
	}
	int name_width = text_width(name.data, name.length),
	    right_width = text_width(right.data, right.length);
	int bar = style->width - name_width - right_width - 4;
	bar = bar > BAR_COLUMNS_MAX ? BAR_COLUMNS_MAX : bar;
	if (bar >= BAR_COLUMNS_MIN) {
		colored(out, style, BOLD, name.data);
		buffer_text(out, "  ");
		progress_bar(view, bar, style, out);
		buffer_printf(out, "  %s", right.data);
	} else if (name_width + 2 + right_width <= style->width) {
		colored(out, style, BOLD, name.data);
		buffer_printf(out, "  %s", right.data);
	} else {
		text_fit(out, right.data, right.length, style->width > 0 ? style->width : 1);
	}
out:
	buffer_free(&name);
	buffer_free(&right);
}

/* ---- the counts --------------------------------------------------------------- */

struct line {
	struct buffer *out;
	const struct progress_style *style;
	int used;
	bool full;
};

/* Put a part where it fits; once one did not, none that follows is put. */
static void part(struct line *line, const char *color, const char *text)
{
	const char *between = line->used == 0 ? "" : line->style->unicode ? " · " : ", ";
	int width = text_width(text, strlen(text)) + text_width(between, strlen(between));

	if (line->full || line->used + width > line->style->width) {
		line->full = true;
		return;
	}
	buffer_text(line->out, between);
	colored(line->out, line->style, color, text);
	line->used += width;
}

static void count_part(struct line *line, const char *color, const char *word, int64_t count)
{
	struct buffer text = {0};

	buffer_printf(&text, "%s ", word);
	text_count(&text, count);
	if (!text.failed)
		part(line, color, text.data);
	buffer_free(&text);
}

static void state_part(struct line *line, const struct view *view)
{
	char text[300];

	if (view->state == JOB_RUNNING)
		return;
	if (view->reason[0])
		snprintf(text, sizeof(text), "%s: %s", job_state_name(view->state), view->reason);
	else
		snprintf(text, sizeof(text), "%s", job_state_name(view->state));
	part(line, view->state == JOB_FINISHED ? "" : YELLOW, text);
}

static void parts_put(struct line *line, const struct view *view, const char *notice)
{
	if (notice && *notice)
		part(line, YELLOW, notice);
	state_part(line, view);
	count_part(line, GREEN, "ok", view->counts[ITEM_DONE]);
	count_part(line, view->counts[ITEM_FAILED] ? RED : "", "failed", view->counts[ITEM_FAILED]);
	if (view->counts[ITEM_UNKNOWN])
		count_part(line, MAGENTA, "unknown", view->counts[ITEM_UNKNOWN]);
	if (view->counts[ITEM_SKIPPED])
		count_part(line, "", "skipped", view->counts[ITEM_SKIPPED]);
	count_part(line, view->counts[ITEM_WAITING] ? YELLOW : "", "waiting",
	           view->counts[ITEM_WAITING]);
	count_part(line, "", "in flight", view->in_flight);
	if (view->throttled)
		count_part(line, YELLOW, "429s", view->throttled);
	if (view->bad_rows)
		count_part(line, YELLOW, "bad rows", view->bad_rows);
	if (view->p95_ms >= 0) {
		struct buffer text = {0};
		buffer_text(&text, "p95 ");
		text_count(&text, view->p95_ms);
		buffer_text(&text, " ms");
		if (!text.failed)
			part(line, DIM, text.data);
		buffer_free(&text);
	}
}

void progress_count_line(const struct view *view, const char *notice,
                         const struct progress_style *style, struct buffer *out)
{
	struct line line = {.out = out, .style = style};

	parts_put(&line, view, notice);
}

void progress_plain_line(const struct view *view, const char *notice, bool unicode,
                         struct buffer *out)
{
	struct progress_style style = {.width = INT32_MAX, .unicode = unicode};
	struct line line = {.out = out, .style = &style};
	struct buffer right = {0};

	buffer_printf(out, "%s: ", view->name);
	figures(view, &right);
	if (!right.failed)
		part(&line, "", right.data);
	parts_put(&line, view, notice);
	out->failed = out->failed || right.failed;
	buffer_free(&right);
}
