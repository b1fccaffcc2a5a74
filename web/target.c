#include "web/target.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"

static const char fault_memory[] = "out of memory";

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decode in place; '+' is a blank in a query only. */
static const char *decode(char *text, bool in_query)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		unsigned char byte = (unsigned char)*from;

		if (byte == '%') {
			int high = hex_digit(from[1]);
			int low = high < 0 ? -1 : hex_digit(from[2]);

			if (low < 0)
				return "a '%' that is no escape";
			byte = (unsigned char)(high * 16 + low);
			from += 2;
			if (byte == '/' && !in_query)
				return "an encoded '/' in the path";
			if (byte == '\0')
				return "an encoded NUL";
			if (!in_query && (byte < ' ' || byte == 0x7f))
				return "a control character in the path";
		} else if (byte == '+' && in_query) {
			byte = ' ';
		}
		*to++ = (char)byte;
	}
	*to = '\0';
	return utf8_check(text, (size_t)(to - text), NULL) ? NULL : "not UTF-8";
}

static bool dot_segments(const char *path)
{
	while (*path == '/') {
		size_t length = strcspn(++path, "/");

		if ((length == 1 || length == 2) && strspn(path, ".") >= length)
			return true;
		path += length;
	}
	return false;
}

static const char *query_parse(char *query, struct target *target)
{
	char *rest = query, *pair;

	while ((pair = strsep(&rest, "&")) != NULL) {
		int n = target->parameter_count;
		char *value = pair;
		const char *fault;

		if (*pair == '\0')
			continue;
		if (n == TARGET_PARAMETERS_MAX)
			return "too many parameters";
		pair = strsep(&value, "=");
		if (value == NULL)
			value = pair + strlen(pair);
		fault = decode(pair, true);
		if (fault == NULL && *value != '\0')
			fault = decode(value, true);
		if (fault != NULL)
			return fault;
		target->parameters[n].name = pair;
		target->parameters[n].value = value;
		target->parameter_count++;
	}
	return NULL;
}

static const char *parse(char *text, struct target *target)
{
	const char *fault;
	char *query;

	if (*text != '/')
		return "the target does not begin with '/'";
	for (const char *at = text; *at != '\0'; at++) {
		if ((unsigned char)*at <= ' ' || *at == 0x7f || *at == '#')
			return "a character that does not belong into a target";
	}
	query = text;
	strsep(&query, "?");
	fault = decode(text, false);
	if (fault != NULL)
		return fault;
	if (dot_segments(text))
		return "\".\" or \"..\" in the path";
	target->path = text;
	return query != NULL ? query_parse(query, target) : NULL;
}

bool target_parse(const char *raw, struct target *target, const char **fault)
{
	memset(target, 0, sizeof(*target));
	target->memory = strdup(raw);
	*fault = target->memory != NULL ? parse(target->memory, target) : fault_memory;
	if (*fault != NULL)
		target_free(target);
	return *fault == NULL;
}

bool target_strip(struct target *target, const char *base)
{
	size_t length = strlen(base);
	char after;

	if (length == 0 || strncmp(target->path, base, length) != 0)
		return false;
	after = target->path[length];
	if (after != '/' && after != '\0')
		return false;
	target->path = after == '/' ? target->path + length : "/";
	return after == '\0';
}

void target_free(struct target *target)
{
	free(target->memory);
	memset(target, 0, sizeof(*target));
}

const char *target_query(void *context, const char *name)
{
	const struct target *target = context;

	for (int i = 0; i < target->parameter_count; i++) {
		if (strcmp(target->parameters[i].name, name) == 0)
			return target->parameters[i].value;
	}
	return NULL;
}

const char *target_query_name(void *context, int index)
{
	const struct target *target = context;

	return index < target->parameter_count ? target->parameters[index].name : NULL;
}
