/* An aligned table for a terminal.  Cells are made safe (text.h) as they come
 * in; columns that are empty in every row are left out; columns that may be
 * cut are, where the terminal is too narrow. */
#ifndef SLUICE_CLI_TABLE_H
#define SLUICE_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/buffer.h"

struct table_column {
	const char *title;
	bool right;    /* numbers */
	int width_min; /* may be cut to this; 0: is never cut */
};

struct table;

/* Columns must outlive the table.  NULL without memory. */
struct table *table_new(const struct table_column *columns, int column_count);
void table_free(struct table *table); /* NULL is allowed */

/* The next cell, row by row.  color: an escape sequence or NULL. */
void table_cell(struct table *table, const char *text, size_t length, const char *color);
void table_text(struct table *table, const char *text, const char *color);
/* "1,234" */
void table_count(struct table *table, int64_t count, const char *color);
int table_rows(const struct table *table);
/* Leave a column out, whatever is in it. */
void table_hide(struct table *table, int column);

/* Append it with its head.  False without memory. */
bool table_print(const struct table *table, int width, bool color, struct buffer *out);

#endif
