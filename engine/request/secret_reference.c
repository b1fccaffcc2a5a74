/* Finding references in a text: ${env:NAME}, and $${ for a plain ${. */
#include <string.h>

#include "engine/request/secret_internal.h"

static const char *const sources[] = {"env:", "file:", "given:"};

/* Does a reference, or the escape of one, begin here? */
static bool is_reference(const char *at, size_t left)
{
	if (left < 2 || at[0] != '$' || at[1] != '{')
		return false;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		size_t length = strlen(sources[i]);

		if (left - 2 >= length && memcmp(at + 2, sources[i], length) == 0)
			return true;
	}
	return false;
}

static bool is_escape(const char *at, size_t left)
{
	return left >= 3 && memcmp(at, "$${", 3) == 0;
}

bool secret_next(const char *text, size_t length, size_t *at, struct secret_piece *piece)
{
	const char *start = text + *at, *end = text + length, *stop;

	if (*at >= length)
		return false;
	if (is_escape(start, length - *at)) {
		*piece = (struct secret_piece){false, start + 1, 2};
		*at += 3;
		return true;
	}
	if (is_reference(start, length - *at)) {
		stop = memchr(start, '}', length - *at);
		*piece = (struct secret_piece){true, start + 2, stop ? (size_t)(stop - start) - 2 : 0};
		*at = stop ? (size_t)(stop - text) + 1 : length;
		return true;
	}
	for (stop = start + 1; stop < end; stop++) {
		stop = memchr(stop, '$', (size_t)(end - stop));
		if (!stop || is_escape(stop, (size_t)(end - stop)) ||
		    is_reference(stop, (size_t)(end - stop)))
			break;
	}
	if (!stop)
		stop = end;
	*piece = (struct secret_piece){false, start, (size_t)(stop - start)};
	*at = (size_t)(stop - text);
	return true;
}

bool secret_referenced(const char *text)
{
	size_t length = strlen(text), at = 0;
	struct secret_piece piece;

	while (secret_next(text, length, &at, &piece)) {
		if (piece.reference)
			return true;
	}
	return false;
}
