/* show: the story of one item. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/cli/command.h"
#include "engine/cli/document.h"
#include "engine/cli/terminal.h"
#include "engine/cli/text.h"

#define BODY_BYTES_SHOWN 16384

#define BOLD "\x1b[1m"
#define DIM "\x1b[2m"
#define RED "\x1b[31m"
#define GREEN "\x1b[32m"
#define YELLOW "\x1b[33m"

struct story {
	struct buffer *out;
	bool color;
};

static void colored(struct story *story, const char *color, const char *text)
{
	if (story->color)
		buffer_printf(story->out, "%s%s\x1b[0m", color, text);
	else
		buffer_text(story->out, text);
}

static void title(struct story *story, const char *text)
{
	if (story->color)
		buffer_printf(story->out, DIM "%-10s\x1b[0m", text);
	else
		buffer_printf(story->out, "%-10s", text);
}

static void heading(struct story *story, const char *text)
{
	colored(story, DIM, text);
	buffer_char(story->out, '\n');
}

/* A document's text at a path, safe. */
static bool safe_at(struct story *story, struct json_span document, const char *path)
{
	struct buffer text = {0};

	document_text(document, path, &text);
	bool there = text.length > 0;
	text_safe(story->out, text.data ? text.data : "", text.length);
	buffer_free(&text);
	return there;
}

/* A JSON object's members, a line each, as they were written. */
static void members(struct story *story, struct json_span object)
{
	struct json_span name, value;

	if (!object.length || json_type(object) != JSON_OBJECT)
		return;
	for (struct json_cursor at = json_walk(object); json_next(&at, &name, &value);) {
		buffer_text(story->out, "  ");
		text_safe(story->out, name.at, name.length);
		buffer_text(story->out, ": ");
		text_safe(story->out, value.at, value.length);
		buffer_char(story->out, '\n');
	}
}

static void milliseconds(struct story *story, struct json_span document, const char *path,
                         const char *before, const char *after)
{
	int64_t ms = document_integer(document, path, -1);

	if (ms >= 0)
		buffer_printf(story->out, "%s%" PRId64 " ms%s", before, ms, after);
}

static void body(struct story *story, struct json_span response)
{
	struct buffer text = {0};
	int64_t bytes = document_integer(response, "bytes", 0);

	if (document_has(response, "body_base64")) {
		buffer_text(story->out, "  (binary, ");
		text_bytes(story->out, bytes);
		buffer_text(story->out, "; --json has it in base64)\n");
		return;
	}
	document_text(response, "body", &text);
	size_t shown = text.length < BODY_BYTES_SHOWN ? text.length : BODY_BYTES_SHOWN;
	text_safe_lines(story->out, text.data ? text.data : "", shown, "  ");
	if (shown < text.length) {
		buffer_text(story->out, "  (");
		text_bytes(story->out, (int64_t)text.length);
		buffer_text(story->out, " are stored; --json shows all)\n");
	}
	if (document_true(response, "truncated")) {
		buffer_text(story->out, "  (cut when it was stored: ");
		text_bytes(story->out, bytes);
		buffer_text(story->out, " came)\n");
	}
	buffer_free(&text);
}

/* Method, headers and body, as sent, or as they would be now. */
static void request(struct story *story, struct json_span item)
{
	struct json_span sent = document_at(item, "request");
	struct buffer headers = {0};

	if (!document_has(item, "request"))
		return;
	heading(story, document_true(item, "request_is_current") ? "request"
	                                                         : "request, as it would be sent now");
	buffer_text(story->out, "  ");
	safe_at(story, sent, "method");
	buffer_char(story->out, ' ');
	safe_at(story, sent, "url");
	buffer_char(story->out, '\n');
	document_text(sent, "headers", &headers);
	text_safe_lines(story->out, headers.data ? headers.data : "", headers.length, "  > ");
	buffer_free(&headers);
	if (document_integer(sent, "bytes", 0)) {
		buffer_char(story->out, '\n');
		body(story, sent);
	}
}

static void head(struct story *story, struct json_span item, const char *job)
{
	char state[32], seq[32], key[32];
	int64_t attempts = document_integer(item, "attempts", 0);

	document_copy(item, "state", state, sizeof(state));
	text_safe(story->out, job, strlen(job));
	buffer_text(story->out, ", item ");
	safe_at(story, item, "seq");
	document_copy(item, "seq", seq, sizeof(seq));
	document_copy(item, "key", key, sizeof(key));
	if (key[0] && strcmp(key, seq) != 0) { /* a key that is the number says nothing */
		buffer_text(story->out, " (key ");
		safe_at(story, item, "key");
		buffer_char(story->out, ')');
	}
	buffer_text(story->out, ": ");
	bool bad = strcmp(state, "failed") == 0 || strcmp(state, "unknown") == 0;
	colored(story, bad ? RED : strcmp(state, "done") == 0 ? GREEN : BOLD, state);
	if (attempts) {
		buffer_text(story->out, " after ");
		text_counted(story->out, attempts, "attempt", "attempts");
	}
	if (document_time_ms(item, "due")) {
		buffer_text(story->out, ", again at ");
		time_text(story->out, document_time_ms(item, "due"));
	}
	buffer_char(story->out, '\n');
	if (document_has(item, "cause")) {
		title(story, "cause");
		cause_text(story->out, document_at(item, "cause"),
		           document_integer(item, "http_status", 0));
		if (document_has(item, "cause.group")) {
			buffer_text(story->out, "  (group ");
			safe_at(story, item, "cause.group");
			buffer_char(story->out, ')');
		}
		buffer_char(story->out, '\n');
	}
	heading(story, "input");
	members(story, document_at(item, "input"));
	if (document_has(item, "original_input")) {
		buffer_text(story->out, "  (edited");
		if (document_has(item, "edited_by")) {
			buffer_text(story->out, " by ");
			safe_at(story, item, "edited_by");
		}
		buffer_text(story->out, " at ");
		time_text(story->out, document_time_ms(item, "edited_at"));
		buffer_text(story->out, "; it came in as:)\n");
		members(story, document_at(item, "original_input"));
	}
	request(story, item);
	if (document_has(item, "extracted")) {
		heading(story, "extracted");
		members(story, document_at(item, "extracted"));
	}
}

/* ---- attempts -------------------------------------------------------------------- */

static const char *decision_color(const char *decision)
{
	if (strcmp(decision, "done") == 0)
		return GREEN;
	if (strcmp(decision, "fail") == 0 || strcmp(decision, "unknown") == 0)
		return RED;
	return YELLOW;
}

static void response(struct story *story, struct json_span attempt)
{
	struct json_span answer = document_at(attempt, "response");
	struct buffer headers = {0};

	if (!document_has(attempt, "response"))
		return;
	document_text(answer, "headers", &headers);
	text_safe_lines(story->out, headers.data ? headers.data : "", headers.length, "  < ");
	if (headers.length && document_integer(answer, "bytes", 0))
		buffer_char(story->out, '\n');
	body(story, answer);
	buffer_free(&headers);
}

/* "201 ms (connect 1 ms, first byte 200 ms)" */
static void timings(struct story *story, struct json_span attempt)
{
	bool connected = document_has(attempt, "connect_ms"),
	     answered = document_has(attempt, "first_byte_ms");

	milliseconds(story, attempt, "duration_ms", ", ", "");
	if (!connected && !answered)
		return;
	buffer_text(story->out, " (");
	milliseconds(story, attempt, "connect_ms", "connect ", answered ? ", " : "");
	milliseconds(story, attempt, "first_byte_ms", "first byte ", "");
	buffer_char(story->out, ')');
}

static void attempt_text(struct story *story, struct json_span attempt)
{
	char decision[32];

	document_copy(attempt, "decision", decision, sizeof(decision));
	if (story->color)
		buffer_text(story->out, BOLD);
	buffer_printf(story->out, "\nattempt %" PRId64, document_integer(attempt, "n", 0));
	if (story->color)
		buffer_text(story->out, "\x1b[0m");
	buffer_text(story->out, "  ");
	time_text(story->out, document_time_ms(attempt, "at"));
	buffer_text(story->out, "  ");
	colored(story, decision_color(decision), decision);
	buffer_text(story->out, ": ");
	size_t start = story->out->length;
	cause_text(story->out, attempt, document_integer(attempt, "http_status", 0));
	if (story->out->length == start)
		buffer_text(story->out, "no answer");
	timings(story, attempt);
	if (document_has(attempt, "wait_ms")) {
		buffer_text(story->out, "; again after ");
		text_duration(story->out, (double)document_integer(attempt, "wait_ms", 0) / 1000);
		if (document_has(attempt, "wait_source")) {
			buffer_text(story->out, " (");
			safe_at(story, attempt, "wait_source");
			buffer_char(story->out, ')');
		}
	}
	buffer_char(story->out, '\n');
	if (document_has(attempt, "request")) {
		buffer_text(story->out, "  > ");
		safe_at(story, attempt, "request");
		buffer_char(story->out, '\n');
	}
	response(story, attempt);
}

static void item_text(struct talk *talk, struct buffer *out)
{
	struct story story = {.out = out, .color = talk->color};
	struct json_span log = document_at(talk->document, "attempts_log"), name, attempt;

	head(&story, talk->document, talk->job);
	if (!log.length || json_type(log) != JSON_ARRAY)
		return;
	for (struct json_cursor at = json_walk(log); json_next(&at, &name, &attempt);)
		attempt_text(&story, attempt);
}

/* ---- the command ------------------------------------------------------------------- */

static enum status sequence_check(struct talk *talk)
{
	const char *seq = talk->arguments->operands[1];
	size_t length = strlen(seq);

	if (length == 0 || length > 18 || strspn(seq, "0123456789") != length ||
	    strspn(seq, "0") == length)
		return error_set(&talk->error, STATUS_USAGE,
		                 "SEQ: '%.60s' is no item's number, 1 being the first (to find one: "
		                 "sluice items JOB --filter key:K)",
		                 seq);
	return STATUS_OK;
}

/* For a pipe as it is; a terminal must not obey what stands in a body. */
static void curl_text(struct buffer *command)
{
	struct buffer safe = {0};

	if (!terminal_is(1)) {
		if (command->length && command->data[command->length - 1] != '\n')
			buffer_char(command, '\n');
		return;
	}
	text_safe_lines(&safe, command->data ? command->data : "", command->length, "");
	buffer_free(command);
	*command = safe;
}

int command_show(const struct arguments *arguments)
{
	struct talk talk;
	struct api_call call = {0};
	struct buffer out = {0};
	bool curl = arguments_has(arguments, OPTION_CURL);
	char after[64];

	snprintf(after, sizeof(after), "/items/%.18s%s", arguments->operands[1],
	         curl ? "/curl" : "");
	if (talk_open(&talk, arguments) || sequence_check(&talk) ||
	    talk_job_path(&talk, &call, after))
		return talk_fail(&talk);
	if (curl ? api_text(talk.api, &call, &out, &talk.error) : talk_call(&talk, &call)) {
		buffer_free(&out);
		return talk_fail(&talk);
	}
	if (curl) {
		curl_text(&out);
	} else if (talk.json) {
		buffer_append(&out, talk.document.at, talk.document.length);
		buffer_char(&out, '\n');
	} else {
		item_text(&talk, &out);
	}
	return talk_print(&talk, &out);
}
