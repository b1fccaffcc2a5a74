/* What the headers_*.c files share. */
#ifndef SLUICE_POLICY_HEADERS_INTERNAL_H
#define SLUICE_POLICY_HEADERS_INTERNAL_H

#include "engine/policy/headers.h"

/* ---- text: what is left of it (headers_text.c) -------------------------- */

struct text {
	const char *at, *end;
};
bool text_take_char(struct text *text, char c);
/* Exactly `digits` digits. */
bool text_take_number(struct text *text, int digits, int *out);
/* One of `count` words, any case; its index. */
bool text_take_word(struct text *text, const char *const *words, int count, int *index);
void text_skip_blanks(struct text *text);
/* Without blanks around it, nor a pair of double quotes. */
struct text text_trim(const char *at, const char *end);
/* The text up to `separator` outside of quotes; *rest: what follows it. */
struct text text_cut(struct text text, char separator, struct text *rest);
bool text_equals(struct text text, const char *word); /* any case */
uint32_t text_hash(struct text text);                 /* any case */

/* ---- dates and durations ------------------------------------------------ */

struct civil {
	int64_t year;
	int month, day, hour, minute, second; /* month 1..12 */
};
bool civil_exists(const struct civil *civil);
int64_t civil_seconds(const struct civil *civil); /* since the epoch, as UTC */
bool civil_take_month(struct text *text, int *month); /* "Jan" */
bool civil_take_weekday(struct text *text);           /* "Sunday", "Sun" */

/* headers_date.c: HTTP dates, ISO 8601, and what languages print (JavaScript,
 * RFC 5322, date(1)); no zone means UTC. */
bool header_date_parse(struct text text, int64_t now_ms, int64_t *wall_ms);

/* headers_time.c: a duration ("6m0s", "PT30S", "00:01:30"). */
bool header_duration_parse(struct text text, int64_t *ms);
/* Is the value a wait longer than is believed? */
bool header_wait_endless(struct text text, int64_t now_ms, enum header_unit unit);
/* A wait out of any value; false: none that is believed (> 0 and <= HEADER_WAIT_MS_MAX). */
bool header_wait_parse(struct text text, int64_t now_ms, enum header_unit unit, int64_t *wait_ms);
/* A count at the start of the text: fractions are cut off (*whole tells), no
 * sign.  False: none, or beyond int64_t. */
bool header_count_take(struct text *text, int64_t *count, bool *whole);

/* ---- names (headers_name.c) --------------------------------------------- */

enum header_role {
	ROLE_NONE,
	ROLE_RETRY_AFTER,
	ROLE_SHOULD_RETRY,
	ROLE_SHOULD_NOT_RETRY,
	ROLE_THROTTLED,  /* a flag */
	ROLE_ERROR_CODE, /* a word that may speak of throttling */
	ROLE_STATUS,     /* "rejected" */
	ROLE_LIMIT,
	ROLE_REMAINING,
	ROLE_USED,
	ROLE_RESET,
	ROLE_WINDOW,
	ROLE_POLICY,
	ROLE_WHOLE,      /* all in one; a bare number is the limit */
	ROLE_NAMED,      /* only members that are named count: "total=100; remaining=0" */
	ROLE_LABEL,      /* of a member: it names the budget */
};

struct header_name {
	enum header_role role;
	enum header_unit unit; /* of times */
	uint32_t label;        /* of the budget: what the name says beside its role */
	int style;             /* x-ratelimit, ratelimit, x-rate-limit …: budgets of one label apart */
	int rank;              /* of times: the higher the more exact */
	int period_s;          /* "daily": 86400; 0 */
	bool calls;            /* counted in requests, for all we know */
};

/* Quick: may this name be one of ours? */
bool header_name_may_matter(const char *name, size_t length);
void header_name_read(const char *name, size_t length, struct header_name *out);
/* A member's key in "limit=100, remaining=0"; ROLE_NONE: unknown, *ignored: known to say nothing here. */
enum header_role header_key_role(struct text key, bool *ignored);
/* "minute", "m", "1m", "60": seconds; 0: none. */
int64_t header_period_s(struct text text);

/* ---- budgets ------------------------------------------------------------ */

#define BUDGETS_MAX 16
#define LINES_MAX 48
#define STYLE_OVERRIDE 15

struct header_line {
	struct text name, value;
	struct header_name meaning;
	int index; /* of the next value, where a name stands on several lines */
};

/* One limit of the server's.  Absent numbers are -1. */
struct budget {
	uint32_t label;
	int style, index;
	int64_t limit, quota; /* quota: from a policy */
	int64_t remaining, used;
	int64_t window_s;
	int64_t reset_ms; /* a wait */
	int reset_rank;
	struct text reset_name;
	bool unlimited, rejected, calls;
};

struct scene {
	int64_t now_ms; /* the response's own Date, else ours */
	int asked_rank; /* of the asked wait in the hints */
	int budget_count;
	struct budget budgets[BUDGETS_MAX];
	struct header_hints *hints;
};

/* headers_line.c: read one line into the scene. */
void header_value_read(struct scene *scene, struct header_line *line);
/* headers_value.c: a line that tells of budgets. */
void header_budgets_read(struct scene *scene, struct header_line *line);
/* headers_budget.c */
struct budget *budget_at(struct scene *scene, uint32_t label, int style, int index); /* NULL: too many */
void budget_policy(struct scene *scene, int64_t quota, int64_t window_s);
/* Fill the hints from the budgets. */
void budgets_judge(struct scene *scene);

#endif
