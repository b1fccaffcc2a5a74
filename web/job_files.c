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
	/* The templates' own eyes: whatever way a reference is written, they see it. */
	status = plan_make(spec, spec->name != NULL ? spec->name : "", no_uuid, asked, &plan, error);
	for (int i = 0; status == STATUS_OK && (reference = secret_set_reference(asked, i)) != NULL;
	     i++)
		status = check_reference(reference, folder, error);
	plan_free(plan);
	secret_set_free(asked);
	return status;
}
