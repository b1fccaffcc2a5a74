#include "engine/base/status.h"

#include <stdio.h>
#include <string.h>

#include "engine/base/utf8.h"

void text_make_printable(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		unsigned char byte = (unsigned char)*from;
		unsigned char next = (unsigned char)from[1];

		if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) {
			*to++ = '?'; /* a C1 control: terminals obey these too */
			from++;
		} else {
			*to++ = byte < 0x20 || byte == 0x7F ? '?' : *from;
		}
	}
	*to = '\0';
}

/* `text` was cut at its buffer's end: do not leave half a character there. */
static void drop_cut_character(char *text, size_t length)
{
	size_t start = length;

	while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
		start--;
	if (start == 0 || (unsigned char)text[start - 1] < 0xC0)
		return;
	if (utf8_sequence(text + start - 1, length - start + 1) == 0)
		text[start - 1] = '\0';
}

static void put_text(struct error *error, const char *format, va_list arguments,
                     const char *separator, const char *after)
{
	/* The arguments may point into error->text itself. */
	char text[sizeof(error->text)];
	int length = vsnprintf(text, sizeof(text), format, arguments);
	size_t used;

	if (length < 0)
		text[0] = '\0';
	used = strlen(text);
	if (length >= 0)
		length = snprintf(text + used, sizeof(text) - used, "%s%s", separator, after);
	(void)length;
	text_make_printable(text);
	used = strlen(text);
	if (used >= sizeof(text) - 4)
		drop_cut_character(text, used);
	memcpy(error->text, text, strlen(text) + 1);
}

enum status error_set(struct error *error, enum status status, const char *format, ...)
{
	va_list arguments;

	if (!error)
		return status;
	va_start(arguments, format);
	put_text(error, format, arguments, "", "");
	va_end(arguments);
	error->status = status;
	return status;
}

enum status error_prefix(struct error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_text(error, format, arguments, ": ", error->text);
	va_end(arguments);
	return error->status;
}

const char *status_name(enum status status)
{
	switch (status) {
	case STATUS_OK:
		return "ok";
	case STATUS_USAGE:
		return "wrong input";
	case STATUS_NOT_FOUND:
		return "not found";
	case STATUS_CONFLICT:
		return "conflict";
	case STATUS_OWNED:
		return "owned by another process";
	case STATUS_NO_MEMORY:
		return "out of memory";
	case STATUS_IO:
		return "input/output error";
	case STATUS_DISK_FULL:
		return "disk full";
	case STATUS_CORRUPT:
		return "database corrupt";
	case STATUS_TIMEOUT:
		return "timed out";
	case STATUS_CLOSED:
		return "shutting down";
	}
	return "unknown status";
}
