#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/base/random.h"
#include "engine/request/secret_internal.h"

#define CHUNK_BYTES ((size_t)16 << 10)
#define FILE_BYTES_MAX ((size_t)64 << 10)
#define NAME_MAX_SHOWN 200

struct secret_set *secret_set_new(void)
{
	return calloc(1, sizeof(struct secret_set));
}

struct secret_set *secret_set_new_markers(void)
{
	struct secret_set *set = secret_set_new();
	uint64_t nonce;

	if (!set)
		return NULL;
	random_secure(&nonce, sizeof(nonce));
	snprintf(set->marker, sizeof(set->marker), "SX%016llx", (unsigned long long)nonce);
	return set;
}

bool secret_set_has_markers(const struct secret_set *set)
{
	return set->marker[0] != '\0';
}

const char *secret_set_reference(const struct secret_set *set, int index)
{
	return index < set->entry_count ? set->entries[index].reference : NULL;
}

void secret_set_free(struct secret_set *set)
{
	if (!set)
		return;
	while (set->chunks) {
		struct secret_chunk *chunk = set->chunks;

		set->chunks = chunk->next;
		explicit_bzero(chunk + 1, chunk->size - sizeof(*chunk));
		munmap(chunk, chunk->size);
	}
	for (int i = 0; i < set->entry_count; i++)
		free(set->entries[i].reference);
	free(set->entries);
	free(set->forms);
	free(set);
}

void secret_buffer_free(struct buffer *buffer)
{
	if (buffer->data)
		explicit_bzero(buffer->data, buffer->capacity);
	buffer_free(buffer);
}

char *secret_keep(struct secret_set *set, const char *bytes, size_t length)
{
	struct secret_chunk *chunk = set->chunks;
	char *kept;

	if (length > SIZE_MAX / 4)
		return NULL;
	if (!chunk || chunk->size - chunk->used <= length) {
		size_t size = sizeof(*chunk) + length + 1;

		size = (size + CHUNK_BYTES - 1) / CHUNK_BYTES * CHUNK_BYTES;
		chunk = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (chunk == MAP_FAILED)
			return NULL;
		/* Where the limits do not allow it the value is still usable. */
		(void)mlock(chunk, size);
		(void)madvise(chunk, size, MADV_DONTDUMP);
		*chunk = (struct secret_chunk){set->chunks, size, sizeof(*chunk)};
		set->chunks = chunk;
	}
	kept = (char *)chunk + chunk->used;
	if (length > 0)
		memcpy(kept, bytes, length);
	kept[length] = '\0';
	chunk->used += length + 1;
	return kept;
}

static struct secret_entry *find_entry(const struct secret_set *set, const char *reference,
                                       size_t length)
{
	for (int i = 0; i < set->entry_count; i++) {
		struct secret_entry *entry = &set->entries[i];

		if (strlen(entry->reference) == length && memcmp(entry->reference, reference, length) == 0)
			return entry;
	}
	return NULL;
}

static enum status put(struct secret_set *set, const char *reference, size_t reference_length,
                       const char *value, size_t length)
{
	struct secret_entry *entry = find_entry(set, reference, reference_length);
	char *kept = secret_keep(set, value, length), *name;

	if (!kept || (!secret_set_has_markers(set) && !secret_mask_add(set, value, length)))
		return STATUS_NO_MEMORY;
	if (entry) {
		entry->value = kept;
		entry->length = length;
		return STATUS_OK;
	}
	if (set->entry_count == set->entry_capacity) {
		int capacity = set->entry_capacity ? 2 * set->entry_capacity : 8;
		struct secret_entry *entries;

		entries = realloc(set->entries, (size_t)capacity * sizeof(*entries));
		if (!entries)
			return STATUS_NO_MEMORY;
		set->entries = entries;
		set->entry_capacity = capacity;
	}
	name = strndup(reference, reference_length);
	if (!name)
		return STATUS_NO_MEMORY;
	set->entries[set->entry_count++] = (struct secret_entry){name, kept, length};
	return STATUS_OK;
}

enum status secret_set_put(struct secret_set *set, const char *reference, const char *value,
                           size_t length)
{
	return put(set, reference, strlen(reference), value, length);
}

enum status secret_set_merge(struct secret_set *into, const struct secret_set *from)
{
	for (int i = 0; i < from->entry_count; i++) {
		const struct secret_entry *entry = &from->entries[i];
		enum status status;

		status = secret_set_put(into, entry->reference, entry->value, entry->length);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/* ---- values ------------------------------------------------------------ */

static bool is_variable_name(const char *name)
{
	if (!isalpha((unsigned char)*name) && *name != '_')
		return false;
	while (isalnum((unsigned char)*name) || *name == '_')
		name++;
	return *name == '\0';
}

static enum status read_file(const char *path, struct buffer *out, struct error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char bytes[4096];
	ssize_t got = -1;

	if (fd >= 0) {
		while ((got = read(fd, bytes, sizeof(bytes))) != 0) {
			if (got < 0 && errno == EINTR)
				continue;
			if (got < 0 || out->length > FILE_BYTES_MAX)
				break;
			buffer_append(out, bytes, (size_t)got);
		}
	}
	explicit_bzero(bytes, sizeof(bytes));
	if (got < 0)
		error_set(error, STATUS_USAGE, "${file:%s} cannot be read: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (got < 0)
		return STATUS_USAGE;
	if (out->failed)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (out->length > FILE_BYTES_MAX)
		return error_set(error, STATUS_USAGE, "${file:%s} holds more than 64 KiB", path);
	if (out->length > 0 && out->data[out->length - 1] == '\n')
		out->length--;
	if (out->length > 0 && out->data[out->length - 1] == '\r')
		out->length--;
	return STATUS_OK;
}

/* Fetch what is not in the set yet. */
static enum status resolve(const char *name, struct buffer *out, struct error *error)
{
	if (strncmp(name, "env:", 4) == 0) {
		const char *value = getenv(name + 4);

		if (!value)
			return error_set(error, STATUS_USAGE, "${%s} is not set in the environment", name);
		buffer_text(out, value);
	} else if (strncmp(name, "file:", 5) == 0) {
		enum status status = read_file(name + 5, out, error);

		if (status != STATUS_OK)
			return status;
	} else {
		return error_set(error, STATUS_USAGE,
		                 "the credential ${%s} is not at hand: it was given on a command line or "
		                 "in a job file and is never stored; run that command again",
		                 name);
	}
	if (out->failed)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (out->length == 0)
		return error_set(error, STATUS_USAGE, "${%s} is empty", name);
	return STATUS_OK;
}

/* A marker in place of a value. */
static enum status mark(const struct secret_set *set, struct buffer *out)
{
	buffer_printf(out, "%sn%dx", set->marker, set->entry_count);
	return out->failed ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status check_reference(const char *reference, size_t length, struct error *error)
{
	const char *colon = memchr(reference, ':', length);
	char name[NAME_MAX_SHOWN];

	if (length == 0)
		return error_set(error, STATUS_USAGE, "a ${ has no closing brace");
	if (memchr(reference, '\0', length) || !colon || colon + 1 == reference + length)
		return error_set(error, STATUS_USAGE, "${%.*s} names nothing",
		                 (int)(length < 40 ? length : 40), reference);
	if (memcmp(reference, "env:", 4) != 0)
		return STATUS_OK;
	snprintf(name, sizeof(name), "%.*s", (int)(length - 4 < sizeof(name) ? length - 4 : 0),
	         reference + 4);
	if (length - 4 >= sizeof(name) || !is_variable_name(name))
		return error_set(error, STATUS_USAGE, "${env:%s} is not the name of a variable", name);
	return STATUS_OK;
}

enum status secret_value(struct secret_set *set, const char *reference, size_t length,
                         const char **value, size_t *value_length, struct error *error)
{
	struct secret_entry *entry = find_entry(set, reference, length);
	struct buffer fetched = {0};
	enum status status;
	char *name;

	if (!entry) {
		status = check_reference(reference, length, error);
		if (status != STATUS_OK)
			return status;
		name = strndup(reference, length);
		if (!name)
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
		status = secret_set_has_markers(set) ? mark(set, &fetched)
		                                     : resolve(name, &fetched, error);
		if (status == STATUS_OK) {
			status = put(set, name, length, fetched.data, fetched.length);
			if (status != STATUS_OK)
				error_set(error, status, "out of memory");
		}
		free(name);
		secret_buffer_free(&fetched);
		if (status != STATUS_OK)
			return status;
		entry = find_entry(set, reference, length);
	}
	*value = entry->value;
	*value_length = entry->length;
	return STATUS_OK;
}

enum status secret_expand(struct secret_set *set, const char *text, struct buffer *out,
                          struct error *error)
{
	size_t length = strlen(text), at = 0, start = out->length;
	struct secret_piece piece;

	while (secret_next(text, length, &at, &piece)) {
		if (piece.reference) {
			enum status status;

			status = secret_value(set, piece.at, piece.length, &piece.at, &piece.length, error);
			if (status != STATUS_OK) {
				if (out->data) {
					explicit_bzero(out->data + start, out->length - start);
					out->length = start;
				}
				return status;
			}
		}
		buffer_append(out, piece.at, piece.length);
	}
	return out->failed ? error_set(error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

/* A marker's last letter, by its coding: every coding leaves it as it is. */
static const char coding_letters[] = "xupj";

void secret_marker_put(struct buffer *out, const char *marker, size_t length,
                       enum secret_coding coding)
{
	buffer_append(out, marker, length - 1);
	buffer_char(out, coding_letters[coding]);
}

bool secret_marker_find(const struct secret_set *set, const char *text, size_t length,
                        struct secret_marker *marker)
{
	size_t prefix = strlen(set->marker);
	const char *at = memmem(text, length, set->marker, prefix), *end = text + length;

	while (at && prefix > 0) {
		const char *digit = at + prefix + 1, *letter = NULL;
		int index = 0;

		if (digit < end && digit[-1] == 'n') {
			while (digit < end && isdigit((unsigned char)*digit) && index < 1000000)
				index = 10 * index + (*digit++ - '0');
			if (digit < end)
				letter = memchr(coding_letters, *digit, sizeof(coding_letters) - 1);
			if (letter && index < set->entry_count) {
				*marker = (struct secret_marker){
				    (size_t)(at - text), (size_t)(digit + 1 - at), index,
				    set->entries[index].reference,
				    (enum secret_coding)(letter - coding_letters)};
				return true;
			}
		}
		at = memmem(at + prefix, (size_t)(end - at) - prefix, set->marker, prefix);
	}
	return false;
}
