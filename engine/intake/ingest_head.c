/* Digests of a stream's beginning, at a few lengths: they tell early whether
 * another stream begins alike, when only its first bytes are there. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/intake/ingest_internal.h"

static uint64_t step_bytes(int step)
{
	return (uint64_t)HEAD_BYTES_MIN << (2 * step);
}

bool head_begin(struct head *head)
{
	head->digest = digest_new();
	return head->digest != NULL;
}

void head_free(struct head *head)
{
	digest_free(head->digest);
	head->digest = NULL;
}

void head_add(struct head *head, const char *bytes, size_t length)
{
	while (length > 0 && head->steps < HEAD_STEPS) {
		uint64_t left = step_bytes(head->steps) - head->bytes;
		size_t part = length < left ? length : (size_t)left;

		digest_add(head->digest, bytes, part);
		head->bytes += part;
		bytes += part;
		length -= part;
		if (part == left)
			digest_value(head->digest, head->hash[head->steps++]);
	}
}

bool head_alike(const struct head *a, const struct head *b, uint64_t bytes)
{
	for (int i = 0; i < a->steps && i < b->steps && step_bytes(i) <= bytes; i++)
		if (!digest_equal(a->hash[i], b->hash[i]))
			return false;
	return true;
}

/* ---- as text, within the state of a reader ------------------------------------ */

bool head_write(const struct head *head, char **state)
{
	struct buffer text = { 0 };
	size_t length = strlen(*state);

	if (length == 0 || (*state)[length - 1] != '}')
		return false;
	buffer_append(&text, *state, length - 1);
	buffer_text(&text, ",\"head\":[");
	for (int i = 0; i < head->steps; i++)
		buffer_printf(&text, "%s\"%016" PRIx64 "%016" PRIx64 "\"", i > 0 ? "," : "",
		              head->hash[i][0], head->hash[i][1]);
	buffer_text(&text, "]}");
	if (text.failed) {
		buffer_free(&text);
		return false;
	}
	free(*state);
	*state = buffer_take(&text);
	return *state != NULL;
}

/* Sixteen hexadecimal digits. */
static bool hex_read(const char *at, uint64_t *value)
{
	*value = 0;
	for (int i = 0; i < 16; i++) {
		const char *digits = "0123456789abcdef";
		const char *digit = at[i] != '\0' ? strchr(digits, at[i]) : NULL;

		if (digit == NULL)
			return false;
		*value = *value << 4 | (uint64_t)(digit - digits);
	}
	return true;
}

void head_read(struct head *head, const char *state)
{
	struct json_span text, list, name, value;
	struct json_cursor cursor;

	head->steps = 0;
	if (state == NULL || !json_trim(state, strlen(state), &text, NULL) ||
	    !json_member(text, "head", strlen("head"), &list) || json_type(list) != JSON_ARRAY)
		return;
	cursor = json_walk(list);
	while (head->steps < HEAD_STEPS && json_next(&cursor, &name, &value)) {
		if (value.length != 34 || !hex_read(value.at + 1, &head->hash[head->steps][0]) ||
		    !hex_read(value.at + 17, &head->hash[head->steps][1]))
			return;
		head->steps++;
	}
}
