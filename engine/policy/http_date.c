/* The three dates of HTTP, RFC 9110, 5.6.7. */
#include <string.h>
#include <strings.h>

#include "engine/policy/headers_internal.h"

bool civil_take_month(struct text *text, int *month)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	if (!text_take_word(text, months, 12, month))
		return false;
	++*month;
	return true;
}

static bool take_time(struct text *text, struct civil *date)
{
	return text_take_number(text, 2, &date->hour) && text_take_char(text, ':') &&
	       text_take_number(text, 2, &date->minute) && text_take_char(text, ':') &&
	       text_take_number(text, 2, &date->second);
}

static bool take_zone(struct text *text)
{
	static const char *const zones[] = {"GMT", "UTC"};
	int which;

	return text_take_char(text, ' ') && text_take_word(text, zones, 2, &which);
}

/* "06 Nov 1994 08:49:37 GMT" and "06-Nov-94 08:49:37 GMT", behind the comma. */
static bool take_fixed(struct text *text, int64_t year_now, struct civil *date)
{
	char separator;
	int year;

	if (!text_take_char(text, ' ') || !text_take_number(text, 2, &date->day))
		return false;
	separator = text->at < text->end ? *text->at : 0;
	if (separator != ' ' && separator != '-')
		return false;
	text->at++;
	if (!civil_take_month(text, &date->month) || !text_take_char(text, separator))
		return false;
	if (text_take_number(text, 4, &year)) {
		date->year = year;
	} else if (separator == '-' && text_take_number(text, 2, &year)) {
		/* The one within fifty years of now. */
		date->year = year_now - year_now % 100 + year;
		if (date->year > year_now + 50)
			date->year -= 100;
		else if (date->year <= year_now - 50)
			date->year += 100;
	} else {
		return false;
	}
	return text_take_char(text, ' ') && take_time(text, date) && take_zone(text);
}

/* "Nov  6 08:49:37 1994", behind the day's name and a blank. */
static bool take_asctime(struct text *text, struct civil *date)
{
	int year;

	if (!civil_take_month(text, &date->month) || !text_take_char(text, ' '))
		return false;
	if (text_take_char(text, ' ') ? !text_take_number(text, 1, &date->day)
	                         : !text_take_number(text, 2, &date->day))
		return false;
	if (!text_take_char(text, ' ') || !take_time(text, date) || !text_take_char(text, ' ') ||
	    !text_take_number(text, 4, &year))
		return false;
	date->year = year;
	return true;
}

static bool leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool civil_exists(const struct civil *date)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int last = days[date->month - 1] + (date->month == 2 && leap(date->year));

	return date->day >= 1 && date->day <= last && date->hour <= 23 && date->minute <= 59 &&
	       date->second <= 60; /* a leap second */
}

/* Days since 1970-01-01 (H. Hinnant, "chrono-compatible low-level date
 * algorithms": the year begins in March, so the leap day is its last). */
static int64_t days_since_epoch(const struct civil *date)
{
	int64_t year = date->year - (date->month <= 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (date->month + (date->month > 2 ? -3 : 9)) + 2) / 5 + date->day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
	       719468;
}

int64_t civil_seconds(const struct civil *date)
{
	return days_since_epoch(date) * 86400 + date->hour * 3600 + date->minute * 60 + date->second;
}

/* The mean Gregorian year is near enough to choose a century. */
static int64_t year_of(int64_t wall_ms)
{
	return 1970 + wall_ms / 31556952000LL;
}

bool civil_take_weekday(struct text *text)
{
	static const char *const weekdays[] = {"Sunday", "Monday", "Tuesday", "Wednesday",
	                                       "Thursday", "Friday", "Saturday", "Sun", "Mon",
	                                       "Tue", "Wed", "Thu", "Fri", "Sat"};
	int weekday;

	return text_take_word(text, weekdays, 14, &weekday);
}

bool http_date_parse(const char *text, size_t length, int64_t now_wall_ms, int64_t *wall_ms)
{
	struct text rest = {text, text + length};
	struct civil date = {0};
	bool good;

	if (!civil_take_weekday(&rest))
		return false;
	if (text_take_char(&rest, ','))
		good = take_fixed(&rest, year_of(now_wall_ms), &date);
	else
		good = text_take_char(&rest, ' ') && take_asctime(&rest, &date);
	if (!good || rest.at != rest.end || !civil_exists(&date))
		return false;
	*wall_ms = civil_seconds(&date) * 1000;
	return true;
}
