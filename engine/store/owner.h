/* One owner per database: DB.lock (flock, 0600; JSON) holds the owner's pid, address
 * and token, so that other commands find their way to it.  The file stays when
 * the owner ends; only the lock says whether anybody is there. */
#ifndef SLUICE_STORE_OWNER_H
#define SLUICE_STORE_OWNER_H

#include <stdbool.h>

#include "engine/base/status.h"

struct owner_info {
	long pid;
	char address[128]; /* "" none */
	char token[128];
};

struct owner;

/* Take it.  STATUS_USAGE: the path cannot be a database's (a folder, a device,
 * ":memory:"); nothing was made then.  STATUS_OWNED: somebody else has it, *info (may be NULL) says who.
 * `last` (may be NULL) gets what the former owner left. */
enum status owner_take(const char *db_path, struct owner **owner, struct owner_info *info,
                       struct owner_info *last, struct error *error);
enum status owner_announce(struct owner *owner, const char *address, const char *token,
                           struct error *error);
/* The database's file is there and open: from now on owner_check looks whether
 * it, and the lock file, are still the ones at their paths.  STATUS_IO says which
 * was removed or replaced: what is written then is lost. */
bool owner_watch(struct owner *owner);
enum status owner_check(const struct owner *owner, struct error *error);
void owner_release(struct owner *owner); /* NULL is allowed */

/* Who has it.  STATUS_NOT_FOUND: nobody. */
enum status owner_find(const char *db_path, struct owner_info *info, struct error *error);

#endif
