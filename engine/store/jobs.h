/* Jobs: one row each, with the counters that make every question about a
 * running batch cheap.  Writers' functions need an open transaction. */
#ifndef SLUICE_STORE_JOBS_H
#define SLUICE_STORE_JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/policy/adapt.h"
#include "engine/policy/breaker.h"
#include "engine/policy/state.h"
#include "engine/store/db.h"

struct job_source { /* how far the items' source was taken in */
	int64_t offset, rows, size;
	uint64_t hash[2], size_hash[2];
	bool complete;
	char *state; /* the reader's, owned by the row; NULL */
};

struct job_row {
	int64_t id;
	char name[256];
	unsigned char uuid[16];
	char *spec; /* canonical JSON */
	bool repeatable;
	enum job_state state;
	char reason[256];
	int64_t resume_at_ms;
	int64_t state_since_ms; /* 0: since it was created */
	bool sealed, removing;
	int64_t claim_cursor, low;
	int64_t total, counts[ITEM_STATES];
	int64_t attempts, retries, throttled, bad_rows;
	int64_t concurrency_set, burst_set; /* -1: as in the spec */
	char rate_set[64];                  /* "": as in the spec */
	char source_path[4096], source_format[16];
	char *source_columns;               /* JSON array or NULL */
	struct job_source source;
	struct adapt_memory pace;           /* learned, for the next start */
	struct breaker_memory upstream;
	bool canary_passed;                 /* a person gave leave to go on */
	int64_t halt_failed, halt_ended;    /* failed and ended when a person last gave leave */
	int64_t created_at_ms, started_at_ms, finished_at_ms;
};
void job_row_free(struct job_row *row); /* what it points to, not itself */

enum status jobs_insert(struct db *db, const char *name, const unsigned char uuid[16],
                        const char *spec, bool repeatable, int64_t now_ms, int64_t *job,
                        struct error *error);
enum status jobs_rename(struct db *db, int64_t job, const char *name, struct error *error);
enum status jobs_set_spec(struct db *db, int64_t job, const char *spec, bool repeatable,
                          struct error *error);
/* Limits set by hand; -1 and "" take the spec's again. */
enum status jobs_set_limits(struct db *db, int64_t job, int64_t concurrency, const char *rate,
                            int64_t burst, struct error *error);
enum status jobs_set_removing(struct db *db, int64_t job, struct error *error);

/* Counters, cursors, state and source: everything that moves while it runs. */
enum status jobs_save(struct db *db, const struct job_row *row, struct error *error);
enum status jobs_save_source(struct db *db, const struct job_row *row, struct error *error);

/* STATUS_NOT_FOUND where there is none. */
enum status jobs_get(struct db *db, int64_t job, struct job_row *row, struct error *error);
/* The first job with id > after, removed ones too; STATUS_NOT_FOUND: none. */
enum status jobs_next(struct db *db, int64_t after, struct job_row *row, struct error *error);
enum status jobs_find(struct db *db, const char *name, int64_t *job, struct error *error);
/* Newest first, id < before (0: from the newest). */
enum status jobs_list(struct db *db, int64_t before, int limit,
                      void (*visit)(void *context, const struct job_row *row), void *context,
                      struct error *error);

/* Delete up to `limit` items and all that hangs on them; *more tells whether
 * there is anything left.  The job row itself goes last, in the same call that
 * finds nothing left. */
enum status jobs_remove_some(struct db *db, int64_t job, int limit, bool *more,
                             struct error *error);

enum status events_add(struct db *db, int64_t job, int64_t now_ms, const char *who,
                       const char *what, const char *detail, struct error *error);
/* The last one added, of something that goes on: how far it is. */
enum status events_amend(struct db *db, int64_t id, const char *detail, struct error *error);

#endif
