/* Charts as SVG: written once, drawn by any browser. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/run/report.h"

#define WIDTH 900
#define HEIGHT 240
#define LEFT 64
#define RIGHT 16
#define TOP 12
#define BOTTOM 28
#define TICKS 4
#define LINES_MAX 8
#define SPARK_WIDTH 120
#define SPARK_HEIGHT 24

struct scale {
	int64_t from_ms, until_ms;
	double top;
};

static double x_of(const struct scale *scale, int64_t at_ms)
{
	return LEFT + (double)(at_ms - scale->from_ms) * (WIDTH - LEFT - RIGHT) /
	                  (double)(scale->until_ms - scale->from_ms);
}

static double y_of(const struct scale *scale, double value)
{
	return HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM) / scale->top;
}

/* 1, 2 or 5 times a power of ten, so that the ticks are round. */
static double round_up(double value)
{
	double power, part;

	if (!(value > 0))
		return TICKS;
	power = pow(10, floor(log10(value / TICKS)));
	part = value / TICKS / power;
	return TICKS * power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static struct scale scale_of(const struct report_course *course, const struct report_line *lines,
                             int count, bool stacked)
{
	const struct meter_sample *last = &course->samples[course->count - 1];
	struct scale scale = {course->samples[0].at_ms, last->at_ms + last->step_s * MS_PER_S, 0};
	double top = 0;

	for (int i = 0; i < course->count; i++) {
		double sum = 0;

		for (int line = 0; line < count; line++) {
			double value = lines[line].value(&course->samples[i]);

			sum = stacked ? sum + value : value;
			top = sum > top ? sum : top;
		}
	}
	scale.top = round_up(top);
	if (scale.until_ms <= scale.from_ms)
		scale.until_ms = scale.from_ms + MS_PER_S;
	return scale;
}

static void put_axes(struct buffer *out, const struct scale *scale, const char *unit)
{
	bool days = scale->until_ms - scale->from_ms > 24 * 3600 * MS_PER_S;

	for (int i = 0; i <= TICKS; i++) {
		double value = scale->top * i / TICKS, y = y_of(scale, value);
		int64_t at_ms = scale->from_ms + (scale->until_ms - scale->from_ms) * i / TICKS;
		time_t seconds = (time_t)(at_ms / MS_PER_S);
		struct tm parts;
		char text[32];

		buffer_printf(out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, y, WIDTH - RIGHT);
		buffer_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.6g%s</text>",
		              LEFT - 6, y + 4, value, i == TICKS ? unit : "");
		if (gmtime_r(&seconds, &parts) == NULL ||
		    strftime(text, sizeof(text), days ? "%m-%d %H:%M" : "%H:%M:%S", &parts) == 0)
			continue;
		buffer_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s</text>",
		              x_of(scale, at_ms), HEIGHT - 8,
		              i == 0 ? "start" : i == TICKS ? "end" : "middle", text);
	}
}

/* One step a sample, from the height of what lies below it. */
static void put_area(struct buffer *out, const struct scale *scale,
                     const struct report_course *course, const struct report_line *lines, int line)
{
	buffer_printf(out, "<path fill=\"%s\" d=\"", lines[line].color);
	for (int i = 0; i < course->count; i++) {
		const struct meter_sample *sample = &course->samples[i];
		double below = 0, value = lines[line].value(sample);
		double x = x_of(scale, sample->at_ms);
		double end = x_of(scale, sample->at_ms + sample->step_s * MS_PER_S);

		for (int j = 0; j < line; j++)
			below += lines[j].value(sample);
		if (value > 0)
			buffer_printf(out, "M%.1f %.1fH%.1fV%.1fH%.1fZ", x, y_of(scale, below), end,
			              y_of(scale, below + value), x);
	}
	buffer_text(out, "\"/>");
}

/* A stretch in which nothing happened is a gap. */
static void put_line(struct buffer *out, const struct scale *scale,
                     const struct report_course *course, const struct report_line *line)
{
	int64_t next_ms = INT64_MIN;

	buffer_printf(out, "<path fill=\"none\" stroke=\"%s\" d=\"", line->color);
	for (int i = 0; i < course->count; i++) {
		const struct meter_sample *sample = &course->samples[i];
		double y = y_of(scale, line->value(sample));

		buffer_printf(out, "%c%.1f %.1fH%.1f", sample->at_ms == next_ms ? 'L' : 'M',
		              x_of(scale, sample->at_ms), y,
		              x_of(scale, sample->at_ms + sample->step_s * MS_PER_S));
		next_ms = sample->at_ms + sample->step_s * MS_PER_S;
	}
	buffer_text(out, "\"/>");
}

void report_chart(struct buffer *out, const char *title, const char *unit,
                  const struct report_course *course, const struct report_line *lines, int count,
                  bool stacked)
{
	struct scale scale;

	if (course->count == 0)
		return;
	scale = scale_of(course, lines, count, stacked);
	buffer_printf(out, "<h2>%s</h2><p class=\"key\">", title);
	for (int i = 0; i < count; i++)
		buffer_printf(out, "<span><i style=\"background:%s\"></i>%s</span> ", lines[i].color,
		              lines[i].name);
	buffer_printf(out, "</p><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">", WIDTH,
	              HEIGHT, title);
	put_axes(out, &scale, unit);
	for (int i = 0; i < count; i++) {
		if (stacked)
			put_area(out, &scale, course, lines, i);
		else
			put_line(out, &scale, course, &lines[i]);
	}
	buffer_text(out, "</svg>\n");
}

void report_spark(struct buffer *out, const int64_t *counts, int count)
{
	int64_t top = 1;

	for (int i = 0; i < count; i++)
		top = counts[i] > top ? counts[i] : top;
	buffer_printf(out, "<svg class=\"spark\" viewBox=\"0 0 %d %d\"><path d=\"", SPARK_WIDTH,
	              SPARK_HEIGHT);
	for (int i = 0; i < count; i++) {
		double x = (double)SPARK_WIDTH * i / count, width = (double)SPARK_WIDTH / count;
		double height = (double)counts[i] * SPARK_HEIGHT / (double)top;

		if (counts[i] > 0)
			buffer_printf(out, "M%.1f %dh%.2fv-%.1fh-%.2fZ", x, SPARK_HEIGHT, width, height,
			              width);
	}
	buffer_text(out, "\"/></svg>");
}
