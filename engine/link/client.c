#include "engine/link/client.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/buffer.h"

#define CONNECT_MS 5000L
#define SILENCE_S 600L /* checking or copying a large database takes a while */

struct client {
	CURL *handle;
	struct curl_slist *headers;
	char *base; /* "http://127.0.0.1:8420" */
};

struct call {
	CURL *handle;
	client_sink *sink;
	void *context;
	bool stopped;
};

/* A server that listens on every address is reached over loopback. */
static const char *reachable(const char *address, const char **port)
{
	const char *colon = strrchr(address, ':');
	size_t host = colon ? (size_t)(colon - address) : strlen(address);

	*port = colon ? colon : "";
	if (host == strlen("0.0.0.0") && memcmp(address, "0.0.0.0", host) == 0)
		return "127.0.0.1";
	if (host == strlen("[::]") && memcmp(address, "[::]", host) == 0)
		return "[::1]";
	*port = "";
	return address;
}

static bool header_add(struct client *client, const char *line)
{
	struct curl_slist *longer = line ? curl_slist_append(client->headers, line) : NULL;

	if (!longer)
		return false;
	client->headers = longer;
	return true;
}

enum status client_new(const char *address, const char *token, struct client **client,
                       struct error *error)
{
	struct buffer base = {0}, authorization = {0};
	struct client *made = calloc(1, sizeof(*made));
	const char *port;
	enum status status = STATUS_OK;

	if (!made)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	buffer_text(&base, "http://");
	buffer_text(&base, reachable(address, &port));
	buffer_text(&base, port);
	buffer_printf(&authorization, "Authorization: Bearer %s", token);
	made->base = buffer_take(&base);
	made->handle = curl_easy_init();
	if (!made->base || !made->handle ||
	    !header_add(made, authorization.failed ? NULL : authorization.data) ||
	    !header_add(made, "Content-Type: application/json") ||
	    !header_add(made, "X-Sluice-Client: cli") || !header_add(made, "Expect:")) {
		client_free(made);
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	} else {
		*client = made;
	}
	if (authorization.data)
		explicit_bzero(authorization.data, authorization.capacity);
	buffer_free(&authorization);
	return status;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->handle);
	for (struct curl_slist *header = client->headers; header; header = header->next)
		explicit_bzero(header->data, strlen(header->data)); /* the token */
	curl_slist_free_all(client->headers);
	free(client->base);
	free(client);
}

static void encode(struct buffer *out, const char *text, const char *also)
{
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (isascii(byte) && (isalnum(byte) || strchr("-._~", byte) || strchr(also, byte)))
			buffer_char(out, *text);
		else
			buffer_printf(out, "%%%02X", byte);
	}
}

static size_t receive(char *bytes, size_t size, size_t count, void *context)
{
	struct call *call = context;
	long http_status = 0;

	(void)size; /* always 1 */
	curl_easy_getinfo(call->handle, CURLINFO_RESPONSE_CODE, &http_status);
	if (call->sink(call->context, (int)http_status, bytes, count))
		return count;
	call->stopped = true;
	return count ? 0 : 1;
}

static void set_up(struct client *client, const struct client_request *request, const char *url,
                   struct call *call)
{
	CURL *handle = client->handle;

	curl_easy_reset(handle);
	curl_easy_setopt(handle, CURLOPT_URL, url);
	curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L); /* a job may be named ".." */
	curl_easy_setopt(handle, CURLOPT_PROXY, "");
	curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(handle, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, SILENCE_S);
	curl_easy_setopt(handle, CURLOPT_HTTPHEADER, client->headers);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(handle, CURLOPT_WRITEDATA, call);
	if (request->body) {
		curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
		                 (curl_off_t)request->body_length);
		curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body);
	}
	curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
}

static enum status failure(const struct client *client, CURLcode code, bool stopped,
                           struct error *error)
{
	const char *host = client->base + strlen("http://");

	if (stopped)
		return error_set(error, STATUS_CLOSED, "stopped");
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return error_set(error, STATUS_NOT_FOUND, "nobody listens at %s", host);
	case CURLE_OPERATION_TIMEDOUT:
		return error_set(error, STATUS_TIMEOUT, "the sluice at %s does not answer", host);
	case CURLE_OUT_OF_MEMORY:
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	default:
		return error_set(error, STATUS_IO, "talking to the sluice at %s: %s", host,
		                 curl_easy_strerror(code));
	}
}

enum status client_call(struct client *client, const struct client_request *request,
                        client_sink *sink, void *context, int *http_status, struct error *error)
{
	struct call call = {.handle = client->handle, .sink = sink, .context = context};
	struct buffer url = {0};
	long code = 0;

	buffer_text(&url, client->base);
	encode(&url, request->path, "/");
	for (int i = 0; i < request->query_count; i++) {
		buffer_char(&url, i ? '&' : '?');
		encode(&url, request->query[i].name, "");
		buffer_char(&url, '=');
		encode(&url, request->query[i].value, "");
	}
	if (url.failed) {
		buffer_free(&url);
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	set_up(client, request, url.data, &call);
	CURLcode result = curl_easy_perform(client->handle);
	buffer_free(&url);
	if (result != CURLE_OK)
		return failure(client, result, call.stopped, error);
	curl_easy_getinfo(client->handle, CURLINFO_RESPONSE_CODE, &code);
	*http_status = (int)code;
	return STATUS_OK;
}
