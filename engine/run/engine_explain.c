/* `sluice explain`: a response, and what would be decided on it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/base/clock.h"
#include "engine/policy/cause.h"
#include "engine/policy/headers.h"
#include "engine/request/transfer.h"
#include "engine/run/engine.h"
#include "engine/run/judge.h"

#define RETRIES 5
#define DELAY_MS 500
#define DELAY_MS_MAX 60000

static const struct retry_policy default_retry = {RETRIES, DELAY_MS, DELAY_MS_MAX, 0};

/* ---- the raw response ------------------------------------------------------ */

struct cursor {
	const char *at, *end;
};

/* A line without its end; false: there is none. */
static bool take_line(struct cursor *cursor, const char **line, size_t *length)
{
	const char *end;

	if (cursor->at == cursor->end)
		return false;
	end = memchr(cursor->at, '\n', (size_t)(cursor->end - cursor->at));
	*line = cursor->at;
	cursor->at = end ? end + 1 : cursor->end;
	*length = (size_t)((end ? end : cursor->end) - *line);
	if (*length > 0 && (*line)[*length - 1] == '\r')
		--*length;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "HTTP/1.1 429 Too Many Requests", "HTTP/2 429"; 0: no status line. */
static int status_of_line(const char *line, size_t length)
{
	const char *blank;

	if (length < 10 || strncasecmp(line, "HTTP/", 5) != 0)
		return 0;
	blank = memchr(line, ' ', length);
	if (!blank)
		return 0;
	while (blank < line + length && *blank == ' ')
		blank++;
	if (line + length - blank < 3 || !is_digit(blank[0]) || !is_digit(blank[1]) ||
	    !is_digit(blank[2]) || (line + length - blank > 3 && blank[3] != ' ') || blank[0] == '0')
		return 0;
	return (blank[0] - '0') * 100 + (blank[1] - '0') * 10 + (blank[2] - '0');
}

/* One head: status line, headers, the empty line. */
static bool take_head(struct cursor *cursor, struct response_view *view)
{
	const char *line;
	size_t length;

	if (!take_line(cursor, &line, &length) || (view->status = status_of_line(line, length)) == 0)
		return false;
	view->headers = cursor->at;
	view->headers_length = 0;
	while (take_line(cursor, &line, &length) && length > 0)
		view->headers_length = (size_t)(cursor->at - view->headers);
	return true;
}

static enum status read_response(const struct engine_question *question,
                                 struct response_view *view, struct error *error)
{
	struct cursor rest = {question->response, question->response + question->response_length};
	struct cursor cursor = rest;
	struct response_view head = {.body = ""};

	*view = (struct response_view){.headers = "", .body = ""};
	if (question->response_length == 0) {
		if (question->curl_error != 0)
			return STATUS_OK;
		return error_set(error, STATUS_USAGE,
		                 "no response: give one (status line, headers, body), or the "
		                 "curl error with which none came");
	}
	/* 100 Continue, a proxy's answer to CONNECT, redirects: curl -i prints all. */
	while (take_head(&rest, &head)) {
		*view = head;
		cursor = rest;
	}
	if (view->status == 0)
		return error_set(error, STATUS_USAGE,
		                 "the response must begin with a status line such as "
		                 "'HTTP/1.1 429 Too Many Requests'");
	view->body = cursor.at;
	view->body_length = (size_t)(cursor.end - cursor.at);
	return STATUS_OK;
}

/* ---- the decision ----------------------------------------------------------- */

struct explanation {
	struct response_view view;
	struct attempt_facts facts;
	struct verdict verdict;
	const char *class_name;
	char code[64], text[512];
};

static bool was_sent(const struct engine_question *question)
{
	if (question->bytes_sent >= 0)
		return question->bytes_sent > 0;
	/* What may be either way is taken for sent. */
	switch (transfer_classify(question->curl_error, false)) {
	case TRANSPORT_TIMEOUT:
	case TRANSPORT_BROKEN:
	case TRANSPORT_OK:
	case TRANSPORT_HANDSHAKE:
		return true;
	default:
		return false;
	}
}

static void state_facts(const struct spec *spec, const struct engine_question *question,
                        struct explanation *explanation)
{
	struct attempt_facts *facts = &explanation->facts;
	const char *method = question->method ? question->method : spec ? spec->request.method : "GET";

	facts->http_status = explanation->view.status;
	facts->sent = was_sent(question) || facts->http_status > 0;
	facts->transport = transfer_classify(question->curl_error, facts->sent);
	facts->idempotent = method_idempotent(method);
	facts->keyed = question->keyed || (spec && spec->keyed);
	facts->attempt = question->attempt > 0 ? question->attempt : 1;
	explanation->class_name =
	    facts->transport == TRANSPORT_OK ? "http" : transport_name(facts->transport);
	headers_read_overridden(explanation->view.headers, explanation->view.headers_length,
	                        clock_wall_ms(), spec ? &spec->headers : NULL, &facts->hints);
}

static enum status apply_rules(const struct spec *spec, struct explanation *explanation,
                               struct error *error)
{
	struct buffer scratch = {0};
	struct judge judge = {jsonpath_new(), &scratch};
	const struct spec_rule *rule;

	if (!judge.jsonpath)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	rule = judge_rules(&judge, spec, &explanation->view, &explanation->facts.rule,
	                   &explanation->class_name);
	if (rule) {
		judge_text(&judge, &explanation->view, rule->code, explanation->code,
		           sizeof(explanation->code));
		judge_text(&judge, &explanation->view, rule->message, explanation->text,
		           sizeof(explanation->text));
	}
	jsonpath_free(judge.jsonpath);
	buffer_free(&scratch);
	return STATUS_OK;
}

static void find_message(const struct engine_question *question, struct explanation *explanation)
{
	if (explanation->text[0] != '\0')
		return;
	if (explanation->facts.transport == TRANSPORT_OK)
		cause_message(explanation->view.body, explanation->view.body_length,
		              explanation->text, sizeof(explanation->text));
	else
		snprintf(explanation->text, sizeof(explanation->text), "%s",
		         transfer_error_text(question->curl_error));
}

/* ---- as JSON ----------------------------------------------------------------- */

static void put_seconds(struct buffer *out, const char *name, int64_t ms)
{
	buffer_printf(out, "\"%s\":%lld.%03d", name, (long long)(ms / 1000), (int)(ms % 1000));
	for (int i = 0; i < 2 && out->length > 0 && out->data[out->length - 1] == '0'; i++)
		out->data[--out->length] = '\0';
}

static void put_count(struct buffer *out, const char *name, int64_t count)
{
	buffer_printf(out, ",\"%s\":", name);
	if (count < 0)
		buffer_text(out, "null");
	else
		buffer_int64(out, count);
}

static void put_error(struct buffer *out, const struct explanation *explanation)
{
	buffer_text(out, ",\"error\":");
	if (explanation->verdict.decision == DECISION_DONE) {
		buffer_text(out, "null");
		return;
	}
	buffer_text(out, "{\"class\":");
	buffer_json_text(out, explanation->class_name);
	buffer_printf(out, ",\"status\":");
	if (explanation->view.status > 0)
		buffer_int64(out, explanation->view.status);
	else
		buffer_text(out, "null");
	buffer_text(out, ",\"code\":");
	buffer_json_text(out, explanation->code[0] != '\0' ? explanation->code : NULL);
	buffer_text(out, ",\"message\":");
	buffer_json(out, explanation->text, strlen(explanation->text));
	buffer_char(out, '}');
}

static void put_explanation(struct buffer *out, const struct explanation *explanation)
{
	const struct verdict *verdict = &explanation->verdict;
	const struct header_hints *hints = &explanation->facts.hints;
	bool waits = verdict->decision == DECISION_RETRY || verdict->decision == DECISION_THROTTLE;

	buffer_printf(out, "{\"decision\":\"%s\",\"final\":%s,\"wait_s\":",
	              decision_name(verdict->decision), verdict->final ? "true" : "false");
	if (waits) {
		buffer_char(out, '{');
		put_seconds(out, "min", verdict->wait_ms_min);
		buffer_char(out, ',');
		put_seconds(out, "max", verdict->wait_ms_max);
		buffer_char(out, '}');
	} else {
		buffer_text(out, "null");
	}
	buffer_printf(out, ",\"charge_attempt\":%s,\"source\":",
	              verdict->charge_attempt ? "true" : "false");
	buffer_json_text(out, waits && verdict->source[0] != '\0' ? verdict->source : NULL);
	put_count(out, "limit", hints->limit);
	put_count(out, "remaining", hints->remaining);
	buffer_text(out, ",\"policies\":[");
	for (int i = 0; i < hints->policy_count; i++)
		buffer_printf(out, "%s{\"quota\":%lld,\"window_s\":%lld}", i > 0 ? "," : "",
		              (long long)hints->policies[i].quota,
		              (long long)hints->policies[i].window_s);
	buffer_char(out, ']');
	put_error(out, explanation);
	buffer_char(out, '}');
}

enum status engine_explain(const struct spec *spec, const struct engine_question *question,
                           struct buffer *out, struct error *error)
{
	struct explanation explanation = {0};
	struct random random;
	enum status status = read_response(question, &explanation.view, error);

	if (status != STATUS_OK)
		return status;
	random_seed(&random);
	state_facts(spec, question, &explanation);
	if (spec && explanation.facts.transport == TRANSPORT_OK)
		status = apply_rules(spec, &explanation, error);
	if (status != STATUS_OK)
		return status;
	outcome_decide(&explanation.facts, spec ? &spec->retry : &default_retry, &random,
	               &explanation.verdict);
	find_message(question, &explanation);
	put_explanation(out, &explanation);
	return out->failed ? error_set(error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}
