/* Status codes and the one error text that travels with them.
 *
 * Every function that can fail for a reason outside the program returns enum
 * status and, where a person will read about it, fills a struct error naming
 * the place (file, row, column, path).  Bugs are asserted, not returned. */
#ifndef SLUICE_BASE_STATUS_H
#define SLUICE_BASE_STATUS_H

#include <stdarg.h>

enum status {
	STATUS_OK = 0,
	STATUS_USAGE,     /* the input is wrong: flag, job file, row, filter (exit 2, HTTP 400) */
	STATUS_NOT_FOUND, /* no such job, item, group (HTTP 404) */
	STATUS_CONFLICT,  /* not possible in the state it is in, or it differs (HTTP 409) */
	STATUS_OWNED,     /* another process owns the database (exit 8) */
	STATUS_NO_MEMORY,
	STATUS_IO,        /* a read or write failed; what is on disk may be unknown */
	STATUS_DISK_FULL, /* nothing was written; may be tried again */
	STATUS_CORRUPT,   /* the database breaks a rule that we rely on */
	STATUS_TIMEOUT,
	STATUS_CLOSED,    /* the queue, semaphore or engine is shutting down */
};

/* What went wrong, for a person.  `text` is one line without a newline. */
struct error {
	enum status status;
	char text[1024];
};

/* Fill *error (which may be NULL) and return `status`, so that callers can
 * write `return error_set(error, STATUS_USAGE, "…", …)`.  Control characters
 * in the text (hostile input quoted in it) are replaced by '?'. */
enum status error_set(struct error *error, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "prefix: " before the text that is there.  Returns error->status. */
enum status error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Replace control characters (C0, DEL, and C1 in UTF-8) by '?', in place: for
 * hostile text on its way to a terminal. */
void text_make_printable(char *text);

/* A short English name for a status: "not found". */
const char *status_name(enum status status);

#endif
