/* What is said about responses: rules, ok_if, extract. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/condition.h"
#include "engine/request/jsonpath.h"
#include "engine/request/spec_internal.h"

void name_values_free(struct name_value *list, int count)
{
	for (int i = 0; i < count; i++) {
		free(list[i].name);
		free(list[i].value);
	}
	free(list);
}

static int member_count(struct json_span value)
{
	struct json_cursor cursor = json_walk(value);
	struct json_span name, member;
	int count = 0;

	while (json_next(&cursor, &name, &member))
		count++;
	return count;
}

enum status spec_read_map(struct json_span root, const char *path, struct name_value **list,
                          int *count, struct error *error)
{
	struct json_span map, name, value;
	struct json_cursor cursor;
	enum status status = STATUS_OK;

	if (!spec_find(root, path, &map) || member_count(map) == 0)
		return STATUS_OK;
	*list = calloc((size_t)member_count(map), sizeof(**list));
	if (!*list)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	cursor = json_walk(map);
	while (status == STATUS_OK && json_next(&cursor, &name, &value)) {
		struct name_value *member = &(*list)[(*count)++];
		char place[SPEC_PATH_MAX];

		status = spec_text_of(name, path, &member->name, error);
		if (status != STATUS_OK)
			break;
		snprintf(place, sizeof(place), "%s.%s", path, member->name);
		status = spec_text_of(value, place, &member->value, error);
	}
	return status;
}

static enum status check_path(struct jsonpath *jsonpath, const char *path, const char *place,
                              struct error *error)
{
	if (path && !jsonpath_check(jsonpath, path))
		return error_set(error, STATUS_USAGE, "%s: '%.80s' is not a JSON path such as $.data.id",
		                 place, path);
	return STATUS_OK;
}

static enum status read_condition(const char *text, const char *place,
                                  struct condition **condition, struct error *error)
{
	enum status status = condition_compile(text, condition, error);

	return status == STATUS_OK ? status : error_prefix(error, "%s", place);
}

static enum status read_rule(struct spec_rule *rule, struct json_span value, int index,
                             struct jsonpath *jsonpath, struct error *error)
{
	char place[SPEC_PATH_MAX], *then = NULL;
	enum status status;

#define PLACE(key) (snprintf(place, sizeof(place), "rules[%d].%s", index, key), place)
	status = spec_text(value, "if", &rule->text, error);
	if (status == STATUS_OK && !rule->text)
		return error_set(error, STATUS_USAGE, "%s: is missing", PLACE("if"));
	if (status == STATUS_OK)
		status = read_condition(rule->text, PLACE("if"), &rule->condition, error);
	if (status == STATUS_OK)
		status = spec_text(value, "then", &then, error);
	if (status == STATUS_OK &&
	    (!then || !decision_parse(then, &rule->then) || rule->then == DECISION_NONE))
		status = error_set(error, STATUS_USAGE,
		                   "%s: must be done, retry, throttle, fail, skip, unknown or pause",
		                   PLACE("then"));
	free(then);
	if (status == STATUS_OK)
		status = spec_text(value, "code", &rule->code, error);
	if (status == STATUS_OK)
		status = check_path(jsonpath, rule->code, PLACE("code"), error);
	if (status == STATUS_OK)
		status = spec_text(value, "message", &rule->message, error);
	if (status == STATUS_OK)
		status = check_path(jsonpath, rule->message, PLACE("message"), error);
#undef PLACE
	return status;
}

static enum status read_rules(struct spec *spec, struct json_span root, struct jsonpath *jsonpath,
                              struct error *error)
{
	struct json_span list, name, value;
	struct json_cursor cursor;
	enum status status = STATUS_OK;

	if (!spec_find(root, "rules", &list) || member_count(list) == 0)
		return STATUS_OK;
	spec->rules = calloc((size_t)member_count(list), sizeof(*spec->rules));
	if (!spec->rules)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	cursor = json_walk(list);
	while (status == STATUS_OK && json_next(&cursor, &name, &value)) {
		int index = spec->rule_count++;

		status = read_rule(&spec->rules[index], value, index, jsonpath, error);
	}
	return status;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name_value *)a)->name, ((const struct name_value *)b)->name);
}

static enum status read_extract(struct spec *spec, struct json_span root,
                                struct jsonpath *jsonpath, struct error *error)
{
	enum status status;

	status = spec_read_map(root, "extract", &spec->extract, &spec->extract_count, error);
	for (int i = 0; status == STATUS_OK && i < spec->extract_count; i++) {
		char place[SPEC_PATH_MAX];

		snprintf(place, sizeof(place), "extract.%s", spec->extract[i].name);
		if (spec->extract[i].name[0] == '\0')
			return error_set(error, STATUS_USAGE, "extract: a name is empty");
		status = check_path(jsonpath, spec->extract[i].value, place, error);
	}
	if (status == STATUS_OK && spec->extract_count > 0)
		qsort(spec->extract, (size_t)spec->extract_count, sizeof(*spec->extract), by_name);
	return status;
}

enum status spec_read_rules(struct spec *spec, struct json_span root, struct error *error)
{
	struct jsonpath *jsonpath = jsonpath_new();
	enum status status;

	if (!jsonpath)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	status = spec_text(root, "ok_if", &spec->ok_if_text, error);
	if (status == STATUS_OK && spec->ok_if_text)
		status = read_condition(spec->ok_if_text, "ok_if", &spec->ok_if, error);
	if (status == STATUS_OK)
		status = read_rules(spec, root, jsonpath, error);
	if (status == STATUS_OK)
		status = read_extract(spec, root, jsonpath, error);
	jsonpath_free(jsonpath);
	spec->reads_body = spec->extract_count > 0 || (spec->ok_if && condition_reads_body(spec->ok_if));
	for (int i = 0; status == STATUS_OK && i < spec->rule_count; i++) {
		const struct spec_rule *rule = &spec->rules[i];

		spec->reads_body |= rule->code || rule->message || condition_reads_body(rule->condition);
	}
	return status;
}
