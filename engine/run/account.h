/* The writer's view of one job: its row as the open transaction sees it, the
 * window of claimed items, and the lane attached to it.  Writer thread only. */
#ifndef SLUICE_RUN_ACCOUNT_H
#define SLUICE_RUN_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

#include "engine/policy/halt.h"
#include "engine/run/pool.h"
#include "engine/run/settle.h"
#include "engine/run/window.h"
#include "engine/run/writer.h"
#include "engine/store/jobs.h"

struct account {
	int64_t job;           /* hash key */
	struct job_row row;    /* with what this group changed; saved by account_flush */
	bool dirty;            /* row is to be saved with this group */
	bool touched;          /* something of it is in this group: tell after the commit */
	struct window window;
	int64_t *settled;      /* seqs to settle in the window once committed */
	int settled_count, settled_capacity;
	int settled_before;    /* the command under way */
	int64_t next_due_ms;   /* when the earliest waiting item comes due; INT64_MAX */
	bool due_told;         /* the lane was told that next_due_ms has come */
	struct queue_list claimed; /* by this group, delivered after the commit */
	bool barren;           /* the last claim found nothing, and nothing changed since */
	const char *rules_of;  /* row.spec when these were read of it: */
	struct halt_policy halt;
	int64_t canary;
	bool asks;             /* it has a verify request */
	int64_t key_age_ms_max; /* of what was sent before; 0: no limit */
	bool attached;
	struct writer_client client;
	UT_hash_handle hh;
};

/* Load a job's account. */
enum status account_load(struct db *db, int64_t job, struct account **out, struct error *error);
void account_free(struct account *account, struct pool *pool);
/* Read the row again after a rollback, and drop what was gathered since: by
 * the group, or by the command alone that was undone. */
enum status account_reload(struct account *account, struct db *db, struct pool *pool,
                           bool command_only, struct error *error);
/* Remember that `seq` leaves the window when the group is committed. */
void account_settled(struct account *account, int64_t seq);

/* Record a result and what it means for the job's state. */
enum status account_record(struct account *account, struct db *db,
                           const struct settlement *settlement, int64_t now_ms,
                           struct error *error);
/* Claim what the lane wants. */
enum status account_claim(struct account *account, struct db *db, struct pool *pool,
                          int64_t now_ms, struct error *error);
/* End a pause whose time has come. */
enum status account_wake(struct account *account, struct db *db, int64_t now_ms,
                         struct error *error);
/* State moves that follow from the counts (finished …), then save. */
enum status account_flush(struct account *account, struct db *db, int64_t now_ms,
                          struct error *error);
/* After the commit: window, delivery, and word to the lane. */
void account_committed(struct account *account, int64_t now_ms);

/* Is there something to claim right now? */
bool account_claimable(const struct account *account, int64_t now_ms);
/* And a lane that wants it? */
bool account_hungry(const struct account *account, int64_t now_ms);
/* The next moment at which this account has something to do by itself, wall ms. */
int64_t account_timer_ms(const struct account *account);

/* account_stops.c: halting thresholds and the canary. */
#define ACCOUNT_CANARY "canary:"
/* How many fresh items may be claimed at all. */
int account_fresh_max(struct account *account);
enum status account_follow_stops(struct account *account, struct db *db, int64_t now_ms,
                                 struct error *error);
/* Is it paused behind its canary, until a person lets it go on? */
bool account_waits_for_leave(const struct job_row *row);
/* A person resumes: what stopped the job does not count again. */
void account_go_ahead(struct job_row *row);

/* The one place where a job's state changes; asserts that the move is allowed. */
void account_set_state(struct job_row *row, enum job_state state, const char *reason,
                       int64_t resume_at_ms);

#endif
