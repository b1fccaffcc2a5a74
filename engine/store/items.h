/* Items: import, claim, recovery.  All for the writer, inside its transaction. */
#ifndef SLUICE_STORE_ITEMS_H
#define SLUICE_STORE_ITEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/store/db.h"
#include "engine/store/jobs.h"

/* STATUS_CONFLICT: the key is in this job already. */
enum status items_insert(struct db *db, int64_t job, int64_t seq, const char *input,
                         size_t input_length, const char *key, size_t key_length,
                         struct error *error);
enum status items_add_bad_row(struct db *db, int64_t job, int64_t row, const char *fault,
                              const char *raw, struct error *error);

/* A claimed item, handed to `claimed`; texts live during the call. */
struct claimed_item {
	int64_t seq;
	const char *input;
	size_t input_length;
	const char *key; /* or NULL */
	int attempts, spent;
	int64_t since_ms;
	bool fresh;      /* first claim ever: moved the cursor */
	bool ask;        /* what became of it is to be asked, not done */
};

/* Claim up to `want` items: fresh ones (at most fresh_max), and among them, a
 * quarter, what a person or recovery put back and retries whose time has come;
 * only those where nothing fresh is left.  Moves row->claim_cursor and
 * the counts in *row (the caller saves it).  *next_due_ms: when the earliest
 * item that is not due yet comes due, INT64_MAX: none. */
enum status items_claim(struct db *db, struct job_row *row, int want, int fresh_max, int64_t now_ms,
                        enum status (*claimed)(void *context, const struct claimed_item *item),
                        void *context, int *count, struct error *error);
enum status items_next_due(struct db *db, int64_t job, int64_t *next_due_ms,
                           struct error *error);

/* Give back what was claimed and surely not sent: pending again, due at once, but
 * behind what has waited longer. */
enum status items_unclaim(struct db *db, struct job_row *row, int64_t seq, int attempts,
                          int spent, int64_t since_ms, bool ask, int64_t now_ms,
                          struct error *error);

/* A claimed item of resend that must not be sent again by itself: unknown, with
 * the reason; or waiting for the verify request, where `ask`. */
enum status items_give_up(struct db *db, struct job_row *row, int64_t seq, int attempts,
                          bool ask, int64_t now_ms, struct error *error);

/* What the last process left in flight.  Repeatable jobs: back to pending.
 * Others: unknown, with an attempt that says so.  Changes *row; returns how
 * many of each. */
struct recovery {
	int64_t put_back, unknown;
};
/* sent_ms: when they went out, so far as that is known (wall).  `ask`: those
 * that would become unknown wait for the verify request instead. */
enum status items_recover(struct db *db, struct job_row *row, int64_t sent_ms, bool ask, int64_t now_ms,
                          struct recovery *recovery, struct error *error);

/* The last item's due time among those waiting; 0: none.  For estimates. */
enum status items_last_due(struct db *db, int64_t job, int64_t *due_ms, struct error *error);

/* The input of an item; STATUS_NOT_FOUND. *input is copied, the caller's. */
enum status items_input(struct db *db, int64_t job, int64_t seq, char **input, size_t *length,
                        char **key, struct error *error);

#endif
