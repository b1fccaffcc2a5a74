/* Bulk actions, step by step on the writer's thread. */
#ifndef SLUICE_RUN_BULK_H
#define SLUICE_RUN_BULK_H

#include <stdbool.h>

#include "engine/run/writer.h"
#include "engine/store/operations.h"
#include "engine/store/outcomes.h"

struct bulk; /* the operation under way, if any */

struct bulk *bulk_new(void);
void bulk_free(struct bulk *bulk);
/* Operations were added or stopped: look again. */
void bulk_kick(struct bulk *bulk);
/* Is there something to do? */
bool bulk_busy(const struct bulk *bulk);
/* Do a piece of the oldest open operation, in the open transaction. */
enum status bulk_step(struct bulk *bulk, struct writer *writer, struct db *db, int64_t now_ms,
                      struct error *error);
/* The group was rolled back: begin again from what the database says. */
void bulk_rolled_back(struct bulk *bulk);

/* STATUS_CONFLICT: nothing is put back in a job that sends nothing more. */
enum status bulk_allowed(const struct job_row *job, enum manual what, struct error *error);
/* One item of an action, within a command or a step. */
enum status bulk_one(struct writer *writer, struct db *db, int64_t job, int64_t seq,
                     enum manual what, bool done_too, int64_t now_ms, bool *changed,
                     struct error *error);
/* What it did, into the job's log. */
enum status bulk_log(struct db *db, const struct operation_row *row, int64_t now_ms,
                     struct error *error);
/* "retry" … as stored in operation.action. */
bool bulk_action_parse(const char *name, enum manual *what);

#endif
