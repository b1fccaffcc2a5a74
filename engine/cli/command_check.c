/* check, and run --dry-run: validate, show, send nothing. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/log.h"
#include "engine/cli/api.h"
#include "engine/cli/command.h"
#include "engine/cli/run_job.h"
#include "engine/cli/terminal.h"
#include "engine/cli/text.h"

static void request_text(void *context, int64_t seq, const char *text, size_t length)
{
	struct buffer *out = context;

	/* For a pipe as it is; a terminal must not obey what stands in a body. */
	buffer_printf(out, "# item %" PRId64 "\n", seq);
	if (terminal_is(1))
		text_safe_lines(out, text, length, "");
	else
		buffer_append(out, text, length);
	buffer_char(out, '\n');
}

/* Check everything; the requests go to stdout. */
static enum status check(const struct arguments *arguments, const struct run_target *target,
                         struct engine_checking *checking, struct error *error)
{
	struct buffer out = {0};
	struct engine_checking check = {
		.render = checking->render,
		.visit = request_text,
		.context = &out,
		.skip_bad_rows = arguments_has(arguments, OPTION_SKIP_BAD_ROWS),
	};
	enum status status = engine_check(target->spec, target->given, &check, error);
	checking->rows = check.rows;
	checking->bad_rows = check.bad_rows;
	if (status == STATUS_USAGE)
		run_target_name_flag(arguments, error);
	if (status == STATUS_OK && !terminal_print(&out))
		status = error_set(error, STATUS_IO, "cannot write to standard output");
	buffer_free(&out);
	return status;
}

static void bad_rows_text(struct buffer *line, const struct engine_checking *checking)
{
	if (checking->bad_rows == 0)
		return;
	buffer_text(line, ", ");
	text_counted(line, checking->bad_rows, "bad row", "bad rows");
	buffer_text(line, " left out");
}

int command_check(const struct arguments *arguments)
{
	struct engine_checking checking = {
		.render = (int)arguments_number(arguments, OPTION_RENDER, 1)};
	struct run_target target;
	struct error error;
	struct buffer line = {0};
	int code = EXIT_DONE;

	if (run_target_read(arguments, &target, &error))
		return fail_with(&error);
	if (check(arguments, &target, &checking, &error)) {
		code = fail_with(&error);
	} else {
		buffer_printf(&line, "job '%s' is sound: ", target.spec->name);
		text_counted(&line, checking.rows, "item", "items");
		buffer_text(&line, " checked");
		bad_rows_text(&line, &checking);
		if (!line.failed)
			log_info("%s, nothing was sent", line.data);
	}
	buffer_free(&line);
	run_target_free(&target);
	return code;
}

/* ---- run --dry-run ------------------------------------------------------------------ */

static void say_new(const struct run *run, const struct engine_checking *checking)
{
	struct buffer line = {0};

	buffer_printf(&line, "would make job '%s' and send ", run->target.spec->name);
	text_counted(&line, checking->rows, "item", "items");
	bad_rows_text(&line, checking);
	if (!line.failed)
		log_info("%s", line.data);
	buffer_free(&line);
}

static void say_resume(const struct run *run)
{
	struct buffer line = {0};

	if (run->view.state == JOB_FINISHED)
		buffer_printf(&line,
		              "job '%s' is finished: of the items on record nothing would be sent",
		              run->view.name);
	else if (run->view.state == JOB_CANCELLED)
		buffer_printf(&line, "job '%s' was cancelled: only --new would start afresh",
		              run->view.name);
	else {
		buffer_printf(&line, "would go on with job '%s': ", run->view.name);
		text_count(&line, view_final(&run->view));
		buffer_text(&line, " of ");
		text_counted(&line, run->view.total, "item has", "items have");
		buffer_text(&line, " an outcome");
	}
	if (!line.failed)
		log_info("%s", line.data);
	buffer_free(&line);
}

/* The definition on record.  Nothing is changed, whoever owns the database. */
static enum status say_differences(struct run *run)
{
	struct engine_options options = {.db_path = run->session.database.path,
	                                 .mode = ENGINE_LOOK};
	struct engine *engine = NULL;
	struct buffer lines = {0};
	char *canonical = NULL;
	enum status status = engine_open(&options, &engine, &run->error);

	if (status == STATUS_OK)
		status = engine_job_spec(engine, run->view.id, &canonical, &run->error);
	if (status == STATUS_OK && run_differences(canonical, run->target.spec, &lines) > 0 &&
	    !arguments_has(run->arguments, OPTION_UPDATE_JOB)) {
		log_error("job '%s' is on record with another definition:", run->view.name);
		fputs(lines.failed ? "" : lines.data, stderr);
		status = error_set(&run->error, STATUS_CONFLICT,
		                   "--update-job would accept it, --new would start afresh");
	}
	engine_close(engine);
	free(canonical);
	buffer_free(&lines);
	return status;
}

/* Is there a job of that name?  Over the API, so that a database at work can be asked too. */
static enum status look(struct run *run, bool *found)
{
	struct api_call call = {0};
	struct api *api = NULL;
	enum status status = api_look(&run->session.database, &api, &run->error);

	*found = false;
	if (status == STATUS_OK) {
		api_path(&call, "/jobs/%s", run->target.spec->name);
		status = api_document(api, &call, &run->answer, &run->document, &run->error);
	}
	if (status == STATUS_OK)
		status = view_read(run->document, &run->view, &run->error);
	if (status == STATUS_OK)
		*found = true;
	api_close(api);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

int run_dry(struct run *run)
{
	struct engine_checking checking = {.render = 1};
	bool found = false;

	if (check(run->arguments, &run->target, &checking, &run->error) ||
	    database_find(run->arguments, &run->session.database, &run->error))
		return fail_with(&run->error);
	if (!arguments_has(run->arguments, OPTION_NEW) && look(run, &found))
		return fail_with(&run->error);
	if (!found) {
		say_new(run, &checking);
		return EXIT_DONE;
	}
	if (say_differences(run))
		return fail_with(&run->error);
	say_resume(run);
	return EXIT_DONE;
}
