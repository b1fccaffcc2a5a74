/* "headers": which header of the target plays a role, where its name does not
 * say so, and in which unit. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/spec_internal.h"

#define NAME_LENGTH_MAX 63 /* the source of a wait holds no more */

struct place {
	const char *key; /* "reset" */
	const struct header_override *override;
	bool timed;
};

static void list_places(const struct header_overrides *overrides, struct place places[4])
{
	places[0] = (struct place){"retry_after", &overrides->retry_after, true};
	places[1] = (struct place){"reset", &overrides->reset, true};
	places[2] = (struct place){"remaining", &overrides->remaining, false};
	places[3] = (struct place){"limit", &overrides->limit, false};
}

void header_overrides_free(struct header_overrides *overrides)
{
	free(overrides->retry_after.name);
	free(overrides->reset.name);
	free(overrides->remaining.name);
	free(overrides->limit.name);
}

/* Lower case, so that one meaning has one canonical text. */
static enum status check_name(char *name, const char *path, struct error *error)
{
	size_t length = strlen(name);

	if (length == 0 || length > NAME_LENGTH_MAX)
		return error_set(error, STATUS_USAGE, "%s: a header's name has 1 to %d characters", path,
		                 NAME_LENGTH_MAX);
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && !strchr("!#$%&'*+-.^_`|~", *name))
			return error_set(error, STATUS_USAGE, "%s: not a header's name", path);
		*name = (char)tolower((unsigned char)*name);
	}
	return STATUS_OK;
}

static enum status read_unit(struct json_span root, const char *path, enum header_unit *unit,
                             struct error *error)
{
	char *text = NULL;
	enum status status = spec_text(root, path, &text, error);

	if (status == STATUS_OK && text && !header_unit_parse(text, unit))
		status = error_set(error, STATUS_USAGE,
		                   "%s: must be auto, ns, us, ms, s, min, h, epoch_s or epoch_ms", path);
	free(text);
	return status;
}

/* "X-Foo", or {"name": "X-Foo", "unit": "ms"}. */
static enum status read_override(struct json_span root, const struct place *place,
                                 struct header_override *out, struct error *error)
{
	struct json_span value;
	char path[64];
	enum status status;

	snprintf(path, sizeof(path), "headers.%s", place->key);
	if (!spec_find(root, path, &value))
		return STATUS_OK;
	if (json_type(value) == JSON_OBJECT)
		snprintf(path, sizeof(path), "headers.%s.name", place->key);
	status = spec_text(root, path, &out->name, error);
	if (status == STATUS_OK && !out->name)
		return error_set(error, STATUS_USAGE, "%s: is missing", path);
	if (status == STATUS_OK)
		status = check_name(out->name, path, error);
	if (status != STATUS_OK || !place->timed || json_type(value) != JSON_OBJECT)
		return status;
	snprintf(path, sizeof(path), "headers.%s.unit", place->key);
	return read_unit(root, path, &out->unit, error);
}

enum status spec_read_headers(struct spec *spec, struct json_span root, struct error *error)
{
	struct header_override *const into[4] = {
	    &spec->headers.retry_after, &spec->headers.reset, &spec->headers.remaining,
	    &spec->headers.limit};
	struct place places[4];
	enum status status = STATUS_OK;

	list_places(&spec->headers, places);
	for (int i = 0; status == STATUS_OK && i < 4; i++)
		status = read_override(root, &places[i], into[i], error);
	return status;
}

void spec_print_headers(const struct spec *spec, struct buffer *out)
{
	struct place places[4];
	bool any = false;

	list_places(&spec->headers, places);
	for (int i = 0; i < 4; i++) {
		const struct header_override *override = places[i].override;

		if (!override->name)
			continue;
		buffer_printf(out, "%s\"%s\":{\"name\":", any ? "," : "{", places[i].key);
		buffer_json_text(out, override->name);
		if (override->unit != HEADER_UNIT_AUTO)
			buffer_printf(out, ",\"unit\":\"%s\"", header_unit_name(override->unit));
		buffer_char(out, '}');
		any = true;
	}
	if (any)
		buffer_char(out, '}');
}
