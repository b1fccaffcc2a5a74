/* The CSV header's names.  Only reader_csv*.c include this. */
#ifndef SLUICE_INTAKE_READER_CSV_H
#define SLUICE_INTAKE_READER_CSV_H

#include "engine/base/buffer.h"
#include "engine/base/status.h"

struct csv_name {
	size_t at, length;               /* plain bytes, within names */
	size_t prefix_at, prefix_length; /* `{"name":` or `,"name":`, within prefixes */
};

struct csv_columns {
	struct buffer names, prefixes;
	struct csv_name *list;
	int count, capacity;
	int items;     /* so many are the items'; what is behind them our export added */
	bool complete; /* the header row is over and sound */
};

/* STATUS_USAGE: empty, or one too many. */
enum status csv_columns_add(struct csv_columns *columns, const char *name, size_t length,
                            struct error *error);
/* The header row is over.  STATUS_USAGE: a name stands twice. */
enum status csv_columns_finish(struct csv_columns *columns, struct error *error);
void csv_columns_free(struct csv_columns *columns);

/* As a JSON array of strings. */
void csv_columns_write(const struct csv_columns *columns, struct buffer *out);

/* ", column 'city'", or ", column 2" where the name is not known; `index` from 0. */
void csv_columns_place(const struct csv_columns *columns, int index, char *out, size_t capacity);

#endif
