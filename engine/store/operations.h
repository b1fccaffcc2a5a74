/* Bulk actions of a person, done in steps between the writer's other work. */
#ifndef SLUICE_STORE_OPERATIONS_H
#define SLUICE_STORE_OPERATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/store/db.h"
#include "engine/store/jobs.h"

struct operation_row {
	int64_t id, job;
	char action[16];
	char selection[2048]; /* as typed: filter text */
	char who[64];
	char reason[512];     /* a person's, "" none */
	bool done_too;        /* retry: what is done, too */
	int64_t scan_cursor, matched, changed;
	int64_t created_at_ms, finished_at_ms;
	int64_t cancelled_at_ms; /* 0: it was not */
};

enum status operations_add(struct db *db, struct operation_row *row, struct error *error);
enum status operations_save(struct db *db, const struct operation_row *row, struct error *error);
/* The oldest unfinished one with id > after; STATUS_NOT_FOUND: none. */
enum status operations_open(struct db *db, int64_t after, struct operation_row *row,
                            struct error *error);
/* STATUS_NOT_FOUND. */
enum status operations_get(struct db *db, int64_t job, int64_t id, struct operation_row *row,
                           struct error *error);
/* Those with an id below `before`, newest first. */
enum status operations_list(struct db *db, int64_t job, int64_t before, int limit,
                            void (*visit)(void *context, const struct operation_row *row),
                            void *context, struct error *error);

#endif
