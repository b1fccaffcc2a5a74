/* A job's story as one HTML page that needs nothing else: no script, no network.
 * Written piece by piece; every text is escaped here. */
#ifndef SLUICE_RUN_REPORT_H
#define SLUICE_RUN_REPORT_H

#include "engine/base/buffer.h"
#include "engine/run/engine.h"
#include "engine/store/reads.h"

/* What the charts are drawn from, oldest first. */
struct report_course {
	struct meter_sample *samples;
	int count, capacity;
	bool failed; /* no memory */
};
void report_course_add(void *course, const struct meter_sample *sample); /* engine_series' visit */

void report_begin(struct buffer *out, const struct engine_progress *progress,
                  const struct report_course *course);
/* Causes: begin, each, end. */
void report_causes_begin(struct buffer *out);
void report_cause(void *out, const struct engine_group *group); /* engine_groups' visit */
void report_causes_end(struct buffer *out);
void report_items_begin(struct buffer *out, const char *selection);
void report_item(struct buffer *out, const struct item_row *row);
void report_end(struct buffer *out);

/* ---- charts (report_chart.c) ------------------------------------------------------ */

struct report_line {
	const char *name, *color;
	double (*value)(const struct meter_sample *sample);
};
/* Lines over time; stacked: each upon the ones before it, filled. */
void report_chart(struct buffer *out, const char *title, const char *unit,
                  const struct report_course *course, const struct report_line *lines, int count,
                  bool stacked);
/* A small one of counts. */
void report_spark(struct buffer *out, const int64_t *counts, int count);

#endif
