/* pause, resume, cancel, set, rm: one job, one call. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/cli/document.h"
#include "engine/cli/text.h"
#include "engine/cli/view.h"

/* The body of PATCH: what was given. */
static enum status limits_body(const struct arguments *arguments, struct buffer *body,
                               struct error *error)
{
	const char *rate = arguments_text(arguments, OPTION_SET_RATE, NULL);
	const char *between = "{";

	if (arguments_has(arguments, OPTION_SET_CONCURRENCY)) {
		buffer_printf(body, "%s\"concurrency\":%" PRId64, between,
		              arguments_number(arguments, OPTION_SET_CONCURRENCY, 0));
		between = ",";
	}
	if (rate) {
		buffer_printf(body, "%s\"rate\":", between);
		if (strcmp(rate, "none") == 0)
			buffer_text(body, "null");
		else
			buffer_json_text(body, rate);
		between = ",";
	}
	if (arguments_has(arguments, OPTION_SET_BURST)) {
		buffer_printf(body, "%s\"burst\":%" PRId64, between,
		              arguments_number(arguments, OPTION_SET_BURST, 0));
		between = ",";
	}
	if (*between == '{')
		return error_set(error, STATUS_USAGE,
		                 "set what? --concurrency N, --rate R or --burst N");
	buffer_char(body, '}');
	return body->failed ? error_set(error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

static void limits_text(struct buffer *out, const struct view *view)
{
	buffer_printf(out, "%s: concurrency ", view->name);
	text_count(out, view->concurrency);
	if (view->limit_per_s > 0) {
		buffer_text(out, ", rate ");
		text_limit(out, view->limit_per_s);
		buffer_text(out, ", burst ");
		text_count(out, view->burst);
	} else {
		buffer_text(out, ", no rate limit");
	}
	buffer_char(out, '\n');
}

static enum status report(struct talk *talk, struct buffer *out)
{
	struct view view;

	if (talk->json) {
		if (talk->arguments->command != COMMAND_RM) {
			buffer_append(out, talk->document.at, talk->document.length);
			buffer_char(out, '\n');
		}
		return STATUS_OK;
	}
	if (talk->arguments->command == COMMAND_RM) {
		text_safe(out, talk->job, strlen(talk->job));
		buffer_text(out, ": removed\n");
		return STATUS_OK;
	}
	enum status status = view_read(talk->document, &view, &talk->error);
	if (status)
		return status;
	if (talk->arguments->command == COMMAND_SET) {
		limits_text(out, &view);
		return STATUS_OK;
	}
	buffer_printf(out, "%s: %s", view.name, job_state_name(view.state));
	if (view.reason[0])
		buffer_printf(out, ", %s", view.reason);
	if (view.state == JOB_PAUSED && view.in_flight) {
		buffer_text(out, ", ");
		text_count(out, view.in_flight);
		buffer_text(out, " still in flight");
	}
	buffer_char(out, '\n');
	return STATUS_OK;
}

static bool hint_wanted(const struct talk *talk)
{
	struct view view;

	return talk->arguments->command == COMMAND_RESUME &&
	       view_read(talk->document, &view, NULL) == STATUS_OK && !view_over(&view) && !api_owned(talk->api) &&
	       !arguments_has(talk->arguments, OPTION_QUIET);
}

static void next_hint(const struct talk *talk)
{
	struct buffer line = {0};

	buffer_text(&line, "It goes on when it runs again: give its `run` command, or `");
	program_suggest(&line);
	buffer_text(&line, " serve");
	database_suggest(&talk->database, &line);
	if (!line.failed)
		fprintf(stderr, "%s`.\n", line.data);
	buffer_free(&line);
}

int command_control(const struct arguments *arguments)
{
	struct talk talk;
	struct api_call call = {.method = "POST"};
	struct buffer body = {0}, out = {0};
	struct error error;
	char after[32] = "";
	int code;

	if (arguments->command == COMMAND_SET) {
		call.method = "PATCH";
		if (limits_body(arguments, &body, &error)) {
			buffer_free(&body);
			return fail_usage("set", &error);
		}
	} else if (arguments->command == COMMAND_RM) {
		call.method = "DELETE";
	} else {
		snprintf(after, sizeof(after), "/%s", command_table[arguments->command].name);
	}
	call.body = body.data;
	if (talk_open(&talk, arguments) || talk_job_path(&talk, &call, after) ||
	    talk_call(&talk, &call) || report(&talk, &out)) {
		code = talk_fail(&talk);
	} else {
		bool hint = hint_wanted(&talk);
		code = talk_print(&talk, &out);
		if (hint && code == EXIT_DONE)
			next_hint(&talk);
	}
	buffer_free(&body);
	return code;
}
