/* A disk that fails on demand, under SQLite: a VFS over the default one.
 *
 * Faults: from the countdown-th operation of a kind on, it fails until
 * disk_mend().  Crashes: disk_copy() writes the database as it would be found
 * after kill -9 (all writes up to now), or after a power cut (what was synced,
 * and of what came later any part). */
#ifndef SLUICE_TESTS_DISK_H
#define SLUICE_TESTS_DISK_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum disk_fault { DISK_SOUND, DISK_FULL, DISK_WRITE_FAILS, DISK_SYNC_FAILS };

/* One of the two files whose bytes count, under the disk's mutex. */
struct disk_write {
	int64_t offset, length; /* data NULL: truncated to offset */
	char *data;
	struct disk_write *next;
};
struct disk_image {
	char *synced;
	int64_t length, capacity;
	struct disk_write *first, *last; /* since the last sync, in order */
};

static struct {
	pthread_mutex_t mutex;
	enum disk_fault fault;
	int countdown;     /* sound operations of that kind before the first that fails */
	int failed;        /* how many did */
	char path[128];    /* the database whose bytes are kept; "" none */
	struct disk_image images[2]; /* database, WAL */
	sqlite3_vfs vfs, *real;
	sqlite3_io_methods methods;
} disk = {.mutex = PTHREAD_MUTEX_INITIALIZER};

struct disk_file {
	sqlite3_file base;
	int kind; /* 0 database, 1 WAL, -1 other */
	bool kept;
	sqlite3_file *real;
};

static inline sqlite3_file *disk_real(sqlite3_file *file)
{
	return ((struct disk_file *)file)->real;
}

static inline bool disk_fails_locked(const struct disk_file *file, enum disk_fault fault)
{
	if (disk.fault != fault || file->kind < 0)
		return false;
	if (disk.countdown > 0) {
		disk.countdown--;
		return false;
	}
	disk.failed++;
	return true;
}

/* ---- images ------------------------------------------------------------------ */

static inline void disk_apply(struct disk_image *image, const struct disk_write *write)
{
	int64_t end = write->offset + write->length;

	if (write->data == NULL) {
		if (write->offset < image->length)
			image->length = write->offset;
		return;
	}
	if (end > image->capacity) {
		image->capacity = end * 2;
		image->synced = realloc(image->synced, (size_t)image->capacity);
	}
	if (end > image->length) {
		memset(image->synced + image->length, 0, (size_t)(end - image->length));
		image->length = end;
	}
	memcpy(image->synced + write->offset, write->data, (size_t)write->length);
}

static inline void disk_note_locked(struct disk_file *file, int64_t offset, const void *data,
                                    int64_t length)
{
	struct disk_image *image = &disk.images[file->kind];
	struct disk_write *write = calloc(1, sizeof(*write));

	write->offset = offset;
	write->length = length;
	if (data != NULL) {
		write->data = malloc((size_t)length);
		memcpy(write->data, data, (size_t)length);
	}
	if (image->last != NULL)
		image->last->next = write;
	else
		image->first = write;
	image->last = write;
}

static inline void disk_settle_locked(struct disk_image *image)
{
	for (struct disk_write *write = image->first, *next; write != NULL; write = next) {
		next = write->next;
		disk_apply(image, write);
		free(write->data);
		free(write);
	}
	image->first = image->last = NULL;
}

/* ---- the file's methods --------------------------------------------------------- */

static inline int disk_close(sqlite3_file *file)
{
	return disk_real(file)->pMethods->xClose(disk_real(file));
}

static inline int disk_read(sqlite3_file *file, void *bytes, int amount, sqlite3_int64 offset)
{
	return disk_real(file)->pMethods->xRead(disk_real(file), bytes, amount, offset);
}

static inline int disk_write(sqlite3_file *file, const void *bytes, int amount,
                             sqlite3_int64 offset)
{
	struct disk_file *self = (struct disk_file *)file;
	int code;

	pthread_mutex_lock(&disk.mutex);
	if (disk_fails_locked(self, DISK_FULL))
		code = SQLITE_FULL;
	else if (disk_fails_locked(self, DISK_WRITE_FAILS))
		code = SQLITE_IOERR_WRITE;
	else
		code = self->real->pMethods->xWrite(self->real, bytes, amount, offset);
	if (code == SQLITE_OK && self->kept)
		disk_note_locked(self, offset, bytes, amount);
	pthread_mutex_unlock(&disk.mutex);
	return code;
}

static inline int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct disk_file *self = (struct disk_file *)file;
	int code;

	pthread_mutex_lock(&disk.mutex);
	code = self->real->pMethods->xTruncate(self->real, size);
	if (code == SQLITE_OK && self->kept)
		disk_note_locked(self, size, NULL, 0);
	pthread_mutex_unlock(&disk.mutex);
	return code;
}

static inline int disk_sync(sqlite3_file *file, int flags)
{
	struct disk_file *self = (struct disk_file *)file;
	int code = SQLITE_OK;

	(void)flags; /* no real sync: a process dies here, not the machine */
	pthread_mutex_lock(&disk.mutex);
	if (disk_fails_locked(self, DISK_SYNC_FAILS))
		code = SQLITE_IOERR_FSYNC;
	else if (self->kept)
		disk_settle_locked(&disk.images[self->kind]);
	pthread_mutex_unlock(&disk.mutex);
	return code;
}

static inline int disk_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return disk_real(file)->pMethods->xFileSize(disk_real(file), size);
}

static inline int disk_lock(sqlite3_file *file, int lock)
{
	return disk_real(file)->pMethods->xLock(disk_real(file), lock);
}

static inline int disk_unlock(sqlite3_file *file, int lock)
{
	return disk_real(file)->pMethods->xUnlock(disk_real(file), lock);
}

static inline int disk_reserved(sqlite3_file *file, int *out)
{
	return disk_real(file)->pMethods->xCheckReservedLock(disk_real(file), out);
}

static inline int disk_control(sqlite3_file *file, int what, void *argument)
{
	return disk_real(file)->pMethods->xFileControl(disk_real(file), what, argument);
}

static inline int disk_sector(sqlite3_file *file)
{
	return disk_real(file)->pMethods->xSectorSize(disk_real(file));
}

/* No promises: SQLite must do all it can do itself. */
static inline int disk_device(sqlite3_file *file)
{
	(void)file;
	return 0;
}

static inline int disk_shm_map(sqlite3_file *file, int page, int size, int extend,
                               void volatile **out)
{
	return disk_real(file)->pMethods->xShmMap(disk_real(file), page, size, extend, out);
}

static inline int disk_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return disk_real(file)->pMethods->xShmLock(disk_real(file), offset, count, flags);
}

static inline void disk_shm_barrier(sqlite3_file *file)
{
	disk_real(file)->pMethods->xShmBarrier(disk_real(file));
}

static inline int disk_shm_unmap(sqlite3_file *file, int delete)
{
	return disk_real(file)->pMethods->xShmUnmap(disk_real(file), delete);
}

static inline int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                            int *out_flags)
{
	struct disk_file *self = (struct disk_file *)file;
	int code;

	(void)vfs;
	memset(self, 0, sizeof(*self));
	self->real = (sqlite3_file *)(self + 1);
	code = disk.real->xOpen(disk.real, name, self->real, flags, out_flags);
	if (self->real->pMethods == NULL)
		return code;
	self->kind = flags & SQLITE_OPEN_MAIN_DB ? 0 : flags & SQLITE_OPEN_WAL ? 1 : -1;
	pthread_mutex_lock(&disk.mutex);
	self->kept = self->kind >= 0 && name != NULL && disk.path[0] != '\0' &&
	             strncmp(name, disk.path, strlen(disk.path)) == 0 &&
	             strcmp(name + strlen(disk.path), self->kind == 1 ? "-wal" : "") == 0;
	pthread_mutex_unlock(&disk.mutex);
	file->pMethods = &disk.methods;
	return code;
}

/* ---- for tests --------------------------------------------------------------------- */

/* Make it everybody's.  Before the first connection, once. */
static inline void disk_install(void)
{
	disk.real = sqlite3_vfs_find(NULL);
	disk.vfs = *disk.real;
	disk.vfs.zName = "failing";
	disk.vfs.szOsFile = (int)sizeof(struct disk_file) + disk.real->szOsFile;
	disk.vfs.xOpen = disk_open;
	disk.methods = (sqlite3_io_methods){
	    .iVersion = 2,
	    .xClose = disk_close,
	    .xRead = disk_read,
	    .xWrite = disk_write,
	    .xTruncate = disk_truncate,
	    .xSync = disk_sync,
	    .xFileSize = disk_size,
	    .xLock = disk_lock,
	    .xUnlock = disk_unlock,
	    .xCheckReservedLock = disk_reserved,
	    .xFileControl = disk_control,
	    .xSectorSize = disk_sector,
	    .xDeviceCharacteristics = disk_device,
	    .xShmMap = disk_shm_map,
	    .xShmLock = disk_shm_lock,
	    .xShmBarrier = disk_shm_barrier,
	    .xShmUnmap = disk_shm_unmap,
	};
	sqlite3_vfs_register(&disk.vfs, 1);
}

static inline void disk_break(enum disk_fault fault, int countdown)
{
	pthread_mutex_lock(&disk.mutex);
	disk.fault = fault;
	disk.countdown = countdown;
	disk.failed = 0;
	pthread_mutex_unlock(&disk.mutex);
}

static inline void disk_mend(void)
{
	pthread_mutex_lock(&disk.mutex);
	disk.fault = DISK_SOUND;
	pthread_mutex_unlock(&disk.mutex);
}

static inline int disk_failed(void)
{
	pthread_mutex_lock(&disk.mutex);
	int failed = disk.failed;
	pthread_mutex_unlock(&disk.mutex);
	return failed;
}

/* Keep the bytes of the database at `path` from now on (it is not there yet);
 * NULL: of none, and forget what was kept. */
static inline void disk_keep(const char *path)
{
	pthread_mutex_lock(&disk.mutex);
	for (int i = 0; i < 2; i++) {
		disk_settle_locked(&disk.images[i]);
		free(disk.images[i].synced);
		disk.images[i] = (struct disk_image){0};
	}
	snprintf(disk.path, sizeof(disk.path), "%s", path != NULL ? path : "");
	pthread_mutex_unlock(&disk.mutex);
}

static inline uint64_t disk_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/* seed 0: everything that was written; else the power went: of what was not
 * synced some is there, some is not, and some in part. */
static inline void disk_copy_image(const struct disk_image *image, const char *path, uint64_t *seed)
{
	struct disk_image copy = {0};
	FILE *file = fopen(path, "w");

	if (image->length > 0) {
		struct disk_write whole = {0, image->length, image->synced, NULL};

		disk_apply(&copy, &whole);
	}
	for (const struct disk_write *write = image->first; write != NULL; write = write->next) {
		struct disk_write part = *write;

		if (*seed != 0) {
			uint64_t fate = disk_random(seed) % 4;

			if (fate == 0)
				continue;
			if (fate == 1 && part.length > 512)
				part.length = part.length / 2 / 512 * 512;
		}
		disk_apply(&copy, &part);
	}
	if (file == NULL || fwrite(copy.synced != NULL ? copy.synced : "", 1, (size_t)copy.length,
	                           file) != (size_t)copy.length)
		abort();
	fclose(file);
	free(copy.synced);
}

static inline void disk_copy(const char *path, uint64_t seed)
{
	char wal[256];

	snprintf(wal, sizeof(wal), "%s-wal", path);
	pthread_mutex_lock(&disk.mutex);
	disk_copy_image(&disk.images[0], path, &seed);
	disk_copy_image(&disk.images[1], wal, &seed);
	pthread_mutex_unlock(&disk.mutex);
}

#endif
