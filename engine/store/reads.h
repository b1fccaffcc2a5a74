/* Reading side: pages of items, one item's story, causes, log.  For reader
 * connections; no function leaves a transaction open. */
#ifndef SLUICE_STORE_READS_H
#define SLUICE_STORE_READS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/json.h"
#include "engine/store/db.h"
#include "engine/store/filter.h"
#include "engine/store/jobs.h"

struct item_row {
	int64_t seq;
	enum item_state state;
	bool in_resend;
	const char *key;
	struct json_span input;
	int attempts, http_status;
	const char *class_name, *code, *message; /* "" / NULL */
	uint64_t group;
	int64_t duration_ms, at_ms, due_ms;      /* -1, 0, 0 */
	struct json_span extracted;
	struct json_span body;                   /* the last response's body, at NULL: none */
};

/* What of an item is looked at; what the filter needs is read in any case. */
enum item_parts {
	ITEM_WHOLE,
	ITEM_INPUT,    /* where it stands, input and key: not why */
	ITEM_STANDING, /* seq, state, in_resend, attempts, group */
};

struct item_query {
	const struct filter *filter;
	int64_t after;
	int limit;
	int scan_max;     /* rows looked at before the page is given up short */
	int64_t scan_ns;  /* or the time it took, 0: no matter … */
	int scan_least;   /* … but so many are, so that a small answer is whole on a slow machine */
	bool extracted, body;
	enum item_parts parts;
};
/* In seq order; *next: the `after` of the next page, 0: the end. */
enum status reads_items(struct db *db, const struct job_row *job, const struct item_query *query,
                        enum status (*visit)(void *context, const struct item_row *row),
                        void *context, int64_t *next, struct error *error);

struct attempt_row {
	int n;
	int64_t at_ms, duration_ms, connect_ms, first_byte_ms;
	const char *decision;
	int http_status, curl_error;
	const char *class_name, *message;
	int64_t wait_ms;
	const char *wait_source, *request, *headers;
	const void *body;
	size_t body_length;
	int64_t bytes;
};
/* STATUS_NOT_FOUND.  A first-try success has one attempt, made from its outcome. */
enum status reads_item(struct db *db, const struct job_row *job, int64_t seq,
                       void (*item)(void *context, const struct item_row *row),
                       void (*attempt)(void *context, const struct attempt_row *row),
                       void *context, struct error *error);

struct group_row {
	uint64_t id;
	const char *class_name, *code, *message;
	int http_status;
	int64_t count, first_at_ms, last_at_ms, sample_seq;
};
/* Largest first: those behind one of `count` items with that id (INT64_MAX, 0: all). */
enum status reads_groups(struct db *db, int64_t job, int64_t count, uint64_t id, int limit,
                         void (*visit)(void *context, const struct group_row *row), void *context,
                         struct error *error);
enum status reads_events(struct db *db, int64_t job, int64_t after, int limit,
                         void (*visit)(void *context, int64_t id, int64_t at_ms, const char *who,
                                       const char *what, const char *detail),
                         void *context, struct error *error);
enum status reads_bad_rows(struct db *db, int64_t job, int64_t after, int limit,
                           void (*visit)(void *context, int64_t row, const char *fault,
                                         const char *raw),
                           void *context, struct error *error);

#endif
