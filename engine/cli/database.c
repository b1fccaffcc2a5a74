#include "engine/cli/database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An environment variable that is set and not empty, or NULL. */
static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static int compose(char path[PATH_MAX], const char *folder, const char *rest)
{
	return snprintf(path, PATH_MAX, "%s%s", folder, rest);
}

enum status database_find(const struct arguments *arguments, struct database *database,
                          struct error *error)
{
	const char *given = arguments_text(arguments, OPTION_DB, NULL);
	const char *variable = environment("SLUICE_DB");
	const char *state = environment("XDG_STATE_HOME");
	const char *home = environment("HOME");
	struct database found = {.chosen = given != NULL};
	int length;

	if (given)
		length = compose(found.path, given, "");
	else if (variable)
		length = compose(found.path, variable, "");
	else if (state && state[0] == '/')
		length = compose(found.path, state, "/sluice/sluice.db");
	else if (home)
		length = compose(found.path, home, "/.local/state/sluice/sluice.db");
	else
		return error_set(error, STATUS_USAGE,
		                 "no place for the database: give --db FILE (HOME is not set)");
	if (length < 0 || (size_t)length >= sizeof(found.path) - sizeof(".lock"))
		return error_set(error, STATUS_USAGE, "the database's path is too long");
	*database = found;
	return STATUS_OK;
}

bool database_exists(const struct database *database)
{
	return access(database->path, F_OK) == 0;
}

enum status database_make_folders(const struct database *database, struct error *error)
{
	char path[PATH_MAX];

	memcpy(path, database->path, sizeof(path));
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST && access(path, F_OK))
			return error_set(error, STATUS_IO, "cannot make the folder %s: %s", path,
			                 strerror(errno));
		*slash = '/';
	}
	return STATUS_OK;
}
