/* The grammar inside {{ and }}. */
#include <string.h>

#include "engine/request/template_internal.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

void expression_free(struct expression *expression)
{
	buffer_free(&expression->name);
	buffer_free(&expression->fallback);
}

const char *expression_find(const char *at, const char *end, struct buffer *plain)
{
	while (at < end) {
		const char *brace = memchr(at, '{', (size_t)(end - at));
		const char *run = brace;

		if (!brace)
			break;
		while (run < end && *run == '{')
			run++;
		buffer_append(plain, at, (size_t)(brace - at));
		/* Fours are escapes; of what is left the last two open a field. */
		for (; run - brace >= 4; brace += 4)
			buffer_text(plain, "{{");
		at = run;
		if (run - brace >= 2) {
			buffer_append(plain, brace, (size_t)(run - brace) - 2);
			return at;
		}
		buffer_append(plain, brace, (size_t)(run - brace));
	}
	if (at < end)
		buffer_append(plain, at, (size_t)(end - at));
	return NULL;
}

/* The first byte after a JSON string that begins at `at`; NULL: it has no end. */
static const char *string_end(const char *at, const char *end)
{
	for (at++; at < end; at++) {
		if (*at == '\\')
			at++;
		else if (*at == '"')
			return at + 1;
	}
	return NULL;
}

/* The same for an object or array, by its brackets. */
static const char *container_end(const char *at, const char *end)
{
	int depth = 0;

	while (at < end) {
		if (*at == '"') {
			at = string_end(at, end);
			if (!at)
				return NULL;
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		else if ((*at == '}' || *at == ']') && --depth == 0)
			return at + 1;
		at++;
	}
	return NULL;
}

static bool closes(const char *at, const char *end)
{
	return end - at >= 2 && at[0] == '}' && at[1] == '}';
}

static const char *trim_end(const char *at, const char *stop)
{
	while (stop > at && is_blank(stop[-1]))
		stop--;
	return stop;
}

static enum status read_name(const char **cursor, const char *end, struct expression *expression,
                             struct error *error)
{
	const char *at = *cursor, *stop = at;
	struct json_span quoted;

	if (at < end && *at == '"') {
		stop = string_end(at, end);
		if (!stop || !json_trim(at, (size_t)(stop - at), &quoted, NULL))
			return error_set(error, STATUS_USAGE, "a quoted field name is not a JSON string");
		json_string_decode(quoted, &expression->name);
		*cursor = stop;
	} else {
		while (stop < end && *stop != ':' && *stop != '|' && !closes(stop, end))
			stop++;
		*cursor = stop;
		stop = trim_end(at, stop);
		buffer_append(&expression->name, at, (size_t)(stop - at));
	}
	if (expression->name.length == 0)
		return error_set(error, STATUS_USAGE, "a {{ }} holds no field name");
	if (memchr(expression->name.data, '\0', expression->name.length))
		return error_set(error, STATUS_USAGE, "a field name holds a NUL byte");
	return STATUS_OK;
}

static enum status read_mode(const char **cursor, const char *end, struct expression *expression,
                             struct error *error)
{
	static const char *const names[] = {
	    [MODE_RAW] = "raw", [MODE_URL] = "url", [MODE_JSON] = "json", [MODE_BASE64] = "base64",
	    [MODE_NUMBER] = "number"};
	const char *at = skip_blanks(*cursor + 1, end), *stop = at;

	while (stop < end && *stop != '|' && !closes(stop, end))
		stop++;
	*cursor = stop;
	stop = trim_end(at, stop);
	for (int mode = MODE_RAW; mode <= MODE_NUMBER; mode++) {
		if (strlen(names[mode]) == (size_t)(stop - at) &&
		    memcmp(names[mode], at, (size_t)(stop - at)) == 0) {
			expression->mode = (enum part_mode)mode;
			return STATUS_OK;
		}
	}
	return error_set(error, STATUS_USAGE,
	                 "unknown encoding ':%.*s' of field '%s' (known: raw, url, json, base64, number; "
	                 "a name that holds a ':' is written {{\"na:me\"}})",
	                 (int)(stop - at < 40 ? stop - at : 40), at, expression->name.data);
}

/* The default, from behind the '|' to the }}. */
static void read_fallback(const char **cursor, const char *end, struct expression *expression)
{
	const char *at = skip_blanks(*cursor + 1, end), *stop = NULL;
	bool json = expression->mode == MODE_JSON || expression->mode == MODE_NUMBER;
	struct json_span value;

	expression->has_fallback = true;
	if (at < end && *at == '"')
		stop = string_end(at, end);
	else if (at < end && json && (*at == '{' || *at == '['))
		stop = container_end(at, end);
	if (!stop || !closes(skip_blanks(stop, end), end) ||
	    !json_trim(at, (size_t)(stop - at), &value, NULL)) {
		/* Nothing that brings its own end. */
		stop = at;
		while (stop < end && !closes(stop, end))
			stop++;
		*cursor = stop;
		stop = trim_end(at, stop);
		expression->fallback_json = json && json_check(at, (size_t)(stop - at), NULL);
		buffer_append(&expression->fallback, at, (size_t)(stop - at));
		return;
	}
	if (json) {
		expression->fallback_json = true;
		buffer_append(&expression->fallback, at, (size_t)(stop - at));
	} else {
		json_string_decode(value, &expression->fallback);
	}
	*cursor = skip_blanks(stop, end);
}

static bool find_built_in(const char *name, enum part_source *source)
{
	static const struct {
		const char *name;
		enum part_source source;
	} built_ins[] = {
	    {"$item", PART_ITEM}, {"$seq", PART_SEQ},
	    {"$key", PART_KEY},   {"$idempotency_key", PART_IDEMPOTENCY_KEY},
	    {"$job", PART_JOB},
	};

	for (size_t i = 0; i < sizeof(built_ins) / sizeof(built_ins[0]); i++) {
		if (strcmp(built_ins[i].name, name) == 0) {
			*source = built_ins[i].source;
			return true;
		}
	}
	return false;
}

const char *expression_read(const char *at, const char *end, struct expression *expression,
                            struct error *error)
{
	bool quoted;

	at = skip_blanks(at, end);
	quoted = at < end && *at == '"';
	expression->source = PART_FIELD;
	expression->mode = MODE_PLACE;
	if (read_name(&at, end, expression, error) != STATUS_OK)
		return NULL;
	at = skip_blanks(at, end);
	if (at < end && *at == ':' && read_mode(&at, end, expression, error) != STATUS_OK)
		return NULL;
	if (at < end && *at == '|')
		read_fallback(&at, end, expression);
	if (!closes(at, end)) {
		error_set(error, STATUS_USAGE, "{{%.40s has no closing }} (a literal {{ is written {{{{)",
		          expression->name.data);
		return NULL;
	}
	if (!quoted && *expression->name.data == '$' &&
	    !find_built_in(expression->name.data, &expression->source)) {
		error_set(error, STATUS_USAGE, "unknown built-in {{%.40s}}", expression->name.data);
		return NULL;
	}
	return at + 2;
}
