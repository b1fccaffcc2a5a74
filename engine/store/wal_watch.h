/* Tells when what a connection commits stands in its log and is about to be
 * flushed: from then on it survives the end of the process (kill -9), after the
 * flush the machine's.  A VFS of one connection's own, over the default one. */
#ifndef SLUICE_STORE_WAL_WATCH_H
#define SLUICE_STORE_WAL_WATCH_H

struct wal_watch;

/* To open the one connection with wal_watch_vfs(); freed after that is closed.
 * NULL without memory. */
struct wal_watch *wal_watch_new(void);
void wal_watch_free(struct wal_watch *watch); /* NULL is allowed */
const char *wal_watch_vfs(const struct wal_watch *watch);

/* Called within the commit, on its thread; must not use the connection.  NULL: nobody. */
void wal_watch_set(struct wal_watch *watch, void (*written)(void *context), void *context);

#endif
