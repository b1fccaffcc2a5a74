#include "engine/policy/forecast.h"

/* A rate over ten seconds wanders by about this much. */
#define MEASURED_LOW 0.93
#define MEASURED_HIGH 1.15
/* A limit that is reached is kept to the nanosecond; what wanders is how many
 * requests an item takes. */
#define AT_LIMIT_HIGH 1.03
/* Nothing measured yet: the limit is the floor, and nobody knows the ceiling. */
#define UNMEASURED_HIGH 1.5

static double least(double a, double b)
{
	return a < b ? a : b;
}

static double most(double a, double b)
{
	return a > b ? a : b;
}

/* Requests that an item takes until it has its outcome: over the whole run and
 * of late, the smaller first.  What an open item went through already tells
 * nothing about how many more it needs, so it is the same for all of them. */
static bool requests_each(const struct forecast *forecast, double each[2])
{
	double run = 0, late = 0;

	if (forecast->settled > 0)
		run = most(1, (double)forecast->attempts / (double)forecast->settled);
	if (forecast->rate_per_s > 0)
		late = most(1, forecast->attempts_per_s / forecast->rate_per_s);
	if (run == 0 && late == 0) {
		each[0] = each[1] = 1;
		return forecast->attempts == 0;
	}
	run = run > 0 ? run : late;
	late = late > 0 ? late : run;
	each[0] = least(run, late);
	each[1] = most(run, late);
	return true;
}

/* Seconds for one item, at best and at worst. */
static bool seconds_each(const struct forecast *forecast, double seconds[2])
{
	double limit = forecast->limit_per_s, each[2];
	bool known = requests_each(forecast, each);

	if (limit > 0 && known && forecast->at_limit) {
		seconds[0] = each[0] / limit;
		seconds[1] = each[1] / limit * AT_LIMIT_HIGH;
		return true;
	}
	if (forecast->rate_per_s > 0) {
		seconds[0] = MEASURED_LOW / forecast->rate_per_s;
		seconds[1] = MEASURED_HIGH / forecast->rate_per_s;
	} else if (limit > 0 && known) {
		seconds[0] = each[0] / limit;
		seconds[1] = each[1] / limit * UNMEASURED_HIGH;
	} else {
		return false;
	}
	/* Each takes one request at least, and the limit lets no more through. */
	if (limit > 0)
		seconds[0] = most(seconds[0], 1 / limit);
	seconds[1] = most(seconds[1], seconds[0]);
	return true;
}

bool forecast_eta(const struct forecast *forecast, double eta_s[2])
{
	double open = (double)forecast->open_items, waiting = (double)forecast->waiting;
	double due_s = waiting > 0 ? most(0, forecast->waiting_last_s) : 0;
	double latency_s = most(0, forecast->latency_s);
	double each[2];

	if (forecast->open_items <= 0) {
		eta_s[0] = eta_s[1] = 0;
		return true;
	}
	if (!seconds_each(forecast, each)) {
		if (waiting < open)
			return false;
		each[0] = each[1] = 0; /* nothing moves because nothing is due yet */
	}
	/* At best the waiting ones come due while the others are at work; at worst
	 * all of them at the end. */
	eta_s[0] = most(open * each[0], due_s);
	eta_s[1] = most(open * each[1], due_s + waiting * each[1]) + latency_s;
	return true;
}
