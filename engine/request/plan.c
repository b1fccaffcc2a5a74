/* Making a plan.  plan_render.c uses it, plan_curl.c shows it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/request/plan_internal.h"
#include "engine/request/secret_reference.h"

/* What every compilation needs. */
struct maker {
	struct plan *plan;
	struct error *error;
};

static void free_members(struct plan_member *members, int count)
{
	for (int i = 0; i < count; i++) {
		template_free(members[i].name);
		template_free(members[i].value);
	}
	free(members);
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	if (plan->proxy)
		explicit_bzero(plan->proxy, strlen(plan->proxy));
	free(plan->proxy);
	free(plan->job_name);
	fields_free(plan->fields);
	template_free(plan->url);
	free_members(plan->query, plan->query_count);
	free_members(plan->form, plan->form_count);
	secret_buffer_free(&plan->constant_headers);
	for (int i = 0; i < plan->header_count; i++) {
		free(plan->headers[i].name);
		template_free(plan->headers[i].value);
	}
	free(plan->headers);
	template_free(plan->body);
	plan_free(plan->question);
	spec_free(plan->own);
	free(plan);
}

const struct spec *plan_spec(const struct plan *plan)
{
	return &plan->spec;
}

const struct plan *plan_question(const struct plan *plan)
{
	return plan->question;
}

const struct secret_set *plan_secrets(const struct plan *plan)
{
	return plan->secrets;
}

static enum status out_of_memory(struct maker *maker)
{
	return error_set(maker->error, STATUS_NO_MEMORY, "out of memory");
}

static enum status compile(struct maker *maker, const char *text, size_t length,
                           enum template_place place, const char *path, struct template **compiled)
{
	struct plan *plan = maker->plan;
	enum status status;

	status = template_compile(text, length, place, path, plan->secrets, plan->fields, compiled,
	                          maker->error);
	if (status != STATUS_OK)
		return status;
	plan->needs_idempotency_key |= template_uses(*compiled, "$idempotency_key");
	plan->needs_key |= template_uses(*compiled, "$key");
	return STATUS_OK;
}

static enum status compile_members(struct maker *maker, const struct name_value *list, int count,
                                   const char *path, struct plan_member **members, int *made)
{
	enum status status = STATUS_OK;

	if (count == 0)
		return STATUS_OK;
	*members = calloc((size_t)count, sizeof(**members));
	if (!*members)
		return out_of_memory(maker);
	*made = count;
	for (int i = 0; status == STATUS_OK && i < count; i++) {
		struct buffer place = {0};

		buffer_printf(&place, "%s.%s", path, list[i].name);
		if (place.failed)
			return out_of_memory(maker);
		status = compile(maker, list[i].name, strlen(list[i].name), PLACE_QUERY, place.data,
		                 &(*members)[i].name);
		if (status == STATUS_OK)
			status = compile(maker, list[i].value, strlen(list[i].value), PLACE_QUERY, place.data,
			                 &(*members)[i].value);
		buffer_free(&place);
	}
	return status;
}

/* ---- headers ----------------------------------------------------------- */

/* Add a header: to the constant block, or to those that are rendered. */
static enum status add_header(struct maker *maker, const char *name, const char *value)
{
	struct plan *plan = maker->plan;
	struct template *compiled = NULL;
	struct template_item item = {.job = plan->job_name};
	struct buffer path = {0};
	struct plan_header *header;
	enum status status;

	buffer_printf(&path, "request.headers.%s", name);
	if (path.failed)
		return out_of_memory(maker);
	status = compile(maker, value, strlen(value), PLACE_HEADER, path.data, &compiled);
	buffer_free(&path);
	if (status != STATUS_OK)
		return status;
	if (template_constant(compiled)) {
		plan->constant_header_count++;
		status = plan_put_header(name, compiled, &item, &plan->constant_headers, maker->error);
		template_free(compiled);
		return status;
	}
	header = &plan->headers[plan->header_count++];
	header->value = compiled;
	header->name = strdup(name);
	return header->name ? STATUS_OK : out_of_memory(maker);
}

static bool has_header(const struct spec *spec, const char *name)
{
	for (int i = 0; i < spec->request.header_count; i++) {
		if (strcasecmp(spec->request.headers[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Does the text look like JSON, whatever its fields will be? */
static bool looks_like_json(const char *text, size_t length)
{
	while (length > 0 && strchr(" \t\r\n", text[length - 1]))
		length--;
	while (length > 0 && strchr(" \t\r\n", *text)) {
		text++;
		length--;
	}
	if (length < 2 || (*text == '{' && text[1] == '{'))
		return false;
	return (*text == '{' && text[length - 1] == '}') || (*text == '[' && text[length - 1] == ']');
}

static const char *default_content_type(const struct spec *spec)
{
	switch (spec->request.body_kind) {
	case BODY_ITEM:
	case BODY_JSON:
		return "application/json";
	case BODY_FORM:
		return "application/x-www-form-urlencoded";
	case BODY_TEXT:
		return looks_like_json(spec->request.body, spec->request.body_length)
		           ? "application/json"
		           : "text/plain; charset=utf-8";
	default:
		return NULL;
	}
}

static enum status make_headers(struct maker *maker)
{
	const struct spec *spec = &maker->plan->spec;
	const struct name_value defaults[] = {
	    {"User-Agent", "sluice/" SLUICE_VERSION},
	    {"Accept", "*/*"},
	    {"Content-Type", (char *)(uintptr_t)default_content_type(spec)},
	    {spec->idempotency_header, "{{$idempotency_key}}"},
	};
	enum status status = STATUS_OK;
	size_t room = (size_t)spec->request.header_count + sizeof(defaults) / sizeof(defaults[0]);

	maker->plan->headers = calloc(room, sizeof(*maker->plan->headers));
	if (!maker->plan->headers)
		return out_of_memory(maker);
	for (int i = 0; status == STATUS_OK && i < spec->request.header_count; i++)
		status = add_header(maker, spec->request.headers[i].name, spec->request.headers[i].value);
	for (size_t i = 0; status == STATUS_OK && i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (defaults[i].name && defaults[i].value && !has_header(spec, defaults[i].name))
			status = add_header(maker, defaults[i].name, defaults[i].value);
	}
	return status;
}

/* ---- derived secrets --------------------------------------------------- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* libcurl makes an Authorization header of user:password@: the mask must know
 * the pair, decoded, and the password by itself. */
static enum status keep_user(struct maker *maker, const char *url, size_t length,
                             const char *reference)
{
	const char *start = memmem(url, length, "://", 3), *end, *at, *colon;
	struct buffer pair = {0};
	enum status status = STATUS_OK;

	start = start ? start + 3 : url;
	end = start;
	while (end < url + length && !strchr("/?#", *end))
		end++;
	at = memrchr(start, '@', (size_t)(end - start));
	if (!at)
		return STATUS_OK;
	for (const char *c = start; c < at; c++) {
		int high = *c == '%' && at - c > 2 ? hex_digit(c[1]) : -1;
		int low = high >= 0 ? hex_digit(c[2]) : -1;

		buffer_char(&pair, low >= 0 ? (char)(16 * high + low) : *c);
		if (low >= 0)
			c += 2;
	}
	if (pair.failed)
		return out_of_memory(maker);
	colon = pair.length > 0 ? memchr(pair.data, ':', pair.length) : NULL;
	if (colon) {
		char password[64];

		snprintf(password, sizeof(password), "%s.password", reference);
		status = secret_set_put(maker->plan->secrets, reference, pair.data, pair.length);
		if (status == STATUS_OK)
			status = secret_set_put(maker->plan->secrets, password, colon + 1,
			                        pair.length - (size_t)(colon - pair.data) - 1);
	}
	secret_buffer_free(&pair);
	return status == STATUS_OK ? status : out_of_memory(maker);
}

static enum status make_url(struct maker *maker)
{
	struct plan *plan = maker->plan;
	const char *url = plan->spec.request.url;
	enum status status;

	status = compile(maker, url, strlen(url), PLACE_URL, "request.url", &plan->url);
	if (status == STATUS_OK && !secret_set_has_markers(plan->secrets)) {
		struct json_span head = template_head(plan->url);

		status = keep_user(maker, head.at, head.length, "made:request.url");
	}
	return status;
}

static enum status make_proxy(struct maker *maker)
{
	struct plan *plan = maker->plan;
	struct buffer proxy = {0};
	enum status status;

	if (!plan->spec.request.proxy)
		return STATUS_OK;
	status = secret_expand(plan->secrets, plan->spec.request.proxy, &proxy, maker->error);
	if (status != STATUS_OK) {
		secret_buffer_free(&proxy);
		return error_prefix(maker->error, "request.proxy");
	}
	if (!secret_set_has_markers(plan->secrets))
		status = keep_user(maker, proxy.data, proxy.length, "made:request.proxy");
	plan->proxy = buffer_take(&proxy);
	plan->spec.request.proxy = plan->proxy;
	return plan->proxy ? status : out_of_memory(maker);
}

static enum status make_body(struct maker *maker)
{
	struct plan *plan = maker->plan;
	const struct spec *spec = &plan->spec;

	if (spec->request.body_kind == BODY_JSON)
		return compile(maker, spec->request.body, spec->request.body_length, PLACE_JSON,
		               "request.json", &plan->body);
	if (spec->request.body_kind == BODY_TEXT)
		return compile(maker, spec->request.body, spec->request.body_length, PLACE_TEXT,
		               "request.body", &plan->body);
	return compile_members(maker, spec->request.form, spec->request.form_count, "request.form",
	                       &plan->form, &plan->form_count);
}

/* The plan's own spec: the caller's may go.  One that is just being checked
 * (spec_check.c) has no canonical text yet, and outlives the plan. */
static enum status take_spec(struct maker *maker, const struct spec *spec)
{
	struct plan *plan = maker->plan;
	enum status status;

	plan->spec = *spec;
	if (!spec->canonical)
		return STATUS_OK;
	status = spec_parse(spec->canonical, spec->canonical_length, NULL, &plan->own, maker->error);
	if (status == STATUS_OK)
		plan->spec = *plan->own;
	return status;
}

static enum status make_question(struct plan *plan, struct error *error)
{
	struct spec *spec = NULL;
	enum status status = spec_question(&plan->spec, &spec, error);

	if (status == STATUS_OK)
		status = plan_make(spec, plan->job_name, plan->job_uuid, plan->secrets, &plan->question,
		                   error);
	spec_free(spec);
	return status;
}

enum status plan_make(const struct spec *spec, const char *job_name,
                      const unsigned char job_uuid[16], struct secret_set *secrets,
                      struct plan **plan, struct error *error)
{
	struct plan *made = calloc(1, sizeof(*made));
	struct maker maker = {made, error};
	enum status status;

	if (!made)
		return out_of_memory(&maker);
	made->secrets = secrets;
	memcpy(made->job_uuid, job_uuid, sizeof(made->job_uuid));
	made->job_name = strdup(job_name);
	made->fields = fields_new();
	status = made->job_name && made->fields ? take_spec(&maker, spec) : out_of_memory(&maker);
	if (status == STATUS_OK)
		status = make_url(&maker);
	if (status == STATUS_OK)
		status = compile_members(&maker, made->spec.request.query, made->spec.request.query_count,
		                         "request.query", &made->query, &made->query_count);
	if (status == STATUS_OK)
		status = make_headers(&maker);
	if (status == STATUS_OK)
		status = make_body(&maker);
	if (status == STATUS_OK)
		status = make_proxy(&maker);
	if (status == STATUS_OK && !secret_set_has_markers(secrets))
		status = plan_check_local(&made->spec, error);
	if (status == STATUS_OK && made->needs_key && !made->spec.key)
		status = error_set(error, STATUS_USAGE, "{{$key}} is used, but no key column is named");
	if (status == STATUS_OK && made->spec.verify_url)
		status = make_question(made, error);
	if (status == STATUS_OK)
		*plan = made;
	else
		plan_free(made);
	return status;
}
