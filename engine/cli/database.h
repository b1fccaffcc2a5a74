/* Where the database is. */
#ifndef SLUICE_CLI_DATABASE_H
#define SLUICE_CLI_DATABASE_H

#include <limits.h>
#include <stdbool.h>

#include "engine/base/status.h"
#include "engine/cli/options.h"

struct database {
	char path[PATH_MAX];
	bool chosen; /* by --db: then commands that we suggest name it too */
};

/* --db, SLUICE_DB, $XDG_STATE_HOME/sluice/sluice.db, ~/.local/state/sluice/sluice.db */
enum status database_find(const struct arguments *arguments, struct database *database,
                          struct error *error);
bool database_exists(const struct database *database);
/* Make the folders above it, 0700, where they are not there. */
enum status database_make_folders(const struct database *database, struct error *error);

#endif
