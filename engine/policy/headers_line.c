/* A header line, by its role. */
#include <string.h>

#include "engine/policy/headers_internal.h"

/* The longest of a list: proxies join what stood on several lines. */
static bool wait_of(const struct scene *scene, const struct header_line *line, int64_t *wait_ms)
{
	struct text rest = line->value;
	int64_t longest_ms = -1, ms;

	if (header_wait_parse(line->value, scene->now_ms, line->meaning.unit, wait_ms))
		return true;
	if (header_wait_endless(line->value, scene->now_ms, line->meaning.unit)) {
		*wait_ms = HEADER_WAIT_MS_MAX; /* not to be sent to again soon, that much is plain */
		return true;
	}
	while (rest.at < rest.end) {
		struct text part = text_cut(rest, ',', &rest);

		if (!header_wait_parse(part, scene->now_ms, line->meaning.unit, &ms))
			return false;
		longest_ms = ms > longest_ms ? ms : longest_ms;
	}
	*wait_ms = longest_ms;
	return longest_ms > 0;
}

static void read_asked(struct scene *scene, const struct header_line *line)
{
	struct header_hints *hints = scene->hints;
	size_t length = (size_t)(line->name.end - line->name.at);
	int64_t wait_ms;

	/* gRPC: a negative pushback forbids the retry. */
	if (line->meaning.unit == HEADER_UNIT_MS && line->value.at < line->value.end &&
	    *line->value.at == '-' && length > 8 && memchr(line->name.at, 'p', length) &&
	    text_equals((struct text){line->name.at, line->name.end}, "grpc-retry-pushback-ms")) {
		hints->retry = RETRY_WORD_NO;
		return;
	}
	if (line->meaning.rank <= scene->asked_rank || !wait_of(scene, line, &wait_ms))
		return;
	scene->asked_rank = line->meaning.rank;
	hints->wait_ms = wait_ms;
	hints->wait_kind = WAIT_ASKED;
	for (size_t i = 0; i < length; i++) {
		char c = line->name.at[i];

		hints->source[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	hints->source[length] = '\0';
}

static bool is_one_of(struct text text, const char *const *words)
{
	for (; *words; words++) {
		if (text_equals(text, *words))
			return true;
	}
	return false;
}

static const char *const yes_words[] = {"true", "1", "yes", "?1", "on", NULL};
static const char *const no_words[] = {"false", "0", "no", "?0", "off", NULL};

static void read_retry_word(struct scene *scene, const struct header_line *line)
{
	bool yes = is_one_of(line->value, yes_words);

	if (!yes && !is_one_of(line->value, no_words))
		return;
	if (line->meaning.role == ROLE_SHOULD_NOT_RETRY)
		yes = !yes;
	/* Two that contradict each other: the careful one. */
	if (scene->hints->retry != RETRY_WORD_NO)
		scene->hints->retry = yes ? RETRY_WORD_YES : RETRY_WORD_NO;
}

static bool contains(struct text text, const char *word)
{
	size_t length = strlen(word);

	for (; (size_t)(text.end - text.at) >= length; text.at++) {
		if (text_equals((struct text){text.at, text.at + length}, word))
			return true;
	}
	return false;
}

static void read_flag(struct scene *scene, const struct header_line *line)
{
	static const char *const codes[] = {"throttl", "toomanyrequests", "too_many_requests",
	                                    "slowdown", "requestlimitexceeded", "ratelimit",
	                                    "rate_limit", "rateexceeded", NULL};

	if (line->meaning.role == ROLE_THROTTLED) {
		scene->hints->throttled |= is_one_of(line->value, yes_words);
		return;
	}
	for (const char *const *code = codes; *code; code++)
		scene->hints->throttled |= contains(line->value, *code);
}

static void read_status(struct scene *scene, const struct header_line *line)
{
	static const char *const rejected[] = {"rejected", "exceeded", "exhausted", "blocked",
	                                       "limited", "throttled", NULL};
	struct budget *budget;

	if (!is_one_of(line->value, rejected))
		return;
	budget = budget_at(scene, line->meaning.label, line->meaning.style, 0);
	if (budget)
		budget->rejected = true;
}

void header_value_read(struct scene *scene, struct header_line *line)
{
	switch (line->meaning.role) {
	case ROLE_NONE:
	case ROLE_LABEL:
		break;
	case ROLE_RETRY_AFTER:
		read_asked(scene, line);
		break;
	case ROLE_SHOULD_RETRY:
	case ROLE_SHOULD_NOT_RETRY:
		read_retry_word(scene, line);
		break;
	case ROLE_THROTTLED:
	case ROLE_ERROR_CODE:
		read_flag(scene, line);
		break;
	case ROLE_STATUS:
		read_status(scene, line);
		break;
	default:
		header_budgets_read(scene, line);
		break;
	}
}
