#include "engine/store/filter.h"

#include <string.h>
#include <strings.h>

#include "engine/store/filter_internal.h"

/* ---- matching ------------------------------------------------------------------- */

/* A part of the bytes, ASCII letters in either case. */
static bool contains(const char *text, size_t length, const char *part)
{
	size_t part_length = strlen(part);

	if (part_length == 0)
		return true; /* of no text at all, too */
	for (size_t i = 0; i + part_length <= length; i++)
		if (strncasecmp(text + i, part, part_length) == 0)
			return true;
	return false;
}

static bool field_matches(const struct term *term, struct json_span input)
{
	struct json_span value;

	if (!json_member(input, term->field, strlen(term->field), &value))
		return false;
	if (json_type(value) == JSON_STRING)
		return json_string_equals(value, term->value, strlen(term->value));
	return value.length == strlen(term->value) &&
	       memcmp(value.at, term->value, value.length) == 0;
}

static bool http_matches(const struct term *term, int status)
{
	for (int i = 0; i < term->status_count; i++)
		if (status >= term->status[i].first && status <= term->status[i].last)
			return true;
	return false;
}

static bool text_matches(const struct term *term, const struct filter_row *row)
{
	return (row->message != NULL && contains(row->message, strlen(row->message), term->value)) ||
	       (row->code != NULL && contains(row->code, strlen(row->code), term->value)) ||
	       contains(row->input.at, row->input.length, term->value);
}

static bool term_matches(const struct term *term, const struct filter_row *row)
{
	switch (term->kind) {
	case TERM_STATE:
		return (term->states >> row->state & 1u) != 0;
	case TERM_HTTP:
		return http_matches(term, row->http_status);
	case TERM_CODE:
		return row->code != NULL && strcmp(row->code, term->value) == 0;
	case TERM_GROUP:
		return row->group != 0 &&
		       row->group >> (64 - 4 * term->group_digits) ==
		           term->group >> (64 - 4 * term->group_digits);
	case TERM_KEY:
		return row->key != NULL && strcmp(row->key, term->value) == 0;
	case TERM_SEQ:
		return row->seq >= term->first && row->seq <= term->last;
	case TERM_TEXT:
		return text_matches(term, row);
	case TERM_FIELD:
		return field_matches(term, row->input);
	}
	return false;
}

bool filter_match(const struct filter *filter, const struct filter_row *row)
{
	for (int i = 0; i < filter->count; i++)
		if (term_matches(&filter->terms[i], row) == filter->terms[i].negated)
			return false;
	return true;
}

/* ---- what narrows ---------------------------------------------------------------- */

static const struct term *find_term(const struct filter *filter, enum term_kind kind)
{
	for (int i = 0; filter != NULL && i < filter->count; i++)
		if (filter->terms[i].kind == kind && !filter->terms[i].negated)
			return &filter->terms[i];
	return NULL;
}

bool filter_single_state(const struct filter *filter, enum item_state *state)
{
	const struct term *term = find_term(filter, TERM_STATE);

	for (int i = 0; term != NULL && i < ITEM_STATES; i++)
		if (term->states == 1u << i) {
			*state = (enum item_state)i;
			return true;
		}
	return false;
}

bool filter_dead_only(const struct filter *filter)
{
	const unsigned dead = 1u << ITEM_FAILED | 1u << ITEM_UNKNOWN | 1u << ITEM_SKIPPED;
	const struct term *term = find_term(filter, TERM_STATE);

	return term != NULL && (term->states & ~dead) == 0;
}

bool filter_single_group(const struct filter *filter, uint64_t *group)
{
	const struct term *term = find_term(filter, TERM_GROUP);

	if (term == NULL || term->group_digits != 16)
		return false;
	*group = term->group;
	return true;
}

bool filter_single_key(const struct filter *filter, const char **key)
{
	const struct term *term = find_term(filter, TERM_KEY);

	if (term == NULL)
		return false;
	*key = term->value;
	return true;
}

void filter_seq_range(const struct filter *filter, int64_t *first, int64_t *last)
{
	for (int i = 0; filter != NULL && i < filter->count; i++) {
		const struct term *term = &filter->terms[i];

		if (term->kind != TERM_SEQ || term->negated)
			continue;
		if (term->first > *first)
			*first = term->first;
		if (term->last < *last)
			*last = term->last;
	}
}

bool filter_wants_cause(const struct filter *filter)
{
	for (int i = 0; filter != NULL && i < filter->count; i++)
		if (filter->terms[i].kind == TERM_CODE || filter->terms[i].kind == TERM_TEXT ||
		    filter->terms[i].kind == TERM_HTTP)
			return true;
	return false;
}

bool filter_wants_input(const struct filter *filter)
{
	for (int i = 0; filter != NULL && i < filter->count; i++)
		if (filter->terms[i].kind == TERM_FIELD || filter->terms[i].kind == TERM_TEXT ||
		    filter->terms[i].kind == TERM_KEY)
			return true;
	return false;
}
