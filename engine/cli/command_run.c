/* run: a job from its items to its summary. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/cli/command.h"
#include "engine/cli/progress.h"
#include "engine/cli/run_job.h"
#include "engine/cli/summary.h"
#include "engine/cli/terminal.h"
#include "engine/cli/text.h"

#define SHOW_EVERY_NS (100 * NS_PER_MS)
#define STAY_LOOK_MS 200
/* The engine says so when an import breaks off: nothing is left to wait for. */
#define IMPORT_STOPPED "import stopped"
/* And when the disk is full: it goes on by itself. */
#define DISK_FULL "disk full"

/* ---- secrets in messages ------------------------------------------------------------ */

/* For log.c's mask, which has no context: set before any thread exists. */
static const struct secret_set *masked;

static void mask_line(char *line, size_t capacity)
{
	size_t length = strlen(line);

	(void)capacity;
	secret_mask(masked, line, &length);
}

/* What was said to this run only: to accept a change, to begin anew. */
static bool said_once(const char *word)
{
	static const enum option_id ids[] = {OPTION_NEW, OPTION_UPDATE_JOB, OPTION_APPEND_ITEMS};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (strncmp(word, "--", 2) == 0 && strcmp(word + 2, option_table[ids[i]].name) == 0)
			return true;
	}
	return false;
}

/* What to type to go on, for a shell; in words where it holds a credential. */
static char *command_line(int count, char *const words[], const struct secret_set *given)
{
	struct buffer line = {0};

	program_suggest(&line);
	for (int i = 0; i < count; i++) {
		if (said_once(words[i]))
			continue;
		buffer_char(&line, ' ');
		text_shell(&line, words[i]);
	}
	if (!line.failed && secret_mask(given, line.data, &line.length)) {
		buffer_reset(&line, 4096);
		buffer_text(&line, "the same `sluice run` command again");
	}
	return buffer_take(&line);
}

/* ---- following ------------------------------------------------------------------------ */

static bool import_stopped(const struct view *view)
{
	return view->state == JOB_PAUSED &&
	       strncmp(view->reason, IMPORT_STOPPED, strlen(IMPORT_STOPPED)) == 0 &&
	       view->in_flight == 0;
}

/* Wait a display's moment; true: nothing works on the job any more. */
static bool wait_moment(struct run *run)
{
	int64_t until = clock_mono_ns() + SHOW_EVERY_NS;
	bool ended;

	while (!(ended = engine_job_wait(run->session.engine, run->job, until)) &&
	       clock_mono_ns() < until)
		;
	return ended;
}

/* Paused until a person resumes it: say how.  True where nobody could tell this
 * process: then the next one goes on. */
static bool waits_for_nobody(struct run *run)
{
	const struct view *view = &run->view;
	bool waits = view->state == JOB_PAUSED && view->resume_at_ms == 0 &&
	             strcmp(view->reason, DISK_FULL) != 0;

	if (waits && run->session.server && !run->asked_leave && !run->quiet) {
		struct buffer line = {0};

		buffer_printf(&line, "%s: %s; go on with Resume on the page, or: ", view->name,
		              view->reason);
		program_suggest(&line);
		buffer_text(&line, " resume ");
		text_shell(&line, view->name);
		database_suggest(&run->session.database, &line);
		if (!line.failed)
			log_info("%s", line.data);
		buffer_free(&line);
	}
	run->asked_leave = waits;
	return waits && !run->session.server;
}

/* With -q nothing else would tell why the batch stands still.  Once until it
 * moves: a dead target is probed many times. */
static void say_paused(struct run *run)
{
	int64_t ended = view_final(&run->view);

	if (!run->quiet || run->view.state != JOB_PAUSED || run->paused_at == ended)
		return;
	run->paused_at = ended;
	log_warn("%s: paused: %s", run->view.name, run->view.reason);
}

/* Outcomes that cannot be recorded are waited for, and nobody would see why. */
static void say_no_space(struct run *run)
{
	if (run->told_no_space || !stopper_asked(run->session.stopper) ||
	    strcmp(run->view.reason, "disk full") != 0)
		return;
	run->told_no_space = true;
	log_warn("the disk is full: waiting for space to record what came in (Ctrl-C again: "
	         "stop without it; those items count as interrupted)");
}

enum status run_follow(struct run *run)
{
	struct stopper *stopper = run->session.stopper;

	for (bool ended = false;;) {
		bool drained = stopper_drained(stopper);
		enum status status = engine_health(run->session.engine, &run->error);
		if (status) {
			error_prefix(&run->error,
			             "nothing more can be recorded, so nothing more is sent");
			return run->error.status = STATUS_IO;
		}
		status = run_look(run);
		if (status)
			return status;
		say_paused(run);
		say_no_space(run);
		progress_show(&run->view, run->document,
		              stopper_asked(stopper) ? "stopping" : NULL);
		if (drained || ended || import_stopped(&run->view) || waits_for_nobody(run))
			return STATUS_OK;
		ended = wait_moment(run) && !stopper_asked(stopper);
		if (ended || stopper_asked(stopper)) {
			/* It may end at once where it has ended already: do not spin while
			 * draining. */
			struct timespec moment = {0, 10 * NS_PER_MS};
			nanosleep(&moment, NULL);
		}
	}
}

static void say_summary(struct run *run)
{
	bool stay = arguments_has(run->arguments, OPTION_STAY);
	struct summary summary = {
		.view = &run->view,
		.database = &run->session.database,
		/* While we stay, what is retried is sent at once. */
		.again = stay && !stopper_asked(run->session.stopper) ? NULL : run->again,
		.brief = run->rounds > 0,
		.already = run->already,
		.seconds = (double)(clock_mono_ns() - run->began_ns) / NS_PER_S,
		.items = view_final(&run->view) - run->final_then,
		.color = run->color,
	};
	struct buffer text = {0};

	if (run->quiet) {
		if (run->view.counts[ITEM_FAILED] || run->view.counts[ITEM_UNKNOWN])
			log_warn("%s: %lld failed, %lld unknown", run->view.name,
			         (long long)run->view.counts[ITEM_FAILED],
			         (long long)run->view.counts[ITEM_UNKNOWN]);
		return;
	}
	if (run->mode == PROGRESS_JSON)
		return; /* the last document says it all */
	summary_make(run->session.api, &summary, &text);
	if (!text.failed)
		fputs(text.data, stderr);
	buffer_free(&text);
}

static int code_of(const struct run *run)
{
	const struct view *view = &run->view;

	if (view->state == JOB_FINISHED)
		return view->counts[ITEM_FAILED] || view->counts[ITEM_UNKNOWN] ? EXIT_ITEMS_FAILED
		                                                               : EXIT_DONE;
	if (view->state == JOB_HALTED)
		return EXIT_HALTED;
	return import_stopped(view) ? EXIT_USAGE : EXIT_INTERRUPTED;
}

/* --stay: until somebody has the job working again, or wants us to end. */
static bool woken(struct run *run)
{
	struct stopper *stopper = run->session.stopper;

	if (run->session.server && run->rounds == 1)
		log_info("the page stays up until Ctrl-C");
	stopper_hush(stopper, true);
	while (!stopper_asked(stopper)) {
		stopper_wait(stopper, clock_mono_ns() + STAY_LOOK_MS * NS_PER_MS);
		if (run_look(run) || engine_health(run->session.engine, NULL))
			return false;
		if (run->view.active && !view_over(&run->view)) {
			stopper_hush(stopper, false);
			return !stopper_asked(stopper);
		}
	}
	return false;
}

static enum progress_mode mode_of(const struct run *run)
{
	enum progress_mode mode = PROGRESS_AUTO;
	const char *asked = arguments_text(run->arguments, OPTION_PROGRESS, NULL);

	if (asked)
		progress_mode_parse(asked, &mode);
	else if (run->quiet)
		mode = PROGRESS_NONE;
	return mode;
}

static int work(struct run *run)
{
	bool stay = arguments_has(run->arguments, OPTION_STAY);

	if (run_prepare(run))
		return fail_with(&run->error);
	if (run->session.server && (!run->already || stay))
		log_info("page: %s", server_url(run->session.server));
	do {
		run->began_ns = clock_mono_ns();
		run->final_then = view_final(&run->view);
		enum status status = run->already ? run_look(run) : run_follow(run);
		progress_clear();
		if (status)
			return fail_with(&run->error);
		say_summary(run);
		run->already = false;
		run->rounds++;
	} while (stay && woken(run));
	return code_of(run);
}

int command_run(const struct arguments *arguments, int word_count, char *const words[])
{
	struct run run = {
		.arguments = arguments,
		.paused_at = -1,
		.quiet = arguments_has(arguments, OPTION_QUIET),
		.color = terminal_color(2, arguments_has(arguments, OPTION_NO_COLOR)),
	};
	int code;

	if (run_target_read(arguments, &run.target, &run.error))
		return fail_with(&run.error);
	masked = run.target.given;
	log_set_mask(mask_line);
	run.again = command_line(word_count, words, run.target.given);
	if (arguments_has(arguments, OPTION_DRY_RUN)) {
		code = run_dry(&run);
	} else {
		run.mode = mode_of(&run);
		if (run.mode == PROGRESS_JSON)
			log_set_level(LOG_WARN); /* stderr is for a program */
		progress_start(run.mode, run.color);
		if (session_open(&run.session, arguments, run.target.spec->concurrency, &run.error))
			code = fail_with(&run.error);
		else
			code = work(&run);
		progress_stop();
		session_close(&run.session);
	}
	log_set_mask(NULL);
	buffer_free(&run.answer);
	free(run.again);
	run_target_free(&run.target);
	return code;
}
