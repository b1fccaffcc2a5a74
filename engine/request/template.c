/* Rendering.  See template_compile.c for how the parts come about. */
#include <stdlib.h>
#include <string.h>

#include "engine/request/encode.h"
#include "engine/request/fields.h"
#include "engine/request/template_internal.h"

void template_free(struct template *compiled)
{
	if (!compiled)
		return;
	for (int i = 0; i < compiled->part_count; i++) {
		struct part *part = &compiled->parts[i];

		if (part->text) /* it may hold a secret */
			explicit_bzero(part->text, part->length);
		free(part->text);
		free(part->fallback);
	}
	free(compiled->parts);
	free(compiled->path);
	free(compiled);
}

bool template_constant(const struct template *compiled)
{
	return compiled->constant;
}

struct json_span template_head(const struct template *compiled)
{
	if (compiled->part_count == 0 || compiled->parts[0].source != PART_TEXT)
		return (struct json_span){"", 0};
	return (struct json_span){compiled->parts[0].text, compiled->parts[0].length};
}

bool template_uses(const struct template *compiled, const char *built_in)
{
	for (int i = 0; i < compiled->part_count; i++) {
		const struct part *part = &compiled->parts[i];

		if (part->source != PART_TEXT && part->source != PART_FIELD &&
		    strcmp(part->text, built_in) == 0)
			return true;
	}
	return false;
}

void template_fields(const struct template *compiled,
                     void (*visit)(void *context, const char *field), void *context)
{
	for (int i = 0; i < compiled->part_count; i++) {
		const struct part *part = &compiled->parts[i];

		if (part->source == PART_FIELD && !part->has_fallback)
			visit(context, part->text);
	}
}

/* The bytes that a JSON value stands for. */
static struct json_span plain_of(struct part_value value, struct buffer *scratch)
{
	struct json_span span = {value.at, value.length};

	if (!value.json)
		return span;
	switch (json_type(span)) {
	case JSON_NULL:
		return (struct json_span){"", 0};
	case JSON_STRING:
		if (!memchr(span.at, '\\', span.length))
			return (struct json_span){span.at + 1, span.length - 2};
		scratch->length = 0;
		json_string_decode(span, scratch);
		return (struct json_span){scratch->data, scratch->length};
	default:
		return span;
	}
}

/* The value in its mode, before the place has its say. */
static struct json_span in_mode(enum part_mode mode, struct part_value value,
                                struct template_scratch *scratch)
{
	struct json_span span;

	scratch->coded.length = 0;
	if (mode == MODE_JSON) {
		if (value.json)
			return (struct json_span){value.at, value.length};
		buffer_json(&scratch->coded, value.at, value.length);
		return (struct json_span){scratch->coded.data, scratch->coded.length};
	}
	span = plain_of(value, &scratch->plain);
	if (mode != MODE_BASE64 || span.length == 0)
		return span;
	encode_base64(&scratch->coded, span.at, span.length);
	return (struct json_span){scratch->coded.data, scratch->coded.length};
}

/* Exactly one number, as JSON writes it? */
static bool is_number(struct json_span text)
{
	struct json_span value;

	return json_type(text) == JSON_NUMBER && json_trim(text.at, text.length, &value, NULL)
	       && value.length == text.length;
}

const char *part_put(const struct part *part, enum template_place place, struct part_value value,
                     struct template_scratch *scratch, struct buffer *out)
{
	struct json_span span;

	/* Most common by far, and escaped already. */
	if (place == PLACE_JSON && part->mode <= MODE_RAW && value.json && *value.at == '"') {
		buffer_append(out, value.at + 1, value.length - 2);
		return NULL;
	}
	span = in_mode(part->mode, value, scratch);
	if (scratch->plain.failed || scratch->coded.failed)
		out->failed = true;
	if (part->mode == MODE_NUMBER && !out->failed && !is_number(span))
		return "is no JSON number";
	if (out->failed || span.length == 0)
		return NULL;
	if (place == PLACE_HEADER && part->mode != MODE_URL &&
	    (memchr(span.at, '\n', span.length) || memchr(span.at, '\r', span.length)))
		return "holds a line break";
	if (place == PLACE_HEADER && part->mode != MODE_URL && memchr(span.at, '\0', span.length))
		return "holds a NUL byte";
	if (part->mode == MODE_URL)
		encode_percent(out, span.at, span.length);
	else if (place <= PLACE_QUERY && part->mode == MODE_RAW)
		encode_url_rest(out, span.at, span.length);
	else if (place <= PLACE_QUERY)
		encode_percent(out, span.at, span.length);
	else if (place == PLACE_JSON && !part->whole)
		buffer_json_inner(out, span.at, span.length);
	else
		buffer_append(out, span.at, span.length);
	return NULL;
}

static struct json_span field_of(const struct part *part, const struct template_item *item)
{
	struct json_span value;

	if (part->index >= 0 && item->values)
		return item->values[part->index];
	if (!fields_find(item->input, part->text, part->length, &value))
		value.at = NULL;
	return value;
}

/* False: it is not there.  `digits` is memory for a number's text. */
static bool value_of(const struct part *part, const struct template_item *item,
                     struct buffer *digits, struct part_value *value)
{
	struct json_span span;

	switch (part->source) {
	case PART_FIELD:
		span = field_of(part, item);
		*value = (struct part_value){true, span.at, span.length};
		break;
	case PART_ITEM:
		*value = (struct part_value){true, item->input.at, item->input.length};
		break;
	case PART_SEQ:
		digits->length = 0;
		buffer_int64(digits, item->seq);
		*value = (struct part_value){true, digits->data, digits->length};
		break;
	case PART_KEY:
		*value = (struct part_value){false, item->key, item->key_length};
		break;
	case PART_IDEMPOTENCY_KEY:
		*value = (struct part_value){false, item->idempotency_key, 0};
		if (value->at)
			value->length = strlen(value->at);
		break;
	default:
		*value = (struct part_value){false, item->job, item->job ? strlen(item->job) : 0};
		break;
	}
	return value->at != NULL;
}

/* Does the default stand in for this value? */
static bool is_blank(const struct part *part, struct part_value value)
{
	if (part->mode == MODE_NUMBER && value.length == (value.json ? 2 : 0)
	    && (!value.json || *value.at == '"'))
		return true;
	return value.json && *value.at == 'n';
}

static enum status render_part(const struct template *compiled, const struct part *part,
                               const struct template_item *item, struct template_scratch *scratch,
                               struct buffer *out, struct error *error)
{
	struct part_value value;
	const char *fault = NULL;
	bool there;

	if (part->source == PART_TEXT) {
		buffer_append(out, part->text, part->length);
		return STATUS_OK;
	}
	there = value_of(part, item, &scratch->plain, &value);
	if (scratch->plain.failed)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (part->has_fallback && (!there || is_blank(part, value)))
		buffer_append(out, part->fallback, part->fallback_length);
	else if (there)
		fault = part_put(part, compiled->place, value, scratch, out);
	else
		fault = "is missing";
	scratch->field = fault && part->source == PART_FIELD ? part->text : NULL;
	if (fault)
		return error_set(error, STATUS_USAGE, "%s: field '%s' %s", compiled->path, part->text,
		                 fault);
	return STATUS_OK;
}

enum status template_render(const struct template *compiled, const struct template_item *item,
                            struct buffer *out, struct error *error)
{
	struct template_scratch own = {0};
	struct template_scratch *scratch = item->scratch ? item->scratch : &own;
	enum status status = STATUS_OK;
	size_t start = out->length;

	for (int i = 0; i < compiled->part_count && status == STATUS_OK; i++)
		status = render_part(compiled, &compiled->parts[i], item, scratch, out, error);
	if (status == STATUS_OK && out->failed)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	/* Encoding does not help here: to a server %2e%2e is the same as "..". */
	if (status == STATUS_OK && compiled->checks_path &&
	    url_has_dot_segment(out->data + start, out->length - start))
		status = error_set(error, STATUS_USAGE, "%s: with its fields in, a path segment is '.' or '..'",
		                   compiled->path);
	if (scratch == &own) {
		buffer_free(&own.plain);
		buffer_free(&own.coded);
	}
	return status;
}
