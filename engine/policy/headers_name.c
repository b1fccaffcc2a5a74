/* A header's name, cut into words: which role it plays, in which unit, of which
 * budget.  Words may be run together ("resetafter", "dailylimit", HTTP/2 leaves
 * no capitals to tell them apart by). */
#include <string.h>

#include "engine/policy/headers_internal.h"
#include "engine/policy/headers_words.h"

#define NAME_MAX_LENGTH 63
#define DAY 86400

static bool starts(const char *at, size_t length, const char *word)
{
	size_t word_length = strlen(word);

	if (length < word_length)
		return false;
	for (size_t i = 0; i < word_length; i++) {
		if ((at[i] | 0x20) != word[i])
			return false;
	}
	return true;
}

bool header_name_may_matter(const char *name, size_t length)
{
	for (size_t i = 0; i + 2 < length; i++) {
		const char *at = name + i;
		size_t left = length - i;

		switch (*at | 0x20) {
		case 'l':
			if (starts(at, left, "limit") || starts(at, left, "left"))
				return true;
			break;
		case 'r':
			if (starts(at, left, "retr") || starts(at, left, "remaining") ||
			    starts(at, left, "rl-"))
				return true;
			break;
		case 'q':
			if (starts(at, left, "quota"))
				return true;
			break;
		case 't':
			if (starts(at, left, "throttl"))
				return true;
			break;
		case 'b':
			if (starts(at, left, "backoff"))
				return true;
			break;
		case 'e':
			if (starts(at, left, "errortype") || starts(at, left, "error-code"))
				return true;
			break;
		default:
			break;
		}
	}
	return false;
}

/* What a name says, word by word. */
struct reading {
	uint32_t flags; /* of all words */
	uint32_t label;
	enum header_unit unit;
	int period_s, numeral;
	bool units; /* a unit stood there: "-ms" */
};

/* A word of the label.  Labels are sums: "remaining-requests" and
 * "requests-remaining" are one. */
static void add_label(struct reading *reading, const char *at, size_t length)
{
	reading->label += text_hash((struct text){at, at + length}) | 1;
}

static void add_number(struct reading *reading, uint32_t number)
{
	reading->label += number * 2654435761u;
}

#define TIMES (RESET | AFTER | WINDOW | RETRY | WAIT | DELAY)

static int period_of_unit(int unit)
{
	return unit == HEADER_UNIT_H ? 3600 : unit == HEADER_UNIT_MIN ? 60 : 1;
}

static void take_word(struct reading *reading, const struct word *word)
{
	uint32_t flags = word->flags;

	if (flags & LIMIT && reading->flags & LIMIT)
		flags |= LIMIT_AGAIN;
	/* "reset-seconds" tells the unit of a time, "remaining-seconds" a period;
	 * the "ms" of "x-ms-retry-after" is a vendor. */
	if (flags & UNIT && (reading->flags & TIMES || !(flags & (PERIOD | GLUE)))) {
		reading->unit = (enum header_unit)word->figure;
		reading->units = true;
		flags &= ~(uint32_t)PERIOD;
	} else if (flags & PERIOD) {
		int period_s = flags & UNIT ? period_of_unit(word->figure) : word->figure;

		reading->period_s = period_s * (reading->numeral > 0 ? reading->numeral : 1);
		add_number(reading, (uint32_t)period_s);
	}
	if (flags & CALLS && !(flags & GLUE))
		add_label(reading, "request", 7);
	if (flags & OTHERS) /* "token" and "tokens" are one */
		add_label(reading, word->text, strcspn(word->text, "s"));
	reading->flags |= flags;
}

/* "24hour", "5-minute": the number belongs to the period behind it. */
static size_t take_numeral(struct reading *reading, const char *at, size_t length)
{
	size_t digits = 0;
	int value = 0;

	for (; digits < length && at[digits] >= '0' && at[digits] <= '9'; digits++)
		value = value < 100000 ? value * 10 + (at[digits] - '0') : value;
	if (digits == 0)
		return 0;
	reading->numeral = value;
	reading->flags |= NUMERAL;
	add_number(reading, (uint32_t)value + 1000003u);
	return digits;
}

static void take_strange(struct reading *reading, const char *at, size_t length)
{
	int64_t period_s = reading->numeral > 0 && length == 1 && strchr("smhdw", *at)
	                       ? header_period_s((struct text){at, at + 1})
	                       : 0;

	if (period_s > 0) { /* the "h" of "5h" */
		reading->period_s = (int)period_s * reading->numeral;
		add_number(reading, (uint32_t)period_s);
		return;
	}
	add_label(reading, at, length);
	if (reading->flags & (RATE | LIMIT | FAMILY))
		reading->flags |= STRANGE;
}

/* Words that are run together, from the left, the longest first; what is left
 * over is a word of the label: "user" of "userremaining". */
static void take_joined(struct reading *reading, const char *at, size_t length)
{
	size_t from = 0;

	for (size_t i = 0; i < length;) {
		const struct word *word = NULL;
		size_t longest = length - i;

		for (; longest >= 2 && !word; longest -= !word) {
			word = header_word_find(at + i, longest);
			/* "in", "at", "ms" only as an end: "resetin". */
			if (word && word->flags & GLUE && (i == 0 || i > from || i + longest < length))
				word = NULL;
		}
		if (!word) {
			i++;
			continue;
		}
		if (i > from)
			take_strange(reading, at + from, i - from);
		take_word(reading, word);
		i += longest;
		from = i;
	}
	if (from < length)
		take_strange(reading, at + from, length - from);
}

/* "resettime", "userlimit": is it worth a search for words? */
static bool may_hold_words(const char *at, size_t length)
{
	return length > 5 && (memmem(at, length, "reset", 5) || header_name_may_matter(at, length));
}

static void read_words(struct reading *reading, const char *name, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t end = at, digits;
		const struct word *word;

		while (end < length && name[end] != '-' && name[end] != '_' && name[end] != '.')
			end++;
		digits = take_numeral(reading, name + at, end - at);
		word = header_word_find(name + at + digits, end - at - digits);
		if (word)
			take_word(reading, word);
		else if (may_hold_words(name + at + digits, end - at - digits))
			take_joined(reading, name + at + digits, end - at - digits);
		else if (end > at + digits)
			take_strange(reading, name + at + digits, end - at - digits);
		if (end > at + digits) /* the number of "5-minute" waits for its word */
			reading->numeral = 0;
		at = end + 1;
	}
}

/* A role that is said outright. */
static enum header_role role_of_retry(uint32_t flags)
{
	bool limits = (flags & RATE && flags & LIMIT) || flags & FAMILY;

	if (flags & RETRY && flags & (AFTER | AT | WAIT | DELAY) && !(flags & (NOT | NO_COUNT)))
		return ROLE_RETRY_AFTER;
	if (flags & RETRYABLE || (flags & RETRY && flags & (SHOULD | NOT)))
		return flags & NOT ? ROLE_SHOULD_NOT_RETRY : ROLE_SHOULD_RETRY;
	if (limits && flags & (RETRY | WAIT) && !(flags & (USED | MAX | LIMIT_AGAIN | NO_COUNT)))
		return ROLE_RETRY_AFTER;
	return ROLE_NONE;
}

static enum header_role role_of_count(uint32_t flags)
{
	/* "x-limit-per-second", "x-shopify-shop-api-call-limit": a limit on calls
	 * without the word rate; a bare "x-page-limit" is something else. */
	bool limits = (flags & RATE && flags & LIMIT) || flags & FAMILY ||
	              (flags & (LIMIT | REMAINING | MAX) && flags & (CALLS | PERIOD | OTHERS)) ||
	              (flags & LIMIT && flags & (RESET | REMAINING));

	if (!limits)
		return flags & LIMIT ? ROLE_NAMED : ROLE_NONE;
	if (flags & RESET)
		return ROLE_RESET;
	if (flags & REMAINING)
		return ROLE_REMAINING;
	if (flags & USED)
		return ROLE_USED;
	if (flags & STATUS)
		return ROLE_STATUS;
	if (flags & POLICY)
		return ROLE_POLICY;
	if (flags & WINDOW)
		return ROLE_WINDOW;
	if (flags & LIMITED)
		return ROLE_THROTTLED;
	if (flags & (MAX | LIMIT_AGAIN) || (flags & LIMIT && !(flags & RATE)))
		return ROLE_LIMIT;
	if (flags & PERIOD && !(flags & STRANGE))
		return ROLE_LIMIT;
	return flags & STRANGE ? ROLE_NAMED : ROLE_WHOLE;
}

static enum header_role role_of(const struct reading *reading)
{
	uint32_t flags = reading->flags;
	enum header_role role = role_of_retry(flags);

	if (role != ROLE_NONE)
		return role;
	if (flags & ERROR_CODE)
		return ROLE_ERROR_CODE;
	if (flags & (NO_COUNT | WAIT | DELAY))
		return ROLE_NONE;
	role = role_of_count(flags);
	/* x-amzn-ratelimit-limit is a rate per second. */
	return role == ROLE_LIMIT && flags & AMAZON ? ROLE_NONE : role;
}

void header_name_read(const char *name, size_t length, struct header_name *out)
{
	struct reading reading = {0};
	char lower[NAME_MAX_LENGTH + 1];

	*out = (struct header_name){0};
	if (length > NAME_MAX_LENGTH)
		return;
	for (size_t i = 0; i < length; i++)
		lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];
	lower[length] = '\0';
	read_words(&reading, lower, length);
	out->role = role_of(&reading);
	out->unit = reading.unit;
	out->label = reading.label;
	out->style = (lower[0] == 'x' && lower[1] == '-') | (strstr(lower, "rate-limit") != NULL) << 1;
	out->period_s = reading.period_s;
	out->calls = !(reading.flags & OTHERS);
	if (out->role == ROLE_RETRY_AFTER) {
		/* Amazon's x-amz-retry-after is in milliseconds. */
		if (reading.flags & AMAZON && !reading.units)
			out->unit = HEADER_UNIT_MS;
		if (strstr(lower, "pushback"))
			out->unit = HEADER_UNIT_MS;
		out->rank = out->unit == HEADER_UNIT_MS ? 3 : strcmp(lower, "retry-after") == 0 ? 2 : 1;
	} else {
		out->rank = 1 + ((reading.flags & AFTER) != 0) + (out->unit == HEADER_UNIT_MS);
	}
}

/* ---- inside values ------------------------------------------------------- */

enum header_role header_key_role(struct text key, bool *ignored)
{
	static const struct {
		const char *key;
		enum header_role role; /* ROLE_NONE: known to say nothing here */
	} keys[] = {
	    {"limit", ROLE_LIMIT}, {"l", ROLE_LIMIT}, {"q", ROLE_LIMIT}, {"quota", ROLE_LIMIT},
	    {"max", ROLE_LIMIT}, {"total", ROLE_LIMIT}, {"capacity", ROLE_LIMIT},
	    {"remaining", ROLE_REMAINING}, {"r", ROLE_REMAINING}, {"rem", ROLE_REMAINING},
	    {"left", ROLE_REMAINING}, {"available", ROLE_REMAINING},
	    {"used", ROLE_USED}, {"usage", ROLE_USED}, {"u", ROLE_USED}, {"current", ROLE_USED},
	    {"reset", ROLE_RESET}, {"t", ROLE_RESET}, {"resets", ROLE_RESET}, {"rst", ROLE_RESET},
	    {"reset_in", ROLE_RESET}, {"reset-in", ROLE_RESET}, {"reset_at", ROLE_RESET},
	    {"reset-at", ROLE_RESET}, {"reset-after", ROLE_RESET}, {"reset_after", ROLE_RESET},
	    {"resetafter", ROLE_RESET}, {"ttl", ROLE_RESET}, {"retry-after", ROLE_RESET},
	    {"retry_after", ROLE_RESET}, {"w", ROLE_WINDOW}, {"window", ROLE_WINDOW},
	    {"interval", ROLE_WINDOW}, {"period", ROLE_WINDOW}, {"duration", ROLE_WINDOW},
	    {"b", ROLE_LABEL}, {"bucket", ROLE_LABEL}, {"name", ROLE_LABEL}, {"policy", ROLE_LABEL},
	    {"burst", ROLE_NONE}, {"comment", ROLE_NONE}, {"pk", ROLE_NONE}, {"qu", ROLE_NONE},
	    {"partition", ROLE_NONE}, {"scope", ROLE_NONE}, {"unit", ROLE_NONE}, {"cost", ROLE_NONE},
	};

	*ignored = false;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!text_equals(key, keys[i].key))
			continue;
		*ignored = keys[i].role == ROLE_NONE;
		return keys[i].role;
	}
	return ROLE_NONE;
}

int64_t header_period_s(struct text text)
{
	static const struct {
		const char *word;
		int64_t seconds;
	} periods[] = {
	    {"s", 1}, {"sec", 1}, {"second", 1}, {"m", 60}, {"min", 60}, {"minute", 60},
	    {"h", 3600}, {"hr", 3600}, {"hour", 3600}, {"d", DAY}, {"day", DAY}, {"w", 7 * DAY},
	    {"week", 7 * DAY}, {"month", 30 * DAY},
	};
	int64_t ms;

	text = text_trim(text.at, text.end);
	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		if (text_equals(text, periods[i].word))
			return periods[i].seconds;
	}
	/* Seconds, or a duration: "60", "1m"; none so long that it is a date. */
	if (!header_wait_parse(text, 0, HEADER_UNIT_AUTO, &ms))
		return 0;
	return (ms + 999) / 1000;
}
