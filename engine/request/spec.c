#include "engine/request/spec.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/request/condition.h"
#include "engine/request/jsonc.h"
#include "engine/request/secret_reference.h"
#include "engine/request/spec_internal.h"

#define TIMEOUT_S 30
#define CONNECT_TIMEOUT_S 10
#define IDEMPOTENCY_HEADER "Idempotency-Key"
#define KEY_AGE_S (23 * 3600) /* most servers keep a key for a day */

static void wipe_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void spec_free(struct spec *spec)
{
	if (!spec)
		return;
	free(spec->canonical);
	free(spec->name);
	free(spec->items);
	free(spec->key);
	free(spec->request.method);
	wipe_text(spec->request.url);
	name_values_free(spec->request.query, spec->request.query_count);
	name_values_free(spec->request.headers, spec->request.header_count);
	name_values_free(spec->request.form, spec->request.form_count);
	free(spec->request.body);
	wipe_text(spec->request.proxy);
	free(spec->request.cacert);
	free(spec->request.cert);
	free(spec->request.key_file);
	free(spec->idempotency_header);
	for (int i = 0; i < spec->rule_count; i++) {
		free(spec->rules[i].text);
		condition_free(spec->rules[i].condition);
		free(spec->rules[i].code);
		free(spec->rules[i].message);
	}
	free(spec->rules);
	condition_free(spec->ok_if);
	free(spec->ok_if_text);
	name_values_free(spec->extract, spec->extract_count);
	free(spec->rate_text);
	free(spec->share);
	free(spec->verify_url);
	free(spec->verify_done_if);
	header_overrides_free(&spec->headers);
	free(spec);
}

int spec_word_index(const char *word, const char *const *words, int count)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(word, words[i]) == 0)
			return i;
	}
	return -1;
}

static enum status read_items(struct spec *spec, struct json_span root, struct error *error)
{
	static const char *const formats[] = {"auto", "csv", "ndjson", "json", "lines"};
	char *format = NULL;
	enum status status;
	int index = FORMAT_AUTO;

	status = spec_text(root, "name", &spec->name, error);
	if (status == STATUS_OK && spec->name)
		status = spec_check_name(spec->name, error);
	if (status == STATUS_OK)
		status = spec_text(root, "items", &spec->items, error);
	if (status == STATUS_OK)
		status = spec_text(root, "key", &spec->key, error);
	if (status == STATUS_OK && spec->key && !*spec->key)
		status = error_set(error, STATUS_USAGE, "key: is empty");
	if (status == STATUS_OK)
		status = spec_text(root, "format", &format, error);
	if (format)
		index = spec_word_index(format, formats, 5);
	free(format);
	if (index < 0)
		return error_set(error, STATUS_USAGE, "format: must be csv, ndjson, json or lines");
	spec->format = (enum items_format)index;
	spec->items_limit = (int64_t)spec_number(root, "limit", 0);
	return status;
}

static enum status read_json_body(struct spec *spec, struct json_span json, struct error *error)
{
	struct buffer text = {0};

	jsonc_minify(json, &text);
	spec->request.body_kind = BODY_JSON;
	spec->request.body_length = text.length;
	spec->request.body = buffer_take(&text);
	return spec->request.body ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

static enum status read_body(struct spec *spec, struct json_span root, struct error *error)
{
	struct json_span json, body, form;
	bool has_json = spec_find(root, "request.json", &json);
	bool has_body = spec_find(root, "request.body", &body);
	bool has_form = spec_find(root, "request.form", &form);
	enum status status;

	if (has_json + has_body + has_form > 1)
		return error_set(error, STATUS_USAGE,
		                 "request: give only one of json, body and form");
	if (has_json)
		return read_json_body(spec, json, error);
	if (has_form) {
		spec->request.body_kind = BODY_FORM;
		return spec_read_map(root, "request.form", &spec->request.form,
		                     &spec->request.form_count, error);
	}
	if (!has_body)
		return STATUS_OK;
	spec->request.body_kind = BODY_TEXT;
	status = spec_text(root, "request.body", &spec->request.body, error);
	if (status == STATUS_OK)
		spec->request.body_length = strlen(spec->request.body);
	return status;
}

static enum status read_method(struct spec *spec, struct json_span root, struct error *error)
{
	enum status status = spec_text(root, "request.method", &spec->request.method, error);

	if (status != STATUS_OK)
		return status;
	if (!spec->request.method) {
		spec->request.method = strdup(spec->request.body_kind == BODY_NONE ? "GET" : "POST");
		if (!spec->request.method)
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	for (char *at = spec->request.method; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	if (spec->request.body_kind == BODY_NONE &&
	    (strcmp(spec->request.method, "POST") == 0 || strcmp(spec->request.method, "PUT") == 0 ||
	     strcmp(spec->request.method, "PATCH") == 0))
		spec->request.body_kind = BODY_ITEM;
	spec->idempotent = method_idempotent(spec->request.method);
	return STATUS_OK;
}

static int by_header_name(const void *a, const void *b)
{
	const struct name_value *one = a, *other = b;
	int order = strcasecmp(one->name, other->name);

	return order ? order : strcmp(one->name, other->name);
}

static enum status read_request(struct spec *spec, struct json_span root, struct error *error)
{
	enum status status = spec_text(root, "request.url", &spec->request.url, error);

	if (status == STATUS_OK)
		status = spec_read_map(root, "request.query", &spec->request.query,
		                       &spec->request.query_count, error);
	if (status == STATUS_OK)
		status = spec_read_map(root, "request.headers", &spec->request.headers,
		                       &spec->request.header_count, error);
	if (status == STATUS_OK && spec->request.header_count > 0)
		qsort(spec->request.headers, (size_t)spec->request.header_count,
		      sizeof(*spec->request.headers), by_header_name);
	if (status == STATUS_OK)
		status = read_body(spec, root, error);
	if (status == STATUS_OK)
		status = read_method(spec, root, error);
	if (status == STATUS_OK)
		status = spec_text(root, "request.proxy", &spec->request.proxy, error);
	if (status == STATUS_OK)
		status = spec_text(root, "request.cacert", &spec->request.cacert, error);
	if (status == STATUS_OK)
		status = spec_text(root, "request.cert", &spec->request.cert, error);
	if (status == STATUS_OK)
		status = spec_text(root, "request.key_file", &spec->request.key_file, error);
	spec->request.timeout_ms = spec_seconds_ms(root, "request.timeout_s", TIMEOUT_S);
	spec->request.connect_timeout_ms =
	    spec_seconds_ms(root, "request.connect_timeout_s", CONNECT_TIMEOUT_S);
	spec->request.follow_redirects = spec_flag(root, "request.follow_redirects", false);
	return status;
}

static enum status read_idempotency(struct spec *spec, struct json_span root, struct error *error)
{
	struct json_span value;
	enum status status;

	if (!spec_find(root, "idempotency", &value) || json_type(value) == JSON_FALSE)
		return STATUS_OK;
	status = spec_text(root, "idempotency.header", &spec->idempotency_header, error);
	if (status == STATUS_OK && !spec->idempotency_header) {
		spec->idempotency_header = strdup(IDEMPOTENCY_HEADER);
		if (!spec->idempotency_header)
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
	}
	spec->key_age_ms_max = spec_seconds_ms(root, "idempotency.max_age_s", KEY_AGE_S);
	spec->keyed = true;
	return status;
}

static enum status read_all(struct spec *spec, struct json_span root, struct secret_set *literal,
                            struct error *error)
{
	enum status status = spec_check_keys(root, error);

	if (status == STATUS_OK)
		status = read_items(spec, root, error);
	if (status == STATUS_OK)
		status = read_request(spec, root, error);
	if (status == STATUS_OK)
		status = read_idempotency(spec, root, error);
	if (status == STATUS_OK)
		status = spec_read_limits(spec, root, error);
	if (status == STATUS_OK)
		status = spec_read_headers(spec, root, error);
	if (status == STATUS_OK)
		status = spec_read_verify(spec, root, error);
	if (status == STATUS_OK)
		status = spec_read_rules(spec, root, error);
	if (status == STATUS_OK)
		status = spec_hide_literals(spec, literal, error);
	if (status == STATUS_OK)
		status = spec_check_request(spec, error);
	return status == STATUS_OK ? spec_print(spec, error) : status;
}

enum status spec_parse(const char *text, size_t length, struct secret_set *literal,
                       struct spec **spec, struct error *error)
{
	struct spec *made = calloc(1, sizeof(*made));
	struct buffer plain = {0};
	struct json_span root;
	enum status status;

	if (!made)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = jsonc_read(text, length, &plain, &root, error);
	if (status == STATUS_OK)
		status = jsonc_check_names(root, "request.json", error);
	if (status == STATUS_OK)
		status = read_all(made, root, literal, error);
	secret_buffer_free(&plain); /* it may hold literal credentials */
	if (status == STATUS_OK)
		*spec = made;
	else
		spec_free(made);
	return status;
}
