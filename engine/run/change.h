/* Changes to an item's input, field by field.  All texts are JSON objects that
 * json_check accepted. */
#ifndef SLUICE_RUN_CHANGE_H
#define SLUICE_RUN_CHANGE_H

#include "engine/base/buffer.h"
#include "engine/base/json.h"

/* [{"field":"city","before":"x","after":null}…]: values as they stand, null where
 * the field is not there.  Returns how many differ. */
int change_list(struct json_span before, struct json_span after, struct buffer *out);

/* `row` laid over `input`: fields it does not have stay.  Columns of our own CSV
 * export (sluice_…) are left out unless the input has them. */
void change_merge(struct json_span input, struct json_span row, struct buffer *out);

/* The same for a row of a CSV, whose values are texts and whose columns are those of all
 * items.  A cell that shows what is there changes nothing; numbers, true and false, arrays and
 * objects stay such where the cell can be one; an empty cell is no new field. */
void change_merge_cells(struct json_span input, struct json_span row, struct buffer *out);

/* Without white space between the tokens: a line of NDJSON. */
void change_compact(struct json_span value, struct buffer *out);

#endif
