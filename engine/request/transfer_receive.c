/* What libcurl calls while a request is under way, and what a finished one is
 * turned into. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/request/secret.h"
#include "engine/request/transfer_body.h"
#include "engine/request/transfer_handle.h"

/* "HTTP/1.1 200 OK" -> 11, 200; "HTTP/2 200" -> 20, 200. */
static void status_line(struct handle *handle, const char *line, size_t length)
{
	struct response *response = &handle->exchange->response;
	int version = 0, status = 0;
	size_t at = 5;
	if (at < length && line[at] >= '1' && line[at] <= '9')
		version = (line[at++] - '0') * 10;
	if (at + 1 < length && line[at] == '.' && line[at + 1] >= '0' && line[at + 1] <= '9')
		version += line[at + 1] - '0';
	while (at < length && line[at] != ' ')
		at++;
	while (at < length && line[at] == ' ')
		at++;
	for (int digits = 0; digits < 3 && at < length && line[at] >= '0' && line[at] <= '9';
	     digits++)
		status = status * 10 + (line[at++] - '0');

	response->http_version = version;
	response->http_status = status >= 200 ? status : 0; /* 1xx is no answer yet */
	response->headers.length = 0;
	response->body.length = 0;
	response->body_end = BODY_WHOLE;
	response->body_bytes = 0;
	response->truncated = false;
	handle->headers_ended = false;
	if (status >= 200)
		handle->answered = true;
}

size_t handle_on_header(char *line, size_t size, size_t count, void *context)
{
	struct handle *handle = context;
	struct buffer *headers = &handle->exchange->response.headers;
	size_t length = size * count;
	if (handle->headers_ended) {
		if (length >= 5 && memcmp(line, "HTTP/", 5) == 0)
			status_line(handle, line, length);
		return length; /* else a trailer: after the body nothing may change the answer */
	}
	if (length == 0 || line[0] == '\r' || line[0] == '\n')
		handle->headers_ended = true;
	else if (headers->length + length <= RESPONSE_HEADERS_MAX)
		buffer_append(headers, line, length);
	return length;
}

size_t handle_on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct handle *handle = context;
	size_t length = size * count;
	if (body_take(handle->exchange, bytes, length))
		return length;
	handle->body_abandoned = !handle->exchange->response.body.failed;
	return 0;
}

/* Scheme and authority of a URL, up to path or query. */
static size_t origin_length(const char *url)
{
	const char *authority = strstr(url, "://");
	if (!authority)
		return 0;
	authority += 3;
	return (size_t)(authority - url) + strcspn(authority, "/?#");
}

/* Take the headers that name secrets out of the list when a redirect leads
 * elsewhere.  (libcurl leaves out Authorization and Cookie by itself; an
 * X-Api-Key it would hand to anyone.)  Spelling an origin in another way, with
 * its default port say, counts as elsewhere: the safe side. */
static void guard_secrets(struct handle *handle)
{
	const char *first = handle->exchange->request.url.data;
	char *now = NULL;
	if (curl_easy_getinfo(handle->easy, CURLINFO_EFFECTIVE_URL, &now) != CURLE_OK || !now)
		return;
	size_t length = origin_length(now);
	if (length == origin_length(first) && strncasecmp(first, now, length) == 0)
		return;
	struct curl_slist *list = NULL, **link = &list;
	for (struct curl_slist *node = handle->header_list; node; node = node->next) {
		char name[128];
		size_t name_length = strcspn(node->data, ":;");
		snprintf(name, sizeof name, "%.*s",
		         (int)(name_length < sizeof name ? name_length : sizeof name - 1), node->data);
		if (secret_name(name))
			continue;
		*link = node;
		link = &node->next;
	}
	*link = NULL;
	handle->header_list = list;
	curl_easy_setopt(handle->easy, CURLOPT_HTTPHEADER, list);
}

/* libcurl goes on with a custom method whatever the redirect: a DELETE that
 * was answered "303, see there" would delete what is there. */
static void guard_method(struct handle *handle)
{
	if (handle->exchange->response.http_status != 303 || !handle->method)
		return;
	free(handle->method);
	handle->method = NULL;
	curl_easy_setopt(handle->easy, CURLOPT_CUSTOMREQUEST, NULL);
}

/* "ip:port", by hand: snprintf here is 1 % of a request's instructions. */
static void put_remote(struct response *response, const char *ip, int port)
{
	char *out = response->remote, *end = out + sizeof response->remote - 1;
	bool brackets = strchr(ip, ':') != NULL;
	size_t length = strlen(ip);
	if (length > (size_t)(end - out) - strlen("[]:65535") || port < 0 || port > 65535)
		return;
	if (brackets)
		*out++ = '[';
	out = mempcpy(out, ip, length);
	if (brackets)
		*out++ = ']';
	*out++ = ':';
	int scale = 1;
	while (port / scale >= 10)
		scale *= 10;
	for (; scale > 0; scale /= 10)
		*out++ = (char)('0' + port / scale % 10);
	*out = '\0';
}

int handle_on_prereq(void *context, char *remote_ip, char *local_ip, int remote_port,
                     int local_port)
{
	(void)local_ip;
	(void)local_port;
	struct handle *handle = context;
	struct exchange *exchange = handle->exchange;
	struct response *response = &exchange->response;
	if (exchange->prereq_calls > 0) {
		if (!handle->answered && !exchange->may_repeat)
			return CURL_PREREQFUNC_ABORT;
		if (handle->answered) { /* a redirect's next hop */
			guard_method(handle);
			guard_secrets(handle);
		}
	}
	exchange->prereq_calls++;
	handle->answered = false;
	response->sent = true;
	put_remote(response, remote_ip, remote_port);
	return CURL_PREREQFUNC_OK;
}

/* Our own, to know why there is none: out of descriptors is this side's fault,
 * not the target's. */
curl_socket_t handle_on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	(void)purpose;
	struct handle *handle = context;
	curl_socket_t fd = events_socket(handle->events, address);
	if (fd == CURL_SOCKET_BAD)
		handle->socket_errno = errno;
	return fd;
}

static int64_t info_us(struct handle *handle, CURLINFO info)
{
	curl_off_t value = 0;
	curl_easy_getinfo(handle->easy, info, &value);
	return value;
}

/* libcurl counts a body that it sends along with the headers (below 64 KiB)
 * among their bytes, and a larger one only as an upload. */
static int64_t bytes_sent(struct handle *handle)
{
	long request_size = 0;
	curl_off_t upload = 0;
	curl_easy_getinfo(handle->easy, CURLINFO_REQUEST_SIZE, &request_size);
	if (handle->exchange->request.body.length >= 65536)
		curl_easy_getinfo(handle->easy, CURLINFO_SIZE_UPLOAD_T, &upload);
	return request_size + upload;
}

static void read_figures(struct handle *handle, struct response *response)
{
	long connections = 0;
	response->total_us = info_us(handle, CURLINFO_TOTAL_TIME_T);
	response->first_byte_us = info_us(handle, CURLINFO_STARTTRANSFER_TIME_T);
	curl_easy_getinfo(handle->easy, CURLINFO_NUM_CONNECTS, &connections);
	if (connections > 0) {
		int64_t tls = info_us(handle, CURLINFO_APPCONNECT_TIME_T);
		response->connect_us = tls ? tls : info_us(handle, CURLINFO_CONNECT_TIME_T);
	}
	if (response->sent)
		response->bytes_sent = bytes_sent(handle);
}

static void detach(struct handle *handle)
{
	handle->exchange->handle = NULL;
	handle->exchange = NULL;
}

void handle_finish(struct handle *handle, CURLcode code)
{
	struct exchange *exchange = handle->exchange;
	struct response *response = &exchange->response;
	read_figures(handle, response);
	if (code == CURLE_WRITE_ERROR && handle->body_abandoned)
		code = CURLE_OK;
	if (code == CURLE_OK && !handle->headers_ended) { /* libcurl is content with that */
		code = CURLE_PARTIAL_FILE;
		snprintf(handle->error, sizeof handle->error, "connection closed amid the headers");
	}
	response->transport = transfer_classify((int)code, response->sent);
	if (code != CURLE_OK) {
		const char *text = handle->error[0] ? handle->error : curl_easy_strerror(code);
		response->curl_error = (int)code;
		if (response->transport == TRANSPORT_CONNECT && handle->socket_errno) {
			response->transport = TRANSPORT_LOCAL;
			text = strerror(handle->socket_errno);
		} else if (response->transport == TRANSPORT_RESENT) {
			text = "connection lost before an answer came; not sent again";
		}
		snprintf(response->error_text, sizeof response->error_text, "%s", text);
	}
	detach(handle);
}

void handle_finish_aborted(struct handle *handle)
{
	struct response *response = &handle->exchange->response;
	read_figures(handle, response);
	response->transport = response->sent ? TRANSPORT_BROKEN : TRANSPORT_LOCAL;
	response->curl_error = CURLE_ABORTED_BY_CALLBACK;
	snprintf(response->error_text, sizeof response->error_text, "stopped");
	detach(handle);
}
