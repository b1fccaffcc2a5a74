#include "engine/store/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/buffer.h"
#include "engine/base/json.h"

struct owner {
	int fd;
	char path[4096];  /* of the lock file */
	char *db_path;
	dev_t device;     /* the database's, from owner_watch */
	ino_t inode;
};

static enum status lock_path(const char *db_path, char *path, size_t size, struct error *error)
{
	int length = snprintf(path, size, "%s.lock", db_path);

	if (length < 0 || (size_t)length >= size)
		return error_set(error, STATUS_USAGE, "%s: the path is too long", db_path);
	return STATUS_OK;
}

/* Before a lock file is made beside it: could this be a database?  SQLite would
 * take some names for something else than a file. */
static enum status check_path(const char *db_path, struct error *error)
{
	struct stat seen;

	if (db_path[0] == '\0')
		return error_set(error, STATUS_USAGE, "the database's path is empty");
	if (db_path[0] == ':' || strncmp(db_path, "file:", 5) == 0)
		return error_set(error, STATUS_USAGE,
		                 "%s: the database is a file, and this is no file's path (./%s would be)",
		                 db_path, db_path);
	if (stat(db_path, &seen) != 0)
		return errno == ENOENT ? STATUS_OK
		                       : error_set(error, STATUS_IO, "%s: %s", db_path, strerror(errno));
	if (!S_ISREG(seen.st_mode))
		return error_set(error, STATUS_USAGE, "%s: %s, not a file that can hold a database",
		                 db_path, S_ISDIR(seen.st_mode) ? "a folder" : "a device or a pipe");
	if (access(db_path, R_OK | W_OK) != 0)
		return error_set(error, STATUS_IO, "%s: cannot be written: %s", db_path,
		                 strerror(errno));
	return STATUS_OK;
}

static void copy_member(struct json_span object, const char *name, char *out, size_t size)
{
	struct json_span value;
	struct buffer text = {0};

	if (json_member(object, name, strlen(name), &value) && json_type(value) == JSON_STRING) {
		json_string_decode(value, &text);
		snprintf(out, size, "%s", text.data != NULL ? text.data : "");
	}
	buffer_free(&text);
}

/* {"pid":12,"address":"127.0.0.1:8420","token":"ab…"}; a torn or foreign file
 * reads as empty. */
static void read_info(int fd, struct owner_info *info)
{
	char text[1024];
	struct json_span object, pid;
	ssize_t length = pread(fd, text, sizeof(text), 0);

	memset(info, 0, sizeof(*info));
	if (length <= 0 || !json_trim(text, (size_t)length, &object, NULL) ||
	    json_type(object) != JSON_OBJECT)
		return;
	if (json_member(object, "pid", 3, &pid) && json_type(pid) == JSON_NUMBER)
		info->pid = strtol(pid.at, NULL, 10); /* ends at the member's comma or brace */
	copy_member(object, "address", info->address, sizeof(info->address));
	copy_member(object, "token", info->token, sizeof(info->token));
}

enum status owner_announce(struct owner *owner, const char *address, const char *token,
                           struct error *error)
{
	struct buffer text = {0};
	enum status status = STATUS_OK;

	buffer_printf(&text, "{\"pid\":%ld,\"address\":", (long)getpid());
	buffer_json_text(&text, address);
	buffer_text(&text, ",\"token\":");
	buffer_json_text(&text, token);
	buffer_text(&text, "}\n");
	if (text.failed)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	else if (pwrite(owner->fd, text.data, text.length, 0) != (ssize_t)text.length ||
	         ftruncate(owner->fd, (off_t)text.length) != 0)
		status = error_set(error, STATUS_IO, "%s: %s", owner->path, strerror(errno));
	if (text.data != NULL)
		explicit_bzero(text.data, text.length);
	buffer_free(&text);
	return status;
}

/* owner_find holds a shared lock for microseconds: that is not an owner. */
static bool try_lock(int fd)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	for (int i = 0; i < 5; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

enum status owner_take(const char *db_path, struct owner **out, struct owner_info *info,
                       struct owner_info *last, struct error *error)
{
	struct owner_info found;
	enum status status;
	struct owner *owner = calloc(1, sizeof(*owner));

	if (owner == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = check_path(db_path, error);
	if (status == STATUS_OK)
		status = lock_path(db_path, owner->path, sizeof(owner->path), error);
	if (status != STATUS_OK) {
		free(owner);
		return status;
	}
	owner->fd = open(owner->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (owner->fd < 0) {
		status = error_set(error, STATUS_IO, "%s: %s", owner->path, strerror(errno));
		free(owner);
		return status;
	}
	if (!try_lock(owner->fd)) {
		read_info(owner->fd, &found);
		if (info != NULL)
			*info = found;
		status = error_set(error, STATUS_OWNED, "%s is in use by process %ld%s%s", db_path,
		                   found.pid, found.address[0] ? " at http://" : "", found.address);
		close(owner->fd);
		free(owner);
		return status;
	}
	fchmod(owner->fd, 0600);
	read_info(owner->fd, &found);
	if (last != NULL)
		*last = found;
	owner->db_path = strdup(db_path);
	if (owner->db_path == NULL) {
		owner_release(owner);
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	/* Who we are at once, with the old token kept for engine_last_token. */
	status = owner_announce(owner, "", found.token, error);
	if (status != STATUS_OK) {
		owner_release(owner);
		return status;
	}
	*out = owner;
	return STATUS_OK;
}

/* The very file that is at the path now, as far as that is to be known. */
static bool note_file(const char *path, dev_t *device, ino_t *inode)
{
	struct stat seen;

	if (stat(path, &seen) != 0)
		return false;
	*device = seen.st_dev;
	*inode = seen.st_ino;
	return true;
}

static enum status check_file(const char *path, dev_t device, ino_t inode, struct error *error)
{
	dev_t device_now;
	ino_t inode_now;

	if (!note_file(path, &device_now, &inode_now))
		return error_set(error, STATUS_IO, "%s was removed while it was in use", path);
	if (device_now != device || inode_now != inode)
		return error_set(error, STATUS_IO, "%s was replaced while it was in use", path);
	return STATUS_OK;
}

bool owner_watch(struct owner *owner)
{
	return note_file(owner->db_path, &owner->device, &owner->inode);
}

enum status owner_check(const struct owner *owner, struct error *error)
{
	struct stat lock;
	enum status status = check_file(owner->db_path, owner->device, owner->inode, error);

	if (status == STATUS_OK && fstat(owner->fd, &lock) == 0)
		status = check_file(owner->path, lock.st_dev, lock.st_ino, error);
	return status;
}

void owner_release(struct owner *owner)
{
	if (owner == NULL)
		return;
	close(owner->fd); /* lets the lock go */
	free(owner->db_path);
	free(owner);
}

enum status owner_find(const char *db_path, struct owner_info *info, struct error *error)
{
	char path[4096];
	enum status status = lock_path(db_path, path, sizeof(path), error);
	int fd;

	if (status != STATUS_OK)
		return status;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set(error, STATUS_NOT_FOUND, "%s: nobody has it", db_path);
	/* A shared try-lock does not disturb: an owner that starts at this very
	 * moment would see it for microseconds, so it is held as short as can be. */
	if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
		close(fd);
		return error_set(error, STATUS_NOT_FOUND, "%s: nobody has it", db_path);
	}
	read_info(fd, info);
	close(fd);
	return STATUS_OK;
}
