#include "engine/store/wal_watch.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* The log begins with a header, which is written and flushed by itself. */
#define WAL_HEADER_BYTES 32

struct wal_watch {
	sqlite3_vfs vfs;
	sqlite3_vfs *real;
	char name[40];
	void (*written)(void *context);
	void *context;
};

struct wal_file {
	sqlite3_file base; /* first */
	struct wal_watch *watch;
	bool frames; /* some were written and not flushed */
	/* the real file follows */
};

static sqlite3_file *real_of(sqlite3_file *file)
{
	return (sqlite3_file *)((struct wal_file *)file + 1);
}

static int wal_close(sqlite3_file *file)
{
	return real_of(file)->pMethods->xClose(real_of(file));
}

static int wal_read(sqlite3_file *file, void *bytes, int amount, sqlite3_int64 offset)
{
	return real_of(file)->pMethods->xRead(real_of(file), bytes, amount, offset);
}

static int wal_write(sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 offset)
{
	((struct wal_file *)file)->frames |= offset >= WAL_HEADER_BYTES;
	return real_of(file)->pMethods->xWrite(real_of(file), bytes, amount, offset);
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int wal_sync(sqlite3_file *file, int flags)
{
	struct wal_file *self = (struct wal_file *)file;

	if (self->frames && self->watch->written != NULL)
		self->watch->written(self->watch->context);
	self->frames = false;
	return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int wal_lock(sqlite3_file *file, int lock)
{
	return real_of(file)->pMethods->xLock(real_of(file), lock);
}

static int wal_unlock(sqlite3_file *file, int lock)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}

static int wal_reserved(sqlite3_file *file, int *reserved)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), reserved);
}

static int wal_control(sqlite3_file *file, int operation, void *argument)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int wal_sector(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int wal_device(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static const sqlite3_io_methods methods = {
    .iVersion = 1, /* a log is neither mapped nor shared memory */
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_size,
    .xLock = wal_lock,
    .xUnlock = wal_unlock,
    .xCheckReservedLock = wal_reserved,
    .xFileControl = wal_control,
    .xSectorSize = wal_sector,
    .xDeviceCharacteristics = wal_device,
};

/* ---- the VFS ---------------------------------------------------------------- */

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                    int *flags_out)
{
	struct wal_watch *watch = vfs->pAppData;
	struct wal_file *self = (struct wal_file *)file;
	int code;

	if ((flags & SQLITE_OPEN_WAL) == 0)
		return watch->real->xOpen(watch->real, name, file, flags, flags_out);
	self->base.pMethods = NULL;
	self->watch = watch;
	self->frames = false;
	code = watch->real->xOpen(watch->real, name, real_of(file), flags, flags_out);
	if (code == SQLITE_OK)
		self->base.pMethods = &methods;
	return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
	struct wal_watch *watch = vfs->pAppData;

	return watch->real->xDelete(watch->real, name, sync_directory);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *answer)
{
	struct wal_watch *watch = vfs->pAppData;

	return watch->real->xAccess(watch->real, name, flags, answer);
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	struct wal_watch *watch = vfs->pAppData;

	return watch->real->xFullPathname(watch->real, name, size, out);
}

struct wal_watch *wal_watch_new(void)
{
	struct wal_watch *watch = calloc(1, sizeof(*watch));
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);

	if (watch == NULL || real == NULL) {
		free(watch);
		return NULL;
	}
	snprintf(watch->name, sizeof(watch->name), "sluice-%p", (void *)watch);
	watch->real = real;
	watch->vfs = *real; /* what is not ours takes no heed of whose it is: time, chance, errors */
	watch->vfs.zName = watch->name;
	watch->vfs.pNext = NULL;
	watch->vfs.pAppData = watch;
	watch->vfs.szOsFile = (int)sizeof(struct wal_file) + real->szOsFile;
	watch->vfs.xOpen = vfs_open;
	watch->vfs.xDelete = vfs_delete;
	watch->vfs.xAccess = vfs_access;
	watch->vfs.xFullPathname = vfs_full_path;
	if (sqlite3_vfs_register(&watch->vfs, 0) != SQLITE_OK) {
		free(watch);
		return NULL;
	}
	return watch;
}

void wal_watch_free(struct wal_watch *watch)
{
	if (watch == NULL)
		return;
	sqlite3_vfs_unregister(&watch->vfs);
	free(watch);
}

const char *wal_watch_vfs(const struct wal_watch *watch)
{
	return watch->name;
}

void wal_watch_set(struct wal_watch *watch, void (*written)(void *context), void *context)
{
	watch->written = written;
	watch->context = context;
}
