#include "engine/base/json.h"

#include <stdint.h>

/* A decimal number as its text says it: 0.d1d2d3… * 10^(exponent + shift),
 * d1 not 0.  The exponent stays text, because it may be longer than any
 * integer; the shift is bounded by the length of the text. */
struct decimal {
	bool negative;
	const char *digits, *digits_end; /* may hold one '.', to be passed over */
	bool exponent_negative;
	const char *exponent, *exponent_end; /* without sign and leading zeros */
	int64_t shift;
};

/* Beyond this a difference of exponents outweighs every length of text. */
#define FAR (INT64_MAX / 64)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* False: the number is zero. */
static bool decimal_read(struct json_span number, struct decimal *out)
{
	const char *at = number.at, *end = number.at + number.length;
	bool fraction = false, found = false;

	*out = (struct decimal){0};
	if (at < end && *at == '-') {
		out->negative = true;
		at++;
	}
	for (; at < end && (is_digit(*at) || *at == '.'); at++) {
		if (*at == '.') {
			fraction = true;
			continue;
		}
		if (!found && *at != '0') {
			found = true;
			out->digits = at;
		}
		if (found && !fraction)
			out->shift++;
		else if (!found && fraction)
			out->shift--;
	}
	out->digits_end = at;
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			out->exponent_negative = *at++ == '-';
		while (at < end && *at == '0')
			at++;
		out->exponent = at;
		while (at < end && is_digit(*at))
			at++;
		out->exponent_end = at;
	}
	return found;
}

/* The digit of an exponent that stands `place` places from its end, signed. */
static int exponent_digit(const struct decimal *decimal, size_t place)
{
	size_t length = (size_t)(decimal->exponent_end - decimal->exponent);
	int digit = place < length ? decimal->exponent_end[-1 - (ptrdiff_t)place] - '0' : 0;

	return decimal->exponent_negative ? -digit : digit;
}

/* a's exponent minus b's, exactly where it is below FAR. */
static int64_t exponent_difference(const struct decimal *a, const struct decimal *b)
{
	size_t a_length = (size_t)(a->exponent_end - a->exponent);
	size_t b_length = (size_t)(b->exponent_end - b->exponent);
	int64_t difference = 0;

	for (size_t place = a_length > b_length ? a_length : b_length; place-- > 0;) {
		difference = difference * 10 + exponent_digit(a, place) - exponent_digit(b, place);
		/* The digits to come differ by at most 18: from 3 on it only grows. */
		if (difference > FAR || difference < -FAR)
			break;
	}
	return difference;
}

/* The next digit, 0 behind the last. */
static char next_digit(const char **at, const char *end)
{
	if (*at < end && **at == '.')
		++*at;
	return *at < end ? *(*at)++ : '0';
}

static int digits_compare(const struct decimal *a, const struct decimal *b)
{
	const char *a_at = a->digits, *b_at = b->digits;

	while (a_at < a->digits_end || b_at < b->digits_end) {
		char a_digit = next_digit(&a_at, a->digits_end);
		char b_digit = next_digit(&b_at, b->digits_end);

		if (a_digit != b_digit)
			return a_digit < b_digit ? -1 : 1;
	}
	return 0;
}

int json_number_compare(struct json_span a, struct json_span b)
{
	struct decimal x, y;
	bool x_there = decimal_read(a, &x), y_there = decimal_read(b, &y);
	int64_t magnitude;
	int order;

	if (!x_there && !y_there)
		return 0;
	if (!x_there)
		return y.negative ? 1 : -1;
	if (!y_there)
		return x.negative ? -1 : 1;
	if (x.negative != y.negative)
		return x.negative ? -1 : 1;
	magnitude = exponent_difference(&x, &y) + (x.shift - y.shift);
	if (magnitude != 0)
		order = magnitude < 0 ? -1 : 1;
	else
		order = digits_compare(&x, &y);
	return x.negative ? -order : order;
}
