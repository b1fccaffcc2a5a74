/* explain: a raw response on standard input, and what would be decided on it. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/log.h"
#include "engine/cli/command.h"
#include "engine/cli/terminal.h"
#include "engine/request/jobfile.h"
#include "engine/request/secret.h"
#include "engine/run/engine.h"

#define METHOD_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
#define RESPONSE_BYTES_MAX (64u << 20)

/* All of standard input. */
static enum status read_response(struct buffer *out, struct error *error)
{
	ssize_t got;

	for (;;) {
		if (!buffer_reserve(out, 65536))
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
		got = read(STDIN_FILENO, out->data + out->length, 65536);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(error, STATUS_IO, "standard input: %s", strerror(errno));
		if (got == 0)
			return STATUS_OK;
		out->length += (size_t)got;
		if (out->length > RESPONSE_BYTES_MAX)
			return error_set(error, STATUS_USAGE, "the response has more than %u MiB",
			                 RESPONSE_BYTES_MAX >> 20);
	}
}

/* A job file's rules apply; a URL has none. */
static enum status read_spec(const char *target, struct spec **spec, struct error *error)
{
	struct secret_set *literal;
	struct jobfile *jobfile = NULL;
	struct buffer text = {0};
	enum status status;

	if (strstr(target, "://"))
		return STATUS_OK;
	literal = secret_set_new();
	if (!literal)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = jobfile_read(target, &jobfile, error);
	if (status == STATUS_OK && jobfile_print(jobfile, &text) != STATUS_OK)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (status == STATUS_OK &&
	    spec_parse(text.data, text.length, literal, spec, error) != STATUS_OK)
		status = error_prefix(error, "%s", target);
	if (text.data)
		explicit_bzero(text.data, text.capacity); /* credentials stood in it */
	buffer_free(&text);
	jobfile_free(jobfile);
	secret_set_free(literal);
	return status;
}

static enum status explain(const struct arguments *arguments, const struct spec *spec,
                           struct buffer *response, struct buffer *out, struct error *error)
{
	struct engine_question question = {
	    .method = arguments_text(arguments, OPTION_METHOD, NULL),
	    .attempt = (int)arguments_number(arguments, OPTION_ATTEMPT, 1),
	    .keyed = arguments_has(arguments, OPTION_KEYED),
	    .curl_error = (int)arguments_number(arguments, OPTION_CURL_ERROR, 0),
	    .bytes_sent = arguments_number(arguments, OPTION_BYTES_SENT, -1),
	};
	enum status status = STATUS_OK;

	if (question.method && question.method[strspn(question.method, METHOD_LETTERS)])
		return error_set(error, STATUS_USAGE, "--method: '%.40s' is not a method",
		                 question.method);
	/* With a curl error nothing needs to have come: no waiting for a person to type. */
	if (question.curl_error == 0 || !isatty(STDIN_FILENO)) {
		if (isatty(STDIN_FILENO))
			log_info("reading the response from the terminal: status line, headers, an "
			         "empty line, body; Ctrl-D ends it");
		status = read_response(response, error);
	}
	question.response = response->data;
	question.response_length = response->length;
	if (status == STATUS_OK)
		status = engine_explain(spec, &question, out, error);
	return status;
}

int command_explain(const struct arguments *arguments)
{
	struct buffer response = {0}, out = {0};
	struct spec *spec = NULL;
	struct error error;
	enum status status = STATUS_OK;
	int code = EXIT_DONE;

	if (arguments->operand_count > 0)
		status = read_spec(arguments->operands[0], &spec, &error);
	if (status == STATUS_OK)
		status = explain(arguments, spec, &response, &out, &error);
	buffer_char(&out, '\n');
	if (status == STATUS_OK && !terminal_print(&out))
		status = error_set(&error, STATUS_IO, "cannot write to standard output");
	if (status != STATUS_OK)
		code = fail_with(&error);
	buffer_free(&response);
	buffer_free(&out);
	spec_free(spec);
	return code;
}
