/* A growable run of bytes.  Zero-initialised is empty and valid.  Allocation
 * failure is sticky: further appends do nothing, `failed` says so, and the
 * caller checks once at the end. */
#ifndef SLUICE_BASE_BUFFER_H
#define SLUICE_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
	char *data;      /* NUL-terminated whenever it is not NULL */
	size_t length;   /* bytes used, without the NUL */
	size_t capacity; /* bytes allocated */
	bool failed;     /* an allocation failed; contents are incomplete */
};

void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_char(struct buffer *buffer, char c);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
void buffer_int64(struct buffer *buffer, int64_t value);

/* Append bytes as a quoted JSON string.  Bytes that are not UTF-8 become
 * U+FFFD, so the result is always valid JSON. */
void buffer_json(struct buffer *buffer, const char *bytes, size_t length);
/* The same without the quotes. */
void buffer_json_inner(struct buffer *buffer, const char *bytes, size_t length);
/* A NUL-terminated string, or null where text is NULL. */
void buffer_json_text(struct buffer *buffer, const char *text);

/* Make room for `extra` more bytes; false (and failed set) without memory. */
bool buffer_reserve(struct buffer *buffer, size_t extra);

/* Empty it and keep the memory, but give back what exceeds `keep_max`. */
void buffer_reset(struct buffer *buffer, size_t keep_max);

/* Hand the NUL-terminated bytes to the caller, who frees them; the buffer is
 * empty afterwards.  NULL where an allocation failed; "" for an empty one. */
char *buffer_take(struct buffer *buffer);

void buffer_free(struct buffer *buffer);

#endif
