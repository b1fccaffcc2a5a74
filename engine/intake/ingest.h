/* Items into a job: opens the source, proves it sound before anything is sent,
 * finds out what a former run had already taken in, and hands batches of rows
 * on.  Knows nothing of threads or the store: the engine gives it a sink.
 *
 * A file is read twice: once to check every row (parse, template fields) and
 * hash the content, once to import.  A pipe cannot be: it is held in memory up
 * to INGEST_PEEK_BYTES or INGEST_PEEK_MS; if it ends within that it is treated
 * as a file, else rows are checked as they come and a bad one stops the import
 * there (STATUS_USAGE), with what came before kept. */
#ifndef SLUICE_INTAKE_INGEST_H
#define SLUICE_INTAKE_INGEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/base/status.h"
#include "engine/request/plan.h"
#include "engine/request/spec.h"

#define INGEST_PEEK_BYTES (8u << 20)
#define INGEST_PEEK_MS 1000
#define INGEST_BATCH_ROWS 1000
#define INGEST_BATCH_BYTES (256u << 10)

/* What the database remembers of a job's source: how far it was taken in. */
struct source_state {
	uint64_t offset;      /* bytes of the stream that are in */
	uint64_t hash[2];     /* XXH3-128 of those bytes */
	int64_t rows;         /* rows that are in */
	bool complete;        /* the import reached the end */
	uint64_t size;        /* of the whole file as checked; 0: a pipe */
	uint64_t size_hash[2];/* XXH3-128 of the whole checked file */
	char *reader_state;   /* see reader_state(); NULL at the start */
};

struct ingest_row {
	size_t at, length;         /* input, within text */
	size_t key_at, key_length; /* the key column's text, within text; both 0: no key asked */
};

struct ingest_bad {
	int64_t row;
	char *fault; /* "users.csv: row 17 (line 18), column 'city': …" */
	char *raw;   /* its first bytes, what is not text in them as '?' */
};

struct ingest_batch {
	struct buffer text;
	struct ingest_row *rows;
	int row_count, row_capacity;
	bool cells;                /* of a CSV: every value is a text, whatever it was */
	struct ingest_bad *bad; /* --skip-bad-rows */
	int bad_count;
	struct source_state after; /* where the source stands when this batch is in */
};
struct ingest_batch *ingest_batch_new(void);
void ingest_batch_free(struct ingest_batch *batch);

struct ingest_options {
	const char *path;             /* as the user wrote it; "-" is fd 0 */
	const char *name;             /* for messages */
	enum items_format format;
	const char *key;              /* column or NULL; missing, empty, neither text nor a
	                                 number, or longer than 1024 bytes is a bad row */
	int64_t rows_max;             /* --limit, 0: all */
	bool skip_bad_rows;
	const struct plan *plan;      /* to check that a row can be rendered; NULL: do not */
	const struct source_state *known; /* what a former run took in: the very same file is not
	                                     checked again; NULL: nothing.  Of an upload: see there */
	bool append;                  /* of an upload: see there */
	const atomic_bool *stop;      /* set from outside: give up soon with STATUS_CLOSED */
};

struct ingest_sink {
	/* Takes the batch over (frees it in the end).  Blocks for backpressure. */
	enum status (*batch)(void *context, struct ingest_batch *batch, struct error *error);
	void *context;
};

struct ingest;

/* Open and, for a file (or a pipe that ended within the peek), check it all; of
 * a longer pipe, what the peek gave.  Nothing behind rows_max is judged.
 * STATUS_USAGE: "users.csv: row 3 (line 5), column 'city': …". */
enum status ingest_open(const struct ingest_options *options, struct ingest **ingest,
                        struct error *error);
void ingest_close(struct ingest *ingest);
bool ingest_checked(const struct ingest *ingest); /* all of it was seen and is sound */
int64_t ingest_rows_checked(const struct ingest *ingest); /* good ones, at most rows_max */
int64_t ingest_rows_bad(const struct ingest *ingest); /* bad ones seen then: skip_bad_rows */
/* The CSV columns as a JSON array, "null" for other formats or none seen yet. */
void ingest_columns(const struct ingest *ingest, struct buffer *out);

enum source_relation {
	SOURCE_NEW,      /* nothing is in yet */
	SOURCE_SAME,     /* the same content; import may still be to finish */
	SOURCE_APPENDED, /* begins with what is in (or, where that import was broken off, with
	                    all that was checked then) and has more rows */
	SOURCE_DIFFERS,
};
/* Compare with what a former run took in.  Files: by content hash, without
 * parsing.  A last row that had no line break and goes on now is a difference;
 * the ']' of a JSON array that moved, or blank lines at the end, are none.
 * Pipes: SOURCE_SAME is assumed until the bytes prove otherwise in
 * ingest_run (which then fails with STATUS_CONFLICT before a new row is in). */
enum status ingest_compare(struct ingest *ingest, const struct source_state *known,
                           enum source_relation *relation, struct error *error);

/* A file that is the same: are there rows behind the last one taken in (a former
 * --limit left them out)? */
enum status ingest_has_more(struct ingest *ingest, const struct source_state *known, bool *more,
                            struct error *error);

/* Import from where `known` stands (NULL: the start).  What is before it is read,
 * compared by hash and skipped: STATUS_CONFLICT where it differs.  A file that
 * differs from what was checked is STATUS_CONFLICT too, rows that were appended
 * since are left alone; the last batch, and only that, says after.complete, and
 * may be without rows.  A bad row of a pipe is STATUS_USAGE and tells how many
 * rows are in.  An error of the sink is returned as it is. */
enum status ingest_run(struct ingest *ingest, const struct source_state *known,
                       struct ingest_sink sink, struct error *error);

/* Walk the rows from the start without importing, until `row` says otherwise:
 * to find the first row that differs.  Only where ingest_checked(). */
enum status ingest_walk(struct ingest *ingest,
                        enum status (*row)(void *context, int64_t seq, struct json_span input,
                                           struct error *error),
                        void *context, struct error *error);

/* An upload: bytes are fed instead of read.  `options->known` is what the job's
 * last upload took in:
 *   it broke off (not complete): this one must begin with what is in, which is
 *     passed over, and goes on behind it, else STATUS_CONFLICT;
 *   it ended: this one, where it begins with all of that, is taken for its
 *     repetition: no row comes in, and a further one is STATUS_CONFLICT (with
 *     options->append it is welcome).  Any other is a new one.
 *   NULL: a new one in any case.
 * To tell them apart up to 1 MiB is held.  A batch's state belongs to the upload
 * alone and is complete when that ended.
 *
 * A bad row ends an upload (STATUS_USAGE; what came before it is handed on) and
 * nothing more is taken: every later call tells the same error.  ingest_close
 * without ingest_upload_end drops the rows that were not handed on yet. */
enum status ingest_upload_new(const struct ingest_options *options, struct ingest_sink sink,
                              struct ingest **ingest, struct error *error);
enum status ingest_upload_feed(struct ingest *ingest, const char *bytes, size_t length,
                               struct error *error);
/* The stream pauses: hand on the rows at hand. */
enum status ingest_upload_flush(struct ingest *ingest, struct error *error);
/* Ends this upload; hands the last batch on. */
enum status ingest_upload_end(struct ingest *ingest, struct error *error);
/* Rows at its beginning that were in before it. */
int64_t ingest_upload_known(const struct ingest *ingest);

#endif
