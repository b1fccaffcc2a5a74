/* What changed between two canonical texts, for a person. */
#include <string.h>

#include "engine/request/spec.h"

#define SHOWN_MAX 60 /* bytes of a value */

struct comparison {
	struct buffer *lines;
	int count;
};

static void put_value(struct buffer *out, const struct json_span *value)
{
	size_t length;

	if (!value) {
		buffer_text(out, "(none)");
		return;
	}
	length = value->length;
	if (length <= SHOWN_MAX) {
		buffer_append(out, value->at, length);
		return;
	}
	length = SHOWN_MAX;
	while (length > 0 && ((unsigned char)value->at[length] & 0xc0) == 0x80)
		length--; /* not within a character */
	buffer_append(out, value->at, length);
	buffer_text(out, "…");
}

static void report(struct comparison *comparison, const struct buffer *path,
                   const struct json_span *was, const struct json_span *is)
{
	if (comparison->count++ > 0)
		buffer_char(comparison->lines, '\n');
	buffer_append(comparison->lines, path->data, path->length);
	buffer_text(comparison->lines, ": ");
	put_value(comparison->lines, was);
	buffer_text(comparison->lines, " -> ");
	put_value(comparison->lines, is);
}

static void compare(struct comparison *comparison, struct buffer *path, struct json_span was,
                    struct json_span is);

/* Append ".name" or "[3]"; the way back is the length before. */
static void descend(struct buffer *path, struct json_span name, int index)
{
	if (name.length == 0) {
		buffer_printf(path, "[%d]", index);
		return;
	}
	if (path->length > 0)
		buffer_char(path, '.');
	json_string_decode(name, path);
}

/* The member that belongs to (name, index) on the other side. */
static bool find_other(struct json_span container, struct json_span name, int index,
                       struct json_span *value)
{
	struct json_cursor cursor = json_walk(container);
	struct json_span other;

	while (json_next(&cursor, &other, value)) {
		if (name.length > 0 ? other.length == name.length &&
		                          memcmp(other.at, name.at, name.length) == 0
		                    : index-- == 0)
			return true;
	}
	return false;
}

static void compare_containers(struct comparison *comparison, struct buffer *path,
                               struct json_span was, struct json_span is)
{
	struct json_cursor cursor = json_walk(was);
	struct json_span name, value, other;
	size_t length = path->length;

	for (int i = 0; json_next(&cursor, &name, &value); i++) {
		descend(path, name, i);
		if (find_other(is, name, i, &other))
			compare(comparison, path, value, other);
		else
			report(comparison, path, &value, NULL);
		path->length = length;
	}
	cursor = json_walk(is);
	for (int i = 0; json_next(&cursor, &name, &value); i++) {
		descend(path, name, i);
		if (!find_other(was, name, i, &other))
			report(comparison, path, NULL, &value);
		path->length = length;
	}
}

static void compare(struct comparison *comparison, struct buffer *path, struct json_span was,
                    struct json_span is)
{
	enum json_type type = json_type(was);
	int before = comparison->count;

	if (was.length == is.length && memcmp(was.at, is.at, was.length) == 0)
		return;
	if (type == json_type(is) && (type == JSON_OBJECT || type == JSON_ARRAY))
		compare_containers(comparison, path, was, is);
	if (comparison->count == before) /* a plain value, or only the order of members */
		report(comparison, path, &was, &is);
}

int spec_difference(const char *old_canonical, const char *new_canonical, struct buffer *lines)
{
	struct comparison comparison = {lines, 0};
	struct json_span was, is;
	struct buffer path = {0};

	if (!json_trim(old_canonical, strlen(old_canonical), &was, NULL) ||
	    !json_trim(new_canonical, strlen(new_canonical), &is, NULL)) {
		if (strcmp(old_canonical, new_canonical) == 0)
			return 0;
		buffer_text(lines, "the job file as a whole");
		return 1;
	}
	compare(&comparison, &path, was, is);
	buffer_free(&path);
	return comparison.count;
}
