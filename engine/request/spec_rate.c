#include <ctype.h>
#include <string.h>

#include "engine/request/spec.h"

#define COUNT_MAX 1000000000LL
#define DECIMALS_MAX 3

static const char *skip_blanks(const char *at)
{
	while (*at == ' ' || *at == '\t')
		at++;
	return at;
}

static int64_t unit_ns(char unit)
{
	switch (unit) {
	case 's':
		return 1000000000LL;
	case 'm':
		return 60 * 1000000000LL;
	case 'h':
		return 3600 * 1000000000LL;
	default:
		return 0;
	}
}

/* "0.5" is 5 a 10 units: the decimals go into the time, so that both stay whole. */
static const char *read_count(const char *at, int64_t *count, int64_t *scale)
{
	int decimals = 0;

	*count = 0;
	*scale = 1;
	if (!isdigit((unsigned char)*at))
		return NULL;
	for (; isdigit((unsigned char)*at); at++) {
		*count = 10 * *count + (*at - '0');
		if (*count > COUNT_MAX)
			return NULL;
	}
	if (*at != '.')
		return at;
	if (!isdigit((unsigned char)*++at))
		return NULL;
	for (; isdigit((unsigned char)*at); at++) {
		if (++decimals > DECIMALS_MAX)
			return NULL;
		*count = 10 * *count + (*at - '0');
		*scale *= 10;
	}
	while (*scale > 1 && *count % 10 == 0) {
		*count /= 10;
		*scale /= 10;
	}
	return at;
}

enum status rate_parse(const char *text, struct rate *rate, struct error *error)
{
	const char *at = skip_blanks(text);
	int64_t count, scale, per_ns = 0;

	at = read_count(at, &count, &scale);
	if (at)
		at = skip_blanks(at);
	if (at && *at == '\0')
		return error_set(error, STATUS_USAGE, "'%.40s' names no unit (write %.20s/s, /m or /h)",
		                 text, text);
	if (at && *at == '/') {
		at = skip_blanks(at + 1);
		per_ns = unit_ns(*at);
		if (per_ns > 0 && *skip_blanks(at + 1) != '\0')
			per_ns = 0;
	}
	if (per_ns == 0 || count == 0)
		return error_set(error, STATUS_USAGE,
		                 "'%.40s' is not a rate such as 50/s, 100/m or 0.5/h (at most 1e9, with at "
		                 "most %d decimals)",
		                 text, DECIMALS_MAX);
	rate->count = count;
	rate->per_ns = per_ns * scale;
	return STATUS_OK;
}
