/* Upkeep of the database file: check, backup, vacuum. */
#ifndef SLUICE_STORE_UPKEEP_H
#define SLUICE_STORE_UPKEEP_H

#include <stdbool.h>

#include "engine/base/buffer.h"
#include "engine/store/db.h"

/* SQLite's own integrity check, then ours: every job's counters against its
 * rows.  One line a finding into `report`; *sound: there were none.  Any
 * connection; takes as long as reading the whole file does. */
enum status upkeep_check(struct db *db, bool *sound, struct buffer *report, struct error *error);
/* A consistent copy as of now, without locks on writers (pages of 16 MB). The
 * target must not exist. */
enum status upkeep_backup(struct db *db, const char *path, struct error *error);
/* The writer's connection, outside of a transaction. */
enum status upkeep_vacuum(struct db *db, struct error *error);

#endif
