/* A header's value: one number, a list of them, used/limit, or structured
 * fields in the old and the new form of the IETF draft and its relatives:
 *
 *   100, 100;w=60            a list; what has a window is a policy too
 *   limit=100, remaining=0   members of one budget; a repeated one begins the next
 *   "default";r=0;t=50       a budget with a label of its own
 *   b=hour;q=9;r=0;b=day;q=… the same, by member
 */
#include <string.h>

#include "engine/policy/headers_internal.h"

/* Where we are in a value. */
struct reader {
	struct scene *scene;
	const struct header_line *line;
	uint32_t label;     /* of the budget that members go to */
	int index;
	uint32_t seen;      /* roles it has had, one bit each */
	int bare;           /* list places so far */
	int64_t quota, window_s; /* of a policy in the making; -1 */
};

static void flush_policy(struct reader *reader)
{
	if (reader->quota > 0 && reader->window_s > 0)
		budget_policy(reader->scene, reader->quota, reader->window_s);
	reader->quota = reader->window_s = -1;
}

static void next_budget(struct reader *reader, uint32_t label, int index)
{
	flush_policy(reader);
	reader->label = reader->line->meaning.label + label;
	reader->index = index;
	reader->seen = 0;
}

static struct budget *here(struct reader *reader)
{
	struct budget *budget = budget_at(reader->scene, reader->label, reader->line->meaning.style,
	                                  reader->index);

	if (budget)
		budget->calls &= reader->line->meaning.calls;
	return budget;
}

/* ---- one thing told of a budget ------------------------------------------ */

static void set_reset(struct reader *reader, struct text value)
{
	const struct header_name *meaning = &reader->line->meaning;
	struct budget *budget;
	int64_t wait_ms;

	if (!header_wait_parse(value, reader->scene->now_ms, meaning->unit, &wait_ms))
		return;
	budget = here(reader);
	if (!budget || budget->reset_rank >= meaning->rank)
		return;
	budget->reset_ms = wait_ms;
	budget->reset_rank = meaning->rank;
	budget->reset_name = reader->line->name;
}

static void set_window(struct reader *reader, struct text value)
{
	struct budget *budget;
	int64_t ms;

	if (!header_wait_parse(value, 0, reader->line->meaning.role == ROLE_WINDOW
	                                     ? reader->line->meaning.unit
	                                     : HEADER_UNIT_AUTO, &ms) || ms < 1000)
		return;
	reader->window_s = ms / 1000;
	/* A window in a header of its own belongs to the limit in another. */
	if (reader->line->meaning.role == ROLE_WINDOW && (budget = here(reader)))
		budget->window_s = ms / 1000;
}

static void set_count(struct reader *reader, enum header_role role, int64_t count, bool whole)
{
	struct budget *budget = here(reader);

	if (!budget)
		return;
	switch (role) {
	case ROLE_REMAINING: /* what two say of one budget: the worse */
		if (budget->remaining < 0 || count < budget->remaining)
			budget->remaining = count;
		break;
	case ROLE_USED:
		if (count > budget->used)
			budget->used = count;
		break;
	case ROLE_POLICY:
		if (budget->quota < 0)
			budget->quota = count;
		reader->quota = count;
		break;
	default: /* a fraction is a rate, not a count */
		if (!whole)
			break;
		if (budget->limit < 0)
			budget->limit = count;
		if (budget->window_s < 0 && reader->line->meaning.period_s > 0)
			budget->window_s = reader->line->meaning.period_s;
		reader->quota = count;
		break;
	}
}

static void set_unlimited(struct reader *reader)
{
	struct budget *budget = here(reader);

	if (budget)
		budget->unlimited = true;
}

/* ---- values without a key ------------------------------------------------ */

/* What follows a count: nothing, or words ("100 requests"). */
static bool is_wordy(struct text text)
{
	for (; text.at < text.end; text.at++) {
		if (*text.at != ' ' && ((*text.at | 0x20) < 'a' || (*text.at | 0x20) > 'z'))
			return false;
	}
	return true;
}

/* "39/40": used of a limit, or what remains of it; "100/hour", "100/60": a
 * quota of a window. */
static bool set_pair(struct reader *reader, enum header_role role, int64_t count, bool whole,
                     struct text rest)
{
	int64_t limit;
	bool limit_whole;
	struct text after = rest;

	if (header_count_take(&after, &limit, &limit_whole) &&
	    (after.at == after.end || *after.at == '(' || *after.at == ' ') &&
	    (role == ROLE_REMAINING || role == ROLE_USED || count <= limit)) {
		set_count(reader, role == ROLE_REMAINING ? role : ROLE_USED, count, whole);
		set_count(reader, ROLE_LIMIT, limit, limit_whole);
		return true;
	}
	if (role != ROLE_LIMIT && role != ROLE_POLICY && role != ROLE_WHOLE)
		return false;
	limit = header_period_s(rest);
	if (limit <= 0)
		return false;
	set_count(reader, role, count, whole);
	reader->window_s = limit;
	return true;
}

static enum header_role bare_role(const struct reader *reader)
{
	enum header_role role = reader->line->meaning.role;

	return role == ROLE_WHOLE ? ROLE_LIMIT : role;
}

/* A count, or a pair; false: neither. */
static bool set_number(struct reader *reader, enum header_role role, struct text value)
{
	struct text rest = value;
	int64_t count;
	bool whole;

	if (rest.at < rest.end && *rest.at == '-') {
		struct text digits = {rest.at + 1, rest.end};

		if (!header_count_take(&digits, &count, &whole) || digits.at != digits.end)
			return false;
		/* Overdrawn; but a limit below nothing is none. */
		if (role == ROLE_REMAINING)
			set_count(reader, role, 0, true);
		else if (role == ROLE_LIMIT)
			set_unlimited(reader);
		return true;
	}
	if (!header_count_take(&rest, &count, &whole))
		return false;
	if (rest.at < rest.end && *rest.at == '/')
		return set_pair(reader, role, count, whole, (struct text){rest.at + 1, rest.end});
	if (!is_wordy(rest))
		return false;
	set_count(reader, role, count, whole);
	return true;
}

/* In a list's place, or behind a label; false: it is no value. */
static bool set_bare(struct reader *reader, struct text value)
{
	enum header_role role = bare_role(reader);
	int64_t ms;

	switch (role) {
	case ROLE_RESET:
		set_reset(reader, value);
		return header_wait_parse(value, reader->scene->now_ms, reader->line->meaning.unit, &ms) ||
		       (value.at < value.end && *value.at >= '0' && *value.at <= '9');
	case ROLE_WINDOW:
		set_window(reader, value);
		return reader->window_s > 0;
	case ROLE_LIMIT:
		if (text_equals(value, "unlimited") || text_equals(value, "infinity")) {
			set_unlimited(reader);
			return true;
		}
		return set_number(reader, role, value);
	case ROLE_REMAINING:
	case ROLE_USED:
	case ROLE_POLICY:
		return set_number(reader, role, value);
	default:
		return false;
	}
}

/* ---- members -------------------------------------------------------------- */

/* "api-usage=18/5000", "minute=5" in x-ratelimit-limit: the key is the label. */
static void set_labelled(struct reader *reader, struct text key, struct text value)
{
	enum header_role role = bare_role(reader);
	struct text rest = value;
	int64_t count;
	bool whole;

	if (!header_count_take(&rest, &count, &whole))
		return;
	next_budget(reader, text_hash(key) | 1, 0);
	if (rest.at < rest.end && *rest.at == '/')
		set_pair(reader, ROLE_USED, count, whole, (struct text){rest.at + 1, rest.end});
	else if (role != ROLE_NAMED)
		set_bare(reader, value);
}

/* `first`: it begins an item, so the budget is not named yet. */
static void read_member(struct reader *reader, struct text key, struct text value, bool first)
{
	bool ignored;
	enum header_role role = header_key_role(key, &ignored);

	key = text_trim(key.at, key.end);
	if (ignored)
		return;
	if (role == ROLE_NONE) {
		if (first)
			set_labelled(reader, key, value);
		return;
	}
	if (reader->seen & 1u << role) {
		next_budget(reader, role == ROLE_LABEL ? text_hash(value) | 1 : 0,
		            role == ROLE_LABEL ? 0 : reader->index + 1);
	} else if (role == ROLE_LABEL) {
		if (reader->seen) /* "limit=9, remaining=0, policy=x": too late to be a label */
			return;
		next_budget(reader, text_hash(value) | 1, 0);
	}
	reader->seen |= 1u << role;
	switch (role) {
	case ROLE_RESET:
		set_reset(reader, value);
		break;
	case ROLE_WINDOW:
		set_window(reader, value);
		break;
	case ROLE_LIMIT:
		if (reader->line->meaning.role == ROLE_POLICY)
			role = ROLE_POLICY;
		/* fall through */
	case ROLE_REMAINING:
	case ROLE_USED:
		set_number(reader, role, value);
		break;
	default:
		break;
	}
}

static bool split_member(struct text part, struct text *key, struct text *value)
{
	struct text rest;
	struct text left = text_cut(part, '=', &rest);

	if (left.end == part.end)
		return false;
	*key = text_trim(left.at, left.end);
	*value = text_trim(rest.at, rest.end);
	return key->at < key->end;
}

/* Between two commas. */
static void read_item(struct reader *reader, struct text item)
{
	struct text rest, key, value;
	struct text part = text_cut(item, ';', &rest);
	bool has_value = true;

	if (split_member(part, &key, &value)) {
		read_member(reader, key, value, true);
	} else {
		bool quoted = part.at < part.end && memchr(part.at, '"', (size_t)(part.end - part.at));

		value = text_trim(part.at, part.end);
		if (value.at == value.end)
			return;
		next_budget(reader, 0, reader->line->index + reader->bare++);
		if (quoted || !set_bare(reader, value)) {
			next_budget(reader, text_hash(value) | 1, 0);
			has_value = false;
		}
	}
	while (rest.at < rest.end) {
		part = text_cut(rest, ';', &rest);
		if (split_member(part, &key, &value)) {
			/* Behind a number a quota or window is its own, and names no new budget. */
			read_member(reader, key, value, false);
		} else if (!has_value) {
			has_value = set_bare(reader, text_trim(part.at, part.end));
		}
	}
}

static void read_list(struct reader *reader, struct text value)
{
	while (value.at < value.end)
		read_item(reader, text_cut(value, ',', &value));
	flush_policy(reader);
}

void header_budgets_read(struct scene *scene, struct header_line *line)
{
	struct reader reader = {.scene = scene, .line = line, .quota = -1, .window_s = -1};
	int64_t ms;

	if (line->value.at == line->value.end || *line->value.at == '{' || *line->value.at == '[')
		return; /* JSON is no dialect of ours */
	next_budget(&reader, 0, line->index);
	/* A date may hold commas. */
	if (line->meaning.role == ROLE_RESET &&
	    header_wait_parse(line->value, scene->now_ms, line->meaning.unit, &ms)) {
		set_reset(&reader, line->value);
		line->index++;
		return;
	}
	read_list(&reader, line->value);
	line->index += reader.bare;
}
