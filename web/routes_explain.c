/* What would be decided on a response. */
#include <stdlib.h>
#include <string.h>

#include "engine/request/secret.h"
#include "engine/request/spec.h"
#include "web/handlers.h"

struct asking {
	char *response, *method, *job;
	int64_t attempt, curl_error, bytes_sent;
	bool keyed;
};

static bool asking_read(struct call *call, struct json_span body, struct asking *asking)
{
	return ask_member_text(call, body, "response", &asking->response)
	       && ask_member_text(call, body, "method", &asking->method)
	       && ask_member_text(call, body, "job", &asking->job)
	       && ask_member_flag(call, body, "keyed", &asking->keyed)
	       && ask_member_number(call, body, "attempt", 1, 1000000, &asking->attempt)
	       && ask_member_number(call, body, "curl_error", 0, 200, &asking->curl_error)
	       && ask_member_number(call, body, "bytes_sent", 0, INT64_MAX, &asking->bytes_sent);
}

static enum status spec_of_job(struct call *call, const char *name, struct spec **spec,
                               struct error *error)
{
	enum status status = engine_job_find(call->engine, name, &call->job, error);
	char *canonical = NULL;

	if (status == STATUS_OK)
		status = engine_job_spec(call->engine, call->job, &canonical, error);
	if (status == STATUS_OK)
		status = spec_parse(canonical, strlen(canonical), NULL, spec, error);
	free(canonical);
	return status;
}

/* A job file that came with the question; its credentials are of no use here. */
static enum status spec_of_file(struct json_span file, struct spec **spec, struct error *error)
{
	struct secret_set *literal = secret_set_new();
	enum status status;

	if (literal == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = spec_parse(file.at, file.length, literal, spec, error);
	if (status == STATUS_USAGE)
		error_prefix(error, "job_file");
	secret_set_free(literal);
	return status;
}

static void answer(struct call *call, const struct asking *asking, struct json_span file)
{
	const struct engine_question question = {
		.method = asking->method,
		.attempt = (int)asking->attempt,
		.keyed = asking->keyed,
		.curl_error = (int)asking->curl_error,
		.bytes_sent = asking->bytes_sent,
		.response = asking->response,
		.response_length = asking->response != NULL ? strlen(asking->response) : 0,
	};
	struct spec *spec = NULL;
	struct buffer out = {0};
	struct error error = {0};
	enum status status = STATUS_OK;

	if (asking->job != NULL)
		status = spec_of_job(call, asking->job, &spec, &error);
	else if (file.length > 0)
		status = spec_of_file(file, &spec, &error);
	if (status == STATUS_OK)
		status = engine_explain(spec, &question, &out, &error);
	if (status == STATUS_OK)
		buffer_append(reply_json(call), out.data, out.length);
	else
		reply_error(call, &error);
	buffer_free(&out);
	spec_free(spec);
}

void explain_show(struct call *call)
{
	static const char *const known[] = {"response", "method",     "attempt",    "keyed",
	                                    "job",      "curl_error", "bytes_sent", "job_file",
	                                    NULL};
	struct asking asking = {.attempt = 1, .bytes_sent = -1};
	struct json_span body, file = {NULL, 0};

	if (ask_body(call, known, &body) && asking_read(call, body, &asking)) {
		if (json_member(body, "job_file", strlen("job_file"), &file) && asking.job != NULL)
			reply_problem(call, 400, "either job or job_file");
		else
			answer(call, &asking, file);
	}
	free(asking.response);
	free(asking.method);
	free(asking.job);
}
