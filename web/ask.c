/* Questions: the query and the JSON body of a call, read exactly (no number
 * passes through a double). */
#include <stdlib.h>
#include <string.h>

#include "web/handlers.h"

const char *ask_text(const struct call *call, const char *name)
{
	const struct route_request *request = call->request;

	return request->query != NULL ? request->query(request->context, name) : NULL;
}

static bool word_among(const char *words, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = words; length > 0 && (at = strstr(at, name)) != NULL; at += length)
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

bool ask_only(struct call *call, const char *known)
{
	const struct route_request *request = call->request;
	const char *name;

	if (request->query == NULL)
		return true;
	for (int i = 0; (name = request->query_name(request->context, i)) != NULL; i++) {
		if (!word_among(known, name)) {
			reply_problem(call, 400, "query: '%.100s' is unknown here%s%s", name,
			              known[0] != '\0' ? "; known are: " : "", known);
			return false;
		}
		for (int j = 0; j < i; j++) {
			if (strcmp(request->query_name(request->context, j), name) == 0) {
				reply_problem(call, 400, "query: '%.100s' stands twice", name);
				return false;
			}
		}
	}
	return true;
}

bool number_parse(const char *text, size_t length, int64_t *out)
{
	int64_t value = 0;

	if (length == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		int digit = text[i] - '0';

		if (digit < 0 || digit > 9 || value > (INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

bool ask_number(struct call *call, const char *name, int64_t min, int64_t max, int64_t fallback,
                int64_t *out)
{
	const char *text = ask_text(call, name);
	int64_t value = fallback;

	if (text != NULL
	    && (!number_parse(text, strlen(text), &value) || value < min || value > max)) {
		reply_problem(call, 400, "%s: a whole number from %lld to %lld, not '%s'", name,
		              (long long)min, (long long)max, text);
		return false;
	}
	*out = value;
	return true;
}

bool ask_flag(struct call *call, const char *name, bool fallback, bool *out)
{
	const char *text = ask_text(call, name);

	if (text == NULL) {
		*out = fallback;
	} else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
		*out = text[0] == 't';
	} else {
		reply_problem(call, 400, "%s: true or false, not '%s'", name, text);
		return false;
	}
	return true;
}

bool ask_choice(struct call *call, const char *parameter, const char *const *names, size_t count,
                const char *said, size_t *choice)
{
	const char *asked = ask_text(call, parameter);

	*choice = 0;
	if (asked == NULL)
		return true;
	for (; *choice < count; ++*choice)
		if (strcmp(asked, names[*choice]) == 0)
			return true;
	reply_problem(call, 400, "%s: %s, not '%s'", parameter, said, asked);
	return false;
}

bool ask_format(struct call *call, const char *text, enum items_format *format)
{
	static const char *const names[] = {
		[FORMAT_AUTO] = "auto", [FORMAT_CSV] = "csv",     [FORMAT_NDJSON] = "ndjson",
		[FORMAT_JSON] = "json", [FORMAT_LINES] = "lines",
	};

	*format = FORMAT_AUTO;
	if (text == NULL)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*format = (enum items_format)i;
			return true;
		}
	}
	reply_problem(call, 400, "format: csv, ndjson, json, lines or auto, not '%s'", text);
	return false;
}

/* ---- body --------------------------------------------------------------- */

static bool name_known(struct json_span name, const char *const *known)
{
	for (; *known != NULL; known++) {
		if (json_string_equals(name, *known, strlen(*known)))
			return true;
	}
	return false;
}

bool ask_body(struct call *call, const char *const *known, struct json_span *object)
{
	const struct route_request *request = call->request;
	struct json_fault fault = {0};
	struct json_span name, value;
	struct json_cursor cursor;

	if (request->body_length == 0) {
		*object = (struct json_span){"{}", 2};
		return true;
	}
	if (!json_trim(request->body, request->body_length, object, &fault)) {
		reply_problem(call, 400, "the body is not JSON: byte %zu: %s", fault.offset,
		              fault.reason);
		return false;
	}
	if (json_type(*object) != JSON_OBJECT) {
		reply_problem(call, 400, "the body: a JSON object is asked for");
		return false;
	}
	cursor = json_walk(*object);
	while (json_next(&cursor, &name, &value)) {
		if (!name_known(name, known)) {
			reply_problem(call, 400, "%.*s: unknown here",
			              name.length > 100 ? 100 : (int)name.length, name.at);
			return false;
		}
	}
	return true;
}

bool ask_member_flag(struct call *call, struct json_span object, const char *name, bool *out)
{
	struct json_span value;
	enum json_type type;

	if (!json_member(object, name, strlen(name), &value))
		return true;
	type = json_type(value);
	if (type != JSON_TRUE && type != JSON_FALSE) {
		reply_problem(call, 400, "%s: true or false", name);
		return false;
	}
	*out = type == JSON_TRUE;
	return true;
}

bool ask_member_text(struct call *call, struct json_span object, const char *name, char **out)
{
	struct buffer text = {0};
	struct json_span value;

	if (!json_member(object, name, strlen(name), &value))
		return true;
	if (json_type(value) != JSON_STRING) {
		reply_problem(call, 400, "%s: a text", name);
		return false;
	}
	json_string_decode(value, &text);
	if (text.failed || (text.length > 0 && memchr(text.data, '\0', text.length) != NULL)) {
		reply_problem(call, 400, "%s: a text without \\u0000", name);
		buffer_free(&text);
		return false;
	}
	*out = buffer_take(&text);
	return true;
}

bool ask_member_number(struct call *call, struct json_span object, const char *name, int64_t min,
                       int64_t max, int64_t *out)
{
	struct json_span value;
	int64_t number;

	if (!json_member(object, name, strlen(name), &value))
		return true;
	if (!number_parse(value.at, value.length, &number) || number < min || number > max) {
		reply_problem(call, 400, "%s: a whole number from %lld to %lld", name,
		              (long long)min, (long long)max);
		return false;
	}
	*out = number;
	return true;
}
