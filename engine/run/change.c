#include "engine/run/change.h"

#include <string.h>

#define OWN_PREFIX "\"sluice_"

/* By the quoted name, however it is escaped. */
static bool find(struct json_span object, struct json_span name, struct json_span *value)
{
	struct buffer plain = {0};
	bool found;

	json_string_decode(name, &plain);
	found = !plain.failed &&
	        json_member(object, plain.data != NULL ? plain.data : "", plain.length, value);
	buffer_free(&plain);
	return found;
}

static void put_value(struct buffer *out, const char *name, const struct json_span *value)
{
	buffer_printf(out, ",\"%s\":", name);
	if (value != NULL)
		change_compact(*value, out);
	else
		buffer_text(out, "null");
}

static void put_change(struct buffer *out, int number, struct json_span name,
                       const struct json_span *before, const struct json_span *after)
{
	buffer_text(out, number > 0 ? ",{\"field\":" : "{\"field\":");
	buffer_append(out, name.at, name.length);
	put_value(out, "before", before);
	put_value(out, "after", after);
	buffer_char(out, '}');
}

static bool same(struct json_span a, struct json_span b)
{
	struct buffer left = {0}, right = {0};
	bool equal;

	change_compact(a, &left);
	change_compact(b, &right);
	equal = !left.failed && !right.failed && left.length == right.length &&
	        memcmp(left.data, right.data, left.length) == 0;
	buffer_free(&left);
	buffer_free(&right);
	return equal;
}

int change_list(struct json_span before, struct json_span after, struct buffer *out)
{
	struct json_cursor cursor = json_walk(before);
	struct json_span name, value, other;
	int count = 0;

	buffer_char(out, '[');
	while (json_next(&cursor, &name, &value)) {
		bool there = find(after, name, &other);

		if (!there || !same(value, other))
			put_change(out, count++, name, &value, there ? &other : NULL);
	}
	for (cursor = json_walk(after); json_next(&cursor, &name, &value);)
		if (!find(before, name, &other))
			put_change(out, count++, name, NULL, &value);
	buffer_char(out, ']');
	return count;
}

static void put_member(struct buffer *out, struct json_span name, struct json_span value)
{
	if (out->length > 0 && out->data[out->length - 1] != '{')
		buffer_char(out, ',');
	buffer_append(out, name.at, name.length);
	buffer_char(out, ':');
	change_compact(value, out);
}

static bool is_ours(struct json_span name)
{
	return name.length > strlen(OWN_PREFIX) &&
	       memcmp(name.at, OWN_PREFIX, strlen(OWN_PREFIX)) == 0;
}

void change_merge(struct json_span input, struct json_span row, struct buffer *out)
{
	struct json_cursor cursor = json_walk(input);
	struct json_span name, value, other;

	buffer_char(out, '{');
	while (json_next(&cursor, &name, &value))
		put_member(out, name, find(row, name, &other) ? other : value);
	for (cursor = json_walk(row); json_next(&cursor, &name, &value);)
		if (!is_ours(name) && !find(input, name, &other))
			put_member(out, name, value);
	buffer_char(out, '}');
}

/* Could both be a field's value, before and after? */
static bool same_kind(struct json_span value, struct json_span other)
{
	enum json_type a = json_type(value), b = json_type(other);
	const bool flags = (a == JSON_TRUE || a == JSON_FALSE) && (b == JSON_TRUE || b == JSON_FALSE);

	return flags || (a == b && a != JSON_STRING && a != JSON_NULL);
}

/* What a field becomes whose value was `before` and whose cell says `cell`, a JSON string;
 * `text` holds it decoded while the answer is used. */
static struct json_span of_cell(struct json_span before, struct json_span cell,
                                struct buffer *text)
{
	const enum json_type type = json_type(before);
	struct json_span plain, exact;

	json_string_decode(cell, text);
	if (text->failed || type == JSON_STRING)
		return cell;
	plain = (struct json_span){text->data != NULL ? text->data : "", text->length};
	if (type == JSON_NULL)
		return plain.length == 0 ? before : cell;
	if (plain.length == before.length && memcmp(plain.at, before.at, plain.length) == 0)
		return before;
	return json_trim(plain.at, plain.length, &exact, NULL) && same_kind(before, exact) ? exact
	                                                                                   : cell;
}

void change_merge_cells(struct json_span input, struct json_span row, struct buffer *out)
{
	struct json_cursor cursor = json_walk(input);
	struct json_span name, value, cell;
	struct buffer text = {0};

	buffer_char(out, '{');
	while (json_next(&cursor, &name, &value)) {
		buffer_reset(&text, 65536);
		put_member(out, name, find(row, name, &cell) ? of_cell(value, cell, &text) : value);
	}
	for (cursor = json_walk(row); json_next(&cursor, &name, &cell);)
		if (!is_ours(name) && cell.length > strlen("\"\"") && !find(input, name, &value))
			put_member(out, name, cell);
	buffer_char(out, '}');
	out->failed = out->failed || text.failed;
	buffer_free(&text);
}

void change_compact(struct json_span value, struct buffer *out)
{
	size_t begun = 0;
	bool quoted = false;

	for (size_t i = 0; i < value.length; i++) {
		char c = value.at[i];

		if (quoted && c == '\\') {
			i++; /* what it escapes */
		} else if (c == '"') {
			quoted = !quoted;
		} else if (!quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
			buffer_append(out, value.at + begun, i - begun);
			begun = i + 1;
		}
	}
	buffer_append(out, value.at + begun, value.length - begun);
}
