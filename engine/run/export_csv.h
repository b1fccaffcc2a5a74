/* Items as CSV: the columns that came in, in their order, then what became of each item. */
#ifndef SLUICE_RUN_EXPORT_CSV_H
#define SLUICE_RUN_EXPORT_CSV_H

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/request/spec.h"
#include "engine/store/reads.h"

struct export_csv {
	struct buffer columns; /* of the items, a JSON array of names */
	struct buffer scratch;
};
/* The columns are those of a CSV source (without what an export of ours added to it) … */
void export_csv_columns(struct export_csv *csv, struct json_span known);
/* … or all that items have; columns begins as "[]". */
void export_csv_gather(struct export_csv *csv, struct json_span input);
void export_csv_header(struct export_csv *csv, const struct spec *spec, struct buffer *out);
void export_csv_row(struct export_csv *csv, const struct spec *spec, const struct item_row *row,
                    struct buffer *out);
void export_csv_free(struct export_csv *csv);

#endif
