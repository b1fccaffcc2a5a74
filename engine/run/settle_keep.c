/* What of a request and its answer goes on record: masked, and not all of it. */
#include <string.h>
#include <strings.h>

#include "engine/policy/headers.h"
#include "engine/request/secret.h"
#include "engine/run/settle_internal.h"

/* Header lines kept of a response, in bytes. */
#define HEADERS_KEPT_MAX 8192

/* Of a success only these are kept: what helps to find it again on the other
 * side.  Of anything else all are, but for those that set credentials. */
static const char *const headers_of_success[] = {"content-type", "location", "x-request-id",
                                                 "request-id",   "x-trace-id", "etag", NULL};
static const char *const headers_never[] = {"set-cookie", "authorization", "proxy-authenticate",
                                            "www-authenticate", NULL};

static bool name_in(const char *const *list, const char *name, size_t length)
{
	for (; *list != NULL; list++)
		if (strlen(*list) == length && strncasecmp(*list, name, length) == 0)
			return true;
	return false;
}

static void keep_headers(const struct response *response, bool success, struct buffer *out)
{
	const char *name, *value;
	size_t at = 0, name_length, value_length;

	while (headers_next(response->headers.data, response->headers.length, &at, &name,
	                    &name_length, &value, &value_length)) {
		if (name_in(headers_never, name, name_length))
			continue;
		if (success && !name_in(headers_of_success, name, name_length))
			continue;
		if (out->length + name_length + value_length + 3 > HEADERS_KEPT_MAX)
			break;
		buffer_append(out, name, name_length);
		buffer_append(out, ": ", 2);
		buffer_append(out, value, value_length);
		buffer_char(out, '\n');
	}
}

/* Masked before it is cut, as far as what is kept can be part of a secret.  What
 * masks are shorter by was not cut off, and is not to be read from the size. */
static void keep_body(struct attempt_record *record, struct exchange *exchange,
                      int64_t bytes_max, const struct secret_set *secrets)
{
	const size_t kept = (size_t)bytes_max;
	struct buffer *body = &exchange->response.body;
	size_t length;

	exchange_cut_body(exchange, kept + SECRET_WRITTEN_MAX);
	length = body->length;
	if (exchange->response.truncated)
		secret_mask_cut(secrets, body->data, &body->length);
	else
		secret_mask(secrets, body->data, &body->length);
	record->body_bytes -= (int64_t)(length - body->length);
	exchange_cut_body(exchange, kept);
	record->body = body->data;
	record->body_length = body->length;
}

void settle_keep_response(struct settlement *settlement, const struct spec *spec,
                          const struct secret_set *secrets)
{
	struct attempt_record *record = &settlement->record;
	struct exchange *exchange = &settlement->task->exchange;
	struct response *response = &exchange->response;
	const bool success = record->next == ITEM_DONE;
	const bool wanted = spec->store_body == STORE_BODY_ALL ||
	                    (spec->store_body == STORE_BODY_FAILED && !success);

	record->body_bytes = response->body_bytes;
	if (response->http_status == 0) {
		exchange_cut_body(exchange, 0);
		return;
	}
	keep_headers(response, success && record->n == 1, &settlement->headers);
	if (settlement->headers.length > 0) {
		secret_mask(secrets, settlement->headers.data, &settlement->headers.length);
		record->headers = settlement->headers.data;
		record->headers_length = settlement->headers.length;
	}
	if (wanted && response->body.data != NULL)
		keep_body(record, exchange, spec->body_bytes_max, secrets);
	else
		exchange_cut_body(exchange, 0);
}

void settle_keep_request(struct settlement *settlement, const struct secret_set *secrets)
{
	const struct rendered *request = &settlement->task->exchange.request;

	if (request->method == NULL || request->url.length == 0)
		return;
	buffer_text(&settlement->request, request->method);
	buffer_char(&settlement->request, ' ');
	buffer_append(&settlement->request, request->url.data, request->url.length);
	if (settlement->request.failed)
		return;
	secret_mask(secrets, settlement->request.data, &settlement->request.length);
	settlement->record.request = settlement->request.data;
}
