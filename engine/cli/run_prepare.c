/* From a checked target to a job that is being worked on. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/cli/progress.h"
#include "engine/cli/run_job.h"
#include "engine/cli/text.h"

int run_differences(const char *canonical, const struct spec *spec, struct buffer *lines)
{
	struct buffer raw = {0};
	int count = spec_difference(canonical, spec->canonical, &raw);

	text_safe_lines(lines, raw.data ? raw.data : "", raw.length, "  ");
	lines->failed = lines->failed || raw.failed;
	buffer_free(&raw);
	return count;
}

enum status run_look(struct run *run)
{
	struct api_call call = {0};
	enum status status;

	api_path(&call, "/jobs/%" PRId64, run->job);
	status = api_document(run->session.api, &call, &run->answer, &run->document, &run->error);
	return status ? status : view_read(run->document, &run->view, &run->error);
}

static enum status find(struct run *run, bool *found)
{
	enum status status = engine_job_find(run->session.engine, run->target.spec->name, &run->job,
	                                     &run->error);

	*found = status == STATUS_OK;
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status compare_spec(struct run *run)
{
	struct engine *engine = run->session.engine;
	struct buffer lines = {0};
	char *canonical = NULL;
	enum status status = engine_job_spec(engine, run->job, &canonical, &run->error);

	if (status)
		return status;
	int count = run_differences(canonical, run->target.spec, &lines);
	free(canonical);
	if (count > 0 && arguments_has(run->arguments, OPTION_UPDATE_JOB)) {
		status = engine_job_update(engine, run->job, run->target.spec, run->target.given,
		                           &run->error);
	} else if (count > 0) {
		log_error("job '%s' is on record with another definition:", run->view.name);
		fputs(lines.failed ? "" : lines.data, stderr);
		status = error_set(&run->error, STATUS_CONFLICT,
		                   "--update-job goes on with the new one, --new starts afresh, "
		                   "--name NAME makes another job");
	}
	buffer_free(&lines);
	return status;
}

/* Why the items are not taken, in the words of who typed the command. */
static void import_fault(struct run *run, const struct engine_import *how)
{
	struct error *error = &run->error;
	const char *source = strcmp(how->path, "-") == 0 ? "stdin" : how->path;

	if (error->status == STATUS_CONFLICT) {
		error_set(error, error->status, "%s (%s--new starts afresh)", error->text,
		          how->append ? "" : "--append-items takes rows added at the end, ");
		return;
	}
	if (error->status != STATUS_USAGE || run_target_name_flag(run->arguments, error))
		return;
	if (how->format == FORMAT_AUTO && strstr(error->text, "field 'line' is missing"))
		error_set(error, error->status, "%s (plain lines are taken with --format lines)",
		          error->text);
	if (!strstr(error->text, source) && strncmp(error->text, "request.", 8) != 0)
		error_prefix(error, "%s", source);
}

static enum status import(struct run *run)
{
	const struct spec *spec = run->target.spec;
	struct engine_import how = {
		.path = spec->items,
		.format = spec->format,
		.rows_max = spec->items_limit,
		.skip_bad_rows = arguments_has(run->arguments, OPTION_SKIP_BAD_ROWS),
		.append = arguments_has(run->arguments, OPTION_APPEND_ITEMS),
	};
	struct buffer doing = {0};
	enum status status;

	buffer_text(&doing, "checking ");
	text_safe(&doing, spec->items, strlen(spec->items));
	if (!doing.failed)
		progress_say(strcmp(spec->items, "-") == 0 ? "reading standard input" : doing.data);
	buffer_free(&doing);
	status = engine_job_import(run->session.engine, run->job, &how, &run->error);
	progress_clear();
	if (status)
		import_fault(run, &how);
	return status;
}

static void say_resumed(const struct run *run)
{
	struct buffer line = {0};

	buffer_printf(&line, "going on with job '%s': ", run->view.name);
	text_count(&line, view_final(&run->view));
	buffer_text(&line, " of ");
	text_counted(&line, run->view.total, "item has", "items have");
	buffer_text(&line, " an outcome");
	if (!line.failed)
		log_info("%s", line.data);
	buffer_free(&line);
}

/* What was set live outlives the command, whatever limits it names. */
static void say_limits(const struct run *run)
{
	const struct spec *spec = run->target.spec;
	const struct view *view = &run->view;
	double given = spec->rate.count > 0
	                       ? (double)spec->rate.count * NS_PER_S / (double)spec->rate.per_ns
	                       : 0;
	double change = view->limit_per_s - given;
	struct buffer line = {0};

	if (view->concurrency == spec->concurrency && change < 1e-6 && change > -1e-6)
		return;
	buffer_printf(&line, "limits as they were last set: concurrency %lld, ",
	              (long long)view->concurrency);
	if (view->limit_per_s > 0)
		text_limit(&line, view->limit_per_s);
	else
		buffer_text(&line, "no rate limit");
	buffer_text(&line, " (`sluice set` changes them)");
	if (!line.failed)
		log_info("%s", line.data);
	buffer_free(&line);
}

/* What is on record goes on, if it is what is asked for. */
static enum status resume(struct run *run)
{
	enum status status;

	engine_job_attend(run->session.engine, run->job);
	status = run_look(run);
	if (status == STATUS_OK && run->view.state == JOB_CANCELLED)
		status = error_set(&run->error, STATUS_CONFLICT,
		                   "job '%s' was cancelled: --new starts afresh", run->view.name);
	if (status == STATUS_OK)
		status = compare_spec(run);
	if (status == STATUS_OK)
		status = engine_job_credentials(run->session.engine, run->job, run->target.given,
		                                &run->error);
	if (status == STATUS_OK)
		status = import(run);
	if (status == STATUS_OK)
		status = run_look(run);
	if (status)
		return status;
	run->already = run->view.state == JOB_FINISHED;
	if (run->already)
		return STATUS_OK;
	say_resumed(run);
	say_limits(run);
	if (run->view.state == JOB_PAUSED || run->view.state == JOB_HALTED)
		status = engine_job_resume(run->session.engine, run->job, "cli", &run->error);
	return status ? status : engine_job_start(run->session.engine, run->job, &run->error);
}

/* Nothing came of a new job: without it, the command in its right form begins anew
 * instead of finding another definition on record. */
static void unmake(struct run *run)
{
	struct error cause = run->error;

	if (run_look(run) == STATUS_OK && run->view.total == 0)
		engine_job_remove(run->session.engine, run->job, NULL);
	run->error = cause;
}

static enum status create(struct run *run)
{
	bool replace = arguments_has(run->arguments, OPTION_NEW);
	enum status status = engine_job_create(run->session.engine, run->target.spec,
	                                       run->target.given, replace, "cli", &run->job,
	                                       &run->error);

	if (status)
		return status;
	status = import(run);
	if (status == STATUS_USAGE)
		unmake(run);
	else if (status == STATUS_OK)
		engine_job_attend(run->session.engine, run->job);
	return status ? status : engine_job_start(run->session.engine, run->job, &run->error);
}

enum status run_prepare(struct run *run)
{
	bool found;
	enum status status = find(run, &found);

	if (status)
		return status;
	if (found && !arguments_has(run->arguments, OPTION_NEW))
		return resume(run);
	return create(run);
}
