/* Literal credentials in a request's body.  A body's members are data, and their
 * names say less than a header's: a "key" may be any key, so its value has to
 * look like a credential, too. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/base/json.h"
#include "engine/request/secret_reference.h"
#include "engine/request/spec_internal.h"

#define CREDENTIAL_LENGTH_MIN 16

/* Whatever it is called: what the big services' keys and tokens begin with. */
static bool is_well_known(const char *value, size_t length)
{
	static const char *const beginnings[] = {
	    "Bearer ", "Basic ", "sk-", "sk_live_", "sk_test_", "rk_live_", "ghp_", "gho_", "ghs_",
	    "github_pat_", "glpat-", "xoxb-", "xoxp-", "AKIA", "AIza", "eyJhbGci", "-----BEGIN ",
	};

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		size_t beginning = strlen(beginnings[i]);

		if (length >= CREDENTIAL_LENGTH_MIN && length > beginning &&
		    memcmp(value, beginnings[i], beginning) == 0 &&
		    (beginnings[i][0] == '-' || !memchr(value + beginning, ' ', length - beginning)))
			return true;
	}
	return false;
}

static bool looks_random(const char *value, size_t length)
{
	bool letter = false, digit = false;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c <= ' ' || c >= 0x7f)
			return false;
		letter |= isalpha(c) != 0;
		digit |= isdigit(c) != 0;
	}
	return letter && digit && length >= CREDENTIAL_LENGTH_MIN;
}

static bool is_plain_name(const char *name)
{
	static const char *const plain[] = {"password", "passwd", "passphrase", "secret", "credential",
	                                    "authorization", "apikey", "api_key", "api-key", "accesskey",
	                                    "access_key", "access-key", "privatekey", "private_key",
	                                    "private-key", "token"};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcasestr(name, plain[i]))
			return true;
	}
	return false;
}

static bool is_credential(const char *name, const char *value, size_t length)
{
	if (memchr(value, '\0', length) || !spec_is_literal(value, length))
		return false;
	return is_well_known(value, length) ||
	       (secret_name(name) && (is_plain_name(name) || looks_random(value, length)));
}

/* What is being looked for, and found. */
struct search {
	struct buffer path, name, value;
	struct json_span found; /* with its quotes */
};

static bool find_in(struct search *search, struct json_span value);

/* A reference stands inside a JSON string, and ends with a brace. */
static void make_plain(char *name)
{
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && !strchr("-_.[]", *name))
			*name = '_';
	}
}

static bool find_among(struct search *search, struct json_span container)
{
	struct json_cursor cursor = json_walk(container);
	struct json_span name, value;
	size_t length = search->path.length;

	for (int index = 0; json_next(&cursor, &name, &value); index++) {
		if (json_type(container) == JSON_OBJECT) {
			search->name.length = 0;
			json_string_decode(name, &search->name);
			buffer_printf(&search->path, ".%.100s",
			              search->name.data ? search->name.data : "");
		} else {
			buffer_printf(&search->path, "[%d]", index);
		}
		if (!search->path.failed)
			make_plain(search->path.data + length + 1);
		if (find_in(search, value))
			return true;
		if (search->path.failed)
			return false;
		search->path.length = length;
		search->path.data[length] = '\0';
	}
	return false;
}

/* As deep as the JSON, which was checked for that. */
static bool find_in(struct search *search, struct json_span value)
{
	enum json_type type = json_type(value);

	if (type == JSON_OBJECT || type == JSON_ARRAY)
		return find_among(search, value);
	if (type != JSON_STRING)
		return false;
	search->value.length = 0;
	json_string_decode(value, &search->value);
	if (search->value.failed || search->value.length == 0 ||
	    !is_credential(search->name.data ? search->name.data : "", search->value.data,
	                   search->value.length))
		return false;
	search->found = value;
	return true;
}

/* One after the other, each time from the start: the text moves.  In a text
 * body the bytes between the quotes are the value, for they are sent as they are. */
static enum status hide_json(char **text, const char *path, bool decoded,
                             struct secret_set *literal, struct error *error)
{
	enum status status = STATUS_OK;
	bool more = true;

	while (status == STATUS_OK && more) {
		struct search search = {0};
		struct json_span root;

		buffer_text(&search.path, path);
		more = json_trim(*text, strlen(*text), &root, NULL) && find_in(&search, root);
		if (search.path.failed || search.name.failed || search.value.failed)
			status = error_set(error, STATUS_NO_MEMORY, "out of memory");
		while (more && status == STATUS_OK && !search.path.failed && strstr(*text, search.path.data))
			buffer_char(&search.path, '+'); /* the same name again */
		if (more && status == STATUS_OK)
			status = search.path.failed
			             ? error_set(error, STATUS_NO_MEMORY, "out of memory")
			             : spec_hide_part(text, (size_t)(search.found.at + 1 - *text),
			                              search.found.length - 2, search.path.data,
			                              decoded ? search.value.data : NULL, literal, error);
		buffer_free(&search.path);
		buffer_free(&search.name);
		secret_buffer_free(&search.value);
	}
	return status;
}

enum status spec_hide_body(struct spec *spec, struct secret_set *literal, struct error *error)
{
	char **text = &spec->request.body;
	struct json_span root;
	enum status status = STATUS_OK;

	if (!*text)
		return STATUS_OK;
	if (spec->request.body_kind == BODY_JSON)
		status = hide_json(text, "request.json", true, literal, error);
	else if (spec->request.body_kind == BODY_TEXT && json_trim(*text, strlen(*text), &root, NULL))
		status = hide_json(text, "request.body", false, literal, error);
	else if (spec->request.body_kind == BODY_TEXT && strchr(*text, '=') && !strpbrk(*text, " \t\r\n<"))
		status = spec_hide_pairs(text, 0, "request.body", literal, error);
	spec->request.body_length = strlen(*text);
	return status;
}
