/* The check.  json_walk.c finds values in text that passed it, json_string.c
 * and json_number.c read them. */
#include "engine/base/json.h"

#include <stdint.h>
#include <string.h>

/* Where the check stands. */
struct check {
	const char *at, *end;
	const char *reason; /* set where it failed, at `at` */
	int depth;
	/* One bit a level: is it an object? */
	uint64_t objects[(JSON_DEPTH_MAX + 63) / 64];
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

/* Eight bytes at once: is one of them a quote, a backslash, a control
 * character or not ASCII?  (Bit tricks: S. E. Anderson, "Bit Twiddling Hacks",
 * "Determine if a word has a byte less than n".) */
static bool word_is_special(const char *at)
{
	const uint64_t ones = 0x0101010101010101ULL, high = 0x8080808080808080ULL;
	uint64_t word, quote, backslash;

	memcpy(&word, at, sizeof(word));
	quote = word ^ (ones * '"');
	backslash = word ^ (ones * '\\');
	return ((word | (word - ones * 0x20) | (quote - ones) | (backslash - ones)) & high) != 0;
}

static bool fails(struct check *check, const char *at, const char *reason)
{
	check->at = at;
	check->reason = reason;
	return false;
}

static bool check_escape(struct check *check, const char *at)
{
	if (check->end - at < 2)
		return fails(check, check->end, "unterminated string");
	if (at[1] == 'u') {
		for (int i = 2; i < 6; i++) {
			char c = at + i < check->end ? at[i] : 0;

			if (!is_digit(c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
				return fails(check, at, "bad \\u escape");
		}
		check->at = at + 6;
		return true;
	}
	if (at[1] == 0 || !strchr("\"\\/bfnrt", at[1]))
		return fails(check, at, "bad escape");
	check->at = at + 2;
	return true;
}

/* check->at is at the opening quote; afterwards behind the closing one. */
static bool check_string(struct check *check)
{
	const char *at = check->at + 1;

	for (;;) {
		size_t step = 1;

		while (check->end - at >= 8 && !word_is_special(at))
			at += 8;
		if (at == check->end)
			return fails(check, at, "unterminated string");
		if (*at == '"') {
			check->at = at + 1;
			return true;
		}
		if (*at == '\\') {
			if (!check_escape(check, at))
				return false;
			at = check->at;
			continue;
		}
		if ((unsigned char)*at < 0x20)
			return fails(check, at, "control character in a string");
		if ((unsigned char)*at >= 0x80)
			step = utf8_sequence(at, (size_t)(check->end - at));
		if (step == 0)
			return fails(check, at, "not valid UTF-8");
		at += step;
	}
}

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && is_digit(*at))
		at++;
	return at;
}

static bool check_number(struct check *check)
{
	const char *at = check->at, *end = check->end, *digits;

	if (*at == '-')
		at++;
	digits = at;
	at = skip_digits(at, end);
	if (at == digits)
		return fails(check, at, "a digit is missing");
	if (*digits == '0' && at - digits > 1)
		return fails(check, digits, "a number has a leading zero");
	if (at < end && *at == '.') {
		digits = ++at;
		at = skip_digits(at, end);
		if (at == digits)
			return fails(check, at, "a digit is missing");
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			at++;
		digits = at;
		at = skip_digits(at, end);
		if (at == digits)
			return fails(check, at, "a digit is missing");
	}
	check->at = at;
	return true;
}

static bool check_word(struct check *check, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(check->end - check->at) < length || memcmp(check->at, word, length) != 0)
		return fails(check, check->at, "not a value");
	check->at += length;
	return true;
}

static bool check_scalar(struct check *check)
{
	switch (*check->at) {
	case '"':
		return check_string(check);
	case 't':
		return check_word(check, "true");
	case 'f':
		return check_word(check, "false");
	case 'n':
		return check_word(check, "null");
	default:
		if (*check->at == '-' || is_digit(*check->at))
			return check_number(check);
		return fails(check, check->at, "not a value");
	}
}

static bool in_object(const struct check *check)
{
	int level = check->depth - 1;

	return (check->objects[level / 64] >> (level % 64) & 1) != 0;
}

static bool open_container(struct check *check)
{
	uint64_t bit;

	if (check->depth == JSON_DEPTH_MAX)
		return fails(check, check->at, "nested too deep");
	bit = 1ULL << (check->depth % 64);
	if (*check->at == '{')
		check->objects[check->depth / 64] |= bit;
	else
		check->objects[check->depth / 64] &= ~bit;
	check->depth++;
	check->at = skip_blanks(check->at + 1, check->end);
	return true;
}

/* In an object: the name and the colon before a value. */
static bool check_name(struct check *check)
{
	if (check->at == check->end)
		return fails(check, check->at, "unexpected end");
	if (*check->at != '"')
		return fails(check, check->at, "a member name is missing");
	if (!check_string(check))
		return false;
	check->at = skip_blanks(check->at, check->end);
	if (check->at == check->end)
		return fails(check, check->at, "unexpected end");
	if (*check->at != ':')
		return fails(check, check->at, "a colon is missing");
	check->at = skip_blanks(check->at + 1, check->end);
	return true;
}

/* A value is complete: close what closes, and stand before the next value of
 * the container that is open, if one is. */
static bool check_after_value(struct check *check)
{
	while (check->depth > 0) {
		bool object = in_object(check);

		check->at = skip_blanks(check->at, check->end);
		if (check->at == check->end)
			return fails(check, check->at, "unexpected end");
		if (*check->at == ',') {
			check->at = skip_blanks(check->at + 1, check->end);
			return !object || check_name(check);
		}
		if (*check->at != (object ? '}' : ']'))
			return fails(check, check->at,
			             object ? "a comma or } is missing" : "a comma or ] is missing");
		check->at++;
		check->depth--;
	}
	return true;
}

/* One value from check->at on; afterwards check->at is behind it. */
static bool check_value(struct check *check)
{
	do {
		if (check->at == check->end)
			return fails(check, check->at, "unexpected end");
		if (*check->at == '{' || *check->at == '[') {
			if (!open_container(check))
				return false;
			if (check->at < check->end && *check->at == (in_object(check) ? '}' : ']')) {
				check->at++;
				check->depth--;
			} else {
				if (in_object(check) && !check_name(check))
					return false;
				continue;
			}
		} else if (!check_scalar(check)) {
			return false;
		}
		if (!check_after_value(check))
			return false;
	} while (check->depth > 0);
	return true;
}

bool json_trim(const char *text, size_t length, struct json_span *value, struct json_fault *fault)
{
	struct check check = {0};
	const char *start;

	if (length == 0)
		text = ""; /* NULL is allowed there */
	check.end = text + length;
	check.at = start = skip_blanks(text, check.end);
	if (check_value(&check)) {
		const char *end = check.at;

		check.at = skip_blanks(check.at, check.end);
		if (check.at == check.end) {
			*value = (struct json_span){start, (size_t)(end - start)};
			return true;
		}
		check.reason = "something follows the value";
	}
	if (fault)
		*fault = (struct json_fault){(size_t)(check.at - text), check.reason};
	return false;
}

bool json_check(const char *text, size_t length, struct json_fault *fault)
{
	struct json_span value;

	return json_trim(text, length, &value, fault);
}
