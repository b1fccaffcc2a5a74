/* Items whose input a person changes; the first one is kept for ever. */
#ifndef SLUICE_STORE_EDITS_H
#define SLUICE_STORE_EDITS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/store/db.h"

/* Writer: `input` is the item's from now on. */
enum status edits_put(struct db *db, int64_t job, int64_t seq, struct json_span input,
                      const char *who, int64_t now_ms, struct error *error);

struct edit_row {
	struct buffer original; /* the caller's to free */
	int64_t at_ms;          /* of the last edit; 0: the item was never edited */
	char who[64];
};
enum status edits_get(struct db *db, int64_t job, int64_t seq, struct edit_row *row,
                      struct error *error);

/* By the job's key.  *seq 0: no item has it.  The input is appended. */
enum status edits_find(struct db *db, int64_t job, const char *key, size_t key_length,
                       int64_t *seq, struct buffer *input, struct error *error);

/* When the job's definition was last changed (--update-job); 0: never. */
enum status edits_job_updated(struct db *db, int64_t job, int64_t *at_ms, struct error *error);

#endif
