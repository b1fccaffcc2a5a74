#include "engine/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/buffer.h"
#include "engine/base/status.h"

static atomic_int level_max = LOG_INFO;

/* written before threads start */
static void (*mask_line)(char *line, size_t capacity);
static void (*before_line)(void);
static void (*after_line)(void);

/* The one lock that is held over a write: what it guards is the terminal, on
 * which clearing the live display, the line and the redraw belong together. */
static pthread_mutex_t terminal = PTHREAD_MUTEX_INITIALIZER;

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&level_max, (int)level, memory_order_relaxed);
}

void log_set_mask(void (*mask)(char *line, size_t capacity))
{
	mask_line = mask;
}

void log_set_around(void (*before)(void), void (*after)(void))
{
	before_line = before;
	after_line = after;
}

static const char *level_prefix(enum log_level level)
{
	switch (level) {
	case LOG_ERROR:
		return "sluice: error: ";
	case LOG_WARN:
		return "sluice: warning: ";
	case LOG_DEBUG:
		return "sluice: debug: ";
	case LOG_INFO:
		break;
	}
	return "sluice: ";
}

static void write_all(const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDERR_FILENO, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return; /* stderr is gone or full: there is nobody left to tell */
		bytes += written;
		length -= (size_t)written;
	}
}

void log_write(enum log_level level, const char *format, ...)
{
	struct buffer line = {0};
	int saved_errno = errno;
	va_list arguments;

	if ((int)level > atomic_load_explicit(&level_max, memory_order_relaxed))
		return;
	va_start(arguments, format);
	buffer_text(&line, level_prefix(level));
	buffer_vprintf(&line, format, arguments);
	va_end(arguments);
	while (!line.failed && line.length > 0 && line.data[line.length - 1] == '\n')
		line.data[--line.length] = '\0';
	if (!line.failed) {
		/* Masked before it is cut or cleaned: half a secret would not be known. */
		if (mask_line)
			mask_line(line.data, line.length + 1);
		text_make_printable(line.data);
		line.length = strlen(line.data);
	}
	buffer_char(&line, '\n');
	pthread_mutex_lock(&terminal);
	if (before_line)
		before_line();
	if (!line.failed)
		write_all(line.data, line.length);
	else
		write_all("sluice: error: out of memory\n", 29);
	if (after_line)
		after_line();
	pthread_mutex_unlock(&terminal);
	buffer_free(&line);
	errno = saved_errno;
}
