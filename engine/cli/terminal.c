#include "engine/cli/terminal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_is(int fd)
{
	return isatty(fd) == 1;
}

int terminal_width(int fd)
{
	struct winsize size;

	if (!terminal_is(fd))
		return INT_MAX;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

bool terminal_color(int fd, bool no_color)
{
	const char *never = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (no_color || (never && *never) || !term || strcmp(term, "dumb") == 0)
		return false;
	return terminal_is(fd);
}

bool terminal_print(const struct buffer *text)
{
	if (text->failed) {
		errno = ENOMEM;
		return false;
	}
	if (fwrite(text->data ? text->data : "", 1, text->length, stdout) != text->length ||
	    fflush(stdout))
		return errno == EPIPE;
	return true;
}
