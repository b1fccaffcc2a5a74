/* Words for a terminal: data made safe to show, measured in columns, and
 * numbers as people read them.  All append to a buffer. */
#ifndef SLUICE_CLI_TEXT_H
#define SLUICE_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buffer.h"

/* Set the process's character classes to UTF-8, whatever the environment says
 * (data is UTF-8), and find out whether the terminal can show it.  Once, at start. */
void text_start(void);
/* May lines, blocks and dots outside ASCII be drawn? */
bool text_unicode(void);

/* Append what cannot hurt a terminal: control characters, bytes that are not
 * UTF-8 and characters that are not seen or reorder text become \x1b, \u202e. */
void text_safe(struct buffer *out, const char *bytes, size_t length);
/* The same, line by line: line ends stay (CRLF becomes LF), tabs become
 * blanks, each line begins with `indent`, the last one ends with a newline.
 * Nothing for an empty text. */
void text_safe_lines(struct buffer *out, const char *bytes, size_t length, const char *indent);

/* Columns that a safe text takes. */
int text_width(const char *text, size_t length);
/* Append a safe text cut to `width` columns (>= 1), with an ellipsis where it was cut. */
void text_fit(struct buffer *out, const char *text, size_t length, int width);
void text_spaces(struct buffer *out, int count);

/* "1,234,567" */
void text_count(struct buffer *out, int64_t count);
/* "12 items", "1 item" */
void text_counted(struct buffer *out, int64_t count, const char *one, const char *many);
/* "0.2 s", "8 s", "2 min 5 s", "1 h 5 min", "3 d 2 h" */
void text_duration(struct buffer *out, double seconds);
/* "8-11 s", "2-3 min": both ends in the unit that suits the later one. */
void text_range(struct buffer *out, const double seconds[2]);
/* "49.8", "0.05", "1,234" */
void text_rate(struct buffer *out, double per_s);
/* A limit as it is set: "50/s", "30/m", "0.5/h" */
void text_limit(struct buffer *out, double per_s);
/* "512 B", "1.2 kB", "3.4 MB" */
void text_bytes(struct buffer *out, int64_t bytes);
/* A word for a POSIX shell, quoted where it must be. */
void text_shell(struct buffer *out, const char *word);

#endif
