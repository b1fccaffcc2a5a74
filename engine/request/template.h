/* {{field}} templates: compiled once, rendered per item.
 *
 * The place decides the encoding; item data can change neither scheme nor host,
 * leave its path segment, nor add a header line.
 *
 *     {{name}}  {{ name }}  {{a.b}}        a column; a nested member
 *     {{"na:me"}}                          a name with : | " or }} in it, as a JSON string
 *     {{f:raw}} {{f:url}} {{f:json}} {{f:base64}} {{f:number}}
 *     {{f|default}} {{f:url|default}}      for a missing or null field; blanks around it are
 *                                          cut, "…" keeps them (and may hold }})
 *     {{$item}} {{$seq}} {{$key}} {{$idempotency_key}} {{$job}}
 *     {{{{                                 stands for {{  ( }} by itself is plain text)
 *
 * What an override does: `url` percent-encodes, `json` writes the field's JSON
 * text, `base64` encodes the plain text; the result is then made fit for the
 * place as any other.  `raw` leaves out the place's percent-encoding (in URLs all that may
 * not stand there at all is still encoded).  `number` takes a JSON number, or a
 * text that is exactly one (all there is in a CSV), as it is written; any other
 * value is an error of the item, and an empty text counts as missing.  A default
 * is taken as a text; with `json` as JSON where it is JSON; with `number` it must be JSON.
 *
 * ${env:…} and kin (secret.h) are replaced at compile time, in constant text
 * only, and never read as templates; inside JSON they are JSON-escaped, in
 * query values and after a URL's '?' percent-encoded (${given:…} came out of
 * that URL and goes back as it was). */
#ifndef SLUICE_REQUEST_TEMPLATE_H
#define SLUICE_REQUEST_TEMPLATE_H

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/base/status.h"

enum template_place {
	PLACE_URL,    /* an absolute URL: percent-encoding of all but unreserved */
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
	/* To be quick: the shared fields of all templates, scanned before (else NULL),
	 * and memory for intermediate texts that stays (else NULL). */
	const struct json_span *values;
	struct template_scratch {
		struct buffer plain, coded;
		const char *field; /* that the last failure was about, or NULL; the template's */
	} *scratch;
};

/* Compile.  PLACE_JSON: inside a JSON string a field is JSON-escaped; a string
 * that is exactly "{{f:json}}" (or "{{f:number}}") becomes the field's own JSON value; everything
 * else, numbers included, stays byte for byte.  PLACE_URL: fields in scheme or
 * authority are refused, a fragment (#…) is cut off.
 * `secrets`: NULL leaves ${…} as plain text.  `fields`: where the columns' names
 * are gathered; NULL: each is looked up by itself at render time.
 * Errors: "request.url: unknown built-in {{$foo}}". */
struct secret_set;
struct fields;
enum status template_compile(const char *text, size_t length, enum template_place place,
                             const char *path, struct secret_set *secrets, struct fields *fields,
                             struct template **compiled, struct error *error);
void template_free(struct template *compiled);

/* Append the rendering (part of it on failure).  STATUS_USAGE names place and
 * field: "request.url: field 'city' is missing".  A JSON string
 * field is used decoded, a number or literal as
 * written, null as the empty text (its default, where one is given), an object
 * or array as its JSON text. */
enum status template_render(const struct template *compiled, const struct template_item *item,
                            struct buffer *out, struct error *error);

/* Same for every item (no field and no per-item built-in in it)? */
bool template_constant(const struct template *compiled);

/* The constant bytes that it begins with. */
struct json_span template_head(const struct template *compiled);

/* Does it use this built-in ("$key")? */
bool template_uses(const struct template *compiled, const char *built_in);

/* Call `visit` for each field that has no default. */
void template_fields(const struct template *compiled,
                     void (*visit)(void *context, const char *field), void *context);

#endif
