#include <inttypes.h>
#include <string.h>

#include "engine/intake/ingest_internal.h"

void row_check_free(struct row_check *check)
{
	rendered_free(&check->rendered);
	buffer_free(&check->key);
}

enum status row_check_columns(struct row_check *check, const struct reader *reader,
                              struct error *error)
{
	const char *key = check->options->key;
	struct buffer columns = { 0 };
	struct json_span name, column;
	struct json_cursor cursor;
	enum status status = STATUS_OK;
	bool found = false;

	if (check->columns_seen || key == NULL)
		return STATUS_OK;
	check->columns_seen = true;
	reader_columns(reader, &columns);
	if (columns.failed)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (columns.data[0] == '[') {
		cursor = json_walk((struct json_span){ columns.data, columns.length });
		while (!found && json_next(&cursor, &name, &column))
			found = json_string_equals(column, key, strlen(key));
		if (!found)
			status = error_set(error, STATUS_USAGE,
			                   "%s: no column '%s' for the key; there are: %s",
			                   check->options->name, key, columns.data);
	}
	buffer_free(&columns);
	return status;
}

static enum status key_bad(const struct row_check *check, const struct reader_row *row,
                           const char *why, struct error *error)
{
	return error_set(error, STATUS_USAGE, "%s: row %" PRId64 " (line %" PRId64 "), column '%s': %s",
	                 check->options->name, row->row, row->line, check->options->key, why);
}

/* The text of a JSON string, in place where it holds no escapes. */
static bool key_text(struct row_check *check, struct json_span value, struct json_span *key)
{
	if (json_type(value) == JSON_NUMBER) {
		*key = value;
		return true;
	}
	*key = (struct json_span){ value.at + 1, value.length - 2 };
	if (key->length == 0 || memchr(key->at, '\\', key->length) == NULL)
		return true;
	buffer_reset(&check->key, 0);
	json_string_decode(value, &check->key);
	*key = (struct json_span){ check->key.data, check->key.length };
	return !check->key.failed;
}

enum status row_check_key(struct row_check *check, const struct reader_row *row,
                          struct json_span *key, struct error *error)
{
	const char *name = check->options->key;
	struct json_span value, text;
	enum json_type type;

	if (name == NULL) {
		*key = (struct json_span){ NULL, 0 };
		return STATUS_OK;
	}
	if (!json_member(row->input, name, strlen(name), &value))
		return key_bad(check, row, "the key is missing", error);
	type = json_type(value);
	if (type != JSON_STRING && type != JSON_NUMBER)
		return key_bad(check, row, "the key is neither text nor a number", error);
	if (!key_text(check, value, &text))
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (text.length == 0)
		return key_bad(check, row, "the key is empty", error);
	if (text.length > INGEST_KEY_MAX)
		return key_bad(check, row, "the key is longer than 1024 bytes", error);
	if (memchr(text.at, '\0', text.length) != NULL)
		return key_bad(check, row, "the key holds a NUL", error);
	*key = text;
	return STATUS_OK;
}

enum status row_check_render(struct row_check *check, const struct reader_row *row, int64_t seq,
                             struct error *error)
{
	const struct ingest_options *options = check->options;
	const char *field;
	enum status status;

	if (!check->render || options->plan == NULL || options->skip_bad_rows)
		return STATUS_OK;
	check->rendered.scratch.field = NULL;
	status = plan_check_item(options->plan, seq, row->input, &check->rendered, error);
	field = check->rendered.scratch.field;
	if (status == STATUS_USAGE && error != NULL)
		error_prefix(error, "%s: row %" PRId64 " (line %" PRId64 ")%s%.100s%s",
		             options->name, row->row, row->line, field != NULL ? ", column '" : "",
		             field != NULL ? field : "", field != NULL ? "'" : "");
	return status;
}
