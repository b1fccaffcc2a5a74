/* The steps of `sluice run`. */
#ifndef SLUICE_CLI_RUN_JOB_H
#define SLUICE_CLI_RUN_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/status.h"
#include "engine/cli/options.h"
#include "engine/cli/progress.h"
#include "engine/cli/session.h"
#include "engine/cli/run_target.h"
#include "engine/cli/view.h"

struct run {
	const struct arguments *arguments;
	struct run_target target;
	struct session session;
	char *again; /* the command line, for a shell */
	int64_t job;
	int64_t paused_at;  /* items ended when a pause was last told of, -1: never */
	bool told_no_space; /* stopping waits for the disk */
	bool asked_leave;   /* a person was told how to go on after the canary */
	bool already;       /* it was finished before we came */
	int rounds;         /* --stay: how often its work came to an end */
	int64_t began_ns;   /* mono: when this stretch of work began … */
	int64_t final_then; /* … and how many items had an outcome then */
	bool quiet;
	enum progress_mode mode;
	bool color; /* on stderr */
	struct buffer answer;
	struct json_span document; /* the job's progress, in `answer` */
	struct view view;
	struct error error;
};

/* Find or make the job, compare what is on record with what is asked for, and
 * begin.  USAGE and CONFLICT name the flags that accept a difference. */
enum status run_prepare(struct run *run);
/* The job as it is now: run->view and run->document. */
enum status run_look(struct run *run);
/* Show progress until the job is over or the process is asked to stop. */
enum status run_follow(struct run *run);

/* What a job on record and `spec` differ in, one a line; how many. */
int run_differences(const char *canonical, const struct spec *spec, struct buffer *lines);

/* --dry-run and check. */
int run_dry(struct run *run);

#endif
