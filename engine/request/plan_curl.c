/* A request as a curl command.  The secrets are shown by name, so a second plan
 * is made with markers in their places. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/request/plan_internal.h"
#include "engine/request/secret_reference.h"

static void put_option(struct shell *shell, const char *option, const char *value)
{
	if (!value)
		return;
	buffer_printf(&shell->command, " \\\n  %s ", option);
	shell_word(shell, value, strlen(value));
}

static void put_seconds(struct buffer *out, const char *option, int64_t ms)
{
	buffer_printf(out, " \\\n  %s %lld.%03d", option, (long long)(ms / 1000), (int)(ms % 1000));
}

/* curl leaves a header out that is written "Name:"; for one that is to be sent
 * empty it wants "Name;". */
static void put_headers(struct shell *shell, const struct rendered *request)
{
	static const char *const curls[] = {"User-Agent:", "Accept:", "Content-Type:", "Host:",
	                                    "Expect:"};
	const char *at = request->headers.data;

	for (int i = 0; i < request->header_count; i++) {
		size_t length = strlen(at);
		bool empty = strchr(at, ':') == at + length - 1;

		for (size_t j = 0; empty && j < sizeof(curls) / sizeof(curls[0]); j++)
			empty = strcasecmp(at, curls[j]) != 0;
		buffer_text(&shell->command, " \\\n  -H ");
		shell_word(shell, at, empty ? length - 1 : length);
		if (empty && !shell->command.failed) {
			shell->command.length--; /* the closing quote */
			buffer_text(&shell->command, ";'");
		}
		at += length + 1;
	}
}

/* A leading @ would name a file, and a secret may begin with one. */
static void put_body(struct shell *shell, const struct buffer *body)
{
	struct secret_marker marker;
	const char *text = body->data ? body->data : "";
	bool raw = *text == '@' || (secret_marker_find(shell->markers, text, body->length, &marker) &&
	                            marker.at == 0);

	buffer_printf(&shell->command, " \\\n  %s ", raw ? "--data-raw" : "--data-binary");
	shell_word(shell, text, body->length);
}

static void put_request(struct shell *shell, const struct spec *spec,
                        const struct rendered *request)
{
	struct buffer *out = &shell->command;

	buffer_text(out, "curl --globoff --path-as-is");
	if (strcmp(request->method, "HEAD") == 0) {
		buffer_text(out, " --head");
	} else if (strcmp(request->method, "GET") != 0 || request->has_body) {
		buffer_text(out, " -X "); /* a token may hold $, ` or ' */
		shell_word(shell, request->method, strlen(request->method));
	}
	put_headers(shell, request);
	if (request->has_body)
		put_body(shell, &request->body);
	put_seconds(out, "--max-time", spec->request.timeout_ms);
	put_seconds(out, "--connect-timeout", spec->request.connect_timeout_ms);
	if (spec->request.follow_redirects)
		buffer_text(out, " \\\n  --location");
	put_option(shell, "--cacert", spec->request.cacert);
	put_option(shell, "--cert", spec->request.cert);
	put_option(shell, "--key", spec->request.key_file);
	put_option(shell, "--proxy", spec->request.proxy);
	buffer_text(out, " \\\n  --url ");
	shell_word(shell, request->url.data, request->url.length);
	buffer_char(out, '\n');
}

enum status plan_curl_of_spec(const struct spec *spec, const char *job_name,
                              const unsigned char job_uuid[16], int64_t seq, const char *key,
                              size_t key_length, struct json_span input, struct buffer *out,
                              struct error *error)
{
	struct secret_set *markers = secret_set_new_markers();
	struct shell shell = {.markers = markers};
	struct rendered request = {0};
	struct plan *shown = NULL;
	enum status status;

	if (!markers)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = plan_make(spec, job_name, job_uuid, markers, &shown, error);
	if (status == STATUS_OK)
		status = plan_render(shown, seq, key, key_length, input, &request, error);
	if (status == STATUS_OK && request.body.length > 0 &&
	    memchr(request.body.data, '\0', request.body.length))
		status = error_set(error, STATUS_USAGE,
		                   "the body holds a NUL byte, which no shell can pass on");
	if (status == STATUS_OK) {
		put_request(&shell, plan_spec(shown), &request);
		if (!shell_script(&shell, out))
			status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	shell_free(&shell);
	rendered_free(&request);
	plan_free(shown);
	secret_set_free(markers);
	return status;
}

enum status plan_curl(const struct plan *plan, int64_t seq, const char *key, size_t key_length,
                      struct json_span input, struct buffer *out, struct error *error)
{
	return plan_curl_of_spec(plan->own ? plan->own : &plan->spec, plan->job_name, plan->job_uuid,
	                         seq, key, key_length, input, out, error);
}
