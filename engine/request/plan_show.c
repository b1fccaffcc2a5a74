/* A request as a person sees it: rendered with markers in the secrets' places,
 * which are then shown as stars, so that no secret needs to be at hand. */
#include <string.h>

#include "engine/request/plan.h"
#include "engine/request/secret_reference.h"

static void put_masked(struct buffer *out, const struct secret_set *markers, const char *text,
                       size_t length)
{
	struct secret_marker marker;

	while (secret_marker_find(markers, text, length, &marker)) {
		buffer_append(out, text, marker.at);
		buffer_text(out, "***");
		text += marker.at + marker.length;
		length -= marker.at + marker.length;
	}
	buffer_append(out, text, length);
}

static void show(const struct secret_set *markers, const struct rendered *request,
                 struct plan_shown *shown)
{
	const char *line = request->headers.data;

	buffer_text(&shown->method, request->method);
	put_masked(&shown->url, markers, request->url.data, request->url.length);
	for (int i = 0; i < request->header_count; i++) {
		put_masked(&shown->headers, markers, line, strlen(line));
		buffer_char(&shown->headers, '\n');
		line += strlen(line) + 1;
	}
	shown->has_body = request->has_body;
	if (request->has_body && request->body.length > 0)
		put_masked(&shown->body, markers, request->body.data, request->body.length);
}

enum status plan_show(const struct spec *spec, const char *job_name,
                      const unsigned char job_uuid[16], int64_t seq, const char *key,
                      size_t key_length, struct json_span input, struct plan_shown *shown,
                      struct error *error)
{
	struct secret_set *markers = secret_set_new_markers();
	struct rendered request = {0};
	struct plan *plan = NULL;
	enum status status;

	if (markers == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = plan_make(spec, job_name, job_uuid, markers, &plan, error);
	if (status == STATUS_OK)
		status = plan_render(plan, seq, key, key_length, input, &request, error);
	if (status == STATUS_OK) {
		show(markers, &request, shown);
		if (shown->method.failed || shown->url.failed || shown->headers.failed ||
		    shown->body.failed)
			status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	rendered_free(&request);
	plan_free(plan);
	secret_set_free(markers);
	return status;
}

void plan_shown_free(struct plan_shown *shown)
{
	buffer_free(&shown->method);
	buffer_free(&shown->url);
	buffer_free(&shown->headers);
	buffer_free(&shown->body);
	shown->has_body = false;
}
