/* TARGET and the options of `run` -> a checked job (struct spec).
 *
 * A job file, or an empty one for a URL, gets the options laid over it and
 * goes through spec_parse, the one door for jobs. */
#ifndef SLUICE_CLI_RUN_TARGET_H
#define SLUICE_CLI_RUN_TARGET_H

#include <stdbool.h>

#include "engine/base/buffer.h"
#include "engine/base/status.h"
#include "engine/cli/options.h"
#include "engine/request/jobfile.h"
#include "engine/request/secret.h"
#include "engine/request/spec.h"

struct run_target {
	struct spec *spec;        /* named, with items */
	struct secret_set *given; /* literal credentials out of flags and file */
};

/* Errors name the flag or the job file and its key.  Nothing is sent or stored. */
enum status run_target_read(const struct arguments *arguments, struct run_target *target,
                            struct error *error);
void run_target_free(struct run_target *target);

/* "limits.rate: …" said of a value that a flag gave becomes "--rate: …". */
bool run_target_name_flag(const struct arguments *arguments, struct error *error);

/* -d, --data and --json: lay the body over the job file. */
enum status run_target_body(const struct arguments *arguments, struct jobfile *jobfile,
                            struct error *error);

/* A form's text: fields without an encoding of their own become {{field:url}},
 * so that data with & or = in it stays one value. */
void run_target_form_fields(const char *text, struct buffer *out);

#endif
