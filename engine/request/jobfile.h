/* The job file as an editable tree: what `sluice run` lays its flags over.
 * Numbers inside request.json keep their text (they ride as raw JSON). */
#ifndef SLUICE_REQUEST_JOBFILE_H
#define SLUICE_REQUEST_JOBFILE_H

#include <stdbool.h>

#include "engine/base/buffer.h"
#include "engine/base/status.h"

struct jobfile;

/* An empty one ({}), for a URL on the command line. */
struct jobfile *jobfile_new(void);

/* Read `path` (at most 4 MiB).  Errors: "job.json: line 3, column 7: …". */
enum status jobfile_read(const char *path, struct jobfile **jobfile, struct error *error);
void jobfile_free(struct jobfile *jobfile);

/* Put a value at a dotted path ("limits.rate"), making objects on the way and
 * replacing what is there. */
enum status jobfile_set_text(struct jobfile *jobfile, const char *path, const char *text);
enum status jobfile_set_int(struct jobfile *jobfile, const char *path, int64_t value);
enum status jobfile_set_number(struct jobfile *jobfile, const char *path, double value);
enum status jobfile_set_bool(struct jobfile *jobfile, const char *path, bool value);
/* `json` is checked, and kept as written. */
enum status jobfile_set_json(struct jobfile *jobfile, const char *path, const char *json,
                             struct error *error);
/* A member of an object whose name may hold dots: request.headers["X.Y"].  A
 * header is replaced whatever its case. */
enum status jobfile_set_member(struct jobfile *jobfile, const char *path, const char *name,
                               const char *text);
void jobfile_remove(struct jobfile *jobfile, const char *path);
/* Is there anything but null at a path? */
bool jobfile_has(const struct jobfile *jobfile, const char *path);
/* The text at a path, or NULL; valid until the next change. */
const char *jobfile_text(const struct jobfile *jobfile, const char *path);

/* The whole as JSON text for spec_parse. */
enum status jobfile_print(const struct jobfile *jobfile, struct buffer *out);

#endif
