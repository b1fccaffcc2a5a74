/* Outcomes: what came of an attempt, written in the writer's transaction. */
#ifndef SLUICE_STORE_OUTCOMES_H
#define SLUICE_STORE_OUTCOMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/policy/outcome.h"
#include "engine/store/db.h"
#include "engine/store/jobs.h"

/* One attempt that came back, with what was decided.  Pointers are the caller's. */
struct attempt_record {
	int64_t seq;
	int n;                     /* over the item's life, 1 = first */
	int64_t at_ms, duration_ms, connect_ms, first_byte_ms; /* -1 unknown */
	enum decision decision;
	enum item_state next;      /* WAITING, PENDING (job pauses, not charged), DONE, FAILED, UNKNOWN, SKIPPED */
	int http_status, curl_error;
	const char *class_name;
	const char *code, *message;/* message for a person, not normalised; NULL */
	const char *cause;         /* normalised message; NULL: no group */
	uint64_t group;            /* its hash, 0 none */
	int64_t wait_ms;           /* -1 */
	const char *wait_source;
	int64_t due_ms;            /* next WAITING */
	int spent;                 /* attempts charged, this one included where it is */
	int64_t since_ms;
	const char *request;       /* "POST https://…" masked */
	const char *headers;       /* masked, chosen; NULL: none */
	size_t headers_length;
	const char *body;          /* masked; NULL: not stored */
	size_t body_length;
	int64_t body_bytes;
	const char *extracted;     /* JSON object or NULL */
	size_t extracted_length;
	bool ask;                  /* next WAITING: for the verify request, not for the item's own */
	bool was_resend;           /* there is a row in resend */
	bool requested;            /* a request was made: counts as an attempt */
};

/* Record it and move the counts in *row from running to record->next. */
enum status outcomes_record(struct db *db, struct job_row *row,
                            const struct attempt_record *record, struct error *error);

enum manual { MANUAL_RETRY, MANUAL_SKIP, MANUAL_DONE, MANUAL_FAILED };

/* Where an item stands. */
struct item_standing {
	int64_t seq;
	enum item_state state;
	bool in_resend;
	int attempts;
	uint64_t cause;
};
/* STATUS_NOT_FOUND. */
enum status outcomes_standing(struct db *db, const struct job_row *row, int64_t seq,
                              struct item_standing *standing, struct error *error);

/* Does an action apply to an item in this state?  done_too: retry also what is done. */
bool outcomes_applies(enum manual what, enum item_state state, bool done_too);

/* A person's word on items that stand as told.  changed[i] tells whether it applied. */
enum status outcomes_manual(struct db *db, struct job_row *row, const struct item_standing *items,
                            int count, enum manual what, bool done_too, int64_t now_ms,
                            bool *changed, struct error *error);

#endif
