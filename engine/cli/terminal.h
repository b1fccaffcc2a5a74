/* What is at the other end of stdout and stderr: a terminal, how wide, with colours? */
#ifndef SLUICE_CLI_TERMINAL_H
#define SLUICE_CLI_TERMINAL_H

#include <stdbool.h>

#include "engine/base/buffer.h"

/* fd 1 or 2. */
bool terminal_is(int fd);
/* Columns; 80 where it is not known, INT_MAX where fd is no terminal. */
int terminal_width(int fd);
/* Colours on that fd?  No for --no-color, NO_COLOR, TERM=dumb and what is no terminal. */
bool terminal_color(int fd, bool no_color);

/* Write all of a buffer to stdout.  False where that failed; a reader that
 * went away (EPIPE) ends the output without being a failure. */
bool terminal_print(const struct buffer *text);

#endif
