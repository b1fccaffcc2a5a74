#include "engine/store/migrate.h"

#include <sqlite3.h>

#include "engine/store/db.h"

static enum status pragma_int(struct db *db, enum query query, int64_t *value,
                              struct error *error)
{
	bool row = false;
	sqlite3_stmt *statement = db_prepare(db, query);
	enum status status = db_step(db, statement, &row, error);

	if (status != STATUS_OK)
		return status;
	*value = row ? db_int(statement, 0) : 0;
	db_reset(statement);
	return STATUS_OK;
}

/* *version: how many migrations have run; 0 for an empty file. */
static enum status version_of(struct db *db, int64_t *version, struct error *error)
{
	int64_t application = 0, tables = 0;
	enum status status = pragma_int(db, QUERY_APPLICATION_ID, &application, error);

	if (status == STATUS_OK)
		status = pragma_int(db, QUERY_USER_VERSION, version, error);
	if (status == STATUS_OK)
		status = pragma_int(db, QUERY_TABLE_COUNT, &tables, error);
	if (status != STATUS_OK)
		return status;
	if (application != STORE_APPLICATION_ID && (application != 0 || tables != 0))
		return error_set(error, STATUS_CORRUPT, "%s: not a sluice database", db_path(db));
	if (*version > migration_count)
		return error_set(error, STATUS_CORRUPT,
		                 "%s: made by a newer sluice (schema %lld, this one knows %d)",
		                 db_path(db), (long long)*version, migration_count);
	return STATUS_OK;
}

static enum status migrate_one(struct db *db, int number, struct error *error)
{
	char pragma[64];
	enum status status = db_begin(db, error);

	if (status != STATUS_OK)
		return status;
	sqlite3_snprintf((int)sizeof(pragma), pragma, "PRAGMA user_version = %d", number + 1);
	if (sqlite3_exec(db_handle(db), migration_text[number], NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(db_handle(db), pragma, NULL, NULL, NULL) != SQLITE_OK) {
		status = db_fail(db, error, "cannot migrate");
		db_rollback(db);
		return status;
	}
	return db_commit(db, error);
}

enum status migrate(struct db *db, struct error *error)
{
	int64_t version = 0;
	enum status status = version_of(db, &version, error);

	if (status == STATUS_OK && version == 0)
		status = db_exec(db, QUERY_SET_APPLICATION_ID, error);
	for (int i = (int)version; status == STATUS_OK && i < migration_count; i++)
		status = migrate_one(db, i, error);
	return status;
}

enum status migrate_verify(struct db *db, struct error *error)
{
	int64_t version = 0;
	enum status status = version_of(db, &version, error);

	if (status == STATUS_OK && version != migration_count)
		return error_set(error, STATUS_CORRUPT, "%s: schema %lld, expected %d", db_path(db),
		                 (long long)version, migration_count);
	return status;
}
