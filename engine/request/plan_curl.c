/* A request as a curl command.  The secrets are shown by name, so a second plan
 * is made with markers in their places. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/request/plan_internal.h"
#include "engine/request/secret_reference.h"

/* Inside '…', where only the quote itself is special. */
static void put_quoted(struct buffer *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\'')
			buffer_text(out, "'\\''");
		else
			buffer_char(out, text[i]);
	}
}

/* One word for a POSIX shell, with markers replaced by "$NAME" or ***. */
static void put_word(struct buffer *out, const struct secret_set *markers, const char *text,
                     size_t length)
{
	size_t at, marker;
	const char *reference;

	buffer_char(out, '\'');
	while (secret_marker_find(markers, text, length, &at, &marker, &reference)) {
		put_quoted(out, text, at);
		if (strncmp(reference, "env:", 4) == 0)
			buffer_printf(out, "'\"$%s\"'", reference + 4);
		else
			buffer_text(out, "***");
		text += at + marker;
		length -= at + marker;
	}
	put_quoted(out, text, length);
	buffer_char(out, '\'');
}

static void put_option(struct buffer *out, const struct secret_set *markers, const char *option,
                       const char *value)
{
	if (!value)
		return;
	buffer_printf(out, " \\\n  %s ", option);
	put_word(out, markers, value, strlen(value));
}

static void put_seconds(struct buffer *out, const char *option, int64_t ms)
{
	buffer_printf(out, " \\\n  %s %lld.%03d", option, (long long)(ms / 1000), (int)(ms % 1000));
}

/* curl leaves a header out that is written "Name:"; for one that is to be sent
 * empty it wants "Name;". */
static void put_headers(struct buffer *out, const struct secret_set *markers,
                        const struct rendered *request)
{
	static const char *const curls[] = {"User-Agent:", "Accept:", "Content-Type:", "Host:",
	                                    "Expect:"};
	const char *at = request->headers.data;

	for (int i = 0; i < request->header_count; i++) {
		size_t length = strlen(at);
		bool empty = at[length - 1] == ':';

		for (size_t j = 0; empty && j < sizeof(curls) / sizeof(curls[0]); j++)
			empty = strcasecmp(at, curls[j]) != 0;
		buffer_text(out, " \\\n  -H ");
		put_word(out, markers, at, empty ? length - 1 : length);
		if (empty) {
			out->length--; /* the closing quote */
			buffer_text(out, ";'");
		}
		at += length + 1;
	}
}

static void put_request(struct buffer *out, const struct secret_set *markers,
                        const struct spec *spec, const struct rendered *request)
{
	buffer_text(out, "curl --globoff --path-as-is");
	if (strcmp(request->method, "HEAD") == 0)
		buffer_text(out, " --head");
	else if (strcmp(request->method, "GET") != 0 || request->has_body)
		buffer_printf(out, " -X '%s'", request->method); /* a token may hold $ or ` */
	put_headers(out, markers, request);
	if (request->has_body) {
		/* A leading @ would name a file. */
		bool at = request->body.length > 0 && request->body.data[0] == '@';

		buffer_printf(out, " \\\n  %s ", at ? "--data-raw" : "--data-binary");
		put_word(out, markers, request->body.data ? request->body.data : "",
		         request->body.length);
	}
	put_seconds(out, "--max-time", spec->request.timeout_ms);
	put_seconds(out, "--connect-timeout", spec->request.connect_timeout_ms);
	if (spec->request.follow_redirects)
		buffer_text(out, " \\\n  --location");
	put_option(out, markers, "--cacert", spec->request.cacert);
	put_option(out, markers, "--cert", spec->request.cert);
	put_option(out, markers, "--key", spec->request.key_file);
	put_option(out, markers, "--proxy", spec->request.proxy);
	buffer_text(out, " \\\n  --url ");
	put_word(out, markers, request->url.data, request->url.length);
	buffer_char(out, '\n');
}

enum status plan_curl_of_spec(const struct spec *spec, const char *job_name,
                              const unsigned char job_uuid[16], int64_t seq, const char *key,
                              size_t key_length, struct json_span input, struct buffer *out,
                              struct error *error)
{
	struct secret_set *markers = secret_set_new_markers();
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
		put_request(out, markers, plan_spec(shown), &request);
		if (out->failed)
			status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
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
