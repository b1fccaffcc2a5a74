/* What the parts of reads share. */
#ifndef SLUICE_STORE_READS_INTERNAL_H
#define SLUICE_STORE_READS_INTERNAL_H

#include "engine/store/reads.h"

/* All attempts of one item, oldest first. */
enum status reads_attempts(struct db *db, int64_t id, const struct item_row *item,
                           void (*attempt)(void *context, const struct attempt_row *row),
                           void *context, struct error *error);

#endif
