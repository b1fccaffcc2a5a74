/* What a response's headers say about waiting.  Input is the raw header block
 * as it came ("Name: value\r\n" lines, an optional status line first); all of
 * it is hostile.  The response's own Date is the "now" of absolute times, else
 * now_wall_ms. */
#ifndef SLUICE_POLICY_HEADERS_H
#define SLUICE_POLICY_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEADER_WAIT_MS_MAX (366LL * 24 * 3600 * 1000) /* more is not believed */

struct header_hints {
	int64_t wait_ms;  /* a wait the server asked for, > 0; -1: none */
	char source[64];  /* lower-case name of the header it came from, "" if none */
	int64_t limit;    /* quota told, -1: none */
	int64_t remaining;/* left in the window, -1: none */
};

/* Read the hints.  Retry-After (seconds, fractions, all three HTTP dates);
 * bad, zero, negative and past values are as if absent.  Other dialects join
 * here (x-ratelimit-* and kin). */
void headers_read(const char *block, size_t length, int64_t now_wall_ms, struct header_hints *hints);

/* The value of the first header `name` (any case), without surrounding blanks;
 * false: absent. */
bool headers_find(const char *block, size_t length, const char *name, const char **value,
                  size_t *value_length);

/* Walk the lines.  *at starts at 0; false at the end.  Lines without a colon
 * (the status line) are passed over. */
bool headers_next(const char *block, size_t length, size_t *at, const char **name,
                  size_t *name_length, const char **value, size_t *value_length);

/* IMF-fixdate, RFC 850 and asctime dates to Unix ms; false: none of them.
 * `now_wall_ms` settles the century of two-digit years (RFC 9110, 5.6.7). */
bool http_date_parse(const char *text, size_t length, int64_t now_wall_ms, int64_t *wall_ms);

#endif
