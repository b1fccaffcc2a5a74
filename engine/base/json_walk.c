#include "engine/base/json.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

enum json_type json_type(struct json_span value)
{
	if (value.length == 0)
		return JSON_NONE;
	switch (*value.at) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
		return JSON_TRUE;
	case 'f':
		return JSON_FALSE;
	case 'n':
		return JSON_NULL;
	default:
		return *value.at == '-' || (*value.at >= '0' && *value.at <= '9') ? JSON_NUMBER : JSON_NONE;
	}
}

/* The walk may rely on the grammar, but never reads at `end`. */

static const char *skip_string(const char *at, const char *end)
{
	at++;
	while (at < end) {
		if (*at == '"')
			return at + 1;
		at += *at == '\\' ? 2 : 1;
	}
	return end;
}

static const char *skip_container(const char *at, const char *end)
{
	size_t depth = 0;

	while (at < end) {
		switch (*at) {
		case '"':
			at = skip_string(at, end);
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (--depth == 0)
				return at + 1;
			break;
		default:
			break;
		}
		at++;
	}
	return end;
}

static const char *skip_value(const char *at, const char *end)
{
	if (at == end)
		return end;
	if (*at == '"')
		return skip_string(at, end);
	if (*at == '{' || *at == '[')
		return skip_container(at, end);
	while (at < end && !is_blank(*at) && *at != ',' && *at != '}' && *at != ']')
		at++;
	return at;
}

struct json_cursor json_walk(struct json_span container)
{
	enum json_type type = json_type(container);
	struct json_cursor cursor = {container.at, container.at, type == JSON_OBJECT};

	if ((type == JSON_OBJECT || type == JSON_ARRAY) && container.length >= 2) {
		cursor.at = container.at + 1;
		cursor.end = container.at + container.length - 1;
	}
	return cursor;
}

bool json_next(struct json_cursor *cursor, struct json_span *name, struct json_span *value)
{
	const char *at = skip_blanks(cursor->at, cursor->end);
	const char *start = at;

	if (at == cursor->end)
		return false;
	*name = (struct json_span){at, 0};
	if (cursor->object) {
		at = skip_value(at, cursor->end);
		name->length = (size_t)(at - start);
		at = skip_blanks(at, cursor->end);
		if (at < cursor->end)
			at++; /* the colon */
		at = skip_blanks(at, cursor->end);
		start = at;
	}
	at = skip_value(at, cursor->end);
	*value = (struct json_span){start, (size_t)(at - start)};
	at = skip_blanks(at, cursor->end);
	cursor->at = at < cursor->end ? at + 1 : at; /* the comma */
	return true;
}

bool json_member(struct json_span object, const char *name, size_t name_length,
                 struct json_span *value)
{
	struct json_cursor cursor = json_walk(object);
	struct json_span member, found;

	if (!cursor.object)
		return false;
	while (json_next(&cursor, &member, &found)) {
		if (json_string_equals(member, name, name_length)) {
			*value = found;
			return true;
		}
	}
	return false;
}
