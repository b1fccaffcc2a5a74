#include "engine/request/jsonc.h"

#include <string.h>

/* The check for names that stand twice takes quadratic time. */
#define MEMBERS_MAX 1000

static enum status fault_at(const char *text, size_t offset, const char *reason,
                            struct error *error)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			column++; /* in characters, as an editor counts */
		}
	}
	return error_set(error, STATUS_USAGE, "line %zu, column %zu: %s", line, column, reason);
}

/* Behind the comment that begins at `at`; 0: it does not end. */
static size_t comment_end(const char *text, size_t length, size_t at)
{
	const char *end;

	if (text[at + 1] == '/') {
		end = memchr(text + at, '\n', length - at);
		return end ? (size_t)(end - text) : length;
	}
	end = memmem(text + at + 2, length - at - 2, "*/", 2);
	return end ? (size_t)(end - text) + 2 : 0;
}

/* Blank out comments; 0: fine, else 1 + the offset of one without an end. */
static size_t blank_comments(char *text, size_t length)
{
	bool string = false;

	for (size_t i = 0; i < length; i++) {
		size_t end;

		if (string && text[i] == '\\') {
			i++;
		} else if (text[i] == '"') {
			string = !string;
		} else if (!string && text[i] == '/' && i + 1 < length &&
		           (text[i + 1] == '/' || text[i + 1] == '*')) {
			end = comment_end(text, length, i);
			if (end == 0)
				return i + 1;
			for (; i < end; i++) {
				if (text[i] != '\n')
					text[i] = ' ';
			}
			i--;
		}
	}
	return 0;
}

/* A better word for what is most often wrong, else the checker's own. */
static const char *reason_at(const char *text, size_t length, const struct json_fault *fault)
{
	size_t before = fault->offset;

	while (before > 0 && strchr(" \t\r\n", text[before - 1]))
		before--;
	if (fault->offset < length && strchr("}]", text[fault->offset]) && before > 0 &&
	    text[before - 1] == ',')
		return "a comma with nothing after it";
	if (fault->offset < length && text[fault->offset] == '\'')
		return "strings are written with \"";
	return fault->reason;
}

enum status jsonc_read(const char *text, size_t length, struct buffer *plain,
                       struct json_span *value, struct error *error)
{
	struct json_fault fault;
	size_t open;

	plain->length = 0;
	buffer_append(plain, text, length);
	if (plain->failed)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (length >= 3 && memcmp(plain->data, "\xef\xbb\xbf", 3) == 0)
		memset(plain->data, ' ', 3);
	open = blank_comments(plain->data, length);
	if (open > 0)
		return fault_at(text, open - 1, "a comment without its */", error);
	if (!json_trim(plain->data, length, value, &fault))
		return fault_at(text, fault.offset, reason_at(plain->data, length, &fault), error);
	return STATUS_OK;
}

/* ---- names that stand twice -------------------------------------------- */

static enum status check_object(struct json_span object, const char *path, struct buffer *scratch,
                                struct error *error)
{
	struct json_cursor cursor = json_walk(object);
	struct json_span name, value;
	int count = 0;

	while (json_next(&cursor, &name, &value)) {
		struct json_span first;

		if (++count > MEMBERS_MAX)
			return error_set(error, STATUS_USAGE, "%s: more than %d members", path, MEMBERS_MAX);
		scratch->length = 0;
		json_string_decode(name, scratch);
		if (scratch->failed)
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
		if (json_member(object, scratch->data ? scratch->data : "", scratch->length, &first) &&
		    first.at != value.at)
			return error_set(error, STATUS_USAGE, "%s%s'%.*s' stands twice", path,
			                 *path ? ": " : "", (int)(scratch->length < 80 ? scratch->length : 80),
			                 scratch->data ? scratch->data : "");
	}
	return STATUS_OK;
}

/* `path` is where we are, and memory for where we go. */
static enum status check_below(struct json_span value, const char *except, struct buffer *path,
                               struct buffer *scratch, struct error *error)
{
	struct json_cursor cursor = json_walk(value);
	enum status status = STATUS_OK;
	struct json_span name, member;
	size_t length = path->length;
	int index = 0;

	if (json_type(value) < JSON_ARRAY)
		return STATUS_OK;
	if (json_type(value) == JSON_OBJECT)
		status = check_object(value, path->data, scratch, error);
	while (status == STATUS_OK && json_next(&cursor, &name, &member)) {
		if (json_type(member) < JSON_ARRAY) {
			index++;
			continue;
		}
		if (cursor.object) {
			if (length > 0)
				buffer_char(path, '.');
			json_string_decode(name, path);
		} else {
			buffer_printf(path, "[%d]", index++);
		}
		if (path->failed)
			return error_set(error, STATUS_NO_MEMORY, "out of memory");
		if (!except || strcmp(path->data, except) != 0)
			status = check_below(member, except, path, scratch, error);
		path->length = length;
		path->data[length] = '\0';
	}
	return status;
}

enum status jsonc_check_names(struct json_span value, const char *except, struct error *error)
{
	struct buffer path = {0}, scratch = {0};
	enum status status;

	buffer_text(&path, "");
	status = path.failed ? error_set(error, STATUS_NO_MEMORY, "out of memory")
	                     : check_below(value, except, &path, &scratch, error);
	buffer_free(&path);
	buffer_free(&scratch);
	return status;
}

void jsonc_minify(struct json_span value, struct buffer *out)
{
	const char *at = value.at, *end = value.at + value.length;
	bool string = false;

	while (at < end) {
		const char *start = at;

		while (at < end && (string || !strchr(" \t\r\n", *at))) {
			if (string && *at == '\\')
				at++;
			else if (*at == '"')
				string = !string;
			at++;
		}
		buffer_append(out, start, (size_t)(at - start));
		while (at < end && strchr(" \t\r\n", *at))
			at++;
	}
}
