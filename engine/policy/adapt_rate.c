/* How many a second. */
#include <math.h>

#include "engine/base/clock.h"
#include "engine/policy/adapt_internal.h"

/* While the limit is not known the pace doubles within two round trips, but
 * not before four requests were accepted at it. */
#define DOUBLING_ACCEPTED 4
#define DOUBLING_S_MIN 0.02

/* Above a limit known before: the server may have saved up for it. */
#define SEARCH_DOUBLING_S 0.5

/* What a cut leaves, of the pace at which a refused request was sent. */
#define KEEP_AFTER_DOUBLING 0.75
#define KEEP 0.97

/* From a cut back to where the limit was met: in time, and in requests. */
#define RETURN_S 2.0
#define RETURN_SENDS 30.0
/* An overshoot may cost one part in so many of the time. */
#define RETURN_PER_COST 20.0

/* From there to a little above it, in as long again. */
#define LOOK_ABOVE 0.03

/* The pace counts as tried out where so much of it is really sent. */
#define USED 0.6

static double clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

static void set_pace(struct adapt *adapt, double pace)
{
	adapt->pace = clamp(pace, ADAPT_PACE_MIN, adapt_pace_ceiling(adapt));
}

static double return_s(const struct adapt *adapt)
{
	double s = RETURN_S;
	double rtt_s = adapt_seconds(adapt->rtt_ns);

	s = fmax(s, RETURN_SENDS / adapt->goal);
	s = fmax(s, 4 * rtt_s);
	return fmax(s, RETURN_PER_COST * adapt->cost_s);
}

static void double_pace(struct adapt *adapt, double elapsed_s, double doubling_s_min)
{
	double rtt_s = adapt_seconds(adapt->rtt_ns);
	double doubling_s = fmax(doubling_s_min, rtt_s < 0.5 ? 2 * rtt_s : rtt_s + 0.5);

	doubling_s = fmax(doubling_s, DOUBLING_ACCEPTED / adapt->pace);
	set_pace(adapt, adapt->pace * exp2(fmin(elapsed_s / doubling_s, 1)));
}

static void grow_cubic(struct adapt *adapt, double elapsed_s)
{
	double back_s = return_s(adapt);
	double x;

	adapt->growing_s += elapsed_s;
	x = adapt->growing_s / back_s - 1; /* -1: the cut, 0: the goal */
	if (x <= 0)
		set_pace(adapt, adapt->goal + (adapt->goal - adapt->start) * x * x * x);
	else if (x <= 1 && adapt->pace < adapt->goal * (1 + LOOK_ABOVE))
		set_pace(adapt, adapt->goal * (1 + LOOK_ABOVE * x * x));
	else /* nothing met there: the limit has moved up */
		double_pace(adapt, elapsed_s, SEARCH_DOUBLING_S);
}

void adapt_rate_accepted(struct adapt *adapt, const struct adapt_stamp *stamp, int64_t now_ns)
{
	double elapsed_s = adapt_seconds(now_ns - adapt->grown_ns);

	if (stamp->sent_ns >= adapt->descent_ns)
		adapt->descent_accepted++;
	if (stamp->sent_ns < adapt->cut_ns)
		return;
	adapt->epoch_accepted++;
	adapt->grown_ns = now_ns;
	if (adapt_measured(adapt, now_ns) < USED * adapt->pace)
		return;
	elapsed_s = fmin(elapsed_s, fmax(1, adapt_seconds(adapt->rtt_ns)));
	if (adapt->phase == ADAPT_CUBIC) {
		grow_cubic(adapt, elapsed_s);
		return;
	}
	double_pace(adapt, elapsed_s, DOUBLING_S_MIN);
	if (adapt->threshold > 0 && adapt->pace >= adapt->threshold) {
		adapt->phase = ADAPT_CUBIC;
		set_pace(adapt, adapt->threshold);
		adapt->start = adapt->pace;
		adapt->growing_s = 0;
		adapt->threshold = 0;
	}
}

/* The first cut after a while without. */
static void cut_first(struct adapt *adapt, const struct adapt_stamp *stamp)
{
	bool searching = adapt->phase == ADAPT_DOUBLING ||
	                 adapt->pace > adapt->goal * (1 + LOOK_ABOVE) * 1.05;

	adapt->descent_ns = stamp->sent_ns;
	adapt->descent_accepted = 0;
	adapt->goal = stamp->rate;
	adapt->start = stamp->rate * (searching ? KEEP_AFTER_DOUBLING : KEEP);
}

/* It was not enough.  While the server refuses, what it accepts a second is
 * its limit. */
static void cut_again(struct adapt *adapt, const struct adapt_stamp *stamp)
{
	double seen_s = adapt_seconds(stamp->sent_ns - adapt->descent_ns);
	double estimate = seen_s > 0 ? (adapt->descent_accepted + 0.5) / seen_s : 0;
	double window_s = fmax(1, 2 * adapt_seconds(adapt->rtt_ns));

	adapt->goal = fmin(adapt->goal, stamp->rate);
	adapt->start = clamp(estimate, stamp->rate * 0.5, stamp->rate * 0.93);
	/* A used-up window accepts nothing for a moment: that is not its limit. */
	adapt->start = fmax(adapt->start, 0.5 * adapt_accepted_rate(adapt, window_s));
	adapt->start = fmin(adapt->start, stamp->rate * 0.93);
	if (adapt->descent_accepted >= 8)
		adapt->goal = clamp(estimate, adapt->start, adapt->goal);
}

void adapt_rate_refused(struct adapt *adapt, const struct adapt_stamp *stamp,
                        const struct adapt_answer *answer, int64_t now_ns)
{
	double settled_s = fmax(0.5, 2 * adapt_seconds(adapt->rtt_ns));
	bool first;

	if (stamp->sent_ns < adapt->cut_ns)
		return;
	first = adapt->cut_ns == INT64_MIN ||
	        (adapt->epoch_accepted >= 8 &&
	         adapt_seconds(stamp->sent_ns - adapt->cut_ns) > settled_s);
	if (first)
		cut_first(adapt, stamp);
	else
		cut_again(adapt, stamp);
	adapt->cost_s = answer->wait_ms > 0 ? (double)answer->wait_ms / 1000 : 0;
	adapt->phase = ADAPT_CUBIC;
	adapt->threshold = 0;
	adapt->growing_s = 0;
	adapt->epoch_accepted = 0;
	adapt->cut_ns = adapt->grown_ns = now_ns;
	set_pace(adapt, adapt->start);
}

void adapt_rate_rest(struct adapt *adapt, int64_t now_ns)
{
	double learned = adapt->phase == ADAPT_CUBIC || adapt->goal > 0 ? fmin(adapt->goal, adapt->pace)
	                                                                : adapt->pace;

	if (adapt->threshold > learned)
		learned = adapt->threshold;
	adapt->phase = ADAPT_DOUBLING;
	adapt->threshold = learned;
	adapt->cut_ns = now_ns - 1;
	adapt->grown_ns = now_ns;
	adapt->send_count = adapt->send_next = 0;
	set_pace(adapt, fmin(learned, fmax(ADAPT_PACE_FIRST, learned / 8)));
}
