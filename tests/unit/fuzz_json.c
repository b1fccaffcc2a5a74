/* Any bytes: what the check accepts can be walked, decoded, written again and
 * compared without reading outside it, and the walk sees what was written. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of its own, so that the sanitizer sees both ends. */
static char *copy_of(const void *bytes, size_t length)
{
	char *copy = calloc(length ? length : 1, 1);

	assert(copy);
	if (length)
		memcpy(copy, bytes, length);
	return copy;
}

static void check_string(struct json_span string)
{
	struct buffer plain = {0}, json = {0}, again = {0};

	json_string_decode(string, &plain);
	assert(utf8_check(plain.data ? plain.data : "", plain.length, NULL));
	assert(json_string_equals(string, plain.data ? plain.data : "", plain.length));
	buffer_json(&json, plain.data ? plain.data : "", plain.length);
	assert(json_check(json.data, json.length, NULL));
	json_string_decode((struct json_span){json.data, json.length}, &again);
	assert(again.length == plain.length);
	assert(again.length == 0 || memcmp(again.data, plain.data, again.length) == 0);
	buffer_free(&plain);
	buffer_free(&json);
	buffer_free(&again);
}

/* `previous`: the last number seen, to compare with. */
static void check_value(struct json_span value, int depth, struct json_span *previous)
{
	struct json_cursor cursor = json_walk(value);
	struct json_span name, member, first;

	assert(depth <= JSON_DEPTH_MAX);
	assert(json_check(value.at, value.length, NULL));
	switch (json_type(value)) {
	case JSON_STRING:
		check_string(value);
		break;
	case JSON_NUMBER:
		assert(json_number_compare(value, value) == 0);
		if (previous->at)
			assert(json_number_compare(value, *previous) ==
			       -json_number_compare(*previous, value));
		*previous = value;
		break;
	case JSON_OBJECT:
	case JSON_ARRAY:
		while (json_next(&cursor, &name, &member)) {
			assert(member.at >= value.at && member.length <= value.length);
			if (json_type(value) == JSON_OBJECT) {
				struct buffer plain = {0};

				check_string(name);
				json_string_decode(name, &plain);
				assert(json_member(value, plain.data ? plain.data : "", plain.length, &first));
				assert(first.at <= member.at);
				buffer_free(&plain);
			}
			check_value(member, depth + 1, previous);
		}
		break;
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
		break;
	case JSON_NONE:
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = copy_of(data, size);
	struct json_fault fault = {SIZE_MAX, NULL};
	struct json_span value, previous = {NULL, 0};
	struct buffer json = {0};

	if (json_trim(text, size, &value, &fault)) {
		/* Deep or wide ones are quadratic here: each level is checked anew. */
		if (size < 4096)
			check_value(value, 0, &previous);
	} else {
		assert(fault.offset <= size && fault.reason);
	}
	buffer_json(&json, text, size);
	assert(json_check(json.data, json.length, NULL));
	buffer_free(&json);
	free(text);
	return 0;
}
