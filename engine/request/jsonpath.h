/* JSON paths over response bodies, by SQLite's JSON functions, which are exact.
 * One struct jsonpath per thread (a private in-memory connection). */
#ifndef SLUICE_REQUEST_JSONPATH_H
#define SLUICE_REQUEST_JSONPATH_H

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/base/status.h"

struct jsonpath;

struct jsonpath *jsonpath_new(void); /* NULL without memory */
void jsonpath_free(struct jsonpath *jsonpath);

/* Is this a path SQLite accepts? */
bool jsonpath_check(struct jsonpath *jsonpath, const char *path);

/* The body that is asked about next stays where it is, unchanged, until
 * jsonpath_release: it need not be copied. */
void jsonpath_hold(struct jsonpath *jsonpath, const char *body, size_t length);
void jsonpath_release(struct jsonpath *jsonpath);

/* The JSON text of the value at `path`, numbers as written, appended to `out`;
 * false: nothing there, or the body is not JSON. */
bool jsonpath_get(struct jsonpath *jsonpath, const char *body, size_t length, const char *path,
                  struct buffer *out);

#endif
