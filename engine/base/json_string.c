#include "engine/base/json.h"

#include <string.h>

static unsigned hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return (unsigned)((c | 0x20) - 'a' + 10) & 15;
}

/* The code unit of "\uXXXX" at `at`; false where there is none. */
static bool code_unit(const char *at, const char *end, uint32_t *unit)
{
	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return false;
	*unit = hex_value(at[2]) << 12 | hex_value(at[3]) << 8 | hex_value(at[4]) << 4 |
	        hex_value(at[5]);
	return true;
}

static char short_escape(char c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return c; /* the quote, the backslash, the slash */
	}
}

/* Decode the escape at *at (a backslash) and step behind it; bytes in out. */
static size_t decode_escape(const char **at, const char *end, char out[4])
{
	uint32_t unit, low;

	if (end - *at < 2) {
		*at = end;
		return 0;
	}
	if (!code_unit(*at, end, &unit)) {
		out[0] = short_escape((*at)[1]);
		*at += 2;
		return 1;
	}
	*at += 6;
	if (unit >= 0xD800 && unit <= 0xDBFF && code_unit(*at, end, &low) && low >= 0xDC00 &&
	    low <= 0xDFFF) {
		*at += 6;
		return utf8_put(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), out);
	}
	if (unit >= 0xD800 && unit <= 0xDFFF)
		unit = 0xFFFD;
	return utf8_put(unit, out);
}

/* The bytes between the quotes. */
static bool inner(struct json_span string, const char **at, const char **end)
{
	if (string.length < 2 || *string.at != '"')
		return false;
	*at = string.at + 1;
	*end = string.at + string.length - 1;
	return true;
}

bool json_string_equals(struct json_span string, const char *bytes, size_t length)
{
	const char *at, *end;

	if (!inner(string, &at, &end))
		return false;
	while (at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));
		size_t run = (size_t)((escape ? escape : end) - at);
		char decoded[4];
		size_t count;

		if (run > length || memcmp(at, bytes, run) != 0)
			return false;
		at += run;
		bytes += run;
		length -= run;
		if (at == end)
			break;
		count = decode_escape(&at, end, decoded);
		if (count > length || memcmp(decoded, bytes, count) != 0)
			return false;
		bytes += count;
		length -= count;
	}
	return length == 0;
}

void json_string_decode(struct json_span string, struct buffer *out)
{
	const char *at, *end;

	if (!inner(string, &at, &end))
		return;
	while (at < end) {
		const char *escape = memchr(at, '\\', (size_t)(end - at));
		const char *stop = escape ? escape : end;
		char decoded[4];

		buffer_append(out, at, (size_t)(stop - at));
		at = stop;
		if (at < end)
			buffer_append(out, decoded, decode_escape(&at, end, decoded));
	}
}
