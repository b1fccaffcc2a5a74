/* Messages for the person at the terminal, on stderr, one write per line.
 * Library code returns errors; only the boundary (cli, threads' outermost
 * loops) logs.  Text passes the installed mask first, so that a secret that
 * strayed into a message does not leave the process. */
#ifndef SLUICE_BASE_LOG_H
#define SLUICE_BASE_LOG_H

#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level); /* default LOG_INFO */

/* `mask` rewrites a NUL-terminated line in place (it may only shorten it or
 * keep its length).  NULL: none.  Set before threads start. */
void log_set_mask(void (*mask)(char *line, size_t capacity));

/* Called before and after each line is written, so that a live progress
 * display can clear and redraw itself.  Either may be NULL. */
void log_set_around(void (*before)(void), void (*after)(void));

void log_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
