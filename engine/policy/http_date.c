/* The three dates of HTTP, RFC 9110, 5.6.7. */
#include <string.h>
#include <strings.h>

#include "engine/policy/headers.h"

struct date {
	int64_t year;
	int month, day, hour, minute, second; /* month 1..12 */
};

/* What is left of the text. */
struct text {
	const char *at, *end;
};

static bool take_char(struct text *text, char c)
{
	if (text->at == text->end || *text->at != c)
		return false;
	text->at++;
	return true;
}

/* Exactly `digits` digits. */
static bool take_number(struct text *text, int digits, int *out)
{
	int value = 0;

	if (text->end - text->at < digits)
		return false;
	for (int i = 0; i < digits; i++) {
		if (text->at[i] < '0' || text->at[i] > '9')
			return false;
		value = value * 10 + (text->at[i] - '0');
	}
	text->at += digits;
	*out = value;
	return true;
}

/* One of `count` words; its index. */
static bool take_word(struct text *text, const char *const *words, int count, int *index)
{
	for (int i = 0; i < count; i++) {
		size_t length = strlen(words[i]);

		if ((size_t)(text->end - text->at) >= length &&
		    strncasecmp(text->at, words[i], length) == 0) {
			text->at += length;
			*index = i;
			return true;
		}
	}
	return false;
}

static bool take_month(struct text *text, int *month)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	if (!take_word(text, months, 12, month))
		return false;
	++*month;
	return true;
}

static bool take_time(struct text *text, struct date *date)
{
	return take_number(text, 2, &date->hour) && take_char(text, ':') &&
	       take_number(text, 2, &date->minute) && take_char(text, ':') &&
	       take_number(text, 2, &date->second);
}

static bool take_zone(struct text *text)
{
	static const char *const zones[] = {"GMT", "UTC"};
	int which;

	return take_char(text, ' ') && take_word(text, zones, 2, &which);
}

/* "06 Nov 1994 08:49:37 GMT" and "06-Nov-94 08:49:37 GMT", behind the comma. */
static bool take_fixed(struct text *text, int64_t year_now, struct date *date)
{
	char separator;
	int year;

	if (!take_char(text, ' ') || !take_number(text, 2, &date->day))
		return false;
	separator = text->at < text->end ? *text->at : 0;
	if (separator != ' ' && separator != '-')
		return false;
	text->at++;
	if (!take_month(text, &date->month) || !take_char(text, separator))
		return false;
	if (take_number(text, 4, &year)) {
		date->year = year;
	} else if (separator == '-' && take_number(text, 2, &year)) {
		/* The one within fifty years of now. */
		date->year = year_now - year_now % 100 + year;
		if (date->year > year_now + 50)
			date->year -= 100;
		else if (date->year <= year_now - 50)
			date->year += 100;
	} else {
		return false;
	}
	return take_char(text, ' ') && take_time(text, date) && take_zone(text);
}

/* "Nov  6 08:49:37 1994", behind the day's name and a blank. */
static bool take_asctime(struct text *text, struct date *date)
{
	int year;

	if (!take_month(text, &date->month) || !take_char(text, ' '))
		return false;
	if (take_char(text, ' ') ? !take_number(text, 1, &date->day)
	                         : !take_number(text, 2, &date->day))
		return false;
	if (!take_char(text, ' ') || !take_time(text, date) || !take_char(text, ' ') ||
	    !take_number(text, 4, &year))
		return false;
	date->year = year;
	return true;
}

static bool leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool exists(const struct date *date)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int last = days[date->month - 1] + (date->month == 2 && leap(date->year));

	return date->day >= 1 && date->day <= last && date->hour <= 23 && date->minute <= 59 &&
	       date->second <= 60; /* a leap second */
}

/* Days since 1970-01-01 (H. Hinnant, "chrono-compatible low-level date
 * algorithms": the year begins in March, so the leap day is its last). */
static int64_t days_since_epoch(const struct date *date)
{
	int64_t year = date->year - (date->month <= 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (date->month + (date->month > 2 ? -3 : 9)) + 2) / 5 + date->day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
	       719468;
}

/* The mean Gregorian year is near enough to choose a century. */
static int64_t year_of(int64_t wall_ms)
{
	return 1970 + wall_ms / 31556952000LL;
}

bool http_date_parse(const char *text, size_t length, int64_t now_wall_ms, int64_t *wall_ms)
{
	static const char *const weekdays[] = {"Sunday", "Monday", "Tuesday", "Wednesday",
	                                       "Thursday", "Friday", "Saturday", "Sun", "Mon",
	                                       "Tue", "Wed", "Thu", "Fri", "Sat"};
	struct text rest = {text, text + length};
	struct date date = {0};
	int weekday;
	bool good;

	if (!take_word(&rest, weekdays, 14, &weekday))
		return false;
	if (take_char(&rest, ','))
		good = take_fixed(&rest, year_of(now_wall_ms), &date);
	else
		good = take_char(&rest, ' ') && take_asctime(&rest, &date);
	if (!good || rest.at != rest.end || !exists(&date))
		return false;
	*wall_ms = (days_since_epoch(&date) * 86400 + date.hour * 3600 + date.minute * 60 +
	            date.second) * 1000;
	return true;
}
