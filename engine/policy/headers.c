#include "engine/policy/headers.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "engine/policy/headers_internal.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A token of RFC 9110, 5.6.2: so neither a status line nor a folded line is a name. */
static bool is_name(const char *name, size_t length)
{
	/* One bit a character. */
	static const uint32_t token[8] = {0, 0x03FF6CFA, 0xC7FFFFFE, 0x57FFFFFF, 0, 0, 0, 0};

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)name[i];

		if (!(token[c / 32] >> c % 32 & 1))
			return false;
	}
	return length > 0;
}

bool headers_next(const char *block, size_t length, size_t *at, const char **name,
                  size_t *name_length, const char **value, size_t *value_length)
{
	while (*at < length) {
		const char *line = block + *at;
		const char *end = memchr(line, '\n', length - *at);
		const char *colon, *from;

		if (end)
			*at += (size_t)(end - line) + 1;
		else
			end = block + (*at = length);
		colon = memchr(line, ':', (size_t)(end - line));
		if (!colon || !is_name(line, (size_t)(colon - line)))
			continue;
		from = colon + 1;
		while (from < end && is_blank(*from))
			from++;
		while (end > from && is_blank(end[-1]))
			end--;
		*name = line;
		*name_length = (size_t)(colon - line);
		*value = from;
		*value_length = (size_t)(end - from);
		return true;
	}
	return false;
}

/* The next header `wanted` from *at on. */
static bool find_from(const char *block, size_t length, size_t *at, const char *wanted,
                      const char **value, size_t *value_length)
{
	size_t wanted_length = strlen(wanted), name_length;
	const char *name;

	while (headers_next(block, length, at, &name, &name_length, value, value_length)) {
		if (name_length == wanted_length && strncasecmp(name, wanted, wanted_length) == 0)
			return true;
	}
	return false;
}

bool headers_find(const char *block, size_t length, const char *name, const char **value,
                  size_t *value_length)
{
	const char *found;
	size_t at = 0, found_length;

	if (!find_from(block, length, &at, name, &found, &found_length))
		return false;
	*value = found;
	*value_length = found_length;
	return true;
}

static const char *const unit_names[HEADER_UNITS] = {
    [HEADER_UNIT_AUTO] = "auto", [HEADER_UNIT_NS] = "ns",           [HEADER_UNIT_US] = "us",
    [HEADER_UNIT_MS] = "ms",     [HEADER_UNIT_S] = "s",             [HEADER_UNIT_MIN] = "min",
    [HEADER_UNIT_H] = "h",       [HEADER_UNIT_EPOCH_S] = "epoch_s", [HEADER_UNIT_EPOCH_MS] = "epoch_ms",
};

const char *header_unit_name(enum header_unit unit)
{
	assert(unit >= 0 && unit < HEADER_UNITS);
	return unit_names[unit];
}

bool header_unit_parse(const char *name, enum header_unit *unit)
{
	for (int i = 0; i < HEADER_UNITS; i++) {
		if (strcmp(unit_names[i], name) == 0) {
			*unit = (enum header_unit)i;
			return true;
		}
	}
	return false;
}

/* ---- the hints ------------------------------------------------------------- */

/* The role that the user gives to this name, else ROLE_NONE. */
static enum header_role overridden_role(const struct header_overrides *overrides, struct text name,
                                        enum header_unit *unit)
{
	const struct {
		const struct header_override *override;
		enum header_role role;
	} all[] = {
	    {&overrides->retry_after, ROLE_RETRY_AFTER},
	    {&overrides->reset, ROLE_RESET},
	    {&overrides->remaining, ROLE_REMAINING},
	    {&overrides->limit, ROLE_LIMIT},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].override->name && text_equals(name, all[i].override->name)) {
			*unit = all[i].override->unit;
			return all[i].role;
		}
	}
	return ROLE_NONE;
}

static bool role_is_taken(const struct header_overrides *overrides, enum header_role role)
{
	return (role == ROLE_RETRY_AFTER && overrides->retry_after.name) ||
	       (role == ROLE_RESET && overrides->reset.name) ||
	       (role == ROLE_REMAINING && overrides->remaining.name) ||
	       (role == ROLE_LIMIT && overrides->limit.name);
}

/* What a line is to us; false: nothing. */
static bool read_name(const struct header_overrides *overrides, struct text name,
                      struct header_name *meaning)
{
	size_t length = (size_t)(name.end - name.at);
	enum header_role role;
	enum header_unit unit;

	if (length >= sizeof(((struct header_hints *)0)->source))
		return false;
	if (overrides && (role = overridden_role(overrides, name, &unit)) != ROLE_NONE) {
		*meaning = (struct header_name){.role = role, .unit = unit, .style = STYLE_OVERRIDE,
		                                .rank = 9, .calls = true};
		return true;
	}
	if (!header_name_may_matter(name.at, length))
		return false;
	header_name_read(name.at, length, meaning);
	return meaning->role != ROLE_NONE && !(overrides && role_is_taken(overrides, meaning->role));
}

/* A name that stands on several lines is one list. */
static void continue_list(struct header_line *lines, int at)
{
	struct header_line *line = &lines[at];
	size_t length = (size_t)(line->name.end - line->name.at);

	for (int i = at - 1; i >= 0; i--) {
		if ((size_t)(lines[i].name.end - lines[i].name.at) == length &&
		    strncasecmp(lines[i].name.at, line->name.at, length) == 0) {
			line->index = lines[i].index;
			return;
		}
	}
}

static void read_lines(struct header_line *lines, int count, struct scene *scene)
{
	for (int i = 0; i < count; i++) {
		continue_list(lines, i);
		header_value_read(scene, &lines[i]);
	}
	budgets_judge(scene);
}

void headers_read_overridden(const char *block, size_t length, int64_t now_wall_ms,
                             const struct header_overrides *overrides,
                             struct header_hints *hints)
{
	struct header_line lines[LINES_MAX];
	struct scene scene;
	const char *name, *value, *date = NULL;
	size_t at = 0, name_length, value_length, date_length = 0;
	int count = 0;

	*hints = (struct header_hints){.wait_ms = -1, .limit = -1, .remaining = -1,
	                               .pace_remaining = -1, .pace_reset_ms = -1};
	while (headers_next(block, length, &at, &name, &name_length, &value, &value_length)) {
		struct text text = {name, name + name_length};

		if (!date && name_length == 4 && strncasecmp(name, "date", 4) == 0) {
			date = value;
			date_length = value_length;
		} else if (count < LINES_MAX && read_name(overrides, text, &lines[count].meaning)) {
			lines[count].name = text;
			lines[count].value = text_trim(value, value + value_length);
			lines[count++].index = 0;
		}
	}
	if (count == 0)
		return;
	scene.now_ms = now_wall_ms;
	scene.asked_rank = 0;
	scene.budget_count = 0;
	scene.hints = hints;
	if (date)
		http_date_parse(date, date_length, now_wall_ms, &scene.now_ms);
	read_lines(lines, count, &scene);
}

void headers_read(const char *block, size_t length, int64_t now_wall_ms, struct header_hints *hints)
{
	headers_read_overridden(block, length, now_wall_ms, NULL, hints);
}
