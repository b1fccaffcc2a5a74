/* export: items with their outcome, streamed to stdout or into a file that
 * appears when it is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/log.h"
#include "engine/cli/command.h"
#include "engine/cli/text.h"

struct destination {
	FILE *file;
	const char *path;         /* -o FILE; NULL: stdout */
	char temporary[PATH_MAX]; /* beside it, renamed in the end */
	bool html, csv, quoted;   /* within a quoted CSV field */
	int64_t lines;
	int write_errno;
};

static enum status destination_open(struct destination *to, const char *path, struct error *error)
{
	int descriptor;

	to->path = path;
	to->file = stdout;
	if (!path)
		return STATUS_OK;
	if (snprintf(to->temporary, sizeof(to->temporary), "%s.XXXXXX", path) >=
	    (int)sizeof(to->temporary))
		return error_set(error, STATUS_USAGE, "the output's path is too long");
	descriptor = mkstemp(to->temporary);
	if (descriptor < 0)
		return error_set(error, STATUS_IO, "cannot write %s: %s", path,
		                 strerror(errno));
	/* mkstemp makes it 0600, the user's alone, as all that we make. */
	to->file = fdopen(descriptor, "w");
	if (!to->file) {
		enum status status = error_set(error, STATUS_IO, "cannot write %s: %s",
		                               to->temporary, strerror(errno));
		close(descriptor);
		unlink(to->temporary);
		return status;
	}
	return STATUS_OK;
}

/* Whole and on disk, or not there at all. */
static enum status destination_close(struct destination *to, bool whole, struct error *error)
{
	enum status status = STATUS_OK;
	int failed;

	if (!to->path) {
		if (fflush(stdout) && errno != EPIPE && whole)
			status = error_set(error, STATUS_IO, "cannot write to standard output: %s",
			                   strerror(errno));
		return status;
	}
	failed = fflush(to->file) || fsync(fileno(to->file)) ? errno : 0;
	if (fclose(to->file) && !failed)
		failed = errno;
	if (whole && !failed && rename(to->temporary, to->path))
		failed = errno;
	if (whole && failed)
		status = error_set(error, STATUS_IO, "cannot write %s: %s", to->path,
		                   strerror(failed));
	if (!whole || failed)
		unlink(to->temporary);
	return status;
}

static void count_lines(struct destination *to, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (to->csv && bytes[i] == '"')
			to->quoted = !to->quoted;
		else if (bytes[i] == '\n' && !to->quoted)
			to->lines++;
	}
}

static bool take(void *context, const char *bytes, size_t length)
{
	struct destination *to = context;

	if (length && fwrite(bytes, 1, length, to->file) != length) {
		to->write_errno = errno;
		return false;
	}
	count_lines(to, bytes, length);
	return true;
}

static void say_rows(const struct destination *to)
{
	struct buffer line = {0};
	int64_t rows = to->lines - (to->csv && to->lines > 0);

	if (to->html)
		buffer_text(&line, "a report");
	else
		text_counted(&line, rows, "row", "rows");
	if (to->path) {
		buffer_text(&line, " in ");
		text_safe(&line, to->path, strlen(to->path));
	}
	if (!line.failed)
		log_info("%s", line.data);
	buffer_free(&line);
}

static enum status export_to(struct talk *talk, const struct api_call *call, struct destination *to)
{
	enum status status = api_stream(talk->api, call, take, to, &talk->error);

	if (status == STATUS_CLOSED && to->write_errno == EPIPE)
		return destination_close(to, false, NULL); /* the reader had enough: no failure */
	if (status == STATUS_CLOSED)
		status = error_set(&talk->error, STATUS_IO, "cannot write: %s",
		                   strerror(to->write_errno));
	if (status) {
		destination_close(to, false, NULL);
		return status;
	}
	status = destination_close(to, true, &talk->error);
	if (status == STATUS_OK)
		say_rows(to);
	return status;
}

int command_export(const struct arguments *arguments)
{
	struct talk talk;
	struct api_call call = {0};
	struct destination to = {0};
	const char *format = arguments_text(arguments, OPTION_EXPORT_FORMAT, "ndjson");

	to.html = strcmp(format, "html") == 0;
	to.csv = strcmp(format, "csv") == 0;
	if (talk_open(&talk, arguments) || talk_job_path(&talk, &call, "/export"))
		return talk_fail(&talk);
	api_query(&call, "format", format);
	api_query(&call, "state", arguments_text(arguments, OPTION_STATE, NULL));
	api_query(&call, "filter", arguments_text(arguments, OPTION_FILTER, NULL));
	if (destination_open(&to, arguments_text(arguments, OPTION_OUTPUT, NULL), &talk.error) ||
	    export_to(&talk, &call, &to))
		return talk_fail(&talk);
	talk_close(&talk);
	return EXIT_DONE;
}
