/* Any bytes as JSON: what json_check accepts can be walked, lies inside its
 * container, is accepted again piece by piece, and its strings decode to UTF-8. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"
#include "engine/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct json_span outer, struct json_span inner)
{
	assert(inner.at >= outer.at && inner.at + inner.length <= outer.at + outer.length);
}

static void decode(struct json_span string)
{
	struct buffer plain = {0};

	json_string_decode(string, &plain);
	assert(plain.length <= string.length * 3);
	assert(utf8_check(plain.data ? plain.data : "", plain.length, NULL));
	assert(json_string_equals(string, plain.data ? plain.data : "", plain.length));
	buffer_free(&plain);
}

static void walk(struct json_span value, int depth)
{
	struct json_cursor cursor;
	struct json_span name, member;

	assert(depth <= JSON_DEPTH_MAX);
	if (json_type(value) == JSON_STRING)
		decode(value);
	if (json_type(value) == JSON_NUMBER)
		assert(json_number_compare(value, value) == 0);
	if (json_type(value) != JSON_OBJECT && json_type(value) != JSON_ARRAY)
		return;
	cursor = json_walk(value);
	while (json_next(&cursor, &name, &member)) {
		inside(value, member);
		assert(json_type(member) != JSON_NONE);
		if (json_type(value) == JSON_OBJECT) {
			inside(value, name);
			assert(json_type(name) == JSON_STRING);
			decode(name);
		}
		walk(member, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly this size, so that reading past it is seen. */
	char *text = malloc(size ? size : 1);
	struct json_span value;
	struct json_fault fault;

	if (!text)
		return 0;
	memcpy(text, data, size);
	if (json_trim(text, size, &value, &fault)) {
		assert(json_check(text, size, NULL));
		assert(json_check(value.at, value.length, NULL));
		walk(value, 0);
	} else {
		assert(fault.offset <= size && fault.reason);
		assert(!json_check(text, size, NULL));
	}
	free(text);
	return 0;
}
