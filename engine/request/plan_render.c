#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/plan_internal.h"
#include "engine/request/secret_reference.h"

#define KEEP_BYTES_MAX ((size_t)64 << 10)

void rendered_free(struct rendered *rendered)
{
	if (!rendered)
		return;
	secret_buffer_free(&rendered->url);
	secret_buffer_free(&rendered->headers);
	secret_buffer_free(&rendered->body);
	buffer_free(&rendered->scratch.plain);
	buffer_free(&rendered->scratch.coded);
	buffer_free(&rendered->values);
	*rendered = (struct rendered){0};
}

/* The version and variant bits make it a valid UUID of the name-based kind;
 * strict checkers know only versions 1 to 5. */
void plan_idempotency_key(const unsigned char job_uuid[16], int64_t seq, char out[40])
{
	unsigned char bytes[24], digest[EVP_MAX_MD_SIZE];
	uint64_t number = (uint64_t)seq;
	unsigned length = 0;
	char *at = out;

	memcpy(bytes, job_uuid, 16);
	for (int i = 0; i < 8; i++)
		bytes[16 + i] = (unsigned char)(number >> (56 - 8 * i));
	if (EVP_Digest(bytes, sizeof(bytes), digest, &length, EVP_sha256(), NULL) != 1)
		abort(); /* no SHA-256: keys that are not unique would be worse */
	digest[6] = (unsigned char)((digest[6] & 0x0f) | 0x50);
	digest[8] = (unsigned char)((digest[8] & 0x3f) | 0x80);
	for (int i = 0; i < 16; i++) {
		static const char digits[] = "0123456789abcdef";

		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = digits[digest[i] >> 4];
		*at++ = digits[digest[i] & 15];
	}
	*at = '\0';
}

/* Cut blanks from both ends of what was appended since `start`. */
static void trim(struct buffer *out, size_t start)
{
	size_t skip = 0;

	if (out->failed)
		return;
	while (out->length > start && strchr(" \t", out->data[out->length - 1]))
		out->length--;
	while (start + skip < out->length && strchr(" \t", out->data[start + skip]))
		skip++;
	if (skip > 0)
		memmove(out->data + start, out->data + start + skip, out->length - start - skip);
	out->length -= skip;
	out->data[out->length] = '\0';
}

enum status plan_put_header(const char *name, const struct template *value,
                            const struct template_item *item, struct buffer *out,
                            struct error *error)
{
	enum status status;
	size_t start;

	buffer_text(out, name);
	buffer_text(out, ": ");
	start = out->length;
	status = template_render(value, item, out, error);
	if (status != STATUS_OK)
		return status;
	trim(out, start);
	if (out->length == start && start > 0)
		out->length--; /* the blank: an empty one is "Name:" */
	buffer_char(out, '\0');
	return out->failed ? error_set(error, STATUS_NO_MEMORY, "out of memory") : STATUS_OK;
}

static enum status render_members(const struct plan_member *members, int count,
                                  const struct template_item *item, struct buffer *out,
                                  struct error *error)
{
	enum status status = STATUS_OK;

	for (int i = 0; status == STATUS_OK && i < count; i++) {
		if (i > 0)
			buffer_char(out, '&');
		status = template_render(members[i].name, item, out, error);
		if (status != STATUS_OK)
			break;
		buffer_char(out, '=');
		status = template_render(members[i].value, item, out, error);
	}
	return status;
}

static enum status render_url(const struct plan *plan, const struct template_item *item,
                              struct buffer *out, struct error *error)
{
	enum status status = template_render(plan->url, item, out, error);

	if (status != STATUS_OK || plan->query_count == 0)
		return status;
	if (!memchr(out->data, '?', out->length))
		buffer_char(out, '?');
	else if (!strchr("?&", out->data[out->length - 1]))
		buffer_char(out, '&');
	return render_members(plan->query, plan->query_count, item, out, error);
}

static enum status render_headers(const struct plan *plan, const struct template_item *item,
                                  struct rendered *out, struct error *error)
{
	enum status status = STATUS_OK;

	buffer_append(&out->headers, plan->constant_headers.data, plan->constant_headers.length);
	for (int i = 0; status == STATUS_OK && i < plan->header_count; i++)
		status = plan_put_header(plan->headers[i].name, plan->headers[i].value, item,
		                         &out->headers, error);
	out->header_count = plan->constant_header_count + plan->header_count;
	out->headers_constant = plan->header_count == 0;
	return status;
}

static enum status render_body(const struct plan *plan, const struct template_item *item,
                               struct rendered *out, struct error *error)
{
	out->has_body = plan->spec.request.body_kind != BODY_NONE;
	switch (plan->spec.request.body_kind) {
	case BODY_NONE:
		return STATUS_OK;
	case BODY_ITEM:
		buffer_append(&out->body, item->input.at, item->input.length);
		return STATUS_OK;
	case BODY_FORM:
		return render_members(plan->form, plan->form_count, item, &out->body, error);
	default:
		return template_render(plan->body, item, &out->body, error);
	}
}

/* Find every column that a template uses, in one walk. */
static enum status scan(const struct plan *plan, struct template_item *item, struct rendered *out,
                        struct error *error)
{
	size_t bytes = (size_t)fields_count(plan->fields) * sizeof(struct json_span);
	struct json_span *values;

	out->values.length = 0;
	if (bytes == 0)
		return STATUS_OK;
	if (!buffer_reserve(&out->values, bytes))
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	values = (struct json_span *)(void *)out->values.data; /* malloc's alignment */
	fields_scan(plan->fields, item->input, values);
	item->values = values;
	return STATUS_OK;
}

enum status plan_render(const struct plan *plan, int64_t seq, const char *key, size_t key_length,
                        struct json_span input, struct rendered *out, struct error *error)
{
	struct template_item item = {
	    .input = input,
	    .seq = seq,
	    .key = key,
	    .key_length = key_length,
	    .idempotency_key = out->idempotency_key,
	    .job = plan->job_name,
	    .scratch = &out->scratch,
	};
	enum status status;

	buffer_reset(&out->url, KEEP_BYTES_MAX);
	buffer_reset(&out->headers, KEEP_BYTES_MAX);
	buffer_reset(&out->body, KEEP_BYTES_MAX);
	buffer_reset(&out->scratch.plain, KEEP_BYTES_MAX);
	buffer_reset(&out->scratch.coded, KEEP_BYTES_MAX);
	out->method = plan->spec.request.method;
	out->idempotency_key[0] = '\0';
	if (plan->needs_idempotency_key)
		plan_idempotency_key(plan->job_uuid, seq, out->idempotency_key);
	status = scan(plan, &item, out, error);
	if (status == STATUS_OK)
		status = render_url(plan, &item, &out->url, error);
	if (status == STATUS_OK)
		status = render_headers(plan, &item, out, error);
	if (status == STATUS_OK)
		status = render_body(plan, &item, out, error);
	if (status == STATUS_OK && (out->url.failed || out->headers.failed || out->body.failed))
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	return status;
}

enum status plan_check_item(const struct plan *plan, int64_t seq, struct json_span input,
                            struct rendered *scratch, struct error *error)
{
	struct json_span value;
	struct buffer key = {0};
	enum status status;

	if (plan->needs_key && json_member(input, plan->spec.key, strlen(plan->spec.key), &value)) {
		if (json_type(value) == JSON_STRING)
			json_string_decode(value, &key);
		else
			buffer_append(&key, value.at, value.length);
	}
	status = plan_render(plan, seq, key.data, key.length, input, scratch, error);
	if (status == STATUS_OK && plan->question)
		status = plan_render(plan->question, seq, key.data, key.length, input, scratch, error);
	buffer_free(&key);
	return status;
}
