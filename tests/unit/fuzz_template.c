/* Any template, any item: what comes out fits its place.  A JSON body stays JSON,
 * a header stays one line, a URL keeps its scheme and host and holds nothing that
 * may not stand in one.  The first byte chooses the place, the first NUL parts
 * the template from the item's value. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_url(const struct buffer *url)
{
	static const char head[] = "http://host.example/";

	assert(url->length >= sizeof head - 1 && memcmp(url->data, head, sizeof head - 1) == 0);
	for (size_t i = 0; i < url->length; i++) {
		unsigned char byte = (unsigned char)url->data[i];

		assert(byte > ' ' && byte < 127 && byte != '#' && byte != '"' && byte != '<' && byte != '>');
	}
}

static void check_place(enum template_place place, const struct buffer *out, bool valid_before)
{
	switch (place) {
	case PLACE_URL:
		check_url(out);
		break;
	case PLACE_HEADER:
		for (size_t i = 0; i < out->length; i++)
			assert(out->data[i] != '\r' && out->data[i] != '\n' && out->data[i] != '\0');
		break;
	case PLACE_JSON:
		assert(!valid_before || json_check(out->data ? out->data : "", out->length, NULL));
		break;
	case PLACE_QUERY:
	case PLACE_TEXT:
		break;
	}
}

static void render(const struct template *compiled, enum template_place place, const char *value,
                   size_t length)
{
	struct buffer input = {0}, out = {0};
	struct template_item item = {.seq = 7, .key = "k\"1", .key_length = 3, .idempotency_key = "a-b",
	                             .job = "job"};
	struct error error = {0};

	buffer_text(&input, "{\"f\":");
	if (length && json_check(value, length, NULL))
		buffer_append(&input, value, length);
	else
		buffer_json(&input, value, length);
	buffer_text(&input, ",\"n\":0.10,\"o\":{\"a\":[1,\"x\"]},\"z\":null}");
	item.input = (struct json_span){input.data, input.length};
	if (json_check(input.data, input.length, NULL) &&
	    template_render(compiled, &item, &out, &error) == STATUS_OK)
		check_place(place, &out, true);
	buffer_free(&input);
	buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buffer text = {0};
	struct template *compiled = NULL;
	struct error error = {0};
	enum template_place place;
	const uint8_t *parting;
	size_t length;

	if (size < 2)
		return 0;
	place = (enum template_place)(data[0] % 5);
	data++, size--;
	parting = memchr(data, '\0', size);
	length = parting ? (size_t)(parting - data) : size;
	if (place == PLACE_URL)
		buffer_text(&text, "http://host.example/");
	buffer_append(&text, data, length);
	/* What is no JSON before its fields are filled in is refused by the job file. */
	if (text.length && (place != PLACE_JSON || json_check(text.data, text.length, NULL)) &&
	    template_compile(text.data, text.length, place, "request.url", NULL, NULL, &compiled, &error) ==
	        STATUS_OK) {
		const char *value = parting ? (const char *)parting + 1 : "";

		render(compiled, place, value, parting ? size - length - 1 : 0);
		template_free(compiled);
	}
	buffer_free(&text);
	return 0;
}
