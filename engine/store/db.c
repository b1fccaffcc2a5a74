#include "engine/store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/store/migrate.h"
#include "engine/store/wal_watch.h"

struct db {
	sqlite3 *handle;
	char *path;
	enum db_role role;
	struct wal_watch *watch; /* of a writer */
	sqlite3_stmt *statements[QUERIES];
};

/* Readers wait for nothing in WAL mode but recovery and the close of the last
 * writer; five seconds cover both. */
#define BUSY_MS 5000

/* cell_size_check and trusted_schema: the file is hostile input too. */
static const char *const pragmas_writer[] = {
    "PRAGMA page_size = 8192",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 134217728",
    "PRAGMA cache_size = -16384",
    "PRAGMA mmap_size = 0",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA secure_delete = OFF",
    NULL,
};
static const char *const pragmas_reader[] = {
    "PRAGMA query_only = ON",
    "PRAGMA cache_size = -2048",
    "PRAGMA mmap_size = 0",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    NULL,
};

enum status db_fail(struct db *db, struct error *error, const char *doing)
{
	int code = sqlite3_errcode(db->handle) & 0xff;
	int extended = sqlite3_extended_errcode(db->handle);
	enum status status = STATUS_IO;

	switch (code) {
	case SQLITE_FULL:
		status = STATUS_DISK_FULL;
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
		status = STATUS_CORRUPT;
		break;
	case SQLITE_CONSTRAINT:
		status = STATUS_CONFLICT;
		break;
	case SQLITE_NOMEM:
		status = STATUS_NO_MEMORY;
		break;
	case SQLITE_IOERR:
		/* A write that met ENOSPC or a quota is reported as IOERR by some
		 * file systems; nothing of the transaction is in either way. */
		if (extended == SQLITE_IOERR_WRITE && sqlite3_system_errno(db->handle) == ENOSPC)
			status = STATUS_DISK_FULL;
		break;
	default:
		break;
	}
	return error_set(error, status, "%s: %s: %s (%d)", db->path, doing,
	                 sqlite3_errmsg(db->handle), extended);
}

static enum status apply_pragmas(struct db *db, struct error *error)
{
	const char *const *pragma = db->role == DB_WRITER ? pragmas_writer : pragmas_reader;

	for (; *pragma != NULL; pragma++)
		if (sqlite3_exec(db->handle, *pragma, NULL, NULL, NULL) != SQLITE_OK)
			return db_fail(db, error, "cannot open");
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 1);
	return STATUS_OK;
}

/* SQLite makes -wal and -shm with the file's own mode, so the mode is set
 * before SQLite sees it. */
static enum status create_file(const char *path, struct error *error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
	close(fd);
	return STATUS_OK;
}

int64_t db_written_ms(const char *path)
{
	static const char *const suffixes[] = {"", "-wal"};
	char name[4096 + 8];
	int64_t newest_ms = 0;

	for (int i = 0; i < 2; i++) {
		struct stat file;
		int64_t at_ms;

		if (snprintf(name, sizeof(name), "%s%s", path, suffixes[i]) >= (int)sizeof(name) ||
		    stat(name, &file) != 0)
			continue;
		at_ms = (int64_t)file.st_mtim.tv_sec * 1000 + file.st_mtim.tv_nsec / 1000000;
		if (at_ms > newest_ms)
			newest_ms = at_ms;
	}
	return newest_ms;
}

/* SQLite counts its memory under a lock of all threads; nobody asks. */
static void configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum status db_open(const char *path, enum db_role role, struct db **out, struct error *error)
{
	static pthread_once_t configured = PTHREAD_ONCE_INIT;
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	enum status status = STATUS_OK;
	struct db *db = calloc(1, sizeof(*db));

	pthread_once(&configured, configure);
	if (db == NULL || (db->path = strdup(path)) == NULL) {
		free(db);
		return error_set(error, STATUS_NO_MEMORY, "%s: out of memory", path);
	}
	db->role = role;
	if (role == DB_WRITER)
		status = create_file(path, error);
	if (status != STATUS_OK)
		goto out;
	flags |= role == DB_WRITER ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	if (role == DB_WRITER && (db->watch = wal_watch_new()) == NULL) {
		status = error_set(error, STATUS_NO_MEMORY, "%s: out of memory", path);
		goto out;
	}
	if (sqlite3_open_v2(path, &db->handle, flags,
	                    db->watch != NULL ? wal_watch_vfs(db->watch) : NULL) != SQLITE_OK) {
		status = error_set(error, STATUS_IO, "%s: %s", path,
		                   db->handle ? sqlite3_errmsg(db->handle) : "out of memory");
		goto out;
	}
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	status = apply_pragmas(db, error);
	if (status == STATUS_OK)
		status = role == DB_WRITER ? migrate(db, error) : migrate_verify(db, error);
out:
	if (status != STATUS_OK)
		db_close(db);
	else
		*out = db;
	return status;
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (int i = 0; i < QUERIES; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->handle);
	wal_watch_free(db->watch);
	free(db->path);
	free(db);
}

sqlite3 *db_handle(struct db *db)
{
	return db->handle;
}

const char *db_path(const struct db *db)
{
	return db->path;
}

sqlite3_stmt *db_prepare(struct db *db, enum query query)
{
	sqlite3_stmt **slot = &db->statements[query];

	if (*slot == NULL) {
		if (sqlite3_prepare_v3(db->handle, query_text[query], -1, SQLITE_PREPARE_PERSISTENT,
		                       slot, NULL) != SQLITE_OK)
			return NULL;
	} else {
		sqlite3_reset(*slot);
		sqlite3_clear_bindings(*slot);
	}
	return *slot;
}

enum status db_step(struct db *db, sqlite3_stmt *statement, bool *row, struct error *error)
{
	int code;

	if (statement == NULL)
		return db_fail(db, error, "cannot prepare a statement");
	code = sqlite3_step(statement);
	*row = code == SQLITE_ROW;
	if (code == SQLITE_ROW)
		return STATUS_OK;
	if (code == SQLITE_DONE) {
		sqlite3_reset(statement);
		return STATUS_OK;
	}
	db_fail(db, error, "database");
	sqlite3_reset(statement);
	return error != NULL ? error->status : STATUS_IO;
}

enum status db_run(struct db *db, sqlite3_stmt *statement, struct error *error)
{
	struct error local;
	bool row = false;
	enum status status = db_step(db, statement, &row, error != NULL ? error : &local);

	if (row)
		sqlite3_reset(statement);
	return status;
}

enum status db_exec(struct db *db, enum query query, struct error *error)
{
	return db_run(db, db_prepare(db, query), error);
}

void db_reset(sqlite3_stmt *statement)
{
	if (statement != NULL)
		sqlite3_reset(statement);
}

enum status db_begin(struct db *db, struct error *error)
{
	return db_exec(db, QUERY_BEGIN_WRITE, error);
}

enum status db_commit(struct db *db, struct error *error)
{
	return db_exec(db, QUERY_COMMIT, error);
}

enum status db_commit_telling(struct db *db, void (*written)(void *context), void *context,
                              struct error *error)
{
	enum status status;

	wal_watch_set(db->watch, written, context);
	status = db_commit(db, error);
	wal_watch_set(db->watch, NULL, NULL);
	return status;
}

void db_rollback(struct db *db)
{
	/* SQLite rolls back by itself on FULL and some I/O errors. */
	if (db_in_transaction(db))
		(void)db_exec(db, QUERY_ROLLBACK, NULL);
}

bool db_in_transaction(struct db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

enum status db_savepoint(struct db *db, struct error *error)
{
	return db_exec(db, QUERY_SAVEPOINT, error);
}

enum status db_savepoint_keep(struct db *db, struct error *error)
{
	return db_exec(db, QUERY_SAVEPOINT_RELEASE, error);
}

enum status db_savepoint_undo(struct db *db, struct error *error)
{
	enum status status = db_exec(db, QUERY_SAVEPOINT_ROLLBACK, error);

	return status == STATUS_OK ? db_savepoint_keep(db, error) : status;
}

const char *db_version(void)
{
	return "sqlite/" SQLITE_VERSION;
}

void db_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	if (statement != NULL)
		sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

void db_bind_bytes(sqlite3_stmt *statement, int index, const char *text, size_t length)
{
	if (statement != NULL)
		sqlite3_bind_text64(statement, index, text, length, SQLITE_STATIC, SQLITE_UTF8);
}

void db_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, size_t length)
{
	if (statement == NULL)
		return;
	if (bytes == NULL)
		sqlite3_bind_null(statement, index);
	else
		sqlite3_bind_blob64(statement, index, bytes, length, SQLITE_STATIC);
}

void db_bind_int(sqlite3_stmt *statement, int index, int64_t value)
{
	if (statement != NULL)
		sqlite3_bind_int64(statement, index, value);
}

void db_bind_int_or_null(sqlite3_stmt *statement, int index, int64_t value, int64_t none)
{
	if (value == none)
		sqlite3_bind_null(statement, index);
	else
		sqlite3_bind_int64(statement, index, value);
}

const char *db_text(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column);
}

const char *db_text_or_empty(sqlite3_stmt *statement, int column)
{
	const char *text = db_text(statement, column);

	return text != NULL ? text : "";
}

int64_t db_int(sqlite3_stmt *statement, int column)
{
	return sqlite3_column_int64(statement, column);
}

int64_t db_int_or(sqlite3_stmt *statement, int column, int64_t none)
{
	return sqlite3_column_type(statement, column) == SQLITE_NULL ? none
	                                                             : db_int(statement, column);
}
