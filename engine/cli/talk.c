#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/base/log.h"
#include "engine/cli/command.h"
#include "engine/cli/document.h"
#include "engine/cli/terminal.h"
#include "engine/cli/text.h"

#define JOB_BYTES_MAX 400 /* a name has at most 100 characters of 4 bytes */
#define PAGE_ROWS_MAX 1000

static const char *called = "sluice"; /* set before any thread exists */

int fail_with(const struct error *error)
{
	log_error("%s", error->text);
	switch (error->status) {
	case STATUS_USAGE:
	case STATUS_NOT_FOUND:
	case STATUS_CONFLICT:
		return EXIT_USAGE;
	case STATUS_OWNED:
		return EXIT_OWNED;
	case STATUS_CLOSED: /* stopped while something was prepared */
		return EXIT_INTERRUPTED;
	default:
		return EXIT_RUNTIME;
	}
}

int fail_usage(const char *command, const struct error *error)
{
	if (*command)
		log_error("%s: %s", command, error->text);
	else
		log_error("%s", error->text);
	fprintf(stderr, "Try `%s %s%s--help`.\n", called, command, *command ? " " : "");
	return EXIT_USAGE;
}

enum status talk_open(struct talk *talk, const struct arguments *arguments)
{
	enum status status;

	*talk = (struct talk){.arguments = arguments};
	if (option_applies(&option_table[OPTION_JSON], arguments->command))
		talk->json = arguments_has(arguments, OPTION_JSON);
	talk->color = terminal_color(1, arguments_has(arguments, OPTION_NO_COLOR));
	talk->job = arguments->operand_count ? arguments->operands[0] : NULL;
	status = database_find(arguments, &talk->database, &talk->error);
	if (status == STATUS_OK)
		status = api_open(&talk->database, &talk->api, &talk->error);
	return status;
}

void talk_close(struct talk *talk)
{
	api_close(talk->api);
	talk->api = NULL;
	buffer_free(&talk->answer);
}

enum status talk_job_path(struct talk *talk, struct api_call *call, const char *after)
{
	/* What has a slash would be another path, and no job is named so. */
	if (!*talk->job || strlen(talk->job) > JOB_BYTES_MAX || strchr(talk->job, '/'))
		return error_set(&talk->error, STATUS_NOT_FOUND, "no job named '%.100s'",
		                 talk->job);
	api_path(call, "/jobs/%s%s", talk->job, after);
	return STATUS_OK;
}

enum status talk_call(struct talk *talk, const struct api_call *call)
{
	return api_document(talk->api, call, &talk->answer, &talk->document, &talk->error);
}

/* A command that a job's state does not allow now was no bad usage. */
int talk_fail(struct talk *talk)
{
	bool conflict = talk->error.status == STATUS_CONFLICT;
	int code = fail_with(&talk->error);

	if (conflict)
		code = EXIT_RUNTIME;
	talk_close(talk);
	return code;
}

int talk_print(struct talk *talk, struct buffer *text)
{
	bool good;

	/* The database is let go before a pager may block us. */
	talk_close(talk);
	good = terminal_print(text);
	buffer_free(text);
	if (good)
		return EXIT_DONE;
	log_error("cannot write to standard output: %s", strerror(errno));
	return EXIT_RUNTIME;
}

/* ---- pages -------------------------------------------------------------------- */

enum status talk_pages(struct talk *talk, struct api_call *call, const struct listing *listing,
                       void (*visit)(void *context, struct json_span element), void *context,
                       char next[PLACE_BYTES])
{
	const int query_count = call->query_count;
	char page[24];
	int64_t left = listing->limit;
	enum status status;

	snprintf(next, PLACE_BYTES, "%lld", (long long)listing->from);
	if (listing->from == 0)
		next[0] = '\0';
	for (;;) {
		struct json_span array, name, element;

		snprintf(page, sizeof(page), "%lld",
		         (long long)(left < PAGE_ROWS_MAX ? left : PAGE_ROWS_MAX));
		api_query(call, "limit", page);
		api_query(call, listing->cursor, next[0] ? next : NULL);
		status = talk_call(talk, call);
		call->query_count = query_count; /* page and from end with us */
		if (status)
			return status;
		array = document_at(talk->document, listing->member);
		if (!array.length || json_type(array) != JSON_ARRAY)
			return error_set(&talk->error, STATUS_IO, "the API's answer has no \"%s\"",
			                 listing->member);
		for (struct json_cursor at = json_walk(array);
		     left > 0 && json_next(&at, &name, &element); left--)
			visit(context, element);
		document_copy(talk->document, "next", next, PLACE_BYTES);
		if (!next[0] || left == 0)
			return STATUS_OK;
	}
}

static void append_element(void *context, struct json_span element)
{
	struct buffer *out = context;

	if (out->length && out->data[out->length - 1] != '[')
		buffer_char(out, ',');
	buffer_append(out, element.at, element.length);
}

enum status talk_pages_json(struct talk *talk, struct api_call *call, const struct listing *listing,
                            struct buffer *out)
{
	char next[PLACE_BYTES];

	buffer_printf(out, "{\"%s\":[", listing->member);
	enum status status = talk_pages(talk, call, listing, append_element, out, next);
	buffer_text(out, "],\"next\":");
	buffer_json_text(out, next[0] ? next : NULL);
	buffer_text(out, "}\n");
	return status;
}

/* ---- words --------------------------------------------------------------------- */

void program_called(const char *argv0)
{
	if (strchr(argv0, '/'))
		called = argv0;
}

void program_suggest(struct buffer *out)
{
	text_shell(out, called);
}

void database_suggest(const struct database *database, struct buffer *out)
{
	if (!database->chosen)
		return;
	buffer_text(out, " --db ");
	text_shell(out, database->path);
}

void time_text(struct buffer *out, int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm parts;
	char text[40];

	if (wall_ms > 0 && localtime_r(&seconds, &parts) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts))
		buffer_text(out, text);
}

/* The status speaks for class http, the code for a rule that found one. */
static void cause_class(struct buffer *out, struct json_span cause, int64_t http_status)
{
	char class_name[64];

	document_copy(cause, "class", class_name, sizeof(class_name));
	if (!class_name[0] || strcmp(class_name, "http") == 0) {
		if (http_status)
			buffer_printf(out, "%lld", (long long)http_status);
	} else if (!document_has(cause, "code")) {
		text_safe(out, class_name, strlen(class_name));
	}
}

void cause_text(struct buffer *out, struct json_span cause, int64_t http_status)
{
	struct buffer raw = {0};
	size_t start = out->length;

	cause_class(out, cause, http_status);
	if (document_has(cause, "code")) {
		document_text(cause, "code", &raw);
		buffer_text(out, out->length > start ? " code " : "code ");
		text_safe(out, raw.data ? raw.data : "", raw.length);
	}
	buffer_reset(&raw, 4096);
	document_text(cause, "message", &raw);
	if (raw.length) {
		buffer_text(out, out->length > start ? ": " : "");
		text_safe(out, raw.data, raw.length);
	}
	buffer_free(&raw);
}
