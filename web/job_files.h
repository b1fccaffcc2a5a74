/* Which of the service's files a job that came over the API may name. */
#ifndef SLUICE_WEB_JOB_FILES_H
#define SLUICE_WEB_JOB_FILES_H

#include "engine/base/status.h"
#include "engine/request/spec.h"

/* Every ${file:PATH} of the job, its certificates and its key must be a file in
 * `folder`, or in one below it, wherever links lead; NULL or "": none may be named.  STATUS_USAGE names the
 * first that is not. */
enum status job_files_check(const struct spec *spec, const char *folder, struct error *error);

#endif
