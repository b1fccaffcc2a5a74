/* "verify": asking the server what became of a request whose answer never came. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/request/condition.h"
#include "engine/request/spec_internal.h"

enum status spec_read_verify(struct spec *spec, struct json_span root, struct error *error)
{
	struct condition *condition = NULL;
	struct json_span value;
	enum status status;

	if (!spec_find(root, "verify", &value))
		return STATUS_OK;
	status = spec_text(root, "verify.url", &spec->verify_url, error);
	if (status == STATUS_OK)
		status = spec_text(root, "verify.done_if", &spec->verify_done_if, error);
	if (status != STATUS_OK)
		return status;
	if (!spec->verify_url || !spec->verify_done_if)
		return error_set(error, STATUS_USAGE, "verify.%s: is missing",
		                 spec->verify_url ? "done_if" : "url");
	status = condition_compile(spec->verify_done_if, &condition, error);
	condition_free(condition);
	return status == STATUS_OK ? status : error_prefix(error, "verify.done_if");
}

/* The job's headers but for those of a body. */
static int own_headers(const struct spec *spec, struct name_value *out)
{
	int count = 0;

	for (int i = 0; i < spec->request.header_count; i++)
		if (strncasecmp(spec->request.headers[i].name, "Content-", 8) != 0)
			out[count++] = spec->request.headers[i];
	return count;
}

enum status spec_question(const struct spec *spec, struct spec **question, struct error *error)
{
	struct name_value *headers = calloc((size_t)spec->request.header_count + 1, sizeof(*headers));
	struct spec_rule rule = {.text = spec->verify_done_if, .then = DECISION_DONE};
	struct spec asks = *spec; /* borrows all strings */
	enum status status;

	if (!headers)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	asks.request.method = (char *)(uintptr_t)"GET";
	asks.request.url = spec->verify_url;
	asks.request.query_count = asks.request.form_count = 0;
	asks.request.body_kind = BODY_NONE;
	asks.request.headers = headers;
	asks.request.header_count = own_headers(spec, headers);
	asks.idempotency_header = NULL;
	asks.rules = &rule;
	asks.rule_count = 1;
	asks.ok_if_text = NULL;
	asks.extract_count = 0;
	asks.verify_url = asks.verify_done_if = NULL;
	status = spec_print(&asks, error);
	free(headers);
	if (status == STATUS_OK)
		status = spec_parse(asks.canonical, asks.canonical_length, NULL, question, error);
	if (status != STATUS_OK)
		error_prefix(error, "verify");
	free(asks.canonical);
	return status;
}
