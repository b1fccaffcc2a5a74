/* What the parts of ingest share.  Only ingest*.c include this. */
#ifndef SLUICE_INTAKE_INGEST_INTERNAL_H
#define SLUICE_INTAKE_INGEST_INTERNAL_H

#include "engine/intake/digest.h"
#include "engine/intake/ingest.h"
#include "engine/intake/reader.h"
#include "engine/intake/source.h"

#define INGEST_KEY_MAX 1024 /* bytes of an item's key */

/* ---- rows: ingest_row.c ---------------------------------------------- */

/* Whether a row that was read well can be an item. */
struct row_check {
	const struct ingest_options *options;
	bool render;              /* ask the plan too */
	bool columns_seen;        /* the key is a column of the header */
	struct rendered rendered; /* scratch for the plan */
	struct buffer key;        /* the last key, where it had to be decoded */
};
void row_check_free(struct row_check *check);

/* Before the first row: has a CSV header the key's column?  STATUS_USAGE: no
 * row can be used, so there is nothing to skip. */
enum status row_check_columns(struct row_check *check, const struct reader *reader,
                              struct error *error);

/* The row's key (length 0: none is asked for), within its input or check->key.
 * STATUS_USAGE: a bad row. */
enum status row_check_key(struct row_check *check, const struct reader_row *row,
                          struct json_span *key, struct error *error);

/* Can the plan render it as item `seq`?  With skip_bad_rows it is not asked:
 * such an item is taken in, and fails when its turn comes. */
enum status row_check_render(struct row_check *check, const struct reader_row *row, int64_t seq,
                             struct error *error);

/* ---- batches: ingest_batch.c ----------------------------------------- */

bool batch_full(const struct ingest_batch *batch);
bool batch_empty(const struct ingest_batch *batch);
/* False: no memory. */
bool batch_add(struct ingest_batch *batch, struct json_span input, struct json_span key);
bool batch_add_bad(struct ingest_batch *batch, int64_t row, const char *fault,
                   struct json_span raw);

/* ---- intake: bytes -> rows -> batches: ingest_intake.c ---------------- */

struct intake;

/* `render`: rows were not checked before, so each is asked for.  `whole`: of a
 * checked file, its size and hash go into every batch's state; NULL: none. */
struct whole {
	uint64_t size, hash[2];
};
enum status intake_new(const struct ingest_options *options, struct ingest_sink sink, bool render,
                       const struct whole *whole, struct intake **intake, struct error *error);
void intake_free(struct intake *intake);

/* Bytes before the place to go on from: they are only hashed.  Then resume:
 * STATUS_CONFLICT where they are not those that `known` took in. */
void intake_pass(struct intake *intake, const char *bytes, size_t length);
enum status intake_resume(struct intake *intake, const struct source_state *known,
                          struct error *error);

enum status intake_feed(struct intake *intake, const char *bytes, size_t length,
                        struct error *error);
/* A part of the stream, at `offset` of it: what `known` took in is passed, the
 * rest fed.  NULL: nothing was taken in. */
enum status intake_part(struct intake *intake, const struct source_state *known, uint64_t offset,
                        const char *bytes, size_t length, struct error *error);
/* Has it as many rows as --limit asks for?  Bytes fed then are only hashed. */
bool intake_satisfied(const struct intake *intake);
/* Did the sink not take a batch?  Then what failed is not for the bytes to blame. */
bool intake_refused(const struct intake *intake);
/* Hash of all bytes passed and fed. */
void intake_hash(const struct intake *intake, uint64_t hash[2]);
/* Hand on the rows at hand, if there are any. */
enum status intake_flush(struct intake *intake, struct error *error);
/* The stream is over: hand on the last batch (may be without rows), whose state
 * is complete. */
enum status intake_end(struct intake *intake, struct error *error);
/* A bad row ended it: hand on what came before, and say so in the error. */
enum status intake_break(struct intake *intake, struct error *error);

/* ---- a stream's beginning: ingest_head.c ------------------------------ */

#define HEAD_STEPS 7
#define HEAD_BYTES_MIN 256u
#define HEAD_BYTES_MAX (HEAD_BYTES_MIN << (2 * (HEAD_STEPS - 1))) /* 1 MiB */

/* Hashes of the first 256 bytes, 1 KiB, 4 KiB … 1 MiB, as far as they came. */
struct head {
	struct digest *digest; /* NULL: read from a state, takes no more */
	uint64_t bytes;
	int steps;
	uint64_t hash[HEAD_STEPS][2];
};
bool head_begin(struct head *head); /* false: no memory */
void head_free(struct head *head);
void head_add(struct head *head, const char *bytes, size_t length);
/* No hash within their first `bytes` that both know tells them apart. */
bool head_alike(const struct head *a, const struct head *b, uint64_t bytes);
/* Put it into a reader's state (an allocated JSON object) and read it from there;
 * a state without one gives a head that knows nothing. */
bool head_write(const struct head *head, char **state);
void head_read(struct head *head, const char *state);

/* ---- an upload: ingest_upload.c ---------------------------------------- */

enum upload_stage {
	UPLOAD_UNDECIDED, /* the last one ended: is this the same again? its bytes are held */
	UPLOAD_BOUND,     /* it must begin with what is in */
	UPLOAD_FREE,      /* all of it is new */
};

struct upload {
	struct ingest *ingest;
	struct intake *intake;
	struct ingest_sink sink;
	enum upload_stage stage;
	struct source_state known; /* the last upload, with an own reader_state */
	struct head head, known_head;
	struct buffer held;
	uint64_t offset;           /* bytes that went on to the intake */
	struct error fault;        /* nothing more is taken */
};
void upload_free(struct upload *upload);

/* ---- the opened source: ingest.c -------------------------------------- */

struct ingest {
	struct ingest_options options; /* with own copies of its strings */
	struct source *source;         /* NULL: an upload */
	char *chunk;                   /* SOURCE_CHUNK bytes */
	bool checked;
	bool recognised;               /* checked by a former run, perhaps up to a lower limit */
	struct whole whole;            /* where checked */
	int64_t rows_checked;
	int64_t rows_bad;
	struct buffer columns;
	struct upload *upload;         /* NULL: no upload */
};

/* Read all of it and hash it, judging every row: sets whole, rows_checked,
 * columns and checked.  Of a pipe that goes on behind the peek only that is
 * judged, and it stays unchecked. */
enum status ingest_check(struct ingest *ingest, struct error *error);
/* Is it, byte for byte, the file that was checked when `known` was written?
 * Then whole and checked are set without reading a row: ingest_compare.c. */
enum status ingest_recognise(struct ingest *ingest, const struct source_state *known,
                             bool *recognised, struct error *error);

/* Can the bytes behind the known place (at least one, or none: the end) be read
 * as more rows?  Not where the last row had no line break and now goes on, or
 * where the format is another. */
enum status ingest_can_go_on(const struct ingest *ingest, const struct source_state *known,
                             const char *bytes, size_t length, bool *can, struct error *error);

/* The options with own copies of the strings; an upload has no source. */
enum status ingest_new(const struct ingest_options *options, struct ingest **ingest,
                       struct error *error);

#endif
