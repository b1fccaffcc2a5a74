/* Literal credentials leave the text: their values go to the secret set, a
 * reference ${given:PLACE} stays. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/request/encode.h"
#include "engine/request/secret_reference.h"
#include "engine/request/spec_internal.h"

enum status spec_hide_part(char **text, size_t at, size_t length, const char *place,
                           const char *meaning, struct secret_set *literal, struct error *error)
{
	struct buffer reference = {0}, value = {0}, left = {0};
	enum status status;
	char *part;

	if (!literal)
		return error_set(error, STATUS_USAGE,
		                 "%s: holds a credential in plain text; write ${env:NAME} or ${file:PATH}",
		                 place);
	part = meaning ? strdup(meaning) : strndup(*text + at, length);
	buffer_text(&reference, "given:");
	/* A '}' in a member's name would end the reference. */
	for (const char *c = place; *c; c++)
		buffer_char(&reference, *c == '}' || *c == '{' ? '_' : *c);
	buffer_append(&left, *text, at);
	buffer_printf(&left, "${%s}", reference.failed ? "" : reference.data);
	buffer_text(&left, *text + at + length);
	if (!part || reference.failed || left.failed)
		status = error_set(error, STATUS_NO_MEMORY, "out of memory");
	else
		status = secret_expand(literal, part, &value, error); /* undoes $${ */
	if (status == STATUS_OK)
		status = secret_set_put(literal, reference.data, value.data ? value.data : "",
		                        value.length);
	if (part)
		explicit_bzero(part, strlen(part));
	free(part);
	if (status == STATUS_OK) {
		explicit_bzero(*text, strlen(*text));
		free(*text);
		*text = buffer_take(&left);
	}
	secret_buffer_free(&value);
	buffer_free(&reference);
	secret_buffer_free(&left);
	return status;
}

static enum status hide_part(char **text, size_t at, size_t length, const char *place,
                             struct secret_set *literal, struct error *error)
{
	return spec_hide_part(text, at, length, place, NULL, literal, error);
}

bool spec_is_literal(const char *text, size_t length)
{
	struct secret_piece piece;
	size_t at = 0;

	if (length == 0 || memmem(text, length, "{{", 2))
		return false;
	while (secret_next(text, length, &at, &piece)) {
		if (piece.reference)
			return false;
	}
	return true;
}

/* "Bearer abc": the length of the scheme and the blanks after it. */
static size_t scheme_length(const char *value)
{
	size_t word = 0, blanks;

	while (isalnum((unsigned char)value[word]) || value[word] == '-')
		word++;
	blanks = strspn(value + word, " ");
	return word > 0 && blanks > 0 && value[word + blanks] ? word + blanks : 0;
}

static enum status hide_members(struct name_value *list, int count, const char *path,
                                struct secret_set *literal, struct error *error)
{
	enum status status = STATUS_OK;

	for (int i = 0; status == STATUS_OK && i < count; i++) {
		char **value = &list[i].value;
		size_t skip = 0, length = strlen(*value);
		struct buffer place = {0};

		if (!secret_name(list[i].name) || !spec_is_literal(*value, length))
			continue;
		if (strcasestr(list[i].name, "authorization"))
			skip = scheme_length(*value);
		buffer_printf(&place, "%s.%s", path, list[i].name);
		if (place.failed)
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
		status = hide_part(value, skip, length - skip, place.data, literal, error);
		buffer_free(&place);
	}
	return status;
}

/* user:password@ of a URL, or of a proxy without a scheme. */
static enum status hide_user(char **url, const char *place, struct secret_set *literal,
                             struct error *error)
{
	const char *scheme, *authority, *at;

	if (!*url)
		return STATUS_OK;
	scheme = strstr(*url, "://");
	authority = scheme ? scheme + 3 : *url;
	at = memrchr(authority, '@', strcspn(authority, "/?#"));
	if (!at || !spec_is_literal(authority, (size_t)(at - authority)))
		return STATUS_OK;
	return hide_part(url, (size_t)(authority - *url), (size_t)(at - authority), place, literal,
	                 error);
}

enum status spec_hide_pairs(char **url, size_t at, const char *path, struct secret_set *literal,
                            struct error *error)
{
	enum status status = STATUS_OK;

	while (status == STATUS_OK && (*url)[at] && (*url)[at] != '#') {
		const char *start = *url + at;
		size_t pair = strcspn(start, "&#"), name = strcspn(start, "=&#");
		struct buffer place = {0};

		buffer_printf(&place, "%.*s", (int)(name < 200 ? name : 200), start);
		if (place.failed)
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
		if (name < pair && secret_name(place.data) &&
		    spec_is_literal(start + name + 1, pair - name - 1)) {
			struct buffer full = {0};

			buffer_printf(&full, "%s.%s", path, place.data);
			while (!full.failed && strstr(*url, full.data))
				buffer_char(&full, '+'); /* the same name again */
			status = full.failed ? error_set(error, STATUS_NO_MEMORY, "out of memory")
			                     : hide_part(url, at + name + 1, pair - name - 1, full.data,
			                                 literal, error);
			buffer_free(&full);
			if (status == STATUS_OK)
				pair = strcspn(*url + at, "&#");
		}
		buffer_free(&place);
		at += pair + ((*url)[at + pair] == '&');
	}
	return status;
}

static enum status hide_query(char **url, const char *path, struct secret_set *literal,
                              struct error *error)
{
	size_t at = *url ? strcspn(*url, "?") : 0;

	if (!*url || (*url)[at] == '\0')
		return STATUS_OK;
	return spec_hide_pairs(url, at + 1, path, literal, error);
}

enum status spec_hide_literals(struct spec *spec, struct secret_set *literal, struct error *error)
{
	enum status status;

	status = hide_members(spec->request.headers, spec->request.header_count, "request.headers",
	                      literal, error);
	if (status == STATUS_OK)
		status = hide_members(spec->request.query, spec->request.query_count, "request.query",
		                      literal, error);
	if (status == STATUS_OK)
		status = hide_members(spec->request.form, spec->request.form_count, "request.form",
		                      literal, error);
	if (status == STATUS_OK)
		status = hide_query(&spec->request.url, "request.url", literal, error);
	if (status == STATUS_OK)
		status = hide_query(&spec->verify_url, "verify.url", literal, error);
	if (status == STATUS_OK)
		status = hide_user(&spec->verify_url, "verify.url", literal, error);
	if (status == STATUS_OK)
		status = hide_user(&spec->request.url, "request.url", literal, error);
	if (status == STATUS_OK)
		status = hide_user(&spec->request.proxy, "request.proxy", literal, error);
	if (status == STATUS_OK)
		status = spec_hide_body(spec, literal, error);
	return status;
}
