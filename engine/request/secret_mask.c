/* Keeping values out of what leaves the process, however they are written. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/request/encode.h"
#include "engine/request/secret_internal.h"

/* As many whatever is masked: a secret's length says something of it. */
#define MASK_LENGTH 3

static bool is_escape(char c)
{
	return c == '%' || c == '\\' || c == '&' || c == '+';
}

static void add_pairs(struct secret_set *set, const char *bytes, size_t length)
{
	unsigned first = (unsigned char)bytes[0];

	for (unsigned second = 0; second < 256; second++) {
		unsigned pair = first << 8 | second;

		if (length == 1 || (unsigned char)bytes[1] == second || is_escape((char)second))
			set->pairs[pair >> 3] |= (unsigned char)(1U << (pair & 7));
	}
}

/* May a form begin here, with its first byte as it is?  Mostly not, and this is
 * asked for every byte that is stored. */
static bool promising(const struct secret_set *set, const char *at)
{
	unsigned pair = (unsigned)(unsigned char)at[0] << 8 | (unsigned char)at[1];

	return set->pairs[pair >> 3] & 1U << (pair & 7);
}

static bool add_form(struct secret_set *set, const char *bytes, size_t length, bool alone,
                     bool edge)
{
	struct secret_form *form;
	int *first;
	char *kept;

	if (length == 0)
		return true;
	first = &set->first[(unsigned char)bytes[0]];
	for (int i = *first - 1; i >= 0; i = set->forms[i].next) {
		if (set->forms[i].length == length && memcmp(set->forms[i].at, bytes, length) == 0)
			return true;
	}
	if (set->form_count == set->form_capacity) {
		int capacity = set->form_capacity ? 2 * set->form_capacity : 16;
		struct secret_form *forms = realloc(set->forms, (size_t)capacity * sizeof(*forms));

		if (!forms)
			return false;
		set->forms = forms;
		set->form_capacity = capacity;
	}
	kept = secret_keep(set, bytes, length);
	if (!kept)
		return false;
	form = &set->forms[set->form_count++];
	*form = (struct secret_form){kept, length, *first - 1, alone, edge};
	*first = set->form_count;
	add_pairs(set, bytes, length);
	return true;
}

/* In base64 a value's characters depend on how many bytes stand before it, and
 * at its edges on those bytes: of each of the three ways only what does not. */
static bool add_base64(struct secret_set *set, const char *value, size_t length)
{
	struct buffer padded = {0}, coded = {0};
	bool ok = true;

	for (size_t before = 0; ok && before < 3; before++) {
		size_t start = (before * 8 + 5) / 6, end = (before + length) * 8 / 6;
		bool edge = (before + length) * 8 % 6 != 0;

		padded.length = coded.length = 0;
		buffer_append(&padded, "\0\0", before);
		buffer_append(&padded, value, length);
		encode_base64(&coded, padded.data, padded.length);
		ok = !padded.failed && !coded.failed;
		if (!ok || end - start < SECRET_MASK_MIN)
			continue;
		ok = add_form(set, coded.data + start, end - start, false, edge);
		for (size_t i = start; i < end; i++) { /* RFC 4648, 5 */
			if (coded.data[i] == '+')
				coded.data[i] = '-';
			else if (coded.data[i] == '/')
				coded.data[i] = '_';
		}
		ok = ok && add_form(set, coded.data + start, end - start, false, edge);
	}
	secret_buffer_free(&padded);
	secret_buffer_free(&coded);
	return ok;
}

bool secret_mask_add(struct secret_set *set, const char *value, size_t length)
{
	return add_form(set, value, length, length < SECRET_MASK_MIN, false) &&
	       add_base64(set, value, length);
}

/* The text being looked through. */
struct scan {
	const struct secret_set *set;
	const char *start, *end;
	bool cut;   /* it went on */
	bool layer; /* escapes were undone in it */
};

/* Where a byte could be itself or begin an escape: the kinds taken for escapes.
 * A text is rarely written with more than one. */
struct way {
	const char *escapes;
	bool nested;
};
static const struct way ways[] = {{"", false},  {"%\\&+", false}, {"%\\&+", true}, {"%+", false},
                                  {"\\", false}, {"&", false},      {"%+", true},   {"\\", true},
                                  {"&", true}};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* Does the form stand here?  The text's bytes it takes; 0: no.  *ambiguous: it
 * might, taken in another way. */
static size_t match(const struct scan *scan, const struct secret_form *form, const char *at,
                    const struct way *way, bool *ambiguous)
{
	const char *from = at;
	size_t done = 0;

	while (done < form->length) {
		char bytes[4];
		size_t taken = 0, count = 0;
		bool same;

		if (at == scan->end)
			return scan->cut && done >= SECRET_MASK_MIN ? (size_t)(at - from) : 0;
		same = *at == form->at[done];
		if (is_escape(*at)) {
			*ambiguous = true;
			if (!same || strchr(way->escapes, *at))
				count = secret_unescape(at, scan->end, way->nested, form->at[done], bytes,
				                        &taken);
			if (count > form->length - done || memcmp(bytes, form->at + done, count) != 0)
				count = 0;
			if (count == 0 && !same) /* an escape that was cut */
				return scan->cut && done >= SECRET_MASK_MIN && scan->end - at < 12
				           ? (size_t)(scan->end - from)
				           : 0;
		}
		if (count == 0 && !same)
			return 0;
		at += count > 0 ? taken : 1;
		done += count > 0 ? count : 1;
	}
	return (size_t)(at - from);
}

static bool stands_alone(const struct scan *scan, const char *at, size_t length)
{
	return (at == scan->start || !isalnum((unsigned char)at[-1])) &&
	       (at + length == scan->end || !isalnum((unsigned char)at[length]));
}

/* The longest of the forms that begin with this byte, here. */
static size_t longest(const struct scan *scan, unsigned char byte, const char *at)
{
	size_t best = 0;

	for (int i = scan->set->first[byte] - 1; i >= 0; i = scan->set->forms[i].next) {
		const struct secret_form *form = &scan->set->forms[i];
		bool again = !(form->alone && scan->layer);

		for (size_t way = 0; way < (form->alone ? 1 : WAYS) && again; way++) {
			size_t length;

			again = false;
			length = match(scan, form, at, &ways[way], &again);
			if (length > 0 && form->edge && at + length < scan->end &&
			    isalnum((unsigned char)at[length]))
				length++;
			if (length > best && (!form->alone || stands_alone(scan, at, length)))
				best = length;
		}
	}
	return best;
}

/* The longest that begins here, its first character as it is or escaped. */
static size_t match_any(const struct scan *scan, const char *at)
{
	size_t best = scan->set->first[(unsigned char)*at] ? longest(scan, (unsigned char)*at, at) : 0;
	char bytes[4];
	size_t taken;

	if (!is_escape(*at))
		return best;
	/* Again as a nested one where it may be, and a backslash hoped for, too. */
	for (int i = 0; i < 4; i++) {
		size_t length;

		if (i > 0 && (at + 1 == scan->end || !strchr("\\2a", at[1]) || *at == '+'))
			break;
		if (secret_unescape(at, scan->end, i & 1, i & 2 ? '\\' : '\0', bytes, &taken) == 0 ||
		    !scan->set->first[(unsigned char)bytes[0]])
			continue;
		length = longest(scan, (unsigned char)bytes[0], at);
		if (length > best)
			best = length;
	}
	return best;
}

/* Spans are found in order: how far the original was followed. */
struct follower {
	const uint16_t *widths;
	size_t at, original;
};

static size_t follow(struct follower *follower, size_t to)
{
	if (!follower->widths)
		return to;
	while (follower->at < to)
		follower->original += follower->widths[follower->at++];
	return follower->original;
}

static void add_span(struct buffer *spans, struct follower *follower, size_t from, size_t to)
{
	struct secret_span span;

	span.from = follow(follower, from);
	span.to = follow(follower, to);
	buffer_append(spans, &span, sizeof(span));
}

/* Where a form may begin, from `at` on; the last byte is looked at in any case. */
static size_t next_candidate(const struct secret_set *set, const char *bytes, size_t at,
                             size_t length)
{
	while (at + 1 < length && !is_escape(bytes[at]) && !promising(set, bytes + at))
		at++;
	return at;
}

void secret_find(const struct secret_set *set, const struct secret_text *text, bool cut,
                 struct buffer *spans)
{
	const struct scan scan = {set, text->bytes, text->bytes + text->length, cut,
	                          text->widths != NULL};
	struct follower follower = {.widths = text->widths};
	const size_t length = text->length;
	const char *bytes = text->bytes;
	size_t from = 0, to = 0;

	for (size_t at = 0; (at = next_candidate(set, bytes, at, length)) < length; at++) {
		size_t found = match_any(&scan, bytes + at);

		if (found == 0)
			continue;
		if (at > to) {
			if (to > from)
				add_span(spans, &follower, from, to);
			from = at;
		}
		if (at + found > to)
			to = at + found;
	}
	if (to > from)
		add_span(spans, &follower, from, to);
}

static int by_place(const void *a, const void *b)
{
	const struct secret_span *one = a, *other = b;

	return (one->from > other->from) - (one->from < other->from);
}

/* Stars in the spans' places, those that touch as one; the text closes up. */
static size_t put_stars(char *bytes, size_t length, struct secret_span *spans, size_t count)
{
	size_t at = 0, out = 0;

	qsort(spans, count, sizeof(*spans), by_place);
	for (size_t i = 0; i < count;) {
		size_t from = spans[i].from, to = spans[i].to;

		while (++i < count && spans[i].from <= to)
			to = spans[i].to > to ? spans[i].to : to;
		memmove(bytes + out, bytes + at, from - at);
		out += from - at;
		at = to;
		to = to - from < MASK_LENGTH ? to - from : MASK_LENGTH;
		memset(bytes + out, '*', to);
		out += to;
	}
	memmove(bytes + out, bytes + at, length - at);
	out += length - at;
	if (out < length)
		bytes[out] = '\0';
	return out;
}

static bool mask(const struct secret_set *set, char *bytes, size_t *length, bool cut)
{
	const struct secret_text text = {bytes, *length, NULL};
	struct secret_span all = {0, *length};
	struct buffer spans = {0};

	if (*length == 0 || set->form_count == 0)
		return false;
	secret_find(set, &text, cut, &spans);
	secret_find_nested(set, &text, cut, &spans);
	if (!spans.failed && spans.length == 0)
		return false;
	*length = spans.failed /* rather all of it than one secret */
	              ? put_stars(bytes, *length, &all, 1)
	              : put_stars(bytes, *length, (struct secret_span *)(void *)spans.data,
	                          spans.length / sizeof(struct secret_span));
	buffer_free(&spans);
	return true;
}

bool secret_mask(const struct secret_set *set, char *bytes, size_t *length)
{
	return mask(set, bytes, length, false);
}

bool secret_mask_cut(const struct secret_set *set, char *bytes, size_t *length)
{
	return mask(set, bytes, length, true);
}
