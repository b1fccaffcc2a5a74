/* Values written with escapes inside other escapes, as in a JSON text that is a
 * string of another: \\\" and %5C%22 and \&quot;.  The outer escapes are undone,
 * in every order that changes anything, and what is left is looked through like
 * any text. */
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "engine/request/secret_internal.h"

/* What is looked through knows one more. */
#define LAYERS_MAX 2
#define TEXTS_MAX 12 /* 3 kinds, and each of them in each */

static const char kinds[] = "\\%&";

/* Never longer than the text it was made of. */
struct layer {
	char *bytes;
	uint16_t *widths;
	size_t length;
};

/* The next escape of this kind, or NULL. */
static const char *next_escape(const char *at, const char *end, char kind, char out[4],
                               size_t *count, size_t *taken)
{
	while (at < end && (at = memchr(at, kind, (size_t)(end - at))) != NULL) {
		*count = secret_unescape(at, end, false, '\0', out, taken);
		if (*count > 0)
			return at;
		at++;
	}
	return NULL;
}

static void put_run(struct layer *layer, const struct secret_text *text, const char *at,
                    size_t length)
{
	memcpy(layer->bytes + layer->length, at, length);
	for (size_t i = 0; i < length; i++)
		layer->widths[layer->length + i] = text->widths ? text->widths[at - text->bytes + (ptrdiff_t)i] : 1;
	layer->length += length;
}

/* The bytes that an escape stands for; the first is as wide as all of it. */
static void put_escape(struct layer *layer, const struct secret_text *text, const char *escape,
                       size_t taken, const char *out, size_t count)
{
	size_t width = taken;

	for (size_t i = 0; text->widths && i < taken; i++)
		width += text->widths[escape - text->bytes + (ptrdiff_t)i] - (size_t)1;
	for (size_t i = 0; i < count; i++) {
		layer->bytes[layer->length] = out[i];
		layer->widths[layer->length++] = i == 0 ? (uint16_t)width : 0;
	}
}

/* A text without its escapes of one kind; false: it holds none, or *no_memory. */
static bool undo(const struct secret_text *text, char kind, struct layer *layer, bool *no_memory)
{
	const char *at = text->bytes, *end = at + text->length, *escape;
	size_t count, taken;
	char out[4];

	escape = next_escape(at, end, kind, out, &count, &taken);
	if (!escape)
		return false;
	layer->bytes = malloc(text->length);
	layer->widths = malloc(text->length * sizeof(*layer->widths));
	*no_memory |= !layer->bytes || !layer->widths;
	if (*no_memory)
		return false;
	while (escape) {
		put_run(layer, text, at, (size_t)(escape - at));
		put_escape(layer, text, escape, taken, out, count);
		at = escape + taken;
		escape = next_escape(at, end, kind, out, &count, &taken);
	}
	put_run(layer, text, at, (size_t)(end - at));
	return true;
}

/* Is any escape left that was made of others?  If not, there is nothing to see
 * that could not be seen before. */
static bool is_nested(const struct secret_text *text)
{
	const char *end = text->bytes + text->length;
	size_t count, taken;
	char out[4];

	for (const char *kind = kinds; *kind; kind++) {
		const char *at = text->bytes;

		while ((at = next_escape(at, end, *kind, out, &count, &taken)) != NULL) {
			for (size_t i = 0; i < taken; i++)
				if (text->widths[at - text->bytes + (ptrdiff_t)i] != 1)
					return true;
			at += taken;
		}
	}
	return false;
}

/* One look at a text and the texts in it. */
struct looking {
	const struct secret_set *set;
	bool cut;
	struct buffer *spans;
	XXH64_hash_t seen[TEXTS_MAX]; /* another order of undoing often ends in the same text */
	int seen_count;
};

static bool seen_before(struct looking *looking, const struct layer *layer)
{
	XXH64_hash_t hash = XXH3_64bits(layer->bytes, layer->length);

	for (int i = 0; i < looking->seen_count; i++)
		if (looking->seen[i] == hash)
			return true;
	looking->seen[looking->seen_count++] = hash;
	return false;
}

static void look(struct looking *looking, const struct secret_text *text, int depth)
{
	struct buffer *spans = looking->spans;

	for (const char *kind = kinds; *kind && !spans->failed; kind++) {
		struct layer layer = {0};

		if (undo(text, *kind, &layer, &spans->failed) && !seen_before(looking, &layer)) {
			const struct secret_text inner = {layer.bytes, layer.length, layer.widths};

			if (is_nested(&inner))
				secret_find(looking->set, &inner, looking->cut, spans);
			if (depth < LAYERS_MAX)
				look(looking, &inner, depth + 1);
		}
		if (layer.bytes)
			explicit_bzero(layer.bytes, layer.length);
		free(layer.bytes);
		free(layer.widths);
	}
}

void secret_find_nested(const struct secret_set *set, const struct secret_text *text, bool cut,
                        struct buffer *spans)
{
	struct looking looking = {.set = set, .cut = cut, .spans = spans};

	look(&looking, text, 1);
}
