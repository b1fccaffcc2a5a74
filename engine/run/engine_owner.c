/* The façade's part about owning the database: who has it, and whether its
 * files are still where they were. */
#include <string.h>

#include "engine/run/engine_internal.h"

enum status engine_owner(const char *db_path, struct engine_owner *out, struct error *error)
{
	struct owner_info info;
	enum status status = owner_find(db_path, &info, error);

	if (status != STATUS_OK)
		return status;
	out->pid = info.pid;
	memcpy(out->address, info.address, sizeof(out->address));
	memcpy(out->token, info.token, sizeof(out->token));
	return STATUS_OK;
}

enum status engine_announce(struct engine *engine, const char *address, const char *token,
                            struct error *error)
{
	return owner_announce(engine->owner, address, token, error);
}

bool engine_last_token(struct engine *engine, char token[128])
{
	if (engine->last_owner.token[0] == '\0')
		return false;
	memcpy(token, engine->last_owner.token, 128);
	return true;
}

static enum status lost_run(struct writer *writer, struct db *db, void *argument,
                            struct error *error)
{
	struct engine *engine = argument;

	(void)writer;
	(void)db;
	return owner_check(engine->owner, error);
}

/* A file that is no longer at its path takes what is written with it. */
void engine_watch_files(struct engine *engine)
{
	if (engine->files_lost || engine->writer == NULL ||
	    owner_check(engine->owner, NULL) == STATUS_OK)
		return;
	engine->files_lost = true;
	(void)writer_post(engine->writer, lost_run, engine, NULL);
}
