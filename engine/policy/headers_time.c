/* Times: numbers by unit and magnitude, durations, dates.  Waits are floors and
 * so rounded up. */
#include <string.h>

#include "engine/policy/headers_internal.h"

#define SECONDS_MAX (HEADER_WAIT_MS_MAX / 1000)

/* A number as written: whole + nano / 1e9 (+ something less, where `more`). */
struct decimal {
	uint64_t whole;
	uint32_t nano;
	bool more;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take_digits(struct text *text, uint64_t *out)
{
	uint64_t value = 0;
	const char *from = text->at;

	for (; text->at < text->end && is_digit(*text->at); text->at++) {
		if (value > (UINT64_MAX - 9) / 10)
			return false;
		value = value * 10 + (uint64_t)(*text->at - '0');
	}
	*out = value;
	return text->at > from;
}

/* "1.7673231E9", as Java prints a double. */
static bool take_exponent(struct text *text, struct decimal *number)
{
	uint64_t exponent;

	text->at++;
	text_take_char(text, '+');
	if (!take_digits(text, &exponent) || exponent > 18)
		return false;
	for (; exponent > 0; exponent--) {
		if (number->whole > (UINT64_MAX - 9) / 10)
			return false;
		number->whole = number->whole * 10 + number->nano / 100000000;
		number->nano = number->nano % 100000000 * 10;
	}
	return true;
}

static bool take_decimal(struct text *text, struct decimal *out)
{
	struct decimal number = {0};
	uint32_t scale = 100000000;
	const char *digits;

	if (!take_digits(text, &number.whole))
		return false;
	if (text_take_char(text, '.')) {
		digits = text->at;
		for (; text->at < text->end && is_digit(*text->at); text->at++) {
			number.nano += (uint32_t)(*text->at - '0') * scale;
			number.more |= scale == 0 && *text->at != '0';
			scale /= 10;
		}
		if (text->at == digits)
			return false;
		if (text->at < text->end && (*text->at | 0x20) == 'e' && !take_exponent(text, &number))
			return false;
	}
	*out = number;
	return true;
}

/* `unit_ms` >= 1; false: beyond what is believed. */
static bool scale_up(const struct decimal *number, int64_t unit_ms, int64_t *ms)
{
	uint64_t part;

	if (number->whole > (uint64_t)(HEADER_WAIT_MS_MAX / unit_ms))
		return false;
	part = number->nano * (uint64_t)unit_ms;
	*ms = (int64_t)(number->whole * (uint64_t)unit_ms + part / 1000000000 +
	                (part % 1000000000 > 0 || number->more));
	return true;
}

/* Microseconds and nanoseconds. */
static bool scale_down(const struct decimal *number, uint64_t per_ms, int64_t *ms)
{
	*ms = (int64_t)(number->whole / per_ms) +
	      (number->whole % per_ms > 0 || number->nano > 0 || number->more);
	return true;
}

static const int64_t unit_ms[HEADER_UNITS] = {
    [HEADER_UNIT_AUTO] = 1000, [HEADER_UNIT_MS] = 1, [HEADER_UNIT_S] = 1000,
    [HEADER_UNIT_MIN] = 60000, [HEADER_UNIT_H] = 3600000,
};

static bool in_unit(const struct decimal *number, enum header_unit unit, int64_t *ms)
{
	if (unit == HEADER_UNIT_US || unit == HEADER_UNIT_NS)
		return scale_down(number, unit == HEADER_UNIT_US ? 1000 : 1000000, ms);
	return scale_up(number, unit_ms[unit], ms);
}

/* Seconds, milliseconds, microseconds or nanoseconds since the epoch: each
 * magnitude begins in 1973, where the one before it ends in 5138. */
static bool epoch_ms(const struct decimal *number, int64_t *ms)
{
	uint64_t whole = number->whole;

	if (whole < 100000000000)
		*ms = (int64_t)(whole * 1000 + number->nano / 1000000 +
		                (number->nano % 1000000 > 0 || number->more));
	else if (whole < 100000000000000)
		*ms = (int64_t)whole + (number->nano > 0 || number->more);
	else if (whole < 100000000000000000)
		scale_down(number, 1000, ms);
	else
		scale_down(number, 1000000, ms);
	return true;
}

static bool number_wait(const struct decimal *number, int64_t now_ms, enum header_unit unit,
                        int64_t *wait_ms)
{
	int64_t at_ms;

	if (unit == HEADER_UNIT_EPOCH_S || unit == HEADER_UNIT_EPOCH_MS) {
		if (number->whole > (uint64_t)INT64_MAX / 2000)
			return false;
		at_ms = (int64_t)number->whole;
		if (unit == HEADER_UNIT_EPOCH_S)
			at_ms = at_ms * 1000 + number->nano / 1000000 + (number->nano % 1000000 > 0);
		*wait_ms = at_ms - now_ms;
		return true;
	}
	if (in_unit(number, unit, wait_ms) && *wait_ms <= HEADER_WAIT_MS_MAX)
		return true;
	if (!epoch_ms(number, &at_ms))
		return false;
	*wait_ms = at_ms - now_ms;
	return true;
}

/* ---- durations ----------------------------------------------------------- */

static bool take_unit(struct text *text, enum header_unit *unit, int64_t *factor)
{
	static const struct {
		const char *word;
		enum header_unit unit;
		int64_t factor;
	} units[] = {
	    {"ns", HEADER_UNIT_NS, 1}, {"us", HEADER_UNIT_US, 1}, {"ms", HEADER_UNIT_MS, 1},
	    {"msec", HEADER_UNIT_MS, 1}, {"millis", HEADER_UNIT_MS, 1},
	    {"millisecond", HEADER_UNIT_MS, 1}, {"milliseconds", HEADER_UNIT_MS, 1},
	    {"s", HEADER_UNIT_S, 1}, {"sec", HEADER_UNIT_S, 1}, {"secs", HEADER_UNIT_S, 1},
	    {"second", HEADER_UNIT_S, 1}, {"seconds", HEADER_UNIT_S, 1},
	    {"m", HEADER_UNIT_MIN, 1}, {"min", HEADER_UNIT_MIN, 1}, {"mins", HEADER_UNIT_MIN, 1},
	    {"minute", HEADER_UNIT_MIN, 1}, {"minutes", HEADER_UNIT_MIN, 1},
	    {"h", HEADER_UNIT_H, 1}, {"hr", HEADER_UNIT_H, 1}, {"hrs", HEADER_UNIT_H, 1},
	    {"hour", HEADER_UNIT_H, 1}, {"hours", HEADER_UNIT_H, 1},
	    {"d", HEADER_UNIT_H, 24}, {"day", HEADER_UNIT_H, 24}, {"days", HEADER_UNIT_H, 24},
	    {"w", HEADER_UNIT_H, 168}, {"week", HEADER_UNIT_H, 168}, {"weeks", HEADER_UNIT_H, 168},
	};
	struct text word = *text;

	if (text->end - text->at >= 3 && (memcmp(text->at, "\xC2\xB5s", 3) == 0 ||
	                                  memcmp(text->at, "\xCE\xBCs", 3) == 0)) { /* µs */
		text->at += 3;
		*unit = HEADER_UNIT_US;
		*factor = 1;
		return true;
	}
	while (text->at < text->end && (*text->at | 0x20) >= 'a' && (*text->at | 0x20) <= 'z')
		text->at++;
	word.end = text->at;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (text_equals(word, units[i].word)) {
			*unit = units[i].unit;
			*factor = units[i].factor;
			return true;
		}
	}
	return false;
}

/* One number with its unit, added; false: none, or beyond what is believed. */
static bool add_part(struct text *text, int64_t *total_ms)
{
	struct decimal number;
	enum header_unit unit;
	int64_t factor, part_ms;

	if (!take_decimal(text, &number))
		return false;
	text_skip_blanks(text);
	if (!take_unit(text, &unit, &factor) || !in_unit(&number, unit, &part_ms))
		return false;
	if (part_ms > HEADER_WAIT_MS_MAX / factor)
		return false;
	*total_ms += part_ms * factor;
	return *total_ms <= HEADER_WAIT_MS_MAX;
}

/* "6m0s", "1h2m3.5s", "12ms", "1 minute 30 seconds". */
static bool spelled_duration(struct text text, int64_t *ms)
{
	int64_t total_ms = 0;

	do {
		if (!add_part(&text, &total_ms))
			return false;
		text_skip_blanks(&text);
	} while (text.at < text.end);
	*ms = total_ms;
	return true;
}

/* "PT30S", "P1DT2H"; years and months have no length. */
static bool iso_duration(struct text text, int64_t *ms)
{
	int64_t total_ms = 0;
	bool in_time = false, any = false;

	if (!text_take_char(&text, 'P'))
		return false;
	while (text.at < text.end) {
		if (!in_time && text_take_char(&text, 'T')) {
			in_time = true;
			any = false;
			continue;
		}
		struct text part = text;
		struct decimal number;

		if (!take_decimal(&text, &number) || text.at == text.end)
			return false;
		if (!strchr(in_time ? "HMS" : "DW", *text.at) || *text.at == '\0')
			return false;
		text.at++;
		part.end = text.at;
		if (!add_part(&part, &total_ms))
			return false;
		any = true;
	}
	*ms = total_ms;
	return any;
}

/* "00:01:30", and .NET's "1.02:03:04.5000000". */
static bool clock_duration(struct text text, int64_t *ms)
{
	struct text days = text;
	struct decimal seconds;
	uint64_t day = 0, hour, minute;
	int64_t part_ms;

	if (take_digits(&days, &day) && text_take_char(&days, '.'))
		text = days;
	else
		day = 0;
	if (!take_digits(&text, &hour) || !text_take_char(&text, ':') ||
	    !take_digits(&text, &minute) || !text_take_char(&text, ':') ||
	    !take_decimal(&text, &seconds) || text.at != text.end)
		return false;
	if (day > 366 || hour > 366 * 24 || minute > 59 || seconds.whole > 59 ||
	    !scale_up(&seconds, 1000, &part_ms))
		return false;
	*ms = (int64_t)((day * 24 + hour) * 60 + minute) * 60000 + part_ms;
	return *ms <= HEADER_WAIT_MS_MAX;
}

bool header_duration_parse(struct text text, int64_t *ms)
{
	return spelled_duration(text, ms) || iso_duration(text, ms) || clock_duration(text, ms);
}

bool header_wait_parse(struct text text, int64_t now_ms, enum header_unit unit, int64_t *wait_ms)
{
	struct text rest = text = text_trim(text.at, text.end);
	struct decimal number;
	int64_t ms, at_ms;

	if (take_decimal(&rest, &number) && rest.at == rest.end) {
		if (!number_wait(&number, now_ms, unit, &ms))
			return false;
	} else if (!header_duration_parse(text, &ms)) {
		if (!header_date_parse(text, now_ms, &at_ms))
			return false;
		ms = at_ms - now_ms;
	}
	if (ms <= 0 || ms > HEADER_WAIT_MS_MAX)
		return false;
	*wait_ms = ms;
	return true;
}

/* No count of seconds: what was an epoch before 2001 is no date of anyone's. */
#define EPOCH_S_MIN 1000000000

bool header_wait_endless(struct text text, int64_t now_ms, enum header_unit unit)
{
	struct text rest = text = text_trim(text.at, text.end);
	struct decimal number;
	int64_t ms, at_ms;

	if (take_decimal(&rest, &number) && rest.at == rest.end) {
		if (!number_wait(&number, now_ms, unit, &ms))
			return true;
		return ms > HEADER_WAIT_MS_MAX ||
		       (ms <= 0 && unit != HEADER_UNIT_EPOCH_S && unit != HEADER_UNIT_EPOCH_MS &&
		        number.whole > 0 && number.whole < EPOCH_S_MIN);
	}
	for (rest = text; rest.at < rest.end && is_digit(*rest.at);)
		rest.at++;
	if (rest.at == rest.end && rest.at > text.at)
		return true; /* more digits than can be counted */
	return header_date_parse(text, now_ms, &at_ms) && at_ms - now_ms > HEADER_WAIT_MS_MAX;
}

bool header_count_take(struct text *text, int64_t *count, bool *whole)
{
	struct text rest = *text;
	struct decimal number;

	if (!take_decimal(&rest, &number) || number.whole > INT64_MAX)
		return false;
	*text = rest;
	*count = (int64_t)number.whole;
	*whole = number.nano == 0 && !number.more;
	return true;
}
