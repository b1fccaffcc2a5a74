/* What the parts of reads share. */
#ifndef SLUICE_STORE_READS_INTERNAL_H
#define SLUICE_STORE_READS_INTERNAL_H

#include <sqlite3.h>

#include "engine/store/reads.h"

/* A table that holds a part of some items, walked along with them. */
struct side {
	sqlite3_stmt *statement; /* NULL: not asked yet */
	int64_t at;              /* the id it stands on, INT64_MAX: no further one */
};

/* Reads items whose ids rise.  An item's parts lie in six tables, each in the order of
 * its ids: walked side by side they cost a third of a look-up each. */
struct row_reader {
	struct db *db;
	const struct job_row *job;
	const struct item_query *query;
	struct item_row row;     /* its texts last until the next row_read */
	struct side item, outcome, resend, tried, extracted, body;
	sqlite3_stmt *last_attempt;
};
/* *found: there is such an item. */
enum status row_read(struct row_reader *rows, int64_t id, bool *found, struct error *error);
void row_reader_done(struct row_reader *rows);

/* All attempts of one item, oldest first. */
enum status reads_attempts(struct db *db, int64_t id, const struct item_row *item,
                           void (*attempt)(void *context, const struct attempt_row *row),
                           void *context, struct error *error);

#endif
