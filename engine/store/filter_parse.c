/* The filter's words -> terms. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/store/filter_internal.h"

#define TERM_SHOWN_MAX 60

static const char known[] = "state http code group key seq text field.NAME";

/* ---- values ------------------------------------------------------------------ */

static const struct {
	const char *name;
	enum term_kind kind;
} names[] = {{"state", TERM_STATE}, {"http", TERM_HTTP}, {"code", TERM_CODE}, {"group", TERM_GROUP},
             {"key", TERM_KEY},     {"seq", TERM_SEQ},   {"text", TERM_TEXT}};
#define NAMES (sizeof(names) / sizeof(names[0]))

static enum status bad_value(struct error *error, const struct term *term, const char *expected)
{
	const char *name = "";

	for (size_t i = 0; i < NAMES; i++)
		name = names[i].kind == term->kind ? names[i].name : name;
	return error_set(error, STATUS_USAGE, "filter: '%s:%.100s': expected %s", name, term->value,
	                 expected);
}

static enum status parse_states(struct term *term, struct error *error)
{
	char *copy = strdup(term->value), *rest = NULL, *name;
	enum item_state state;

	if (copy == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	for (name = strtok_r(copy, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
		if (!item_state_parse(name, &state)) {
			free(copy);
			return bad_value(error, term,
			                 "pending, running, waiting, done, failed, unknown or skipped");
		}
		term->states |= 1u << state;
	}
	free(copy);
	return term->states != 0 ? STATUS_OK : bad_value(error, term, "a state");
}

/* "503", "5xx", "500-599". */
static bool parse_status(const char *text, int *first, int *last)
{
	char *end;
	long low, high;

	if (strlen(text) == 3 && isdigit((unsigned char)text[0]) && strcasecmp(text + 1, "xx") == 0) {
		*first = (text[0] - '0') * 100;
		*last = *first + 99;
		return true;
	}
	if (!isdigit((unsigned char)text[0]))
		return false;
	low = high = strtol(text, &end, 10);
	if (*end == '-' && isdigit((unsigned char)end[1]))
		high = strtol(end + 1, &end, 10);
	if (*end != '\0' || low < 0 || high > 999 || low > high)
		return false;
	*first = (int)low;
	*last = (int)high;
	return true;
}

static enum status parse_http(struct term *term, struct error *error)
{
	char *copy = strdup(term->value), *rest = NULL, *part;
	bool good = copy != NULL;

	for (part = good ? strtok_r(copy, ",", &rest) : NULL; part != NULL && good;
	     part = strtok_r(NULL, ",", &rest)) {
		good = term->status_count < 16 &&
		       parse_status(part, &term->status[term->status_count].first,
		                    &term->status[term->status_count].last);
		term->status_count += good;
	}
	free(copy);
	if (!good || term->status_count == 0)
		return bad_value(error, term, "a status such as 503, 5xx or 500-599");
	return STATUS_OK;
}

static bool parse_seq_number(const char *text, const char *end, int64_t *value)
{
	int64_t number = 0;

	if (text == end)
		return false;
	for (; text < end; text++) {
		if (!isdigit((unsigned char)*text) || number > INT64_MAX / 10 - 10)
			return false;
		number = number * 10 + (*text - '0');
	}
	*value = number;
	return true;
}

static enum status parse_seq(struct term *term, struct error *error)
{
	const char *text = term->value, *end = text + strlen(text);
	const char *dash = strchr(text, '-');
	bool good;

	term->first = 1;
	term->last = INT64_MAX;
	if (dash == NULL) {
		good = parse_seq_number(text, end, &term->first);
		term->last = term->first;
	} else {
		good = (dash == text || parse_seq_number(text, dash, &term->first)) &&
		       (dash + 1 == end || parse_seq_number(dash + 1, end, &term->last)) &&
		       end - text > 1;
	}
	good = good && term->first <= term->last;
	return good ? STATUS_OK : bad_value(error, term, "a number or range such as 17, 10-20 or 10-");
}

static enum status parse_group(struct term *term, struct error *error)
{
	size_t length = strlen(term->value);

	if (length == 0 || length > 16 || strspn(term->value, "0123456789abcdefABCDEF") != length)
		return bad_value(error, term, "up to 16 hexadecimal digits");
	term->group_digits = (int)length;
	term->group = strtoull(term->value, NULL, 16) << (64 - 4 * term->group_digits);
	return STATUS_OK;
}

static enum status parse_value(struct term *term, struct error *error)
{
	switch (term->kind) {
	case TERM_STATE:
		return parse_states(term, error);
	case TERM_HTTP:
		return parse_http(term, error);
	case TERM_SEQ:
		return parse_seq(term, error);
	case TERM_GROUP:
		return parse_group(term, error);
	default:
		return STATUS_OK;
	}
}

/* ---- terms -------------------------------------------------------------------- */

static bool parse_name(struct term *term, const char *name, size_t length)
{
	for (size_t i = 0; i < NAMES; i++)
		if (strlen(names[i].name) == length && memcmp(names[i].name, name, length) == 0) {
			term->kind = names[i].kind;
			return true;
		}
	if (length <= 6 || memcmp(name, "field.", 6) != 0)
		return false;
	term->kind = TERM_FIELD;
	term->field = strndup(name + 6, length - 6);
	return term->field != NULL;
}

/* A word or "a quoted one" (\" and \\ inside).  *at moves behind it. */
static char *parse_word(const char **at)
{
	const char *from = *at;
	char *out = malloc(strlen(from) + 1), *to = out;

	if (out == NULL)
		return NULL;
	if (*from == '"') {
		for (from++; *from != '\0' && *from != '"'; from++) {
			if (*from == '\\' && from[1] != '\0')
				from++;
			*to++ = *from;
		}
		if (*from != '"') {
			free(out);
			return NULL;
		}
		from++;
	} else {
		while (*from != '\0' && !isspace((unsigned char)*from))
			*to++ = *from++;
	}
	*to = '\0';
	*at = from;
	return out;
}

/* The end of a term's name: its colon; a field's name may be quoted, with \" and \\ inside:
 * field."the city":Beijing. */
static const char *find_colon(const char *at)
{
	bool quoted = false;

	for (; *at != '\0' && (quoted || !isspace((unsigned char)*at)); at++) {
		if (quoted && *at == '\\' && at[1] != '\0')
			at++;
		else if (*at == '"')
			quoted = !quoted;
		else if (*at == ':' && !quoted)
			return at;
	}
	return NULL;
}

static void unquote(char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;
	char *to = text;

	if (length < 2 || text[0] != '"' || text[length - 1] != '"')
		return;
	text[length - 1] = '\0';
	for (const char *from = text + 1; *from != '\0'; from++) {
		if (*from == '\\' && from[1] != '\0')
			from++;
		*to++ = *from;
	}
	*to = '\0';
}

/* What stands there is no term: perhaps it is one in another spelling. */
static enum status no_term(const char *start, struct error *error)
{
	int length = (int)strcspn(start, " \t");
	int name = (int)strcspn(start, "=: \t");
	struct term ignored = {0};
	bool named = start[name] == '=' && parse_name(&ignored, start, (size_t)name);

	length = length < TERM_SHOWN_MAX ? length : TERM_SHOWN_MAX;
	free(ignored.field);
	if (named)
		return error_set(error, STATUS_USAGE, "filter: '%.*s': write %.*s:…", length, start,
		                 name, start);
	if (name == length && length > 0)
		return error_set(error, STATUS_USAGE,
		                 "filter: unknown term '%.*s' (text:%.*s looks for the word; known: %s)",
		                 length, start, length, start, known);
	return error_set(error, STATUS_USAGE, "filter: unknown term '%.*s' (known: %s)", length,
	                 start, known);
}

static enum status parse_term(struct term *term, const char **at, struct error *error)
{
	const char *start = *at, *colon;

	if (*start == '-') {
		term->negated = true;
		start++;
	}
	colon = find_colon(start);
	if (colon == NULL || !parse_name(term, start, (size_t)(colon - start)))
		return no_term(start, error);
	unquote(term->field);
	*at = colon + 1;
	term->value = parse_word(at);
	if (term->value == NULL)
		return error_set(error, STATUS_USAGE, "filter: '%.100s': the quote does not end", start);
	return parse_value(term, error);
}

enum status filter_parse(const char *text, struct filter **out, struct error *error)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	enum status status = STATUS_OK;

	if (filter == NULL)
		return error_set(error, STATUS_NO_MEMORY, "out of memory");
	if (text != NULL && strlen(text) > TEXT_MAX)
		status = error_set(error, STATUS_USAGE, "filter: longer than %d bytes", TEXT_MAX);
	while (status == STATUS_OK && text != NULL) {
		while (isspace((unsigned char)*text))
			text++;
		if (*text == '\0')
			break;
		if (filter->count == TERMS_MAX)
			status = error_set(error, STATUS_USAGE, "filter: more than %d terms", TERMS_MAX);
		else
			status = parse_term(&filter->terms[filter->count++], &text, error);
	}
	if (status != STATUS_OK)
		filter_free(filter);
	else
		*out = filter;
	return status;
}

void filter_free(struct filter *filter)
{
	if (filter == NULL)
		return;
	for (int i = 0; i < filter->count; i++) {
		free(filter->terms[i].value);
		free(filter->terms[i].field);
	}
	free(filter);
}
