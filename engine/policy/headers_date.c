/* Dates as services write them where a number of seconds was meant. */
#include <string.h>

#include "engine/policy/headers_internal.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool next_is(const struct text *text, bool (*kind)(char c))
{
	return text->at < text->end && kind(*text->at);
}

/* ".123" to ms, rounded up. */
static bool take_fraction(struct text *text, int *ms)
{
	int scale = 100, value = 0;
	bool more = false;

	if (!next_is(text, is_digit))
		return false;
	for (; next_is(text, is_digit); text->at++) {
		value += (*text->at - '0') * scale;
		more |= scale == 0 && *text->at != '0';
		scale /= 10;
	}
	*ms = value + more;
	return true;
}

/* "+08:00", "-0530", "+00". */
static bool take_offset(struct text *text, int *minutes)
{
	bool west = text->at < text->end && *text->at == '-';
	int hours, rest = 0;

	if (!text_take_char(text, '+') && !text_take_char(text, '-'))
		return false;
	if (!text_take_number(text, 2, &hours))
		return false;
	if (text_take_char(text, ':') ? !text_take_number(text, 2, &rest)
	                              : next_is(text, is_digit) && !text_take_number(text, 2, &rest))
		return false;
	if (hours > 18 || rest > 59)
		return false;
	*minutes = (hours * 60 + rest) * (west ? -1 : 1);
	return true;
}

static bool take_utc(struct text *text)
{
	static const char *const zones[] = {"UTC", "GMT", "UT", "Z"};
	struct text after = *text;
	int which;

	if (!text_take_word(&after, zones, 4, &which) || next_is(&after, is_letter))
		return false;
	*text = after;
	return true;
}

/* A moment: civil time, ms, and how far its zone is east of UTC. */
struct moment {
	struct civil civil;
	int ms, offset_minutes;
};

static bool moment_wall_ms(const struct moment *moment, int64_t *wall_ms)
{
	if (moment->civil.month < 1 || moment->civil.month > 12 || !civil_exists(&moment->civil))
		return false;
	*wall_ms = (civil_seconds(&moment->civil) - moment->offset_minutes * 60) * 1000 + moment->ms;
	return true;
}

/* What follows a time: "Z", "+08:00", " UTC", " +0000 UTC", "Z[UTC]", nothing. */
static bool take_iso_zone(struct text *text, struct moment *moment)
{
	text_skip_blanks(text);
	if (!take_utc(text))
		take_offset(text, &moment->offset_minutes);
	text_skip_blanks(text);
	take_utc(text);
	if (text_take_char(text, '[')) {
		const char *close = memchr(text->at, ']', (size_t)(text->end - text->at));

		if (!close)
			return false;
		text->at = close + 1;
	}
	return text->at == text->end;
}

/* "03:05", "03:05:00.123", "0305", "030500". */
static bool take_iso_time(struct text *text, struct moment *moment)
{
	bool colons;

	if (!text_take_number(text, 2, &moment->civil.hour))
		return false;
	colons = text_take_char(text, ':');
	if (!text_take_number(text, 2, &moment->civil.minute))
		return false;
	if (colons ? text_take_char(text, ':') : next_is(text, is_digit)) {
		if (!text_take_number(text, 2, &moment->civil.second))
			return false;
		if (text_take_char(text, '.') && !take_fraction(text, &moment->ms))
			return false;
	}
	return true;
}

static bool iso_parse(struct text text, int64_t *wall_ms)
{
	struct moment moment = {0};
	bool dashes;
	int year;

	if (!text_take_number(&text, 4, &year))
		return false;
	moment.civil.year = year;
	dashes = text_take_char(&text, '-');
	if (!text_take_number(&text, 2, &moment.civil.month) ||
	    (dashes && !text_take_char(&text, '-')) ||
	    !text_take_number(&text, 2, &moment.civil.day))
		return false;
	if (text.at < text.end) {
		if (!text_take_char(&text, 'T') && !text_take_char(&text, 't') &&
		    !text_take_char(&text, ' '))
			return false;
		if (!take_iso_time(&text, &moment) || !take_iso_zone(&text, &moment))
			return false;
	}
	return moment_wall_ms(&moment, wall_ms);
}

/* ---- "Fri Jan 02 2026 03:05:00 GMT+0000 (Coordinated Universal Time)" --- */

struct spoken {
	struct moment moment;
	bool day, year, time, afternoon, forenoon;
};

/* Digits: a time of day, a year, or a day. */
static bool take_figure(struct text *text, struct spoken *spoken)
{
	struct civil *civil = &spoken->moment.civil;
	int digits = 0;

	while (text->at + digits < text->end && is_digit(text->at[digits]))
		digits++;
	if (digits <= 2 && text->at + digits < text->end && text->at[digits] == ':') {
		if (spoken->time || !text_take_number(text, digits, &civil->hour) ||
		    !text_take_char(text, ':') || !text_take_number(text, 2, &civil->minute))
			return false;
		spoken->time = true;
		if (!text_take_char(text, ':'))
			return true;
		return text_take_number(text, 2, &civil->second) &&
		       (!text_take_char(text, '.') || take_fraction(text, &spoken->moment.ms));
	}
	if (digits == 4 && !spoken->year) {
		int year;

		spoken->year = text_take_number(text, 4, &year);
		civil->year = year;
		return true;
	}
	if (digits > 2 || spoken->day)
		return false;
	spoken->day = true;
	return text_take_number(text, digits, &civil->day);
}

static bool take_spoken_word(struct text *text, struct spoken *spoken)
{
	static const char *const halves[] = {"AM", "PM"};
	int half;

	if (civil_take_weekday(text) ||
	    (!spoken->moment.civil.month && civil_take_month(text, &spoken->moment.civil.month))) {
		while (next_is(text, is_letter)) /* "January" */
			text->at++;
		text_take_char(text, '.');
		return true;
	}
	if (take_utc(text)) {
		take_offset(text, &spoken->moment.offset_minutes);
		return true;
	}
	if (!text_take_word(text, halves, 2, &half) || next_is(text, is_letter))
		return false;
	spoken->forenoon = half == 0;
	spoken->afternoon = half == 1;
	return true;
}

static bool take_spoken(struct text *text, struct spoken *spoken)
{
	if (next_is(text, is_digit))
		return take_figure(text, spoken);
	if (next_is(text, is_letter))
		return take_spoken_word(text, spoken);
	if (text_take_char(text, '(')) { /* the zone's name */
		const char *close = memchr(text->at, ')', (size_t)(text->end - text->at));

		text->at = close ? close + 1 : text->end;
		return true;
	}
	return spoken->time && take_offset(text, &spoken->moment.offset_minutes);
}

static bool spoken_parse(struct text text, int64_t *wall_ms)
{
	struct spoken spoken = {0};
	struct civil *civil = &spoken.moment.civil;

	for (;;) {
		while (text.at < text.end && (*text.at == ' ' || *text.at == ','))
			text.at++;
		if (text.at == text.end)
			break;
		if (!take_spoken(&text, &spoken))
			return false;
	}
	if (!spoken.day || !spoken.year || !spoken.time || !civil->month)
		return false;
	if (spoken.forenoon || spoken.afternoon) {
		if (civil->hour < 1 || civil->hour > 12)
			return false;
		civil->hour = civil->hour % 12 + (spoken.afternoon ? 12 : 0);
	}
	return moment_wall_ms(&spoken.moment, wall_ms);
}

bool header_date_parse(struct text text, int64_t now_ms, int64_t *wall_ms)
{
	return http_date_parse(text.at, (size_t)(text.end - text.at), now_ms, wall_ms) ||
	       iso_parse(text, wall_ms) || spoken_parse(text, wall_ms);
}
