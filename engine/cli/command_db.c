/* db check, backup, vacuum. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/log.h"
#include "engine/cli/command.h"
#include "engine/cli/document.h"
#include "engine/cli/text.h"

/* The API's answer, or what to say where no --json is given. */
static void answer(const struct talk *talk, struct buffer *out, const char *text)
{
	if (talk->json) {
		buffer_append(out, talk->document.at, talk->document.length);
		buffer_char(out, '\n');
	} else {
		buffer_text(out, text);
	}
}

static int check(struct talk *talk)
{
	struct api_call call = {.path = "/db/check"};
	struct buffer report = {0}, out = {0};

	if (talk_call(talk, &call))
		return talk_fail(talk);
	bool good = document_true(talk->document, "ok");
	document_text(talk->document, "report", &report);
	if (!talk->json)
		text_safe_lines(&out, report.data ? report.data : "", report.length, "");
	buffer_free(&report);
	if (talk->json || (good && !out.length))
		answer(talk, &out, "ok\n");
	int code = talk_print(talk, &out);
	if (!good)
		log_error("the database is damaged: restore a backup, or export what can be read");
	return good ? code : EXIT_RUNTIME;
}

/* The owner may run in another folder: paths are made absolute here. */
static enum status absolute(const char *path, char out[PATH_MAX], struct error *error)
{
	char folder[PATH_MAX];
	int length;

	if (path[0] == '/')
		length = snprintf(out, PATH_MAX, "%s", path);
	else if (getcwd(folder, sizeof(folder)))
		length = snprintf(out, PATH_MAX, "%s/%s", folder, path);
	else
		return error_set(error, STATUS_IO, "no current folder: %s", strerror(errno));
	return length > 0 && length < PATH_MAX
	               ? STATUS_OK
	               : error_set(error, STATUS_USAGE, "the backup's path is too long");
}

static int backup(struct talk *talk)
{
	struct api_call call = {.method = "POST", .path = "/db/backup"};
	struct buffer body = {0}, out = {0};
	char path[PATH_MAX];
	int code;

	if (absolute(talk->arguments->operands[1], path, &talk->error))
		return talk_fail(talk);
	buffer_text(&body, "{\"path\":");
	buffer_json_text(&body, path);
	buffer_char(&body, '}');
	call.body = body.data;
	if (body.failed ? error_set(&talk->error, STATUS_NO_MEMORY, "out of memory")
	                : talk_call(talk, &call)) {
		code = talk_fail(talk);
	} else {
		answer(talk, &out, "backed up to ");
		if (!talk->json) {
			text_safe(&out, path, strlen(path));
			buffer_char(&out, '\n');
		}
		code = talk_print(talk, &out);
	}
	buffer_free(&body);
	return code;
}

static int vacuum(struct talk *talk)
{
	struct api_call call = {.method = "POST", .path = "/db/vacuum"};
	struct buffer out = {0};

	if (talk_call(talk, &call))
		return talk_fail(talk);
	answer(talk, &out, "compacted\n");
	return talk_print(talk, &out);
}

int command_db(const struct arguments *arguments)
{
	static const struct {
		const char *name;
		int operands;
		int (*run)(struct talk *talk);
	} actions[] = {{"check", 1, check}, {"backup", 2, backup}, {"vacuum", 1, vacuum}};
	struct talk talk;
	struct error error;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(arguments->operands[0], actions[i].name) != 0)
			continue;
		if (arguments->operand_count != actions[i].operands) {
			error_set(&error, STATUS_USAGE,
			          actions[i].operands == 2 ? "backup: to which FILE?"
			                                   : "one argument too many");
			return fail_usage("db", &error);
		}
		return talk_open(&talk, arguments) ? talk_fail(&talk) : actions[i].run(&talk);
	}
	error_set(&error, STATUS_USAGE, "'%s' is none of check, backup, vacuum",
	          arguments->operands[0]);
	return fail_usage("db", &error);
}
