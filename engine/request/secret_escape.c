/* One character, however it is written. */
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "engine/request/secret_internal.h"

/* Escapes inside escapes: so deep, and no deeper. */
#define NESTED_MAX 4
#define BACKSLASHES_MAX 16

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool hex(const char *at, const char *end, int digits, uint32_t *value)
{
	*value = 0;
	if (end - at < digits)
		return false;
	for (int i = 0; i < digits; i++) {
		if (hex_digit(at[i]) < 0)
			return false;
		*value = *value * 16 + (uint32_t)hex_digit(at[i]);
	}
	return true;
}

static size_t put_utf8(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	if (c > 0x10FFFF)
		return 0;
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}

/* %41; nested: %2541. */
static size_t percent(const char *at, const char *end, bool nested, char out[4], size_t *taken)
{
	const char *digits = at + 1;
	uint32_t value, next;

	for (int deep = 0; nested && deep < NESTED_MAX; deep++) {
		if (!hex(digits, end, 2, &value) || value != 0x25 || !hex(digits + 2, end, 2, &next))
			break;
		digits += 2;
	}
	if (!hex(digits, end, 2, &value))
		return 0;
	out[0] = (char)value;
	*taken = (size_t)(digits + 2 - at);
	return 1;
}

/* The letter behind a run of backslashes. */
static size_t letter(char c, char out[4])
{
	static const char letters[] = "\"/'nrtbf", bytes[] = "\"/'\n\r\t\b\f";
	const char *found = c ? strchr(letters, c) : NULL;

	if (!found)
		return 0;
	out[0] = bytes[found - letters];
	return 1;
}

/* \n \" \/ \\ \u0041; nested: more backslashes. */
static size_t backslash(const char *at, const char *end, bool nested, char wanted, char out[4],
                        size_t *taken)
{
	const char *next = at + 1, *low;
	uint32_t unit, second;

	while (nested && next < end && *next == '\\' && next - at < BACKSLASHES_MAX)
		next++;
	if (wanted == '\\' && next - at >= 2) {
		out[0] = '\\';
		*taken = (size_t)(next - at);
		return 1;
	}
	if (next == end)
		return 0;
	*taken = (size_t)(next + 1 - at);
	if (*next == '\\') {
		out[0] = '\\';
		return 1;
	}
	if (*next != 'u')
		return letter(*next, out);
	if (!hex(next + 1, end, 4, &unit))
		return 0;
	*taken += 4;
	if (unit < 0xD800 || unit > 0xDFFF)
		return put_utf8(unit, out);
	for (low = next + 5; low < end && *low == '\\' && low - next < 5 + BACKSLASHES_MAX;)
		low++;
	if (unit > 0xDBFF || low == next + 5 || low == end || *low != 'u' ||
	    !hex(low + 1, end, 4, &second) || second < 0xDC00 || second > 0xDFFF)
		return 0;
	*taken = (size_t)(low + 5 - at);
	return put_utf8(0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00), out);
}

/* &#65; and &#x41;, with zeros before. */
static size_t numbered(const char *at, const char *end, char out[4], const char **after)
{
	bool sixteen = at < end && (*at == 'x' || *at == 'X');
	uint32_t value = 0;
	const char *digit = at + (sixteen ? 1 : 0), *first = digit;

	for (; digit < end && value <= 0x10FFFF && digit - first < 10; digit++) {
		int figure = hex_digit(*digit);

		if (figure < 0 || (!sixteen && figure > 9))
			break;
		value = value * (sixteen ? 16 : 10) + (uint32_t)figure;
	}
	if (digit == first || digit == end || *digit != ';')
		return 0;
	*after = digit + 1;
	return put_utf8(value, out);
}

/* "amp;" and then what may be the rest of an entity inside. */
static bool goes_on(const char *name, const char *end)
{
	size_t left = (size_t)(end - name);

	return left > 4 && memcmp(name, "amp;", 4) == 0 &&
	       (name[4] == '#' || islower((unsigned char)name[4])) &&
	       memchr(name + 4, ';', left - 4 < 12 ? left - 4 : 12) != NULL;
}

/* &amp; and kin; nested: &amp;amp; */
static size_t entity(const char *at, const char *end, bool nested, char out[4], size_t *taken)
{
	static const struct {
		const char *name;
		char byte;
	} names[] = {{"amp;", '&'}, {"quot;", '"'}, {"lt;", '<'}, {"gt;", '>'}, {"apos;", '\''}};
	const char *name = at + 1, *after;
	size_t count;

	for (int deep = 0; nested && deep < NESTED_MAX && goes_on(name, end); deep++)
		name += 4;
	if (name < end && *name == '#') {
		count = numbered(name + 1, end, out, &after);
		*taken = count > 0 ? (size_t)(after - at) : 0;
		return count;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i].name);

		if ((size_t)(end - name) < length || *name != *names[i].name ||
		    memcmp(name, names[i].name, length) != 0)
			continue;
		out[0] = names[i].byte;
		*taken = (size_t)(name + length - at);
		return 1;
	}
	return 0;
}

size_t secret_unescape(const char *at, const char *end, bool nested, char wanted, char out[4],
                       size_t *taken)
{
	switch (*at) {
	case '%':
		return percent(at, end, nested, out, taken);
	case '\\':
		return backslash(at, end, nested, wanted, out, taken);
	case '&':
		return entity(at, end, nested, out, taken);
	case '+':
		out[0] = ' ';
		*taken = 1;
		return 1;
	default:
		return 0;
	}
}
