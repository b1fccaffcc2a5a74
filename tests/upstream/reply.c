#include "tests/upstream/reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 201: return "Created";
	case 204: return "No Content";
	case 302: return "Found";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 409: return "Conflict";
	case 422: return "Unprocessable Content";
	case 429: return "Too Many Requests";
	case 500: return "Internal Server Error";
	case 502: return "Bad Gateway";
	case 503: return "Service Unavailable";
	default: return "Status";
	}
}

/* Text inside a JSON string; bytes that are not ASCII pass as they came. */
static void json_text(struct bytes *out, struct span text)
{
	size_t from = 0;

	for (size_t i = 0; i < text.length; i++) {
		unsigned char byte = (unsigned char)text.at[i];

		if (byte >= 0x20 && byte != '"' && byte != '\\')
			continue;
		bytes_append(out, text.at + from, i - from);
		bytes_format(out, "\\u%04x", byte);
		from = i + 1;
	}
	bytes_append(out, text.at + from, text.length - from);
}

static void member(struct bytes *out, const char *name, struct span value)
{
	bytes_format(out, ",\"%s\":\"", name);
	json_text(out, value);
	bytes_append(out, "\"", 1);
}

static void echo_members(struct bytes *out, const struct message *message)
{
	member(out, "method", message->method);
	member(out, "target", message->target);
	member(out, "headers", message->head);
	member(out, "body", message->body);
}

static void json_body(struct bytes *out, const struct reply *reply, const struct settings *settings,
                      const struct message *message)
{
	size_t start = out->length, wanted = (size_t)settings->body_bytes, have;
	int code = reply->code ? reply->code : reply->status < 300 ? 0 : reply->status;

	bytes_format(out, "{\"code\":%d", code);
	member(out, "id", reply->id);
	if (code) {
		const char *text = reply->code ? "quota of the account is used up" : reason(reply->status);

		member(out, "msg", (struct span){text, strlen(text)});
	}
	if (reply->echo)
		echo_members(out, message);
	have = out->length - start;
	if (wanted > have + 10) {
		size_t pad = wanted - have - 10;

		bytes_append(out, ",\"pad\":\"", 8);
		bytes_reserve(out, pad);
		memset(out->data + out->length, 'x', pad);
		out->length += pad;
		bytes_append(out, "\"", 1);
	}
	bytes_append(out, "}", 1);
}

static void limit_headers(struct bytes *out, const struct reply *reply, const struct settings *settings)
{
	int64_t limit = settings->burst;
	double missing = (double)(limit - reply->tokens);
	int64_t reset_s = settings->qps > 0 ? (int64_t)(missing / settings->qps + 0.999) : 0;

	bytes_format(out, "X-RateLimit-Limit: %" PRId64 "\r\nX-RateLimit-Remaining: %" PRId64 "\r\n",
	             limit, reply->tokens);
	bytes_format(out, "X-RateLimit-Reset: %" PRId64 "\r\n", (int64_t)time(NULL) + reset_s);
}

static void date_header(struct bytes *out)
{
	static char line[64];
	static time_t made;
	static size_t length;
	time_t now = time(NULL);

	if (now != made) {
		struct tm utc;

		gmtime_r(&now, &utc);
		length = strftime(line, sizeof line, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
		made = now;
	}
	bytes_append(out, line, length);
}

static void head(struct bytes *out, int status, size_t body_length, bool close)
{
	bytes_format(out, "HTTP/1.1 %d %s\r\n", status, reason(status));
	date_header(out);
	if (status != 204 && status != 304)
		bytes_format(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body_length);
	if (close)
		bytes_format(out, "Connection: close\r\n");
}

static void redirect_header(struct bytes *out, const struct message *message)
{
	struct span to;

	if (message_query(message, "to", &to))
		bytes_format(out, "Location: %.*s\r\n", (int)to.length, to.at);
	else
		bytes_format(out, "Location: /redirected\r\n");
}

void reply_write(const struct reply *reply, const struct settings *settings,
                 const struct message *message, struct bytes *out)
{
	static struct bytes body; /* kept between calls: one thread */
	bool empty = reply->head_only || reply->status == 204 || reply->status == 304;

	body.length = 0;
	json_body(&body, reply, settings, message);
	head(out, reply->status, body.length, reply->close);
	if (reply->status == 429 && settings->retry_after_s)
		bytes_format(out, "Retry-After: %" PRId64 "\r\n", settings->retry_after_s);
	if (settings->ratelimit_headers)
		limit_headers(out, reply, settings);
	if (settings->extra_header[0])
		bytes_format(out, "%s\r\n", settings->extra_header);
	if (reply->status >= 301 && reply->status <= 308 && reply->status != 304)
		redirect_header(out, message);
	bytes_append(out, "\r\n", 2);
	if (!empty)
		bytes_append(out, body.data, reply->truncate ? body.length / 2 : body.length);
}

void reply_plain(int status, bool close, struct span body, struct bytes *out)
{
	head(out, status, body.length, close);
	bytes_append(out, "\r\n", 2);
	bytes_append(out, body.at, body.length);
}
