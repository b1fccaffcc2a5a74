#include "engine/cli/text.h"

#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "engine/base/utf8.h"

static bool unicode;

/* Over ssh and in containers the locale that LANG names is often not installed:
 * what it says of the terminal is true all the same. */
static bool named_unicode(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return strcasestr(value, "UTF-8") || strcasestr(value, "UTF8");
	}
	return false;
}

void text_start(void)
{
	/* What the terminal takes: the user's locale.  What the data is: UTF-8.
	 * Only LC_CTYPE is ever changed, so numbers keep their point. */
	bool known = setlocale(LC_CTYPE, "") != NULL;
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	unicode = known ? utf8 : named_unicode();
	if (!known || !utf8)
		setlocale(LC_CTYPE, "C.UTF-8");
}

bool text_unicode(void)
{
	return unicode;
}

/* ---- safe text ----------------------------------------------------------- */

void text_safe(struct buffer *out, const char *bytes, size_t length)
{
	size_t plain = 0; /* bytes before `at` that go out as they are */

	for (size_t at = 0; at < length;) {
		size_t n = utf8_sequence(bytes + at, length - at);
		uint32_t code = n ? utf8_code(bytes + at, n) : 0;

		if (n && !utf8_unseen(code)) {
			at += n;
			plain += n;
			continue;
		}
		buffer_append(out, bytes + at - plain, plain);
		plain = 0;
		if (n > 1) {
			buffer_printf(out, code > 0xFFFF ? "\\u{%x}" : "\\u%04x", (unsigned)code);
			at += n;
		} else {
			buffer_printf(out, "\\x%02x", (unsigned)(unsigned char)bytes[at]);
			at++;
		}
	}
	buffer_append(out, bytes + length - plain, plain);
}

static void safe_line(struct buffer *out, const char *line, size_t length, const char *indent)
{
	if (length && line[length - 1] == '\r')
		length--;
	if (length)
		buffer_text(out, indent);
	while (length) {
		const char *tab = memchr(line, '\t', length);
		size_t n = tab ? (size_t)(tab - line) : length;
		text_safe(out, line, n);
		if (tab) {
			buffer_text(out, "    ");
			n++;
		}
		line += n;
		length -= n;
	}
	buffer_char(out, '\n');
}

void text_safe_lines(struct buffer *out, const char *bytes, size_t length, const char *indent)
{
	while (length) {
		const char *end = memchr(bytes, '\n', length);
		size_t n = end ? (size_t)(end - bytes) : length;
		safe_line(out, bytes, n, indent);
		n += end != NULL;
		bytes += n;
		length -= n;
	}
}

/* ---- columns -------------------------------------------------------------- */

static int columns(const char *text, size_t n)
{
	int width = n ? wcwidth((wchar_t)utf8_code(text, n)) : 1;

	return width < 0 ? 1 : width;
}

int text_width(const char *text, size_t length)
{
	int width = 0;

	for (size_t at = 0; at < length;) {
		size_t n = utf8_sequence(text + at, length - at);
		width += columns(text + at, n);
		at += n ? n : 1;
	}
	return width;
}

void text_fit(struct buffer *out, const char *text, size_t length, int width)
{
	const char *ellipsis = unicode ? "…" : ">";
	size_t fits = 0; /* bytes that leave a column for the ellipsis */
	int used = 0;

	for (size_t at = 0; at < length;) {
		size_t n = utf8_sequence(text + at, length - at);
		used += columns(text + at, n);
		if (used > width) {
			buffer_append(out, text, fits);
			buffer_text(out, ellipsis);
			return;
		}
		at += n ? n : 1;
		if (used <= width - 1)
			fits = at;
	}
	buffer_append(out, text, length);
}

void text_spaces(struct buffer *out, int count)
{
	while (count-- > 0)
		buffer_char(out, ' ');
}

/* ---- numbers --------------------------------------------------------------- */

void text_count(struct buffer *out, int64_t count)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%lld", (long long)count);

	for (int i = 0; i < length; i++) {
		buffer_char(out, digits[i]);
		int left = length - 1 - i;
		if (left && left % 3 == 0 && digits[i] != '-')
			buffer_char(out, ',');
	}
}

void text_counted(struct buffer *out, int64_t count, const char *one, const char *many)
{
	text_count(out, count);
	buffer_char(out, ' ');
	buffer_text(out, count == 1 ? one : many);
}

void text_duration(struct buffer *out, double seconds)
{
	if (!(seconds >= 0))
		seconds = 0;
	if (seconds >= 1e12) {
		buffer_text(out, "forever");
		return;
	}
	long long s = llround(seconds);
	if (seconds < 9.95)
		buffer_printf(out, "%.1f s", seconds);
	else if (s < 60)
		buffer_printf(out, "%lld s", s);
	else if (s < 3600)
		buffer_printf(out, "%lld min %lld s", s / 60, s % 60);
	else if (s < 86400)
		buffer_printf(out, "%lld h %lld min", s / 3600, s % 3600 / 60);
	else
		buffer_printf(out, "%lld d %lld h", s / 86400, s % 86400 / 3600);
}

void text_range(struct buffer *out, const double seconds[2])
{
	static const struct {
		double below, unit;
		const char *name;
	} units[] = {{120, 1, "s"}, {7200, 60, "min"}, {172800, 3600, "h"}, {INFINITY, 86400, "d"}};
	double low = seconds[0] > 0 ? seconds[0] : 0;
	double high = seconds[1] > low ? seconds[1] : low;
	size_t i = 0;

	while (high >= units[i].below)
		i++;
	double from = fmin(low / units[i].unit, 1e6), to = fmin(high / units[i].unit, 1e6);
	if (llround(from) == llround(to))
		buffer_printf(out, "%lld %s", llround(to), units[i].name);
	else
		buffer_printf(out, "%lld%s%lld %s", llround(from), unicode ? "–" : "-", llround(to),
		              units[i].name);
}

void text_rate(struct buffer *out, double per_s)
{
	if (!(per_s > 0))
		buffer_char(out, '0');
	else if (per_s < 0.1)
		buffer_printf(out, "%.2g", per_s);
	else if (per_s < 99.95)
		buffer_printf(out, "%.1f", per_s);
	else
		text_count(out, llround(fmin(per_s, 1e15)));
}

void text_limit(struct buffer *out, double per_s)
{
	static const struct {
		double seconds;
		const char *unit;
	} units[] = {{1, "s"}, {60, "m"}, {3600, "h"}};
	size_t i = 0;

	/* The shortest time in which it is a whole number, or the hour. */
	for (; i < 2; i++) {
		double count = per_s * units[i].seconds;
		if (count > 0.5 && fabs(count - round(count)) < 0.005)
			break;
	}
	buffer_printf(out, "%.10g/%s", round(per_s * units[i].seconds * 100) / 100, units[i].unit);
}

void text_bytes(struct buffer *out, int64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB"};
	double size = (double)bytes / 1000;
	size_t i = 0;

	if (bytes < 1000) {
		buffer_printf(out, "%lld B", (long long)bytes);
		return;
	}
	while (size >= 999.95 && i < 3) {
		size /= 1000;
		i++;
	}
	buffer_printf(out, "%.1f %s", size, units[i]);
}

void text_shell(struct buffer *out, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";

	if (*word && word[strspn(word, plain)] == '\0') {
		buffer_text(out, word);
		return;
	}
	buffer_char(out, '\'');
	for (; *word; word++) {
		if (*word == '\'')
			buffer_text(out, "'\\''");
		else
			buffer_char(out, *word);
	}
	buffer_char(out, '\'');
}
