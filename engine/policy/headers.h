/* What a response's headers say about waiting.  Input is the raw header block
 * as it came ("Name: value\r\n" lines, an optional status line first); all of
 * it is hostile.  The response's own Date is the "now" of absolute times, else
 * now_wall_ms.
 *
 * Not a list of services but a grammar of names and values: a name is cut into
 * words ("anthropic-ratelimit-requests-remaining": a rate limit, remaining, of
 * "anthropic requests"), and what bears the same label is one budget.  Values
 * are counts, times in every form (seconds, Go and ISO 8601 durations, dates,
 * epochs by magnitude), used/limit, lists, and structured fields. */
#ifndef SLUICE_POLICY_HEADERS_H
#define SLUICE_POLICY_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More is not believed: a longer Retry-After counts as this, other waits not at all. */
#define HEADER_WAIT_MS_MAX (366LL * 24 * 3600 * 1000)
#define HEADER_POLICIES_MAX 8

/* How sure a wait is. */
enum wait_kind {
	WAIT_ASKED,     /* Retry-After and kin: the server names it */
	WAIT_EXHAUSTED, /* the reset of a budget of which nothing remains */
	WAIT_PRESUMED,  /* a reset, with nothing told of what remains: means something only
	                   where the request was throttled */
};

/* The server's explicit word on retrying (x-should-retry and kin). */
enum retry_word { RETRY_WORD_NONE, RETRY_WORD_YES, RETRY_WORD_NO };

struct header_policy {
	int64_t quota, window_s;
};

struct header_hints {
	int64_t wait_ms;  /* a wait the server asked for, > 0; -1: none */
	enum wait_kind wait_kind;
	char source[64];  /* lower-case name of the header it came from, "" if none */
	int64_t limit;    /* quota told, -1: none */
	int64_t remaining;/* left in the window, -1: none */
	bool exhausted;   /* a budget is used up (limit and remaining are then its) */
	bool throttled;   /* said in so many words (x-envoy-ratelimited, x-amzn-errortype) */
	enum retry_word retry;
	int policy_count;
	struct header_policy policies[HEADER_POLICIES_MAX];
	/* For pacing: the tightest budget counted in requests; -1: none. */
	int64_t pace_remaining;
	int64_t pace_reset_ms; /* from now until it is full again */
};

/* What nobody can know of one service, told by the job file. */
enum header_unit {
	HEADER_UNIT_AUTO, /* by form and magnitude */
	HEADER_UNIT_NS,
	HEADER_UNIT_US,
	HEADER_UNIT_MS,
	HEADER_UNIT_S,
	HEADER_UNIT_MIN,
	HEADER_UNIT_H,
	HEADER_UNIT_EPOCH_S,
	HEADER_UNIT_EPOCH_MS,
	HEADER_UNITS
};
const char *header_unit_name(enum header_unit unit); /* "epoch_ms" */
bool header_unit_parse(const char *name, enum header_unit *unit);

struct header_override {
	char *name;            /* of the header, any case; NULL: not overridden */
	enum header_unit unit; /* of times */
};

/* A role that is overridden is read from that header alone. */
struct header_overrides {
	struct header_override retry_after, reset, remaining, limit;
};

/* Read the hints.  Bad, zero, negative and past values are as if absent.
 *
 * Order: an asked wait (one named in ms before Retry-After before vendors' own);
 * else the longest wait of a budget that is used up; else, where nothing is
 * told of what remains, the nearest reset.  `overrides` may be NULL. */
void headers_read(const char *block, size_t length, int64_t now_wall_ms, struct header_hints *hints);
void headers_read_overridden(const char *block, size_t length, int64_t now_wall_ms,
                             const struct header_overrides *overrides,
                             struct header_hints *hints);

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
