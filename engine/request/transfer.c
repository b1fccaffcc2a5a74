#include "engine/request/transfer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/request/transfer_body.h"
#include "engine/request/transfer_handle.h"

#define IDLE_HANDLES_MAX 1024

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87 or later is needed"
#endif

struct transfer {
	CURLM *multi;
	struct events events;
	CURLSH *share;          /* TLS sessions of this thread's handles: no locks */
	void (*finished)(void *context, struct exchange *exchange);
	void *context;

	struct handle *busy;    /* doubly linked */
	struct handle *idle;    /* by next: the one used last first, its memory is warm */
	int busy_count, idle_count;
	struct exchange *ended, **ended_tail; /* ended outside libcurl, not handed back yet */
	int ended_count;
	long connections_max;
	bool started;           /* since the last round */
};

enum status transfer_global_init(struct error *error)
{
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
	if (code != CURLE_OK)
		return error_set(error, STATUS_IO, "libcurl: %s", curl_easy_strerror(code));
	handle_global_init();
	return STATUS_OK;
}

const char *transfer_version(void)
{
	return curl_version();
}

void exchange_free(struct exchange *exchange)
{
	rendered_free(&exchange->request);
	buffer_free(&exchange->response.headers);
	body_drop(exchange, 0);
}

/* In place: this runs once per request, in the busiest thread of all. */
static void response_clear(struct response *response)
{
	struct buffer headers = response->headers, body = response->body;
	memset(response, 0, sizeof *response);
	response->headers = headers;
	response->body = body;
}

void exchange_reset(struct exchange *exchange, size_t keep_max)
{
	struct rendered *request = &exchange->request;
	struct response *response = &exchange->response;
	buffer_reset(&request->url, keep_max);
	buffer_reset(&request->headers, keep_max);
	buffer_reset(&request->body, keep_max);
	buffer_reset(&request->scratch.plain, keep_max);
	buffer_reset(&request->scratch.coded, keep_max);
	buffer_reset(&request->values, keep_max);
	request->method = NULL;
	request->header_count = 0;
	request->headers_constant = request->has_body = false;
	request->idempotency_key[0] = '\0';
	buffer_reset(&response->headers, keep_max);
	body_drop(exchange, keep_max);
	response_clear(response);
	exchange->plan = NULL;
	exchange->may_repeat = false;
	exchange->body_bytes_max = 0;
	exchange->handle = NULL;
	exchange->next = NULL;
	exchange->prereq_calls = 0;
	exchange->owner = NULL;
}

size_t exchange_memory(const struct exchange *exchange)
{
	const struct rendered *request = &exchange->request;
	const struct response *response = &exchange->response;
	return request->url.capacity + request->headers.capacity + request->body.capacity +
	       request->scratch.plain.capacity + request->scratch.coded.capacity +
	       request->values.capacity + response->headers.capacity + response->body.capacity;
}

struct transfer *transfer_new(int connections_max,
                              void (*finished)(void *context, struct exchange *exchange),
                              void *context)
{
	struct transfer *transfer = calloc(1, sizeof *transfer);
	if (!transfer)
		return NULL;
	transfer->finished = finished;
	transfer->context = context;
	transfer->ended_tail = &transfer->ended;
	transfer->connections_max = connections_max > 1 ? connections_max : 1;
	transfer->events.epoll = transfer->events.wake = -1;
	transfer->multi = curl_multi_init();
	transfer->share = curl_share_init();
	if (!transfer->multi || !transfer->share ||
	    curl_share_setopt(transfer->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) !=
	        CURLSHE_OK ||
	    events_open(&transfer->events, transfer->multi) != STATUS_OK ||
	    curl_multi_setopt(transfer->multi, CURLMOPT_MAXCONNECTS, transfer->connections_max) !=
	        CURLM_OK) {
		transfer_free(transfer);
		return NULL;
	}
	return transfer;
}

static void busy_remove(struct transfer *transfer, struct handle *handle)
{
	if (handle->previous)
		handle->previous->next = handle->next;
	else
		transfer->busy = handle->next;
	if (handle->next)
		handle->next->previous = handle->previous;
	transfer->busy_count--;
}

static void idle_put(struct transfer *transfer, struct handle *handle)
{
	if (transfer->idle_count >= IDLE_HANDLES_MAX) {
		handle_free(handle);
		return;
	}
	handle->previous = NULL;
	handle->next = transfer->idle;
	transfer->idle = handle;
	transfer->idle_count++;
}

static struct handle *idle_take(struct transfer *transfer)
{
	struct handle *handle = transfer->idle;
	if (!handle)
		return handle_new(transfer->share, &transfer->events);
	transfer->idle = handle->next;
	transfer->idle_count--;
	return handle;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	while (transfer->busy) {
		struct handle *handle = transfer->busy;
		busy_remove(transfer, handle);
		curl_multi_remove_handle(transfer->multi, handle->easy);
		handle_free(handle);
	}
	while (transfer->idle) {
		struct handle *handle = transfer->idle;
		transfer->idle = handle->next;
		handle_free(handle);
	}
	curl_multi_cleanup(transfer->multi); /* first: its connections use the others */
	curl_share_cleanup(transfer->share);
	events_close(&transfer->events);
	free(transfer);
}

static void ended_add(struct transfer *transfer, struct exchange *exchange)
{
	exchange->next = NULL;
	*transfer->ended_tail = exchange;
	transfer->ended_tail = &exchange->next;
	transfer->ended_count++;
}

/* It never got into the multi. */
static void refuse(struct transfer *transfer, struct exchange *exchange, CURLcode code)
{
	struct response *response = &exchange->response;
	exchange->handle = NULL;
	response->transport = transfer_classify((int)code, false);
	response->curl_error = (int)code;
	snprintf(response->error_text, sizeof response->error_text, "%s", curl_easy_strerror(code));
	ended_add(transfer, exchange);
}

static void connections_grow(struct transfer *transfer)
{
	while (transfer->connections_max < transfer->busy_count)
		transfer->connections_max *= 2;
	curl_multi_setopt(transfer->multi, CURLMOPT_MAXCONNECTS, transfer->connections_max);
}

void transfer_start(struct transfer *transfer, struct exchange *exchange)
{
	struct response *response = &exchange->response;
	response_clear(response);
	buffer_reset(&response->headers, SIZE_MAX);
	body_drop(exchange, BODY_BYTES_FREE);
	response->started_wall_ms = clock_wall_ms();
	struct handle *handle = idle_take(transfer);
	if (!handle) {
		refuse(transfer, exchange, CURLE_OUT_OF_MEMORY);
		return;
	}
	CURLcode code = handle_begin(handle, exchange);
	if (code == CURLE_OK && curl_multi_add_handle(transfer->multi, handle->easy) != CURLM_OK)
		code = CURLE_OUT_OF_MEMORY;
	if (code != CURLE_OK) {
		/* What its options stand at is not sure any more. */
		handle_free(handle);
		refuse(transfer, exchange, code);
		return;
	}
	handle->previous = NULL;
	handle->next = transfer->busy;
	if (handle->next)
		handle->next->previous = handle;
	transfer->busy = handle;
	transfer->busy_count++;
	transfer->started = true;
	if (transfer->busy_count > transfer->connections_max)
		connections_grow(transfer);
}

static void collect(struct transfer *transfer)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(transfer->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		CURLcode code = message->data.result;
		char *private = NULL;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		struct handle *handle = (struct handle *)private;
		struct exchange *exchange = handle->exchange;
		curl_multi_remove_handle(transfer->multi, handle->easy);
		handle_finish(handle, code);
		busy_remove(transfer, handle);
		idle_put(transfer, handle);
		transfer->finished(transfer->context, exchange);
	}
}

static void hand_back_ended(struct transfer *transfer)
{
	while (transfer->ended) {
		struct exchange *exchange = transfer->ended;
		transfer->ended = exchange->next;
		if (!transfer->ended)
			transfer->ended_tail = &transfer->ended;
		transfer->ended_count--;
		transfer->finished(transfer->context, exchange);
	}
}

void transfer_run(struct transfer *transfer, int timeout_ms)
{
	bool wait = !transfer->started && !transfer->ended;
	transfer->started = false;
	events_run(&transfer->events, transfer->multi, wait ? timeout_ms : 0);
	if (transfer->busy)
		collect(transfer);
	hand_back_ended(transfer);
}

void transfer_abort_all(struct transfer *transfer)
{
	while (transfer->busy) {
		struct handle *handle = transfer->busy;
		struct exchange *exchange = handle->exchange;
		curl_multi_remove_handle(transfer->multi, handle->easy);
		handle_finish_aborted(handle);
		busy_remove(transfer, handle);
		idle_put(transfer, handle);
		ended_add(transfer, exchange);
	}
}

int transfer_active(const struct transfer *transfer)
{
	return transfer->busy_count + transfer->ended_count;
}

void transfer_wake(struct transfer *transfer)
{
	events_wake(&transfer->events);
}

/* Assuming that nothing was sent. */
static enum transport classify_unsent(CURLcode code)
{
	switch (code) {
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_BAD_FUNCTION_ARGUMENT: /* a URL beyond libcurl's 8 MB */
		return TRANSPORT_URL;
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
		return TRANSPORT_RESOLVE;
	case CURLE_COULDNT_CONNECT:
	case CURLE_INTERFACE_FAILED:
	case CURLE_PROXY:
		return TRANSPORT_CONNECT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CLIENTCERT:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return TRANSPORT_TLS;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
	case CURLE_NOT_BUILT_IN:
	case CURLE_UNKNOWN_OPTION:
		return TRANSPORT_LOCAL;
	default:
		return TRANSPORT_HANDSHAKE;
	}
}

const char *transfer_error_text(int curl_error)
{
	return curl_easy_strerror((CURLcode)curl_error);
}

enum transport transfer_classify(int curl_error, bool sent)
{
	switch (curl_error) {
	case CURLE_OK:
		return TRANSPORT_OK;
	case CURLE_OPERATION_TIMEDOUT:
		return TRANSPORT_TIMEOUT;
	case CURLE_ABORTED_BY_CALLBACK: /* only handle_on_prereq does */
		return TRANSPORT_RESENT;
	case CURLE_TOO_MANY_REDIRECTS:
		return TRANSPORT_TOO_MANY_REDIRECTS;
	default:
		return sent ? TRANSPORT_BROKEN : classify_unsent((CURLcode)curl_error);
	}
}
