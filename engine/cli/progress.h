/* The live display of one job on stderr.
 *
 * The lines are made by pure functions; progress_show() puts them on the
 * terminal, two lines that are redrawn in place, with log lines above them.
 * There is one display per process. */
#ifndef SLUICE_CLI_PROGRESS_H
#define SLUICE_CLI_PROGRESS_H

#include <stdbool.h>

#include "engine/base/buffer.h"
#include "engine/cli/view.h"

struct progress_style {
	int width; /* columns */
	bool color;
	bool unicode;
};

/* "crm  ████░░░░  56.0%  560/1,000  49.8/s  ETA 8–11 s": at most `width` columns, no newline. */
void progress_bar_line(const struct view *view, const struct progress_style *style,
                       struct buffer *out);
/* "ok 560 · failed 4 · waiting 5 · in flight 30": what does not fit is left
 * out.  `notice` (may be NULL) comes first: "stopping". */
void progress_count_line(const struct view *view, const char *notice,
                         const struct progress_style *style, struct buffer *out);
/* All of it in one line of any width, without colours. */
void progress_plain_line(const struct view *view, const char *notice, bool unicode,
                         struct buffer *out);
/* The bar alone, `cells` wide, its parts by state. */
void progress_bar(const struct view *view, int cells, const struct progress_style *style,
                  struct buffer *out);

enum progress_mode { PROGRESS_AUTO, PROGRESS_TTY, PROGRESS_PLAIN, PROGRESS_JSON, PROGRESS_NONE };
bool progress_mode_parse(const char *name, enum progress_mode *mode);

/* Take the terminal over.  AUTO: two lines on a terminal, plain lines elsewhere. */
void progress_start(enum progress_mode mode, bool color);
/* Show the job as it is now: redraws, or prints a line when one is due (plain:
 * every 10 s and on a change of state or notice, but for the beginning and the
 * end; JSON: `document`, every second). */
void progress_show(const struct view *view, struct json_span document, const char *notice);
/* One line for a wait in which there is no job to show yet ("checking users.csv"); tty only. */
void progress_say(const char *text);
/* Take the lines off the terminal and give its cursor back; the next
 * progress_show() draws again. */
void progress_clear(void);
/* progress_clear, and nothing is shown from now on.  JSON: the last document
 * is printed, where it was not yet. */
void progress_stop(void);

#endif
