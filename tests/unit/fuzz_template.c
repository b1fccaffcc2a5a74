/* Any template, any item: no crash, and what is rendered keeps its promises.
 * The first byte chooses the place, the first line is the template, the rest
 * the item. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/secret_reference.h"
#include "engine/request/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char head[] = "https://host/";
static const char item_text[] = "{\"f\":\"a/../\\r\\n\\\"\",\"g\":{\"h\":[0.10,null]}}";

static void check(enum template_place place, const struct buffer *out)
{
	switch (place) {
	case PLACE_JSON:
		assert(json_check(out->data, out->length, NULL));
		break;
	case PLACE_HEADER:
		assert(out->length == 0 || !memchr(out->data, '\n', out->length));
		assert(out->length == 0 || !memchr(out->data, '\r', out->length));
		break;
	case PLACE_URL:
		assert(out->length >= sizeof(head) - 1);
		assert(memcmp(out->data, head, sizeof(head) - 1) == 0);
		/* fall through */
	case PLACE_QUERY:
		for (size_t i = 0; i < out->length; i++)
			assert(out->data[i] > ' ' && out->data[i] < 0x7f && out->data[i] != '#');
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1, *line;
	struct buffer source = {0}, out = {0};
	struct secret_set *markers;
	struct template *compiled;
	struct template_item item = {.seq = 1, .key = "k", .key_length = 1, .job = "job"};
	enum template_place place;
	struct error error;

	if (size < 2)
		return 0;
	place = (enum template_place)(data[0] % (PLACE_JSON + 1));
	line = memchr(text, '\n', size - 1);
	if (place == PLACE_URL)
		buffer_text(&source, head);
	buffer_append(&source, text, line ? (size_t)(line - text) : size - 1);
	if (!line || !json_trim(line, size - 1 - (size_t)(line - text), &item.input, NULL) ||
	    json_type(item.input) != JSON_OBJECT)
		item.input = (struct json_span){item_text, sizeof(item_text) - 1};
	markers = secret_set_new_markers();
	if (template_compile(source.data ? source.data : "", source.length, place, "p", markers, NULL,
	                     &compiled, &error) == STATUS_OK) {
		if (template_render(compiled, &item, &out, &error) == STATUS_OK)
			check(place, &out);
		template_free(compiled);
	}
	secret_set_free(markers);
	buffer_free(&source);
	buffer_free(&out);
	return 0;
}
