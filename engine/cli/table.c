#include "engine/cli/table.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cli/text.h"

#define GAP 2
#define COLUMNS_MAX 16

struct cell {
	size_t at, length; /* in `text` */
	int width;
	const char *color;
};

struct table {
	const struct table_column *columns;
	int column_count;
	struct buffer text;
	struct cell *cells;
	int cell_count, cell_capacity;
	bool hidden[COLUMNS_MAX];
	bool failed;
};

struct table *table_new(const struct table_column *columns, int column_count)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table) {
		table->columns = columns;
		table->column_count = column_count < COLUMNS_MAX ? column_count : COLUMNS_MAX;
	}
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	buffer_free(&table->text);
	free(table->cells);
	free(table);
}

void table_cell(struct table *table, const char *text, size_t length, const char *color)
{
	struct cell cell = {.at = table->text.length, .color = color};

	if (table->cell_count == table->cell_capacity) {
		int capacity = table->cell_capacity ? table->cell_capacity * 2 : 256;
		struct cell *more = realloc(table->cells, (size_t)capacity * sizeof(*more));
		if (!more) {
			table->failed = true;
			return;
		}
		table->cells = more;
		table->cell_capacity = capacity;
	}
	text_safe(&table->text, text, length);
	if (table->text.failed) {
		table->failed = true;
		return;
	}
	cell.length = table->text.length - cell.at;
	cell.width = cell.length ? text_width(table->text.data + cell.at, cell.length) : 0;
	table->cells[table->cell_count++] = cell;
}

void table_text(struct table *table, const char *text, const char *color)
{
	table_cell(table, text, strlen(text), color);
}

void table_count(struct table *table, int64_t count, const char *color)
{
	struct buffer text = {0};

	text_count(&text, count);
	table_text(table, text.failed ? "" : text.data, color);
	buffer_free(&text);
}

int table_rows(const struct table *table)
{
	return table->cell_count / table->column_count;
}

void table_hide(struct table *table, int column)
{
	table->hidden[column] = true;
}

/* ---- layout -------------------------------------------------------------------- */

/* Widths that hold everything; 0 for a column that is empty throughout, or hidden. */
static void measure(const struct table *table, int widths[COLUMNS_MAX])
{
	for (int i = 0; i < table->column_count; i++)
		widths[i] = 0;
	for (int i = 0; i < table_rows(table) * table->column_count; i++) {
		int *width = &widths[i % table->column_count];
		if (!table->hidden[i % table->column_count] && table->cells[i].width > *width)
			*width = table->cells[i].width;
	}
	for (int i = 0; i < table->column_count; i++) {
		int title = (int)strlen(table->columns[i].title);
		if (widths[i] && widths[i] < title)
			widths[i] = title;
	}
}

static int total(const struct table *table, const int widths[COLUMNS_MAX])
{
	int sum = -GAP;

	for (int i = 0; i < table->column_count; i++) {
		if (widths[i])
			sum += widths[i] + GAP;
	}
	return sum;
}

/* Take what is too much from the widest column that may be cut, a column at a time. */
static void squeeze(const struct table *table, int widths[COLUMNS_MAX], int width)
{
	for (int over = total(table, widths) - width; over > 0; over--) {
		int widest = -1;
		for (int i = 0; i < table->column_count; i++) {
			int least = table->columns[i].width_min;
			if (least && widths[i] > least &&
			    (widest < 0 || widths[i] > widths[widest]))
				widest = i;
		}
		if (widest < 0)
			return;
		widths[widest]--;
	}
}

static int last_column(const struct table *table, const int widths[COLUMNS_MAX])
{
	int last = 0;

	for (int i = 0; i < table->column_count; i++)
		last = widths[i] ? i : last;
	return last;
}

static void put(struct buffer *out, const char *text, size_t length, int text_columns, int width,
                bool right, const char *color, bool pad)
{
	int blanks = width - (text_columns < width ? text_columns : width);

	if (right)
		text_spaces(out, blanks);
	if (color)
		buffer_text(out, color);
	if (length && text_columns > width)
		text_fit(out, text, length, width);
	else
		buffer_append(out, text, length);
	if (color)
		buffer_text(out, "\x1b[0m");
	if (!right && pad)
		text_spaces(out, blanks);
}

bool table_print(const struct table *table, int width, bool color, struct buffer *out)
{
	int widths[COLUMNS_MAX];
	bool first = true;

	if (table->failed)
		return false;
	measure(table, widths);
	squeeze(table, widths, width);
	int last = last_column(table, widths);
	for (int i = 0; i < table->column_count; i++) {
		const struct table_column *column = &table->columns[i];
		if (!widths[i])
			continue;
		text_spaces(out, first ? 0 : GAP);
		first = false;
		put(out, column->title, strlen(column->title), (int)strlen(column->title),
		    widths[i], column->right, color ? "\x1b[2m" : NULL, i != last);
	}
	buffer_char(out, '\n');
	for (int row = 0; row < table_rows(table); row++) {
		first = true;
		for (int i = 0; i < table->column_count; i++) {
			const struct cell *cell = &table->cells[row * table->column_count + i];
			if (!widths[i])
				continue;
			text_spaces(out, first ? 0 : GAP);
			first = false;
			put(out, cell->length ? table->text.data + cell->at : "", cell->length,
			    cell->width, widths[i], table->columns[i].right,
			    color ? cell->color : NULL, i != last);
		}
		buffer_char(out, '\n');
	}
	return !out->failed;
}
