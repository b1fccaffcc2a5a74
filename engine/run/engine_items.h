/* The part of the façade (engine.h, which includes this) that is about items, what
 * people do to them, and what became of them. */
#ifndef SLUICE_RUN_ENGINE_ITEMS_H
#define SLUICE_RUN_ENGINE_ITEMS_H

#include "engine/run/engine.h"

/* ---- items --------------------------------------------------------- */

struct engine_item {
	int64_t seq;
	enum item_state state;
	const char *key;        /* or NULL */
	struct json_span input;
	int attempts;
	int http_status;        /* of the last attempt, 0 none */
	const char *class_name; /* "" or transport_name / "http" / "rule" / "template" */
	const char *code;       /* extracted, or NULL */
	const char *message;    /* cause for a person, or NULL */
	uint64_t group;         /* 0: none */
	int64_t duration_ms;    /* of the last attempt, -1 */
	int64_t at_ms;          /* when it came to this state, 0 */
	int64_t due_ms;         /* waiting: when it is tried again */
	struct json_span extracted; /* JSON object; length 0: none */
};

struct engine_page {
	const char *filter; /* INTERFACE's filter language, NULL or "": all */
	int64_t after;      /* seq */
	int limit;          /* 1..1000 */
	bool extracted;     /* fetch `extracted` too */
};
/* In seq order.  *next: pass as `after` for the next page; 0: the end.  A page
 * may be short or empty before the end (the scan is bounded), then *next > 0. */
enum status engine_items(struct engine *engine, int64_t job, const struct engine_page *page,
                         void (*visit)(void *context, const struct engine_item *item),
                         void *context, int64_t *next, struct error *error);

struct engine_attempt {
	int n;                  /* 1, 2, 3 … over the item's life */
	int64_t at_ms, duration_ms, connect_ms, first_byte_ms; /* -1 unknown */
	enum decision decision;
	int http_status;
	int curl_error;
	const char *class_name;
	const char *message;
	int64_t wait_ms;        /* before the next one; -1 */
	const char *wait_source;
	const char *request;    /* "POST https://…" with secrets masked, or NULL */
	const char *headers;    /* response's chosen headers, lines, or NULL */
	const char *body;       /* bytes; NULL: none stored */
	size_t body_length;
	int64_t body_bytes;     /* what came, masked */
	bool truncated;
};
enum status engine_item(struct engine *engine, int64_t job, int64_t seq,
                        void (*item)(void *context, const struct engine_item *item),
                        void (*attempt)(void *context, const struct engine_attempt *attempt),
                        void *context, struct error *error);
/* The item's request as a curl command. */
enum status engine_item_curl(struct engine *engine, int64_t job, int64_t seq, struct buffer *out,
                             struct error *error);

enum engine_action { ACTION_RETRY, ACTION_SKIP, ACTION_RESOLVE_DONE, ACTION_RESOLVE_FAILED };

#define ENGINE_REASON_MAX 500
struct engine_selection { /* one of */
	const char *filter;   /* NULL: not by filter */
	uint64_t group;       /* 0: not by group */
	const int64_t *seqs;
	int seq_count;
	bool all;             /* every item the action applies to: failed and unknown */
	bool done_too;        /* retry: also what is done already (behind a warning) */
	const char *reason;   /* why, for the log; at most ENGINE_REASON_MAX bytes, or NULL */
};
struct engine_operation {
	int64_t id;
	enum engine_action action;
	char who[64];
	char reason[512];       /* why, in a person's words; "" none */
	int64_t created_at_ms, finished_at_ms; /* 0: under way */
	int64_t cancelled_at_ms; /* 0: it was not */
	int64_t matched, changed;
	int64_t unknown;      /* a dry run's: of `changed`, those in state unknown */
	char selection[256];  /* for a person */
};
/* dry_run: only counts, *out.id 0.  Small selections are finished when this
 * returns; larger ones go on in the background. */
enum status engine_act(struct engine *engine, int64_t job, enum engine_action action,
                       const struct engine_selection *selection, const char *who, bool dry_run,
                       struct engine_operation *out, struct error *error);
/* STATUS_NOT_FOUND. */
enum status engine_operation(struct engine *engine, int64_t job, int64_t id,
                             struct engine_operation *out, struct error *error);
/* Those with an id below `before`, newest first. */
enum status engine_operations(struct engine *engine, int64_t job, int64_t before, int limit,
                              void (*visit)(void *context, const struct engine_operation *),
                              void *context, struct error *error);
/* Stop one under way: what it changed stays changed.  STATUS_CONFLICT: it is over. */
enum status engine_operation_cancel(struct engine *engine, int64_t job, int64_t id,
                                    const char *who, struct engine_operation *out,
                                    struct error *error);
/* The item's request as it would be sent now, secrets masked; with another input
 * (NULL: its own) and, where `changes` is given, what that changes, as a JSON
 * array (change.h).  STATUS_USAGE: no request can be made of it. */
enum status engine_item_request(struct engine *engine, int64_t job, int64_t seq,
                                const struct json_span *input, struct plan_shown *shown,
                                struct buffer *changes, struct error *error);
/* What people changed of it. */
struct engine_edits {
	struct buffer original;    /* the input that came in; the caller's to free */
	int64_t at_ms;             /* of the last edit; 0: none */
	char who[64];
	int64_t job_updated_at_ms; /* the job's own definition; 0: never */
};
enum status engine_item_edits(struct engine *engine, int64_t job, int64_t seq,
                              struct engine_edits *edits, struct error *error);
/* Edit and retry.  The first input is kept; the key must stay the same.
 * STATUS_CONFLICT: the item's state is none that is retried. */
enum status engine_item_retry_with(struct engine *engine, int64_t job, int64_t seq,
                                   struct json_span input, bool done_too, const char *who,
                                   struct engine_operation *out, struct error *error);
/* Wait for a background operation. */
enum status engine_operation_wait(struct engine *engine, int64_t job, int64_t id,
                                  int64_t deadline_ns, struct error *error);

/* A corrected file: rows are matched to items by the job's key.  A failed, unknown
 * or skipped item takes the row's fields over its own (columns that are left out
 * stay, those of our own export are passed over) and is sent again; where nothing
 * changes it is left alone.  Works batch by batch. */
struct engine_corrected {
	int64_t rows;                  /* = matched + not_found + not_failed */
	int64_t matched;               /* = changed + unchanged + unfit */
	int64_t changed, unchanged;
	int64_t unknown;               /* of those changed: may have been done before */
	int64_t unfit;                 /* no request could be made of it */
	int64_t not_found, not_failed; /* no item of that key; one in another state */
	int64_t operation;             /* 0: none */
	struct buffer diffs, misses;   /* the first of each, JSON, without the array's brackets */
	int diff_count, miss_count;
};
void engine_corrected_free(struct engine_corrected *corrected);
struct engine_correction;
/* STATUS_CONFLICT: the job has no key.  dry_run: all is counted, and nothing done. */
enum status engine_correction_open(struct engine *engine, int64_t job, enum items_format format,
                                   bool dry_run, const char *who,
                                   struct engine_correction **correction, struct error *error);
enum status engine_correction_feed(struct engine_correction *correction, const char *bytes,
                                   size_t length, struct error *error);
/* Frees it in any case.  What came before an error is done: *out tells. */
enum status engine_correction_close(struct engine_correction *correction, bool abandoned,
                                    struct engine_corrected *out, struct error *error);

/* ---- causes, samples, log ------------------------------------------- */

#define GROUP_TREND_MAX 60
struct engine_group {
	uint64_t id;
	const char *class_name;
	int http_status;
	const char *code, *message;
	int64_t count;
	int64_t first_at_ms, last_at_ms;
	int64_t sample_seq;     /* one of its items */
	int64_t samples[5];     /* of those that are in it now */
	int sample_count;
	/* When failures of it came, retried ones too: counts of trend_step_s seconds
	 * each from trend_at_ms on, up to now or the job's end. */
	int64_t trend[GROUP_TREND_MAX];
	int trend_count, trend_step_s;
	int64_t trend_at_ms;
};
/* Where a page of groups ended. */
struct engine_group_place {
	int64_t count;
	uint64_t id;
};
/* Largest first; `after` NULL: from the largest. */
enum status engine_groups(struct engine *engine, int64_t job,
                          const struct engine_group_place *after, int limit,
                          void (*visit)(void *context, const struct engine_group *group),
                          void *context, struct error *error);
/* A job's course after `since_ms`, oldest first: the whole run, thinned to about
 * two thousand samples of *step_s seconds, the newest of one second; also of jobs
 * that a former process ran.  Seconds in which nothing happened may be missing. */
enum status engine_series(struct engine *engine, int64_t job, int64_t since_ms,
                          void (*visit)(void *context, const struct meter_sample *sample),
                          void *context, int *step_s, struct error *error);
struct engine_event {
	int64_t id, at_ms;
	const char *who, *what, *detail;
};
enum status engine_events(struct engine *engine, int64_t job, int64_t after, int limit,
                          void (*visit)(void *context, const struct engine_event *event),
                          void *context, struct error *error);
enum status engine_bad_rows(struct engine *engine, int64_t job, int64_t after, int limit,
                            void (*visit)(void *context, int64_t row, const char *fault,
                                          const char *raw),
                            void *context, struct error *error);

#endif
