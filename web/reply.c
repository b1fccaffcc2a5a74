/* Answers: problems, and the JSON of what the façade hands out. */
#include <assert.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/utf8.h"
#include "web/handlers.h"

static const char *http_title(int http_status)
{
	static const struct {
		int status;
		const char *title;
	} titles[] = {
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{406, "Not Acceptable"},
		{409, "Conflict"},
		{413, "Content Too Large"},
		{429, "Too Many Requests"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{507, "Insufficient Storage"},
	};

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		if (titles[i].status == http_status)
			return titles[i].title;
	}
	return "Error";
}

int reply_http_status(enum status status)
{
	switch (status) {
	case STATUS_OK:
		return 200;
	case STATUS_USAGE:
		return 400;
	case STATUS_NOT_FOUND:
		return 404;
	case STATUS_CONFLICT:
	case STATUS_OWNED:
		return 409;
	case STATUS_DISK_FULL:
		return 507;
	case STATUS_TIMEOUT:
		return 504;
	case STATUS_CLOSED:
		return 503;
	case STATUS_NO_MEMORY:
	case STATUS_IO:
	case STATUS_CORRUPT:
		break;
	}
	return 500;
}

void routes_problem(struct route_response *response, int http_status, const char *title,
                    const char *detail)
{
	struct buffer *out = &response->body;

	assert(response->close == NULL);
	buffer_reset(out, ROUTES_BODY_BYTES_MAX);
	response->status = http_status;
	response->content_type = "application/problem+json";
	buffer_text(out, "{\"type\":\"about:blank\",\"title\":");
	buffer_json_text(out, title != NULL ? title : http_title(http_status));
	buffer_printf(out, ",\"status\":%d,\"detail\":", http_status);
	buffer_json_text(out, detail);
	buffer_char(out, '}');
}

void reply_error(struct call *call, const struct error *error)
{
	assert(error->status != STATUS_OK);
	routes_problem(call->response, reply_http_status(error->status), NULL, error->text);
}

void reply_problem(struct call *call, int http_status, const char *format, ...)
{
	char detail[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);
	routes_problem(call->response, http_status, NULL, detail);
}

struct buffer *reply_json(struct call *call)
{
	call->response->status = 200;
	call->response->content_type = "application/json";
	return &call->response->body;
}

void route_response_free(struct route_response *response)
{
	if (response->close != NULL)
		response->close(response->stream);
	buffer_free(&response->body);
	memset(response, 0, sizeof(*response));
}

/* ---- values ------------------------------------------------------------ */

void write_id(struct buffer *out, int64_t id)
{
	buffer_char(out, '"');
	buffer_int64(out, id);
	buffer_char(out, '"');
}

void write_id_or_null(struct buffer *out, int64_t id)
{
	if (id == 0)
		buffer_text(out, "null");
	else
		write_id(out, id);
}

void write_time(struct buffer *out, int64_t wall_ms)
{
	char text[32];

	if (wall_ms == 0) {
		buffer_text(out, "null");
		return;
	}
	clock_iso8601(wall_ms, text);
	buffer_json_text(out, text);
}

void write_number(struct buffer *out, double value, int decimals)
{
	if (isfinite(value))
		buffer_printf(out, "%.*f", decimals, value);
	else
		buffer_text(out, "null");
}

void write_rate(struct buffer *out, double per_s)
{
	if (isfinite(per_s))
		buffer_printf(out, "%.12g", per_s);
	else
		buffer_text(out, "null");
}

void write_count_or_null(struct buffer *out, int64_t value, int64_t none)
{
	if (value == none)
		buffer_text(out, "null");
	else
		buffer_int64(out, value);
}

void write_group(struct buffer *out, uint64_t group)
{
	if (group == 0)
		buffer_text(out, "null");
	else
		buffer_printf(out, "\"%016llx\"", (unsigned long long)group);
}

static void write_base64(struct buffer *out, const char *bytes, size_t length)
{
	buffer_char(out, '"');
	/* Whole groups of three bytes at a time: no padding within. */
	for (size_t at = 0; at < length; at += 3072) {
		int part = (int)(length - at < 3072 ? length - at : 3072);
		unsigned char text[4097];

		EVP_EncodeBlock(text, (const unsigned char *)bytes + at, part);
		buffer_text(out, (const char *)text);
	}
	buffer_char(out, '"');
}

void write_body(struct buffer *out, const char *body, size_t length)
{
	if (body == NULL) {
		buffer_text(out, ",\"body\":null");
	} else if (utf8_check(body, length, NULL)) {
		buffer_text(out, ",\"body\":");
		buffer_json(out, body, length);
	} else {
		buffer_text(out, ",\"body_base64\":");
		write_base64(out, body, length);
	}
}

void write_request(struct buffer *out, const struct plan_shown *shown)
{
	const char *body = shown->body.length > 0 ? shown->body.data : "";

	buffer_text(out, "{\"method\":");
	buffer_json(out, shown->method.data, shown->method.length);
	buffer_text(out, ",\"url\":");
	buffer_json(out, shown->url.data, shown->url.length);
	buffer_text(out, ",\"headers\":");
	buffer_json(out, shown->headers.length > 0 ? shown->headers.data : "",
	            shown->headers.length);
	write_body(out, shown->has_body ? body : NULL, shown->body.length);
	buffer_printf(out, ",\"bytes\":%zu}", shown->body.length);
}
