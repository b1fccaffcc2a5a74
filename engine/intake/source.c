#include "engine/intake/source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/intake/ingest.h"

/* How long a stop may go unseen while nothing comes. */
#define STOP_LOOK_MS 100

struct source {
	int fd;
	bool fd_own;
	bool regular;
	off_t base;           /* of a regular file: where the content begins */
	char *name;
	const atomic_bool *stop;
	struct buffer peeked; /* of a pipe */
	size_t peeked_taken;  /* bytes of it that source_read has given */
	bool ended;           /* the pipe ended within the peek */
};

static enum status source_failed(const struct source *source, const char *what,
                                 struct error *error)
{
	return error_set(error, STATUS_IO, "%s: %s: %s", source->name, what, strerror(errno));
}

static bool source_stopped(const struct source *source)
{
	return source->stop != NULL && atomic_load(source->stop);
}

/* Wait until fd can be read without blocking (a FIFO that has no writer yet is
 * not at its end, and only poll tells the two apart). */
static enum status source_wait(const struct source *source, int64_t deadline_ns,
                               struct error *error)
{
	struct pollfd poll_fd = { .fd = source->fd, .events = POLLIN };

	for (;;) {
		int64_t left_ns = deadline_ns == CLOCK_NEVER ? CLOCK_NEVER
		                                             : deadline_ns - clock_mono_ns();
		int64_t left_ms = left_ns <= 0 ? 0 : (left_ns - 1) / NS_PER_MS + 1;
		int ready;

		if (source_stopped(source))
			return error_set(error, STATUS_CLOSED, "%s: stopped", source->name);
		ready = poll(&poll_fd, 1, left_ms < STOP_LOOK_MS ? (int)left_ms : STOP_LOOK_MS);
		if (ready > 0)
			return STATUS_OK;
		if (ready < 0 && errno != EINTR)
			return source_failed(source, "poll", error);
		if (ready == 0 && left_ms <= STOP_LOOK_MS)
			return STATUS_TIMEOUT;
	}
}

/* Read what is there, of a pipe. */
static enum status pipe_read(const struct source *source, int64_t deadline_ns, char *bytes,
                             size_t capacity, size_t *got, struct error *error)
{
	for (;;) {
		enum status status = source_wait(source, deadline_ns, error);
		ssize_t length;

		if (status != STATUS_OK)
			return status;
		length = read(source->fd, bytes, capacity);
		if (length >= 0) {
			*got = (size_t)length;
			return STATUS_OK;
		}
		if (errno != EINTR && errno != EAGAIN)
			return source_failed(source, "read", error);
	}
}

static enum status source_peek(struct source *source, struct error *error)
{
	int64_t deadline_ns = clock_mono_ns() + INGEST_PEEK_MS * NS_PER_MS;
	struct buffer *peeked = &source->peeked;

	while (peeked->length < INGEST_PEEK_BYTES) {
		enum status status;
		size_t got;

		if (!buffer_reserve(peeked, SOURCE_CHUNK))
			return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", source->name);
		status = pipe_read(source, deadline_ns, peeked->data + peeked->length, SOURCE_CHUNK,
		                   &got, error);
		if (status == STATUS_TIMEOUT)
			return STATUS_OK;
		if (status != STATUS_OK)
			return status;
		if (got == 0) {
			source->ended = true;
			return STATUS_OK;
		}
		peeked->length += got;
		peeked->data[peeked->length] = '\0';
	}
	return STATUS_OK;
}

static enum status source_fd_open(struct source *source, const char *path, struct error *error)
{
	struct stat about;

	if (strcmp(path, "-") == 0) {
		source->fd = STDIN_FILENO;
	} else {
		/* O_NONBLOCK: a FIFO's open would wait for a writer, deaf to `stop`. */
		source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		source->fd_own = source->fd >= 0;
	}
	if (source->fd < 0 || fstat(source->fd, &about) != 0)
		return error_set(error, STATUS_USAGE, "%s: %s", source->name, strerror(errno));
	if (S_ISDIR(about.st_mode))
		return error_set(error, STATUS_USAGE, "%s: is a directory", source->name);
	source->regular = S_ISREG(about.st_mode);
	if (!source->regular)
		return STATUS_OK;
	if (!source->fd_own)
		source->base = lseek(source->fd, 0, SEEK_CUR);
	return source->base < 0 ? source_failed(source, "seek", error) : STATUS_OK;
}

enum status source_open(const char *path, const char *name, const atomic_bool *stop,
                        struct source **source, struct error *error)
{
	struct source *made = calloc(1, sizeof(*made));
	enum status status;

	if (made == NULL)
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", name);
	made->fd = -1;
	made->stop = stop;
	made->name = strdup(name);
	if (made->name == NULL)
		status = error_set(error, STATUS_NO_MEMORY, "%s: out of memory", name);
	else
		status = source_fd_open(made, path, error);
	if (status == STATUS_OK && !made->regular)
		status = source_peek(made, error);
	if (status != STATUS_OK) {
		source_close(made);
		return status;
	}
	*source = made;
	return STATUS_OK;
}

void source_close(struct source *source)
{
	if (source == NULL)
		return;
	if (source->fd_own)
		close(source->fd);
	buffer_free(&source->peeked);
	free(source->name);
	free(source);
}

bool source_rereadable(const struct source *source)
{
	return source->regular || source->ended;
}

const struct buffer *source_peeked(const struct source *source)
{
	return &source->peeked;
}

static size_t peeked_copy(const struct source *source, uint64_t offset, char *bytes,
                          size_t capacity)
{
	size_t left = offset < source->peeked.length ? source->peeked.length - (size_t)offset : 0;
	size_t length = left < capacity ? left : capacity;

	if (length > 0)
		memcpy(bytes, source->peeked.data + offset, length);
	return length;
}

enum status source_read_at(struct source *source, uint64_t offset, char *bytes, size_t capacity,
                           size_t *got, struct error *error)
{
	ssize_t length;

	assert(source_rereadable(source));
	if (source_stopped(source))
		return error_set(error, STATUS_CLOSED, "%s: stopped", source->name);
	if (!source->regular) {
		*got = peeked_copy(source, offset, bytes, capacity);
		return STATUS_OK;
	}
	if (offset > (uint64_t)(INT64_MAX - source->base)) {
		*got = 0; /* behind any end */
		return STATUS_OK;
	}
	do {
		length = pread(source->fd, bytes, capacity, source->base + (off_t)offset);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return source_failed(source, "read", error);
	*got = (size_t)length;
	return STATUS_OK;
}

enum status source_read(struct source *source, int wait_ms, char *bytes, size_t capacity,
                        size_t *got, struct error *error)
{
	size_t length = peeked_copy(source, source->peeked_taken, bytes, capacity);

	assert(!source->regular);
	source->peeked_taken += length;
	if (length > 0 || source->ended) {
		*got = length;
		return STATUS_OK;
	}
	/* Given away for good: from here on the pipe is read as it comes. */
	buffer_free(&source->peeked);
	source->peeked_taken = 0;
	return pipe_read(source, wait_ms < 0 ? CLOCK_NEVER : clock_mono_ns() + wait_ms * NS_PER_MS,
	                 bytes, capacity, got, error);
}
