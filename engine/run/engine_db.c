/* The façade's part about the database file. */
#include "engine/run/engine_internal.h"
#include "engine/store/upkeep.h"

enum status engine_db_check(struct engine *engine, struct buffer *report, struct error *error)
{
	struct db *db;
	bool sound = false;
	enum status status = engine_reader(engine, &db, error);

	if (status != STATUS_OK)
		return status;
	status = upkeep_check(db, &sound, report, error);
	engine_reader_done(engine, db);
	if (status == STATUS_OK && !sound)
		return error_set(error, STATUS_CORRUPT, "%s: the check found faults", engine->db_path);
	return status;
}

enum status engine_db_backup(struct engine *engine, const char *path, struct error *error)
{
	struct db *db;
	enum status status = engine_reader(engine, &db, error);

	if (status != STATUS_OK)
		return status;
	status = upkeep_backup(db, path, error);
	engine_reader_done(engine, db);
	return status;
}

/* Nothing: to know that all before it is on disk. */
static enum status vacuum_run(struct writer *writer, struct db *db, void *argument,
                              struct error *error)
{
	(void)writer;
	(void)db;
	(void)error;
	*(bool *)argument = true;
	return STATUS_OK;
}

enum status engine_db_vacuum(struct engine *engine, struct error *error)
{
	struct db *db = NULL;
	bool quiet = false;
	enum status status;

	if (engine->mode != ENGINE_MAINTAIN)
		return error_set(error, STATUS_CONFLICT,
		                 "the database is at work: vacuum when no sluice runs on it");
	/* VACUUM cannot run inside a command's transaction, so it has a connection
	 * of its own; the writer's is idle: nothing runs, and nobody else may give
	 * it commands while this one is maintained. */
	status = writer_call(engine->writer, vacuum_run, &quiet, error);
	if (status == STATUS_OK)
		status = db_open(engine->db_path, DB_WRITER, &db, error);
	if (status == STATUS_OK)
		status = upkeep_vacuum(db, error);
	db_close(db);
	return status;
}
