/* Numbered migrations (schema/NNN-*.sql): append-only, each in one
 * transaction; PRAGMA user_version says how many have run.  A database that is
 * newer than this program is refused. */
#ifndef SLUICE_STORE_MIGRATE_H
#define SLUICE_STORE_MIGRATE_H

#include "engine/base/status.h"

extern const char *const migration_text[];
extern const int migration_count;

#define STORE_APPLICATION_ID 0x534c5543 /* "SLUC" */

struct db;
enum status migrate(struct db *db, struct error *error);
/* Reader: is it ours, and of this version? */
enum status migrate_verify(struct db *db, struct error *error);

#endif
