/* A SQLite connection: pragmas, prepared statements by name, transactions, and
 * the translation of SQLite's result codes into ours.
 *
 * Exactly one connection of a process writes and checkpoints (SQLite 3.7 to
 * 3.51.2 can lose commits when a checkpoint of one connection races a commit of
 * another: the WAL-reset bug); all others are read-only.  A connection belongs
 * to one thread at a time. */
#ifndef SLUICE_STORE_DB_H
#define SLUICE_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/status.h"
#include "queries.h"

struct db;
struct sqlite3;
struct sqlite3_stmt; /* a prepared statement; sqlite3.h stays inside engine/store */

enum db_role { DB_WRITER, DB_READER };

/* When the file or its log was last written, wall ms; 0: it is not there. */
int64_t db_written_ms(const char *path);

/* Writer: creates the file (0600), sets pragmas, migrates.  Reader: the file
 * must be there and of our version. */
enum status db_open(const char *path, enum db_role role, struct db **db, struct error *error);
void db_close(struct db *db); /* NULL is allowed */
struct sqlite3 *db_handle(struct db *db);
const char *db_path(const struct db *db);

/* The statement `query`, reset and with its bindings cleared; prepared on
 * first use.  NULL: it could not be prepared (db_fail tells). */
struct sqlite3_stmt *db_prepare(struct db *db, enum query query);

/* Step.  OK with *row telling whether there is one. The statement is reset
 * unless there is a row. */
enum status db_step(struct db *db, struct sqlite3_stmt *statement, bool *row, struct error *error);
/* Step a statement that returns nothing. */
enum status db_run(struct db *db, struct sqlite3_stmt *statement, struct error *error);
/* db_run of a statement without bindings. */
enum status db_exec(struct db *db, enum query query, struct error *error);
/* Done with a statement that still had rows. */
void db_reset(struct sqlite3_stmt *statement);

/* The connection's last error as ours: FULL -> DISK_FULL, CORRUPT and NOTADB ->
 * CORRUPT, CONSTRAINT -> CONFLICT, else IO. */
enum status db_fail(struct db *db, struct error *error, const char *doing);

enum status db_begin(struct db *db, struct error *error);
enum status db_commit(struct db *db, struct error *error);
/* The same, of a writer.  `written` is called in the middle of it, when the transaction
 * survives the end of the process (kill -9) but not yet that of the machine; not
 * called where there was nothing to write. */
enum status db_commit_telling(struct db *db, void (*written)(void *context), void *context,
                              struct error *error);
void db_rollback(struct db *db);
bool db_in_transaction(struct db *db);
/* Of the row inserted last. */
int64_t db_last_id(struct db *db);

/* A part of a transaction that can be taken back alone; they do not nest. */
enum status db_savepoint(struct db *db, struct error *error);
enum status db_savepoint_keep(struct db *db, struct error *error);
enum status db_savepoint_undo(struct db *db, struct error *error);

const char *db_version(void); /* "sqlite/3.40.1" */

/* Bindings; text is not copied and must live until the step. NULL binds NULL. */
void db_bind_text(struct sqlite3_stmt *statement, int index, const char *text);
void db_bind_bytes(struct sqlite3_stmt *statement, int index, const char *text, size_t length);
void db_bind_blob(struct sqlite3_stmt *statement, int index, const void *bytes, size_t length);
void db_bind_int(struct sqlite3_stmt *statement, int index, int64_t value);
/* NULL where value equals `none`. */
void db_bind_int_or_null(struct sqlite3_stmt *statement, int index, int64_t value, int64_t none);
const char *db_text(struct sqlite3_stmt *statement, int column); /* NULL for NULL */
/* "" for NULL: in columns that are NOT NULL, which a damaged file does not keep to. */
const char *db_text_or_empty(struct sqlite3_stmt *statement, int column);
int64_t db_int(struct sqlite3_stmt *statement, int column);
int64_t db_int_or(struct sqlite3_stmt *statement, int column, int64_t none); /* none: NULL */

/* One integer, one text per item inside the store. */
#define STORE_SEQ_BITS 40
#define STORE_SEQ_MAX ((1LL << STORE_SEQ_BITS) - 1)
static inline int64_t store_id(int64_t job, int64_t seq)
{
	return (int64_t)(((uint64_t)job << STORE_SEQ_BITS) | (uint64_t)seq);
}
static inline int64_t store_seq(int64_t id)
{
	return id & STORE_SEQ_MAX;
}

#endif
