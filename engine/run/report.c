#include "engine/run/report.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/utf8.h"

#define INPUT_BYTES_SHOWN 1000
/* With the keyboard its box can be scrolled, too. */
#define TABLE_BEGIN(label)                                                                        \
	"<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"" label "\"><table>\n"
#define TABLE_END "</table></div>\n"

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<style>\n"
    "body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#1c2230;background:#fff}\n"
    "h1{font-size:1.5rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.05rem;margin:2rem 0 .3rem}\n"
    "svg{width:100%;height:auto;display:block}svg text{font-size:11px;fill:#5b6472}\n"
    ".grid{stroke:#e3e7ee;fill:none}path{stroke-width:1.5}\n"
    ".spark{width:7.5rem}.spark path{fill:#c8553d}\n"
    ".key{margin:0;color:#5b6472}.key span{margin-right:1rem}"
    ".key i{display:inline-block;width:.7em;height:.7em;margin-right:.4em}\n"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.3rem .6rem .3rem 0;border-bottom:1px solid #e3e7ee}\n"
    "td.n,th.n{text-align:right}code{font:12px/1.4 ui-monospace,monospace;"
    "overflow-wrap:anywhere}\n"
    /* Long words break; where the columns still do not fit, the table's box scrolls. */
    ".wide{overflow-x:auto}.wide td.t{min-width:8rem;overflow-wrap:anywhere}"
    "p,h2{overflow-wrap:anywhere}.unseen{font-family:ui-monospace,monospace;"
    "border:1px dotted;border-radius:3px}\n"
    "@media (prefers-color-scheme:dark){body{color:#dfe4ec;background:#14181f}"
    ".grid{stroke:#2b323d}th,td{border-color:#2b323d}svg text,.key{fill:#98a2b3;color:#98a2b3}}\n"
    "</style>\n";

static const char *reserved(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* What HTML reserves, escaped; what is not seen or reorders text, as \u202e between
 * `open` and `close`. */
static void put_marked(struct buffer *out, const char *text, size_t length, const char *open,
                       const char *close)
{
	for (size_t at = 0; at < length;) {
		const char *entity = reserved(text[at]);
		size_t n = utf8_sequence(text + at, length - at);
		uint32_t code = n > 0 ? utf8_code(text + at, n) : 0;

		if (entity != NULL)
			buffer_text(out, entity);
		else if (n > 0 && code != '\n' && code != '\t' && utf8_unseen(code))
			buffer_printf(out, code > 0xffff ? "%s\\u{%x}%s" : "%s\\u%04x%s", open,
			              (unsigned)code, close);
		else
			buffer_append(out, text + at, n > 0 ? n : 1);
		at += n > 0 ? n : 1;
	}
}

static void put_html(struct buffer *out, const char *text, size_t length)
{
	put_marked(out, text, length, "<span class=\"unseen\">", "</span>");
}

static void put_text(struct buffer *out, const char *text)
{
	if (text != NULL)
		put_html(out, text, strlen(text));
}

static void put_time(struct buffer *out, int64_t wall_ms)
{
	char text[32];

	if (wall_ms == 0)
		return;
	clock_iso8601(wall_ms, text);
	buffer_text(out, text);
}

void report_course_add(void *context, const struct meter_sample *sample)
{
	struct report_course *course = context;

	if (course->count == course->capacity) {
		int capacity = course->capacity > 0 ? 2 * course->capacity : 1024;
		struct meter_sample *grown =
		    realloc(course->samples, (size_t)capacity * sizeof(*grown));

		if (grown == NULL) {
			course->failed = true;
			return;
		}
		course->samples = grown;
		course->capacity = capacity;
	}
	course->samples[course->count++] = *sample;
}

/* ---- head and charts --------------------------------------------------------------- */

#define PER_SECOND(name)                                                                          \
	static double name##_of(const struct meter_sample *sample)                                \
	{                                                                                         \
		return (double)sample->name / sample->step_s;                                     \
	}
#define AS_IT_IS(name)                                                                            \
	static double name##_of(const struct meter_sample *sample)                                \
	{                                                                                         \
		return (double)sample->name;                                                      \
	}
PER_SECOND(done)
PER_SECOND(failed)
PER_SECOND(unknown)
PER_SECOND(skipped)
PER_SECOND(retried)
PER_SECOND(throttled)
AS_IT_IS(in_flight)
AS_IT_IS(concurrency)
AS_IT_IS(p50_ms)
AS_IT_IS(p95_ms)
AS_IT_IS(p99_ms)

static void put_charts(struct buffer *out, const struct report_course *course)
{
	static const struct report_line outcomes[] = {{"done", "#2f8f5b", done_of},
	                                              {"skipped", "#8a94a6", skipped_of},
	                                              {"unknown", "#d9a21b", unknown_of},
	                                              {"failed", "#c8553d", failed_of}};
	static const struct report_line again[] = {{"tried again", "#d9a21b", retried_of},
	                                           {"429 and the like", "#7a5cc4", throttled_of}};
	static const struct report_line flight[] = {{"in flight", "#2b6cb0", in_flight_of},
	                                            {"limit", "#8a94a6", concurrency_of}};
	static const struct report_line latency[] = {{"p50", "#2f8f5b", p50_ms_of},
	                                             {"p95", "#d9a21b", p95_ms_of},
	                                             {"p99", "#c8553d", p99_ms_of}};

	report_chart(out, "Outcomes a second", "/s", course, outcomes, 4, true);
	report_chart(out, "Tried again, and asked to slow down, a second", "/s", course, again, 2,
	             false);
	report_chart(out, "Requests in flight", "", course, flight, 2, false);
	report_chart(out, "Latency", " ms", course, latency, 3, false);
}

static void put_fact(struct buffer *out, const char *name, int64_t count)
{
	buffer_printf(out, "<tr><th>%s</th><td class=\"n\">%lld</td></tr>\n", name, (long long)count);
}

void report_begin(struct buffer *out, const struct engine_progress *progress,
                  const struct report_course *course)
{
	buffer_text(out, head);
	buffer_text(out, "<title>"); /* holds no elements */
	put_marked(out, progress->name, strlen(progress->name), "", "");
	buffer_text(out, "</title></head><body><main>\n<h1>");
	put_text(out, progress->name);
	buffer_printf(out, "</h1>\n<p>job %lld, %s", (long long)progress->id,
	              job_state_name(progress->state));
	if (progress->reason[0] != '\0') {
		buffer_text(out, " (");
		put_text(out, progress->reason);
		buffer_char(out, ')');
	}
	buffer_text(out, "; began ");
	put_time(out, progress->started_at_ms);
	if (progress->finished_at_ms != 0) {
		buffer_text(out, ", ended ");
		put_time(out, progress->finished_at_ms);
	}
	buffer_text(out, "; this report was made ");
	put_time(out, clock_wall_ms());
	buffer_text(out, " by sluice " SLUICE_VERSION "</p>\n<table>\n");
	put_fact(out, "items", progress->total);
	for (int state = 0; state < ITEM_STATES; state++)
		if (progress->counts[state] > 0)
			put_fact(out, item_state_name((enum item_state)state), progress->counts[state]);
	put_fact(out, "requests", progress->attempts);
	put_fact(out, "of these, again", progress->retries);
	put_fact(out, "answers that asked to slow down", progress->throttled);
	buffer_text(out, "</table>\n");
	put_charts(out, course);
}

/* ---- causes ------------------------------------------------------------------------- */

void report_causes_begin(struct buffer *out)
{
	buffer_text(out, "<h2>Causes of failure</h2>\n" TABLE_BEGIN("causes") "<tr><th class=\"n\">items</th>"
	                 "<th>cause</th><th>first</th><th>last</th><th>over time</th>"
	                 "<th>such as</th></tr>\n");
}

void report_cause(void *context, const struct engine_group *group)
{
	struct buffer *out = context;

	buffer_printf(out, "<tr><td class=\"n\">%lld</td><td class=\"t\">", (long long)group->count);
	put_text(out, group->class_name);
	if (group->http_status != 0)
		buffer_printf(out, " %d", group->http_status);
	if (group->code != NULL) {
		buffer_text(out, " code ");
		put_text(out, group->code);
	}
	buffer_text(out, "<br>");
	put_text(out, group->message);
	buffer_text(out, "</td><td>");
	put_time(out, group->first_at_ms);
	buffer_text(out, "</td><td>");
	put_time(out, group->last_at_ms);
	buffer_text(out, "</td><td>");
	report_spark(out, group->trend, group->trend_count);
	buffer_text(out, "</td><td>");
	for (int i = 0; i < group->sample_count; i++)
		buffer_printf(out, "%s%lld", i > 0 ? ", " : "", (long long)group->samples[i]);
	buffer_text(out, "</td></tr>\n");
}

void report_causes_end(struct buffer *out)
{
	buffer_text(out, TABLE_END);
}

/* ---- items --------------------------------------------------------------------------- */

void report_items_begin(struct buffer *out, const char *selection)
{
	buffer_text(out, "<h2>Items: <code>");
	put_text(out, selection);
	buffer_text(out, "</code></h2>\n" TABLE_BEGIN("items") "<tr><th class=\"n\">item</th><th>key</th>"
	                 "<th>state</th><th class=\"n\">HTTP</th><th class=\"n\">attempts</th>"
	                 "<th>cause</th><th>input</th></tr>\n");
}

void report_item(struct buffer *out, const struct item_row *row)
{
	size_t shown = row->input.length;

	buffer_printf(out, "<tr><td class=\"n\">%lld</td><td class=\"t\">", (long long)row->seq);
	put_text(out, row->key);
	buffer_printf(out, "</td><td>%s</td><td class=\"n\">", item_state_name(row->state));
	if (row->http_status != 0)
		buffer_printf(out, "%d", row->http_status);
	buffer_printf(out, "</td><td class=\"n\">%d</td><td class=\"t\">", row->attempts);
	if (row->code != NULL) {
		buffer_text(out, "code ");
		put_text(out, row->code);
		buffer_text(out, ": ");
	}
	put_text(out, row->message);
	buffer_text(out, "</td><td class=\"t\"><code>");
	if (shown > INPUT_BYTES_SHOWN) {
		/* Not within a character. */
		shown = INPUT_BYTES_SHOWN;
		while (shown > 0 && ((unsigned char)row->input.at[shown] & 0xc0) == 0x80)
			shown--;
	}
	put_html(out, row->input.at, shown);
	buffer_text(out, shown < row->input.length ? " …</code></td></tr>\n" : "</code></td></tr>\n");
}

void report_end(struct buffer *out)
{
	buffer_text(out, TABLE_END "</main></body></html>\n");
}
