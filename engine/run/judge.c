#include "engine/run/judge.h"

#include <stdio.h>
#include <string.h>

static void value_text(const struct buffer *json, char *out, size_t size)
{
	struct json_span span = {json->data, json->length};
	struct buffer text = {0};

	if (json_type(span) == JSON_STRING)
		json_string_decode(span, &text);
	else
		buffer_append(&text, span.at, span.length);
	snprintf(out, size, "%s", text.data != NULL ? text.data : "");
	/* snprintf may have cut inside a character. */
	for (size_t bad; !utf8_check(out, strlen(out), &bad);)
		out[bad] = '\0';
	buffer_free(&text);
}

bool judge_text(const struct judge *judge, const struct response_view *response, const char *path,
                char *out, size_t size)
{
	if (path == NULL)
		return false;
	buffer_reset(judge->scratch, 65536);
	if (!jsonpath_get(judge->jsonpath, response->body, response->body_length, path,
	                  judge->scratch))
		return false;
	value_text(judge->scratch, out, size);
	return true;
}

const struct spec_rule *judge_rules(const struct judge *judge, const struct spec *spec,
                                    const struct response_view *response,
                                    enum decision *decision, const char **class_name)
{
	for (int i = 0; i < spec->rule_count; i++) {
		const struct spec_rule *rule = &spec->rules[i];

		if (!condition_holds(rule->condition, response, judge->jsonpath))
			continue;
		*class_name = "rule";
		*decision = rule->then;
		return rule;
	}
	*decision = DECISION_NONE;
	if (spec->ok_if == NULL)
		return NULL;
	if (condition_holds(spec->ok_if, response, judge->jsonpath)) {
		*decision = DECISION_DONE;
	} else if (response->status >= 200 && response->status < 300) {
		*class_name = "ok_if";
		*decision = DECISION_FAIL;
	}
	return NULL;
}

bool judge_needs_rest(const struct judge *judge, const struct spec *spec,
                      const struct response_view *response)
{
	for (int i = 0; i < spec->rule_count; i++) {
		const struct spec_rule *rule = &spec->rules[i];

		if (condition_reads_body(rule->condition))
			return true;
		if (condition_holds(rule->condition, response, judge->jsonpath))
			return false;
	}
	return spec->ok_if != NULL && condition_reads_body(spec->ok_if);
}
