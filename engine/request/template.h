/* {{field}} templates: compiled once, rendered per item.
 *
 * INTERFACE section 4.  The place decides the encoding; item data can change
 * neither scheme nor host and cannot add a header line. */
#ifndef SLUICE_REQUEST_TEMPLATE_H
#define SLUICE_REQUEST_TEMPLATE_H

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/base/status.h"

enum template_place {
	PLACE_URL,    /* path part: percent-encoding of all but unreserved */
	PLACE_QUERY,  /* a query or form member's value: percent-encoding */
	PLACE_HEADER, /* as is; CR, LF and NUL are an error of the item */
	PLACE_TEXT,   /* as is */
	PLACE_JSON,   /* a whole JSON document, see below */
};

struct template;

/* An item and what is known of it; spans stay the caller's. */
struct template_item {
	struct json_span input;       /* a JSON object, checked */
	int64_t seq;
	const char *key;              /* or NULL */
	size_t key_length;
	const char *idempotency_key;  /* or NULL */
	const char *job;              /* job name */
};

/* Compile.  PLACE_JSON: inside a JSON string a field is JSON-escaped; a string
 * that is exactly "{{f:json}}" becomes the field's own JSON value; everything
 * else, numbers included, stays byte for byte.  PLACE_URL: fields in scheme or
 * authority are refused; after '?' the encoding is that of a query.
 * Errors: "request.url: unknown built-in {{$foo}}". */
enum status template_compile(const char *text, size_t length, enum template_place place,
                             const char *path, struct template **compiled, struct error *error);
void template_free(struct template *compiled);

/* Append the rendering.  STATUS_USAGE names the field: "field 'city' is
 * missing".  A JSON string field is used decoded, a number or literal as
 * written, null as the empty text (its default, where one is given), an object
 * or array as its JSON text. */
enum status template_render(const struct template *compiled, const struct template_item *item,
                            struct buffer *out, struct error *error);

/* Same for every item (no field and no per-item built-in in it)? */
bool template_constant(const struct template *compiled);

/* Call `visit` for each field that has no default. */
void template_fields(const struct template *compiled,
                     void (*visit)(void *context, const char *field), void *context);

#endif
