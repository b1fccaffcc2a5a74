#include "web/job_files.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/request/plan.h"
#include "engine/request/secret_reference.h"

/* Where links lead; what cannot be resolved is in no folder. */
static bool is_below(const char *path, const char *folder)
{
	char whole[PATH_MAX], root[PATH_MAX];
	struct stat info;
	size_t length;

	if (!realpath(path, whole) || !realpath(folder, root) || stat(whole, &info) != 0 ||
	    !S_ISREG(info.st_mode))
		return false;
	length = strlen(root);
	if (length > 0 && root[length - 1] == '/')
		length--;
	return strncmp(whole, root, length) == 0 && whole[length] == '/';
}

/* Read when the job starts, and so as little the caller's as ${file:…}. */
static enum status check_path(const char *place, const char *path, const char *folder,
                              struct error *error)
{
	if (path == NULL || (folder != NULL && *folder != '\0' && is_below(path, folder)))
		return STATUS_OK;
	return error_set(error, STATUS_USAGE,
	                 "%s: a job made over the API may not read this machine's files but for "
	                 "those in the folder of SLUICE_API_FILES, where that is set",
	                 place);
}

static enum status check_paths(const struct spec *spec, const char *folder, struct error *error)
{
	enum status status = check_path("request.cacert", spec->request.cacert, folder, error);

	if (status == STATUS_OK)
		status = check_path("request.cert", spec->request.cert, folder, error);
	if (status == STATUS_OK)
		status = check_path("request.key_file", spec->request.key_file, folder, error);
	return status;
}

static enum status check_reference(const char *reference, const char *folder,
                                   struct error *error)
{
	if (strncmp(reference, "file:", 5) != 0)
		return STATUS_OK;
	if (folder == NULL || *folder == '\0')
		return error_set(error, STATUS_USAGE,
		                 "${%.200s}: a job made over the API may not read this machine's files; "
		                 "start sluice with SLUICE_API_FILES=FOLDER to allow those in a folder",
		                 reference);
	/* The same words whether it is there or not. */
	if (!is_below(reference + 5, folder))
		return error_set(error, STATUS_USAGE,
		                 "${%.200s}: is no file in the folder of SLUICE_API_FILES", reference);
	return STATUS_OK;
}

enum status job_files_check(const struct spec *spec, const char *folder, struct error *error)
{
	static const unsigned char no_uuid[16];
	struct secret_set *asked = secret_set_new_markers();
	struct plan *plan = NULL;
	const char *reference;
	enum status status;

	if (asked == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	/* First: what is at a path is not to be told either. */
	status = check_paths(spec, folder, error);
	if (status != STATUS_OK)
		goto out;
	/* The templates' own eyes: whatever way a reference is written, they see it. */
	status = plan_make(spec, spec->name != NULL ? spec->name : "", no_uuid, asked, &plan, error);
	for (int i = 0; status == STATUS_OK && (reference = secret_set_reference(asked, i)) != NULL;
	     i++)
		status = check_reference(reference, folder, error);
out:
	plan_free(plan);
	secret_set_free(asked);
	return status;
}
