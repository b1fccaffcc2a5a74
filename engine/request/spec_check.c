/* Rules that the types of the keys cannot say. */
#include <string.h>
#include <strings.h>

#include "engine/base/utf8.h"
#include "engine/request/plan.h"
#include "engine/request/secret_reference.h"
#include "engine/request/spec_internal.h"

#define NAME_CHARACTERS_MAX 100
#define METHOD_LENGTH_MAX 32

enum status spec_check_name(const char *name, struct error *error)
{
	int characters = 0;

	for (const char *at = name; *at; characters++) {
		size_t n = utf8_sequence(at, strlen(at));

		/* What is not seen makes two names look like one. */
		if (*at == '/' || (n && utf8_unseen(utf8_code(at, n))))
			return error_set(error, STATUS_USAGE, "name: cannot hold '/' or control characters");
		at += n ? n : utf8_bad_length(at, strlen(at));
	}
	if (*name && name[strspn(name, "0123456789")] == '\0')
		return error_set(error, STATUS_USAGE,
		                 "name: '%.40s' is digits alone, which stand for a job's id: add a letter",
		                 name);
	if (characters < 1 || characters > NAME_CHARACTERS_MAX)
		return error_set(error, STATUS_USAGE, "name: must have 1 to %d characters",
		                 NAME_CHARACTERS_MAX);
	return STATUS_OK;
}

/* RFC 9110, 5.6.2. */
static bool is_token(const char *text)
{
	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
			return false;
	}
	return true;
}

static enum status check_header(const struct spec *spec, int index, struct error *error)
{
	static const char *const ours[] = {"Content-Length", "Transfer-Encoding", "Connection"};
	const struct name_value *header = &spec->request.headers[index];

	if (!is_token(header->name))
		return error_set(error, STATUS_USAGE, "request.headers.%s: not a header's name",
		                 header->name);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (strcasecmp(header->name, ours[i]) == 0)
			return error_set(error, STATUS_USAGE,
			                 "request.headers.%s: is set by the transfer itself and cannot be given",
			                 header->name);
	}
	if (strcasecmp(header->name, "Host") == 0 && strstr(header->value, "{{"))
		return error_set(error, STATUS_USAGE, "request.headers.Host: cannot hold fields");
	if (spec->idempotency_header && strcasecmp(header->name, spec->idempotency_header) == 0)
		return error_set(error, STATUS_USAGE,
		                 "request.headers.%s: is the idempotency header, which is set by itself",
		                 header->name);
	/* Sorted, so that the same name twice is side by side. */
	if (index > 0 && strcasecmp(header->name, header[-1].name) == 0)
		return error_set(error, STATUS_USAGE, "request.headers.%s: stands twice", header->name);
	return STATUS_OK;
}

static enum status check_constant(const char *path, const char *text, struct error *error)
{
	if (text && strstr(text, "{{"))
		return error_set(error, STATUS_USAGE, "%s: cannot hold fields", path);
	if (text && strpbrk(text, "\r\n"))
		return error_set(error, STATUS_USAGE, "%s: holds a line break", path);
	return STATUS_OK;
}

/* Compile every template, with markers for the secrets. */
static enum status check_templates(const struct spec *spec, struct error *error)
{
	static const unsigned char uuid[16];
	struct secret_set *markers = secret_set_new_markers();
	struct plan *plan;
	enum status status;

	if (!markers)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = plan_make(spec, spec->name ? spec->name : "", uuid, markers, &plan, error);
	if (status == STATUS_OK)
		plan_free(plan);
	secret_set_free(markers);
	return status;
}

enum status spec_check_request(const struct spec *spec, struct error *error)
{
	const char *method = spec->request.method;
	enum status status = STATUS_OK;

	if (!spec->request.url || !*spec->request.url)
		return error_set(error, STATUS_USAGE, "request.url: is missing");
	if (!is_token(method) || strlen(method) > METHOD_LENGTH_MAX)
		return error_set(error, STATUS_USAGE, "request.method: '%.40s' is not a method", method);
	if (strcmp(method, "CONNECT") == 0)
		return error_set(error, STATUS_USAGE, "request.method: CONNECT cannot be sent");
	if (spec->idempotency_header && !is_token(spec->idempotency_header))
		return error_set(error, STATUS_USAGE, "idempotency.header: not a header's name");
	for (int i = 0; status == STATUS_OK && i < spec->request.header_count; i++)
		status = check_header(spec, i, error);
	if (status == STATUS_OK)
		status = check_constant("request.proxy", spec->request.proxy, error);
	if (status == STATUS_OK)
		status = check_constant("request.cacert", spec->request.cacert, error);
	if (status == STATUS_OK)
		status = check_constant("request.cert", spec->request.cert, error);
	if (status == STATUS_OK)
		status = check_constant("request.key_file", spec->request.key_file, error);
	if (status == STATUS_OK && spec->request.key_file && !spec->request.cert)
		status = error_set(error, STATUS_USAGE,
		                   "request.key_file: needs request.cert, whose key it is");
	return status == STATUS_OK ? check_templates(spec, error) : status;
}
