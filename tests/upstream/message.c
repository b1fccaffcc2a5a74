#include "tests/upstream/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEAD, BODY, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER, READY };

void bytes_reserve(struct bytes *bytes, size_t more)
{
	size_t capacity = bytes->capacity ? bytes->capacity : 1024;

	if (bytes->length + more <= bytes->capacity)
		return;
	while (capacity < bytes->length + more)
		capacity *= 2;
	bytes->data = realloc(bytes->data, capacity);
	if (!bytes->data) {
		perror("upstream");
		exit(1);
	}
	bytes->capacity = capacity;
}

void bytes_append(struct bytes *bytes, const char *data, size_t length)
{
	if (!length)
		return;
	bytes_reserve(bytes, length);
	memcpy(bytes->data + bytes->length, data, length);
	bytes->length += length;
}

void bytes_format(struct bytes *bytes, const char *format, ...)
{
	va_list arguments;
	int length;

	bytes_reserve(bytes, 512);
	va_start(arguments, format);
	length = vsnprintf(bytes->data + bytes->length, bytes->capacity - bytes->length, format, arguments);
	va_end(arguments);
	if (length < 0)
		abort();
	if ((size_t)length >= bytes->capacity - bytes->length) {
		bytes_reserve(bytes, (size_t)length + 1);
		va_start(arguments, format);
		vsnprintf(bytes->data + bytes->length, bytes->capacity - bytes->length, format, arguments);
		va_end(arguments);
	}
	bytes->length += (size_t)length;
}

bool span_is(struct span span, const char *text)
{
	return span.length == strlen(text) && strncasecmp(span.at, text, span.length) == 0;
}

/* "METHOD SP target SP HTTP/1.x"; an absolute target (a proxy's) is cut to its path. */
static bool parse_request_line(struct message *message, const char *line, size_t length)
{
	const char *end = line + length, *space = memchr(line, ' ', length), *last, *question;

	if (!space || space == line || length < 14)
		return false;
	last = end - 9;
	if (last <= space || memcmp(last, " HTTP/1.", 8) != 0 || (end[-1] != '0' && end[-1] != '1'))
		return false;
	message->keep_alive = end[-1] == '1';
	message->method = (struct span){line, (size_t)(space - line)};
	message->target = (struct span){space + 1, (size_t)(last - space - 1)};
	if (!message->target.length || memchr(message->target.at, ' ', message->target.length))
		return false;
	message->path = message->target;
	if (message->path.length > 7 && strncasecmp(message->path.at, "http://", 7) == 0) {
		const char *slash = memchr(message->path.at + 7, '/', message->path.length - 7);

		if (!slash)
			return false;
		message->path = (struct span){slash, (size_t)(last - slash)};
	}
	question = memchr(message->path.at, '?', message->path.length);
	message->query = (struct span){last, 0};
	if (question) {
		message->query = (struct span){question + 1, (size_t)(last - question - 1)};
		message->path.length = (size_t)(question - message->path.at);
	}
	return true;
}

static bool parse_length(struct span text, size_t *length)
{
	size_t value = 0;

	if (!text.length || text.length > 12)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		value = value * 10 + (size_t)(text.at[i] - '0');
	}
	*length = value;
	return value <= BODY_BYTES_MAX;
}

/* One "Name: value" line out of head at *offset. */
static bool next_header(struct span head, size_t *offset, struct span *name, struct span *value)
{
	const char *line = head.at + *offset, *end, *colon;

	if (*offset >= head.length)
		return false;
	end = memchr(line, '\r', head.length - *offset);
	colon = memchr(line, ':', (size_t)(end - line));
	*offset = (size_t)(end - head.at) + 2;
	if (!colon)
		colon = end;
	*name = (struct span){line, (size_t)(colon - line)};
	if (colon < end)
		colon++;
	while (colon < end && (*colon == ' ' || *colon == '\t'))
		colon++;
	while (end > colon && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*value = (struct span){colon, (size_t)(end - colon)};
	return true;
}

static bool header_lines_ok(struct span head)
{
	for (size_t i = 0; i < head.length; i++) {
		if (head.at[i] == '\0' || (head.at[i] == '\n' && (i == 0 || head.at[i - 1] != '\r')) ||
		    (head.at[i] == '\r' && (i + 1 == head.length || head.at[i + 1] != '\n')))
			return false;
	}
	return true;
}

/* Look at the headers that frame the message. */
static bool parse_framing(struct message *message)
{
	size_t offset = 0, length = 0;
	bool have_length = false;
	struct span name, value;

	message->chunked = message->expect = false;
	if (!header_lines_ok(message->head))
		return false;
	while (next_header(message->head, &offset, &name, &value)) {
		if (!name.length || name.at[name.length - 1] == ' ' || name.at + name.length == value.at)
			return false;
		if (span_is(name, "content-length")) {
			size_t again = 0;

			if (!parse_length(value, &again) || (have_length && again != length))
				return false;
			length = again;
			have_length = true;
		} else if (span_is(name, "transfer-encoding")) {
			if (!span_is(value, "chunked"))
				return false;
			message->chunked = true;
		} else if (span_is(name, "expect")) {
			message->expect = span_is(value, "100-continue");
		} else if (span_is(name, "connection")) {
			if (span_is(value, "close"))
				message->keep_alive = false;
			else if (span_is(value, "keep-alive"))
				message->keep_alive = true;
		}
	}
	if (message->chunked && have_length)
		return false;
	message->body_length = length;
	return true;
}

/* The spans point into `in`, which may have moved since the head was parsed. */
static bool parse_head(struct message *message)
{
	const char *data = message->in.data, *line_end = memmem(data, message->head_length, "\r\n", 2);
	size_t line = (size_t)(line_end - data);

	message->head = (struct span){line_end + 2, message->head_length - line - 4};
	return parse_request_line(message, data, line) && parse_framing(message);
}

static enum message_progress head_step(struct message *message)
{
	size_t from = message->scanned > 3 ? message->scanned - 3 : 0;
	char *data = message->in.data, *end;

	/* A blank line before a request is allowed (RFC 9112, 2.2). */
	while (message->in.length >= 2 && from == 0 && data[0] == '\r' && data[1] == '\n') {
		memmove(data, data + 2, message->in.length - 2);
		message->in.length -= 2;
	}
	end = memmem(data + from, message->in.length - from, "\r\n\r\n", 4);
	if (!end) {
		message->scanned = message->in.length;
		return message->in.length > HEAD_BYTES_MAX ? MESSAGE_BAD : MESSAGE_PARTIAL;
	}
	message->head_length = (size_t)(end - data) + 4;
	message->scanned = message->head_length;
	if (!parse_head(message))
		return MESSAGE_BAD;
	if (message->chunked) {
		message->state = CHUNK_SIZE;
		message->body_length = 0;
	} else {
		message->state = BODY;
	}
	if (message->expect && message->in.length == message->head_length &&
	    (message->chunked || message->body_length))
		return MESSAGE_CONTINUE;
	return MESSAGE_READY;
}

/* "1a;extension" CRLF */
static enum message_progress chunk_size_step(struct message *message)
{
	const char *at = message->in.data + message->scanned;
	size_t left = message->in.length - message->scanned, size = 0, digits = 0;
	const char *end = memmem(at, left, "\r\n", 2);

	if (!end)
		return left > 1024 ? MESSAGE_BAD : MESSAGE_PARTIAL;
	for (; at + digits < end && digits < 8; digits++) {
		const char *hex = "0123456789abcdef0123456789ABCDEF";
		const char *found = at[digits] ? strchr(hex, at[digits]) : NULL;

		if (!found)
			break;
		size = size * 16 + (size_t)(found - hex) % 16;
	}
	if (!digits || (at + digits < end && at[digits] != ';') ||
	    message->body_length + size > BODY_BYTES_MAX)
		return MESSAGE_BAD;
	message->scanned = (size_t)(end - message->in.data) + 2;
	message->chunk_left = size;
	message->state = size ? CHUNK_DATA : TRAILER;
	return MESSAGE_READY;
}

/* Chunk data moves down, so that the body ends up in one piece after the head. */
static enum message_progress chunk_data_step(struct message *message)
{
	size_t left = message->in.length - message->scanned;
	size_t take = left < message->chunk_left ? left : message->chunk_left;

	memmove(message->in.data + message->head_length + message->body_length,
	        message->in.data + message->scanned, take);
	message->body_length += take;
	message->scanned += take;
	message->chunk_left -= take;
	if (message->chunk_left)
		return MESSAGE_PARTIAL;
	message->state = CHUNK_END;
	return MESSAGE_READY;
}

/* The CRLF after a chunk's data; or, at the end, trailer lines up to an empty one. */
static enum message_progress line_step(struct message *message)
{
	const char *at = message->in.data + message->scanned;
	size_t left = message->in.length - message->scanned;
	const char *end = left ? memmem(at, left, "\r\n", 2) : NULL;

	if (!end)
		return left > HEAD_BYTES_MAX ? MESSAGE_BAD : MESSAGE_PARTIAL;
	message->scanned += (size_t)(end - at) + 2;
	if (message->state == CHUNK_END) {
		if (end != at)
			return MESSAGE_BAD;
		message->state = CHUNK_SIZE;
	} else if (end == at) {
		message->state = READY;
	}
	return MESSAGE_READY;
}

static enum message_progress step(struct message *message)
{
	switch (message->state) {
	case HEAD:
		return head_step(message);
	case BODY:
		if (message->in.length - message->head_length < message->body_length)
			return MESSAGE_PARTIAL;
		message->scanned = message->head_length + message->body_length;
		message->state = READY;
		return MESSAGE_READY;
	case CHUNK_SIZE:
		return chunk_size_step(message);
	case CHUNK_DATA:
		return chunk_data_step(message);
	default:
		return line_step(message);
	}
}

enum message_progress message_parse(struct message *message)
{
	size_t body_length;
	bool keep_alive;

	if (!message->in.length)
		return MESSAGE_PARTIAL;
	while (message->state != READY) {
		enum message_progress progress = step(message);

		if (progress != MESSAGE_READY)
			return progress;
	}
	body_length = message->body_length;
	keep_alive = message->keep_alive;
	parse_head(message);
	message->keep_alive = keep_alive;
	message->body_length = body_length;
	message->body = (struct span){message->in.data + message->head_length, body_length};
	return MESSAGE_READY;
}

void message_next(struct message *message)
{
	size_t rest = message->in.length - message->scanned;

	if (rest)
		memmove(message->in.data, message->in.data + message->scanned, rest);
	message->in.length = rest;
	message->state = HEAD;
	message->scanned = message->head_length = message->body_length = message->chunk_left = 0;
}

void message_free(struct message *message)
{
	free(message->in.data);
	memset(message, 0, sizeof *message);
}

bool message_header(const struct message *message, const char *name, struct span *value)
{
	size_t offset = 0;
	struct span found, text;

	while (next_header(message->head, &offset, &found, &text)) {
		if (span_is(found, name)) {
			*value = text;
			return true;
		}
	}
	return false;
}

bool message_query(const struct message *message, const char *name, struct span *value)
{
	const char *at = message->query.at, *end = at + message->query.length;
	size_t length = strlen(name);

	while (at < end) {
		const char *stop = memchr(at, '&', (size_t)(end - at));

		if (!stop)
			stop = end;
		if ((size_t)(stop - at) > length && at[length] == '=' && memcmp(at, name, length) == 0) {
			*value = (struct span){at + length + 1, (size_t)(stop - at) - length - 1};
			return true;
		}
		at = stop + 1;
	}
	return false;
}
