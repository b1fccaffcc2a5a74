#include "engine/base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/utf8.h"

#define CAPACITY_MIN 64

/* New memory of `capacity` bytes for what is there. */
static bool change_capacity(struct buffer *buffer, size_t capacity)
{
	char *data = realloc(buffer->data, capacity);

	if (!data) {
		buffer->failed = true;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

bool buffer_reserve(struct buffer *buffer, size_t extra)
{
	size_t needed, capacity;

	if (buffer->failed)
		return false;
	if (buffer->data && extra < buffer->capacity - buffer->length)
		return true;
	if (extra >= SIZE_MAX / 2 - buffer->length) {
		buffer->failed = true;
		return false;
	}
	needed = buffer->length + extra + 1; /* the NUL */
	capacity = buffer->capacity > CAPACITY_MIN ? buffer->capacity : CAPACITY_MIN;
	while (capacity < needed)
		capacity *= 2; /* needed <= SIZE_MAX / 2 */
	if (!change_capacity(buffer, capacity))
		return false;
	buffer->data[buffer->length] = '\0';
	return true;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
	if (!buffer_reserve(buffer, length))
		return;
	if (length > 0)
		memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
}

void buffer_text(struct buffer *buffer, const char *text)
{
	buffer_append(buffer, text, strlen(text));
}

void buffer_char(struct buffer *buffer, char c)
{
	buffer_append(buffer, &c, 1);
}

void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments)
{
	va_list again;
	size_t room;
	int length;

	if (!buffer_reserve(buffer, CAPACITY_MIN))
		return;
	va_copy(again, arguments);
	room = buffer->capacity - buffer->length;
	length = vsnprintf(buffer->data + buffer->length, room, format, arguments);
	if (length >= 0 && (size_t)length >= room) {
		buffer->data[buffer->length] = '\0';
		if (!buffer_reserve(buffer, (size_t)length))
			goto out;
		room = buffer->capacity - buffer->length;
		length = vsnprintf(buffer->data + buffer->length, room, format, again);
	}
	if (length < 0) {
		buffer->data[buffer->length] = '\0';
		buffer->failed = true;
		goto out;
	}
	buffer->length += (size_t)length;
out:
	va_end(again);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	buffer_vprintf(buffer, format, arguments);
	va_end(arguments);
}

void buffer_int64(struct buffer *buffer, int64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		digits[--at] = '-';
	buffer_append(buffer, digits + at, sizeof(digits) - at);
}

/* May this byte stand as it is in a JSON string, without looking further? */
static bool json_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static void json_escape(struct buffer *buffer, char c)
{
	static const char hex[] = "0123456789abcdef";
	char text[6] = {'\\', 'u', '0', '0', hex[((unsigned char)c >> 4) & 15], hex[c & 15]};
	char letter = 0;

	switch (c) {
	case '"':
	case '\\':
		letter = c;
		break;
	case '\n':
		letter = 'n';
		break;
	case '\r':
		letter = 'r';
		break;
	case '\t':
		letter = 't';
		break;
	case '\b':
		letter = 'b';
		break;
	case '\f':
		letter = 'f';
		break;
	default:
		break;
	}
	if (letter) {
		text[1] = letter;
		buffer_append(buffer, text, 2);
	} else {
		buffer_append(buffer, text, sizeof(text));
	}
}

void buffer_json_inner(struct buffer *buffer, const char *bytes, size_t length)
{
	size_t at = 0;

	/* Mostly nothing is escaped: ask for the memory once. */
	if (!buffer_reserve(buffer, length))
		return;
	while (at < length) {
		size_t run = at, step = 0;

		for (;;) {
			while (run < length && json_plain((unsigned char)bytes[run]))
				run++;
			if (run == length || (unsigned char)bytes[run] < 0x80)
				break;
			step = utf8_sequence(bytes + run, length - run);
			if (step == 0)
				break;
			run += step;
		}
		buffer_append(buffer, bytes + at, run - at);
		if (run == length)
			return;
		if ((unsigned char)bytes[run] < 0x80) {
			json_escape(buffer, bytes[run]);
			at = run + 1;
		} else {
			buffer_append(buffer, "\xEF\xBF\xBD", 3);
			at = run + utf8_bad_length(bytes + run, length - run);
		}
	}
}

void buffer_json(struct buffer *buffer, const char *bytes, size_t length)
{
	buffer_char(buffer, '"');
	buffer_json_inner(buffer, bytes, length);
	buffer_char(buffer, '"');
}

void buffer_json_text(struct buffer *buffer, const char *text)
{
	if (text)
		buffer_json(buffer, text, strlen(text));
	else
		buffer_append(buffer, "null", 4);
}

void buffer_reset(struct buffer *buffer, size_t keep_max)
{
	if (buffer->capacity > keep_max) {
		buffer_free(buffer);
		return;
	}
	buffer->length = 0;
	buffer->failed = false;
	if (buffer->data)
		buffer->data[0] = '\0';
}

char *buffer_take(struct buffer *buffer)
{
	char *data;

	if (!buffer_reserve(buffer, 0)) {
		buffer_free(buffer);
		return NULL;
	}
	data = buffer->data;
	*buffer = (struct buffer){0};
	return data;
}

void buffer_free(struct buffer *buffer)
{
	if (!buffer)
		return;
	free(buffer->data);
	*buffer = (struct buffer){0};
}
