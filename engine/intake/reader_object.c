/* What JSON allows and no two programs read alike: a name that stands twice in
 * an object, and half a character (RFC 7493, 2.1 and 2.3).  Whoever reads the
 * one or the other changes it, so an item that holds it is refused. */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "engine/intake/reader_internal.h"

struct name {
	uint64_t hash;
	struct json_span text;
};

static void fault_at(struct json_fault *fault, size_t offset, const char *reason)
{
	fault->offset = offset;
	fault->reason = reason;
}

/* ---- half characters --------------------------------------------------------- */

/* 'h' for the first half of a pair ("\ud800" to "\udbff"), 'l' for the second
 * half, 0 for anything else. */
static char half_of(const char *at, const char *end)
{
	if (end - at < 6 || at[0] != '\\' || at[1] != 'u' || (at[2] | 0x20) != 'd')
		return 0;
	if (strchr("89aAbB", at[3]) != NULL)
		return 'h';
	return strchr("cCdDeEfF", at[3]) != NULL ? 'l' : 0;
}

static const char *half_find(const char *at, const char *end)
{
	while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
		char half = half_of(at, end);

		if (half == 0)
			at += 2; /* a backslash is never the last byte of sound JSON */
		else if (half == 'h' && half_of(at + 6, end) == 'l')
			at += 12;
		else
			return at;
	}
	return NULL;
}

/* ---- names that stand twice -------------------------------------------------- */

static uint64_t name_hash(struct json_span name, struct buffer *scratch)
{
	if (memchr(name.at, '\\', name.length) == NULL)
		return XXH3_64bits(name.at + 1, name.length - 2);
	scratch->length = 0;
	json_string_decode(name, scratch);
	return XXH3_64bits(scratch->length > 0 ? scratch->data : "", scratch->length);
}

static bool names_equal(struct json_span a, struct json_span b, struct buffer *scratch)
{
	scratch->length = 0;
	json_string_decode(a, scratch);
	return json_string_equals(b, scratch->length > 0 ? scratch->data : "", scratch->length);
}

static int name_order(const void *left, const void *right)
{
	const struct name *a = left, *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->text.at < b->text.at ? -1 : a->text.at > b->text.at;
}

/* The names gathered behind `first`: the later one of two that are equal, or NULL. */
static const char *twice_find(struct reader_names *names, size_t first)
{
	struct name *list = (struct name *)(void *)(names->list.data + first);
	size_t count = (names->list.length - first) / sizeof(*list);
	const char *found = NULL;

	if (count < 2)
		return NULL;
	qsort(list, count, sizeof(*list), name_order);
	for (size_t i = 1; i < count; i++)
		if (list[i - 1].hash == list[i].hash
		    && names_equal(list[i - 1].text, list[i].text, &names->plain)
		    && (found == NULL || list[i].text.at < found))
			found = list[i].text.at;
	return found;
}

/* Depth is bounded: the text was accepted by json_trim. */
static const char *container_check(struct reader_names *names, struct json_span container)
{
	struct json_cursor cursor = json_walk(container);
	size_t first = names->list.length;
	const char *found = NULL;
	struct json_span name, value;

	while (found == NULL && json_next(&cursor, &name, &value)) {
		enum json_type type = json_type(value);

		if (cursor.object) {
			struct name entry = { name_hash(name, &names->plain), name };

			buffer_append(&names->list, (const char *)&entry, sizeof(entry));
		}
		if (type == JSON_OBJECT || type == JSON_ARRAY)
			found = container_check(names, value);
	}
	if (found == NULL && !names->list.failed && !names->plain.failed)
		found = twice_find(names, first);
	names->list.length = first;
	return found;
}

bool reader_object_check(struct reader_names *names, struct json_span text,
                         struct json_span object, struct json_fault *fault)
{
	const char *found = half_find(object.at, object.at + object.length);

	if (found != NULL) {
		fault_at(fault, (size_t)(found - text.at),
		         "half a character (a surrogate without its other half)");
		return false;
	}
	buffer_reset(&names->list, READER_KEEP_MAX);
	buffer_reset(&names->plain, READER_KEEP_MAX);
	found = container_check(names, object);
	if (names->list.failed || names->plain.failed) {
		fault_at(fault, 0, NULL);
		return false;
	}
	if (found != NULL)
		fault_at(fault, (size_t)(found - text.at), "a name that stands twice in its object");
	return found == NULL;
}

void reader_names_free(struct reader_names *names)
{
	buffer_free(&names->list);
	buffer_free(&names->plain);
}
