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
	char path[4096];
};

static enum status lock_path(const char *db_path, char *path, size_t size, struct error *error)
{
	int length = snprintf(path, size, "%s.lock", db_path);

	if (length < 0 || (size_t)length >= size)
		return error_set(error, STATUS_USAGE, "%s: the path is too long", db_path);
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
	/* Who we are at once, with the old token kept for engine_last_token. */
	status = owner_announce(owner, "", found.token, error);
	if (status != STATUS_OK) {
		owner_release(owner);
		return status;
	}
	*out = owner;
	return STATUS_OK;
}

void owner_release(struct owner *owner)
{
	if (owner == NULL)
		return;
	close(owner->fd); /* lets the lock go */
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
