#include "engine/request/fields.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct field {
	char *name;
	size_t length;
	bool dotted;
};

struct fields {
	struct field *list;
	int count, capacity;
	/* Open addressing over `list`: index + 1, 0 is free.  At most half full. */
	int *slots;
	size_t slot_count; /* a power of two */
	bool dotted;       /* any */
};

struct fields *fields_new(void)
{
	struct fields *fields = calloc(1, sizeof(*fields));

	if (!fields)
		return NULL;
	fields->slot_count = 16;
	fields->slots = calloc(fields->slot_count, sizeof(*fields->slots));
	if (!fields->slots) {
		free(fields);
		return NULL;
	}
	return fields;
}

void fields_free(struct fields *fields)
{
	if (!fields)
		return;
	for (int i = 0; i < fields->count; i++)
		free(fields->list[i].name);
	free(fields->list);
	free(fields->slots);
	free(fields);
}

int fields_count(const struct fields *fields)
{
	return fields->count;
}

/* The slot that holds the name, or the free one where it would go. */
static size_t slot_of(const struct fields *fields, const char *name, size_t length)
{
	size_t mask = fields->slot_count - 1, slot = (size_t)XXH3_64bits(name, length) & mask;

	while (fields->slots[slot]) {
		const struct field *field = &fields->list[fields->slots[slot] - 1];

		if (field->length == length && memcmp(field->name, name, length) == 0)
			break;
		slot = (slot + 1) & mask;
	}
	return slot;
}

static bool grow(struct fields *fields)
{
	int capacity = fields->capacity ? 2 * fields->capacity : 8;
	size_t slot_count = 2 * fields->slot_count;
	struct field *list = realloc(fields->list, (size_t)capacity * sizeof(*list));
	int *slots;

	if (!list)
		return false;
	fields->list = list;
	slots = calloc(slot_count, sizeof(*slots));
	if (!slots)
		return false;
	free(fields->slots);
	fields->slots = slots;
	fields->slot_count = slot_count;
	fields->capacity = capacity;
	for (int i = 0; i < fields->count; i++)
		slots[slot_of(fields, list[i].name, list[i].length)] = i + 1;
	return true;
}

int fields_add(struct fields *fields, const char *name, size_t length)
{
	size_t slot = slot_of(fields, name, length);
	struct field *field;
	char *copy;

	if (fields->slots[slot])
		return fields->slots[slot] - 1;
	if (fields->count == INT32_MAX / 4 || (fields->count == fields->capacity && !grow(fields)))
		return -1;
	copy = malloc(length + 1);
	if (!copy)
		return -1;
	memcpy(copy, name, length);
	copy[length] = '\0';
	field = &fields->list[fields->count++];
	*field = (struct field){copy, length, memchr(name, '.', length) != NULL};
	fields->dotted |= field->dotted;
	fields->slots[slot_of(fields, copy, length)] = fields->count;
	return fields->count - 1;
}

/* The index of a quoted member name, -1: not one of ours. */
static int index_of(const struct fields *fields, struct json_span quoted)
{
	const char *name = quoted.at + 1;
	size_t length = quoted.length - 2;

	if (memchr(name, '\\', length)) {
		for (int i = 0; i < fields->count; i++) {
			if (json_string_equals(quoted, fields->list[i].name, fields->list[i].length))
				return i;
		}
		return -1;
	}
	return fields->slots[slot_of(fields, name, length)] - 1;
}

void fields_scan(const struct fields *fields, struct json_span input, struct json_span *values)
{
	struct json_cursor cursor = json_walk(input);
	struct json_span name, value;

	for (int i = 0; i < fields->count; i++)
		values[i] = (struct json_span){NULL, 0};
	if (fields->count == 0 || !cursor.object)
		return;
	while (json_next(&cursor, &name, &value)) {
		int index = index_of(fields, name);

		/* The first of a name that stands twice, as SQLite's functions do. */
		if (index >= 0 && !values[index].at)
			values[index] = value;
	}
	for (int i = 0; fields->dotted && i < fields->count; i++) {
		const struct field *field = &fields->list[i];

		if (!values[i].at && field->dotted &&
		    !fields_find(input, field->name, field->length, &values[i]))
			values[i] = (struct json_span){NULL, 0};
	}
}

bool fields_find(struct json_span input, const char *name, size_t length, struct json_span *value)
{
	struct json_span object = input, member;

	for (;;) {
		const char *dot;

		if (json_member(object, name, length, &member)) {
			*value = member;
			return true;
		}
		dot = memchr(name, '.', length);
		if (!dot || !json_member(object, name, (size_t)(dot - name), &member) ||
		    json_type(member) != JSON_OBJECT)
			return false;
		object = member;
		length -= (size_t)(dot - name) + 1;
		name = dot + 1;
	}
}
