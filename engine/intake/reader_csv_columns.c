#include "engine/intake/reader_csv.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/intake/exported.h"
#include "engine/intake/reader.h"

/* A name in a message is cut here, so that the reason behind it is seen. */
#define NAME_SHOWN_MAX 80

static enum status columns_no_memory(struct error *error)
{
	return error_set(error, STATUS_NO_MEMORY, "out of memory");
}

static bool columns_grow(struct csv_columns *columns)
{
	int capacity = columns->capacity == 0 ? 16 : columns->capacity * 2;
	struct csv_name *list;

	if (columns->count < columns->capacity)
		return true;
	list = realloc(columns->list, (size_t)capacity * sizeof(*list));
	if (list == NULL)
		return false;
	columns->list = list;
	columns->capacity = capacity;
	return true;
}

enum status csv_columns_add(struct csv_columns *columns, const char *name, size_t length,
                            struct error *error)
{
	struct csv_name *added;

	if (length == 0)
		return error_set(error, STATUS_USAGE, "the name is empty");
	if (columns->count == READER_COLUMNS_MAX)
		return error_set(error, STATUS_USAGE, "more than %d columns", READER_COLUMNS_MAX);
	if (!columns_grow(columns))
		return columns_no_memory(error);
	added = &columns->list[columns->count];
	added->at = columns->names.length;
	added->length = length;
	buffer_append(&columns->names, name, length);
	added->prefix_at = columns->prefixes.length;
	buffer_char(&columns->prefixes, columns->count == 0 ? '{' : ',');
	buffer_json(&columns->prefixes, name, length);
	buffer_char(&columns->prefixes, ':');
	added->prefix_length = columns->prefixes.length - added->prefix_at;
	if (columns->names.failed || columns->prefixes.failed)
		return columns_no_memory(error);
	columns->count++;
	return STATUS_OK;
}

static int name_compare(const void *left, const void *right, void *context)
{
	const struct csv_columns *columns = context;
	const struct csv_name *a = &columns->list[*(const int *)left];
	const struct csv_name *b = &columns->list[*(const int *)right];

	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return memcmp(columns->names.data + a->at, columns->names.data + b->at, a->length);
}

enum status csv_columns_finish(struct csv_columns *columns, struct error *error)
{
	int *order = calloc((size_t)columns->count, sizeof(*order));
	struct exported_run run = EXPORTED_RUN_NONE;
	enum status status = STATUS_OK;

	if (order == NULL)
		return columns_no_memory(error);
	for (int i = 0; i < columns->count; i++) {
		order[i] = i;
		exported_run_see(&run, columns->names.data + columns->list[i].at,
		                 columns->list[i].length);
	}
	columns->items = run.begins > 0 ? run.begins : columns->count;
	qsort_r(order, (size_t)columns->items, sizeof(*order), name_compare, columns);
	for (int i = 1; i < columns->items && status == STATUS_OK; i++) {
		const struct csv_name *name = &columns->list[order[i]];

		if (name_compare(&order[i - 1], &order[i], columns) == 0)
			status = error_set(error, STATUS_USAGE, "the name '%.*s' stands twice",
			                   name->length < NAME_SHOWN_MAX ? (int)name->length
			                                                 : NAME_SHOWN_MAX,
			                   columns->names.data + name->at);
	}
	free(order);
	columns->complete = status == STATUS_OK;
	return status;
}

void csv_columns_free(struct csv_columns *columns)
{
	buffer_free(&columns->names);
	buffer_free(&columns->prefixes);
	free(columns->list);
}

void csv_columns_write(const struct csv_columns *columns, struct buffer *out)
{
	buffer_char(out, '[');
	for (int i = 0; i < columns->count; i++) {
		if (i > 0)
			buffer_char(out, ',');
		buffer_json(out, columns->names.data + columns->list[i].at,
		            columns->list[i].length);
	}
	buffer_char(out, ']');
}

void csv_columns_place(const struct csv_columns *columns, int index, char *out, size_t capacity)
{
	const struct csv_name *name;
	bool cut;

	if (!columns->complete || index >= columns->count) {
		snprintf(out, capacity, ", column %d", index + 1);
		return;
	}
	name = &columns->list[index];
	cut = name->length > NAME_SHOWN_MAX;
	snprintf(out, capacity, ", column '%.*s%s'", cut ? NAME_SHOWN_MAX : (int)name->length,
	         columns->names.data + name->at, cut ? "…" : "");
}
