/* Text -> parts. */
#include <stdlib.h>
#include <string.h>

#include "engine/request/encode.h"
#include "engine/request/fields.h"
#include "engine/request/secret_reference.h"
#include "engine/request/template_internal.h"

/* The next part, zeroed; NULL without memory. */
static struct part *add_part(struct compiler *compiler)
{
	struct template *template = compiler->template;
	struct part *parts = template->parts;

	if (template->part_count == template->part_capacity) {
		int capacity = template->part_capacity ? 2 * template->part_capacity : 4;

		parts = realloc(parts, (size_t)capacity * sizeof(*parts));
		if (!parts)
			return NULL;
		template->parts = parts;
		template->part_capacity = capacity;
	}
	parts[template->part_count] = (struct part){.index = -1};
	return &parts[template->part_count++];
}

/* The URL's constant beginning is complete: `more` says that a field follows.
 * Where a marker stands in it, what it stands for may end the authority: only
 * what is there is encoded, and one that begins with a marker is not checked. */
static enum status end_head(struct compiler *compiler, bool more)
{
	struct buffer head = {0}, *text = &compiler->text;
	struct secret_marker marker;
	bool marked = compiler->secrets && secret_set_has_markers(compiler->secrets) &&
	              text->length > 0 &&
	              secret_marker_find(compiler->secrets, text->data, text->length, &marker);
	const char *fault = NULL;

	compiler->head_done = true;
	if (!marked || marker.at > 0)
		fault = url_head(text->data, text->length, more, &head);
	if (fault) {
		secret_buffer_free(&head);
		return compiler_refuse(compiler, fault);
	}
	if (marked) {
		head.length = 0;
		encode_url_rest(&head, text->data, text->length);
	}
	secret_buffer_free(text);
	*text = head;
	return STATUS_OK;
}

/* Make a part of the constant bytes gathered so far. */
static enum status flush_text(struct compiler *compiler, bool more)
{
	struct part *part;

	if (compiler->template->place == PLACE_URL && !compiler->head_done) {
		enum status status = end_head(compiler, more);

		if (status != STATUS_OK)
			return status;
	}
	if (compiler->text.failed)
		return compiler_no_memory(compiler);
	if (compiler->text.length == 0)
		return STATUS_OK;
	part = add_part(compiler);
	if (!part)
		return compiler_no_memory(compiler);
	part->length = compiler->text.length;
	part->text = malloc(part->length + 1);
	if (!part->text)
		return compiler_no_memory(compiler);
	memcpy(part->text, compiler->text.data, part->length + 1);
	compiler->text.length = 0;
	return STATUS_OK;
}

/* Encode the default as the value would be. */
static enum status put_fallback(struct compiler *compiler, struct part *part,
                                const struct expression *expression)
{
	struct part_value value = {expression->fallback_json, expression->fallback.data,
	                           expression->fallback.length};
	struct template_scratch scratch = {0};
	struct buffer out = {0};
	struct part as = *part;
	const char *fault;

	if (!value.at)
		value.at = "";
	if (part->mode == MODE_NUMBER)
		as.mode = MODE_JSON; /* null, say */
	fault = part->mode == MODE_NUMBER && !value.json
	          ? "is no JSON value"
	          : part_put(&as, compiler->template->place, value,
	                     &scratch, &out);
	part->has_fallback = true;
	part->fallback_length = out.length;
	buffer_free(&scratch.plain);
	buffer_free(&scratch.coded);
	part->fallback = buffer_take(&out);
	if (fault)
		return error_set(compiler->error, STATUS_USAGE, "%s: the default of field '%s' %s",
		                 compiler->template->path, part->text, fault);
	return part->fallback ? STATUS_OK : compiler_no_memory(compiler);
}

static enum status add_field(struct compiler *compiler, struct expression *expression, bool whole)
{
	enum status status;
	struct part *part;

	if (expression->name.failed || expression->fallback.failed)
		return compiler_no_memory(compiler);
	if (compiler->cut)
		return compiler_refuse(compiler, "a field after '#' would never be sent");
	status = flush_text(compiler, true);
	if (status != STATUS_OK)
		return status;
	part = add_part(compiler);
	if (!part)
		return compiler_no_memory(compiler);
	part->source = expression->source;
	part->mode = expression->mode;
	part->whole = whole;
	part->length = expression->name.length;
	part->text = buffer_take(&expression->name);
	if (!part->text)
		return compiler_no_memory(compiler);
	if (part->source == PART_FIELD && compiler->fields) {
		part->index = fields_add(compiler->fields, part->text, part->length);
		if (part->index < 0)
			return compiler_no_memory(compiler);
	}
	if (part->source != PART_JOB)
		compiler->template->constant = false;
	if (compiler->template->place == PLACE_URL && !compiler->in_query)
		compiler->template->checks_path = true;
	return expression->has_fallback ? put_fallback(compiler, part, expression) : STATUS_OK;
}

/* Text with fields in it.  `alone`: a string's whole content, so that exactly
 * {{f:json}} stands for a value. */
static enum status compile_run(struct compiler *compiler, const char *text, size_t length,
                               bool alone)
{
	const char *at = text, *end = text + length;
	enum status status = STATUS_OK;
	struct buffer plain = {0};

	while (at && status == STATUS_OK) {
		struct expression expression = {0};
		const char *open, *start = at;

		plain.length = 0;
		open = expression_find(at, end, &plain);
		at = NULL;
		if (plain.length > 0)
			status = compiler_put_text(compiler, plain.data, plain.length);
		if (status == STATUS_OK && open) {
			at = expression_read(open, end, &expression, compiler->error);
			if (!at)
				status = error_prefix(compiler->error, "%s", compiler->template->path);
			else
				status = add_field(compiler, &expression,
				                   alone && start == text && open == text + 2 && at == end &&
				                       (expression.mode == MODE_JSON ||
				                        expression.mode == MODE_NUMBER));
		}
		expression_free(&expression);
	}
	if (status == STATUS_OK && plain.failed)
		status = compiler_no_memory(compiler);
	buffer_free(&plain);
	return status;
}

/* ---- JSON -------------------------------------------------------------- */

static bool needs_work(const char *at, size_t length)
{
	return memmem(at, length, "{{", 2) || memmem(at, length, "${", 2);
}

static const char *after_string(const char *at)
{
	for (at++; *at != '"'; at++) {
		if (*at == '\\')
			at++;
	}
	return at + 1;
}

/* A string of checked JSON text: its content may hold fields. */
static enum status compile_string(struct compiler *compiler, struct json_span string, bool name)
{
	struct template *template = compiler->template;
	struct buffer plain = {0}, *text = &compiler->text;
	enum status status;
	int first = template->part_count;

	json_string_decode(string, &plain);
	if (plain.failed)
		return compiler_no_memory(compiler);
	buffer_char(text, '"');
	status = compile_run(compiler, plain.data, plain.length, !name);
	buffer_free(&plain);
	if (status != STATUS_OK)
		return status;
	if (template->part_count == first + 2 && template->parts[first + 1].whole) {
		/* The text before it was flushed with the opening quote. */
		template->parts[first].length--;
		return STATUS_OK;
	}
	buffer_char(text, '"');
	return STATUS_OK;
}

static enum status compile_json(struct compiler *compiler, const char *text, size_t length)
{
	const char *at = text, *end = text + length;
	struct json_fault fault;
	enum status status;

	if (!json_check(text, length, &fault))
		return error_set(compiler->error, STATUS_USAGE, "%s: not JSON at byte %zu: %s",
		                 compiler->template->path, fault.offset + 1, fault.reason);
	while (at < end) {
		const char *quote = memchr(at, '"', (size_t)(end - at)), *stop, *next;

		if (!quote)
			break;
		buffer_append(&compiler->text, at, (size_t)(quote - at));
		stop = after_string(quote);
		for (next = stop; next < end && (*next == ' ' || (*next >= '\t' && *next <= '\r'));)
			next++;
		if (needs_work(quote, (size_t)(stop - quote))) {
			struct json_span string = {quote, (size_t)(stop - quote)};

			status = compile_string(compiler, string, next < end && *next == ':');
			if (status != STATUS_OK)
				return status;
		} else {
			buffer_append(&compiler->text, quote, (size_t)(stop - quote));
		}
		at = stop;
	}
	buffer_append(&compiler->text, at, (size_t)(end - at));
	return STATUS_OK;
}

enum status template_compile(const char *text, size_t length, enum template_place place,
                             const char *path, struct secret_set *secrets, struct fields *fields,
                             struct template **compiled, struct error *error)
{
	struct compiler compiler = {.secrets = secrets, .fields = fields, .error = error};
	enum status status;

	compiler.template = calloc(1, sizeof(*compiler.template));
	if (!compiler.template)
		return compiler_no_memory(&compiler);
	compiler.template->place = place;
	compiler.template->constant = true;
	compiler.template->path = strdup(path);
	if (!compiler.template->path)
		status = compiler_no_memory(&compiler);
	else if (place == PLACE_JSON)
		status = compile_json(&compiler, text, length);
	else
		status = compile_run(&compiler, text, length, false);
	if (status == STATUS_OK)
		status = flush_text(&compiler, false);
	secret_buffer_free(&compiler.text);
	if (status != STATUS_OK)
		template_free(compiler.template);
	else
		*compiled = compiler.template;
	return status;
}
