/* `sluice check`: a spec and its items, proved sound without a database. */
#include <stdlib.h>
#include <string.h>

#include "engine/run/engine.h"
#include "engine/intake/ingest.h"

struct rendering {
	struct plan *plan;
	struct rendered request;
	struct buffer text;
	const char *key;
	int64_t left;
	void (*visit)(void *context, int64_t seq, const char *text, size_t length);
	void *context;
};

static void put_headers(struct rendering *rendering)
{
	const char *line = rendering->request.headers.data;

	for (int i = 0; i < rendering->request.header_count; i++) {
		buffer_printf(&rendering->text, "%s\n", line);
		line += strlen(line) + 1;
	}
}

static enum status render_row(void *context, int64_t seq, struct json_span input,
                              struct error *error)
{
	struct rendering *rendering = context;
	struct rendered *request = &rendering->request;
	struct buffer key = {0};
	struct json_span value;
	enum status status;

	if (rendering->left-- <= 0)
		return STATUS_CLOSED;
	if (rendering->key != NULL &&
	    json_member(input, rendering->key, strlen(rendering->key), &value)) {
		if (json_type(value) == JSON_STRING)
			json_string_decode(value, &key);
		else
			buffer_append(&key, value.at, value.length);
	}
	status = plan_render(rendering->plan, seq, key.data, key.length, input, request, error);
	buffer_free(&key);
	if (status != STATUS_OK)
		return status;
	buffer_reset(&rendering->text, 65536);
	buffer_printf(&rendering->text, "%s ", request->method);
	buffer_append(&rendering->text, request->url.data, request->url.length);
	buffer_char(&rendering->text, '\n');
	put_headers(rendering);
	if (request->has_body) {
		buffer_char(&rendering->text, '\n');
		buffer_append(&rendering->text, request->body.data, request->body.length);
		buffer_char(&rendering->text, '\n');
	}
	if (rendering->text.failed)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	secret_mask(plan_secrets(rendering->plan), rendering->text.data, &rendering->text.length);
	rendering->visit(rendering->context, seq, rendering->text.data, rendering->text.length);
	return STATUS_OK;
}

enum status engine_check(const struct spec *spec, const struct secret_set *given,
                         struct engine_checking *checking, struct error *error)
{
	static const unsigned char no_uuid[16];
	struct rendering rendering = {.left = checking->render, .visit = checking->visit,
	                              .context = checking->context, .key = spec->key};
	struct ingest_options options = {.path = spec->items, .format = spec->format,
	                                 .key = spec->key, .rows_max = spec->items_limit,
	                                 .skip_bad_rows = checking->skip_bad_rows};
	struct secret_set *secrets = secret_set_new();
	struct ingest *ingest = NULL;
	enum status status = secrets != NULL ? STATUS_OK
	                                     : error_set(error, STATUS_NO_MEMORY, "out of memory");

	if (status == STATUS_OK && given != NULL)
		status = secret_set_merge(secrets, given);
	if (status == STATUS_OK)
		status = plan_make(spec, spec->name != NULL ? spec->name : "", no_uuid, secrets,
		                   &rendering.plan, error);
	checking->rows = checking->bad_rows = 0;
	if (status != STATUS_OK || spec->items == NULL)
		goto out;
	options.name = strcmp(spec->items, "-") == 0 ? "stdin" : spec->items;
	options.plan = rendering.plan;
	status = ingest_open(&options, &ingest, error);
	if (status != STATUS_OK)
		goto out;
	checking->rows = ingest_rows_checked(ingest);
	checking->bad_rows = ingest_rows_bad(ingest);
	if (checking->render > 0 && ingest_checked(ingest)) {
		status = ingest_walk(ingest, render_row, &rendering, error);
		if (status == STATUS_CLOSED)
			status = STATUS_OK;
	}
out:
	ingest_close(ingest);
	rendered_free(&rendering.request);
	buffer_free(&rendering.text);
	plan_free(rendering.plan);
	secret_set_free(secrets);
	return status;
}
