#include "engine/policy/headers.h"

#include <string.h>
#include <strings.h>

/* A response as the dialects see it. */
struct scene {
	const char *block;
	size_t length;
	int64_t now_ms; /* the response's own Date, else ours */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A token of RFC 9110, 5.6.2: so neither a status line nor a folded line is a name. */
static bool is_name(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c <= 0x20 || c >= 0x7F || strchr("\"(),/:;<=>?@[\\]{}", c))
			return false;
	}
	return length > 0;
}

bool headers_next(const char *block, size_t length, size_t *at, const char **name,
                  size_t *name_length, const char **value, size_t *value_length)
{
	while (*at < length) {
		const char *line = block + *at;
		const char *end = memchr(line, '\n', length - *at);
		const char *colon, *from;

		if (end)
			*at += (size_t)(end - line) + 1;
		else
			end = block + (*at = length);
		colon = memchr(line, ':', (size_t)(end - line));
		if (!colon || !is_name(line, (size_t)(colon - line)))
			continue;
		from = colon + 1;
		while (from < end && is_blank(*from))
			from++;
		while (end > from && is_blank(end[-1]))
			end--;
		*name = line;
		*name_length = (size_t)(colon - line);
		*value = from;
		*value_length = (size_t)(end - from);
		return true;
	}
	return false;
}

/* The next header `wanted` from *at on. */
static bool find_from(const char *block, size_t length, size_t *at, const char *wanted,
                      const char **value, size_t *value_length)
{
	size_t wanted_length = strlen(wanted), name_length;
	const char *name;

	while (headers_next(block, length, at, &name, &name_length, value, value_length)) {
		if (name_length == wanted_length && strncasecmp(name, wanted, wanted_length) == 0)
			return true;
	}
	return false;
}

bool headers_find(const char *block, size_t length, const char *name, const char **value,
                  size_t *value_length)
{
	const char *found;
	size_t at = 0, found_length;

	if (!find_from(block, length, &at, name, &found, &found_length))
		return false;
	*value = found;
	*value_length = found_length;
	return true;
}

/* "30", "2.0", "0.493" seconds to ms, rounded up: a floor is not undercut.
 * More than HEADER_WAIT_MS_MAX is not a number of seconds to us. */
static bool seconds_parse(const char *text, size_t length, int64_t *ms)
{
	int64_t value = 0, scale = 1000;
	size_t at = 0;
	bool more = false;

	while (at < length && text[at] >= '0' && text[at] <= '9') {
		value = value * 10 + (text[at++] - '0') * 1000;
		if (value > HEADER_WAIT_MS_MAX)
			return false;
	}
	if (at == 0)
		return false;
	if (at < length && text[at] == '.') {
		size_t digits = ++at;

		for (; at < length && text[at] >= '0' && text[at] <= '9'; at++) {
			scale /= 10;
			value += (text[at] - '0') * scale;
			more |= scale == 0 && text[at] != '0';
		}
		if (at == digits)
			return false;
	}
	if (at != length || value + more > HEADER_WAIT_MS_MAX)
		return false;
	*ms = value + more;
	return true;
}

/* Retry-After, RFC 9110, 10.2.3, and the fractions that many send. */
static bool read_retry_after(const struct scene *scene, struct header_hints *hints)
{
	const char *value;
	size_t at = 0, value_length;

	while (find_from(scene->block, scene->length, &at, "retry-after", &value, &value_length)) {
		int64_t wait_ms, date_ms;

		if (!seconds_parse(value, value_length, &wait_ms)) {
			if (!http_date_parse(value, value_length, scene->now_ms, &date_ms))
				continue;
			wait_ms = date_ms - scene->now_ms;
		}
		if (wait_ms <= 0 || wait_ms > HEADER_WAIT_MS_MAX)
			continue;
		hints->wait_ms = wait_ms;
		strcpy(hints->source, "retry-after");
		return true;
	}
	return false;
}

/* The dialects, in order of precedence: each fills what it finds, and the
 * first one that finds a wait answers true and ends the search for one. */
static bool (*const dialects[])(const struct scene *scene, struct header_hints *hints) = {
    read_retry_after,
};

void headers_read(const char *block, size_t length, int64_t now_wall_ms, struct header_hints *hints)
{
	struct scene scene = {block, length, now_wall_ms};
	const char *value;
	size_t value_length;

	*hints = (struct header_hints){.wait_ms = -1, .limit = -1, .remaining = -1};
	if (headers_find(block, length, "date", &value, &value_length))
		http_date_parse(value, value_length, now_wall_ms, &scene.now_ms);
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
		if (dialects[i](&scene, hints))
			return;
	}
}
