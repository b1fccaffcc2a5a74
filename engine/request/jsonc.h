/* JSON as people write it: with comments.  What job files and the API's job
 * bodies pass through before anything reads them. */
#ifndef SLUICE_REQUEST_JSONC_H
#define SLUICE_REQUEST_JSONC_H

#include <stddef.h>

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/base/status.h"

/* Copy `text` into `plain` (emptied first) with comments, and a byte order mark
 * at its start, replaced by blanks, so that places stay where they were; check
 * it; *value becomes the one value in `plain`.
 * Errors: "line 3, column 7: a comma with nothing after it". */
enum status jsonc_read(const char *text, size_t length, struct buffer *plain,
                       struct json_span *value, struct error *error);

/* No object in it may hold a name twice (but below `except`, a dotted path
 * from the top, may be NULL).  Errors: "limits: 'rate' stands twice". */
enum status jsonc_check_names(struct json_span value, const char *except, struct error *error);

/* Append checked JSON without the white space between its tokens. */
void jsonc_minify(struct json_span value, struct buffer *out);

#endif
