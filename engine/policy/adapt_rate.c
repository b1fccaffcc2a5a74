/* How many a second. */
#include <math.h>

#include "engine/base/clock.h"
#include "engine/policy/adapt_internal.h"

/* The opening grows by so much for each accepted: one and a half times as many
 * each round trip, but no faster than that in OPENING_S. */
#define OPENING_GROWTH 0.5
#define OPENING_S 0.05
/* A slow target is asked little by so many at once: bolder. */
#define OPENING_SLOW_NS (150 * NS_PER_MS)
#define OPENING_GROWTH_SLOW 1.5

/* While the limit is not known the pace doubles within two round trips, but
 * not before four requests were accepted at it. */
#define DOUBLING_ACCEPTED 4
#define DOUBLING_S_MIN 0.02

/* What a cut leaves, of the limit as it is then guessed. */
#define KEEP_AFTER_DOUBLING 0.75
#define KEEP_AFTER_SEARCH 0.85
#define KEEP_AFTER_MILD 0.93
#define KEEP 0.97
#define KEEP_MIN 0.5

/* Few enough refusals among so many accepted: the guess was nearly right. */
#define MILD_SHARE 0.1

/* From a cut back to where the limit was met: in time, and in requests.  Where
 * that is a guess, soon. */
#define RETURN_S 1.8
#define RETURN_SENDS 26.0
#define RETURN_S_MAX 6.0
#define RETURN_S_ROUGH 0.5
/* An overshoot may cost one part in so many of the time. */
#define RETURN_PER_COST 20.0

/* From there to a little above it, in half as long, and over a whole window of
 * a second.  Nothing met: the excess doubles. */
#define LOOK_ABOVE 0.03
#define LOOK_SHARE 0.5
#define LOOK_S 1.0
#define SEARCH_DOUBLING_S 0.3
#define SEARCHED 1.25 /* so far above, it is another limit that was met */

/* While nothing is accepted: half as often each time, down to the larger of
 * these, a share and a pace. */
#define SILENT_KEEPS 0.5
#define SILENT_SHARE 0.03
#define SILENT_PACE 3.0

/* So many refusals in a row with nothing accepted, after at least so many that
 * were: a window's budget was used up, and those were it. */
#define WINDOW_REFUSALS 2
#define WINDOW_ACCEPTED 10
/* A silence this short belongs to the window that just ended. */
#define SILENCE_NS_SHORT (NS_PER_S / 2)

/* What is let in is measured over so many requests, in whole seconds. */
#define MEASURE_SENDS 20.0
#define MEASURE_S_MAX 5.0

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
	double rtt_s = adapt_seconds(adapt->rtt_ns);
	double s;

	if (adapt->rough)
		return fmax(RETURN_S_ROUGH, 2 * rtt_s);
	s = fmax(RETURN_S, fmin(RETURN_SENDS / adapt->goal, RETURN_S_MAX));
	return fmax(s, fmax(4 * rtt_s, RETURN_PER_COST * adapt->cost_s));
}

static void double_pace(struct adapt *adapt, double elapsed_s)
{
	double rtt_s = adapt_seconds(adapt->rtt_ns);
	double doubling_s = fmax(DOUBLING_S_MIN, rtt_s < 0.5 ? 2 * rtt_s : rtt_s + 0.5);

	doubling_s = fmax(doubling_s, DOUBLING_ACCEPTED / adapt->pace);
	set_pace(adapt, adapt->pace * exp2(fmin(elapsed_s / doubling_s, 1)));
}

static void grow_cubic(struct adapt *adapt, double elapsed_s)
{
	double back_s = return_s(adapt);
	double search_s = fmax(SEARCH_DOUBLING_S, adapt_seconds(adapt->rtt_ns));
	double x, look, above_s;

	adapt->growing_s += elapsed_s;
	x = adapt->growing_s / back_s - 1; /* -1: the cut, 0: the goal */
	look = adapt->rough ? LOOK_SHARE : fmax(LOOK_SHARE, LOOK_S / back_s);
	above_s = adapt->growing_s - back_s * (1 + look);
	if (x <= 0)
		set_pace(adapt, adapt->goal + (adapt->goal - adapt->start) * x * x * x);
	else if (above_s <= 0)
		set_pace(adapt, adapt->goal * (1 + LOOK_ABOVE * x / look));
	else /* nothing met there: the limit may have moved up */
		set_pace(adapt, adapt->goal * (1 + LOOK_ABOVE * exp2(above_s / search_s)));
}

static void open_further(struct adapt *adapt)
{
	set_pace(adapt, ADAPT_PACE_MAX);
	if (adapt->opening < adapt->ceilings.concurrency)
		adapt->opening += adapt->rtt_ns >= OPENING_SLOW_NS
		                      ? OPENING_GROWTH_SLOW
		                      : OPENING_GROWTH * fmin(1, adapt_seconds(adapt->rtt_ns) / OPENING_S);
}

/* It accepts again.  Where nothing was for a while, a window's budget was used
 * up: what had been accepted within a second is the limit. */
static void end_silence(struct adapt *adapt, const struct adapt_stamp *stamp, int64_t now_ns)
{
	double limit = adapt->row_rate;

	if (now_ns - adapt->began_ns < NS_PER_S)
		limit = adapt_count_rate(&adapt->let_in, adapt_seconds(now_ns - adapt->began_ns), now_ns);
	else if (now_ns - adapt->row_ns < SILENCE_NS_SHORT)
		limit = adapt_count_rate(&adapt->let_in, 1, now_ns);
	if (adapt->silent >= WINDOW_REFUSALS && limit >= WINDOW_ACCEPTED) {
		adapt->rough = now_ns - adapt->began_ns < NS_PER_S;
		adapt->goal = fmin(adapt->goal, limit);
		adapt->start = adapt->goal * KEEP;
		adapt->phase = ADAPT_CUBIC;
	}
	adapt->silent = 0;
	adapt->row_ns = stamp->sent_ns;
	adapt->row_let_in = 1;
	adapt->row_refused = 0;
	set_pace(adapt, adapt->start);
}

void adapt_rate_accepted(struct adapt *adapt, const struct adapt_stamp *stamp, int64_t now_ns)
{
	double elapsed_s = adapt_seconds(now_ns - adapt->grown_ns);

	if (adapt->phase == ADAPT_OPENING) {
		open_further(adapt);
		return;
	}
	if (stamp->sent_ns >= adapt->row_ns)
		adapt->row_let_in++;
	if (stamp->sent_ns < adapt->cut_ns)
		return;
	adapt->cut_let_in++;
	adapt->grown_ns = now_ns;
	if (adapt->silent > 0) {
		end_silence(adapt, stamp, now_ns);
		return;
	}
	if (adapt_measured(adapt, now_ns) < USED * adapt->pace ||
	    (adapt->told_pace > 0 && adapt->told_pace < adapt->pace))
		return;
	elapsed_s = fmin(elapsed_s, fmax(1, adapt_seconds(adapt->rtt_ns)));
	if (adapt->phase == ADAPT_CUBIC) {
		grow_cubic(adapt, elapsed_s);
		return;
	}
	double_pace(adapt, elapsed_s);
	if (adapt->threshold > 0 && adapt->pace >= adapt->threshold) {
		adapt->phase = ADAPT_CUBIC;
		adapt->goal = adapt->start = adapt->threshold;
		set_pace(adapt, adapt->threshold);
		adapt->rough = true;
		adapt->growing_s = 0;
		adapt->threshold = 0;
	}
}

static void begin_row(struct adapt *adapt, const struct adapt_stamp *stamp)
{
	adapt->row_ns = stamp->sent_ns;
	adapt->row_let_in = 0;
	adapt->row_refused = 1;
}

/* The first refusal ever: what was accepted so far, or two each round trip. */
static void close_opening(struct adapt *adapt, const struct adapt_stamp *stamp, int64_t now_ns)
{
	double rtt_s = adapt_seconds(adapt->rtt_ns);

	adapt->row_rate = adapt_count_rate(&adapt->let_in, 1, now_ns);
	adapt->goal = stamp->rate;
	adapt->start = fmax(adapt->row_rate, rtt_s > 0 ? 2 / rtt_s : ADAPT_PACE_SLOW);
	adapt->start = fmin(adapt->start, stamp->rate * KEEP_AFTER_DOUBLING);
	adapt->rough = true;
	adapt->phase = ADAPT_DOUBLING;
	begin_row(adapt, stamp);
}

/* The first cut after a while without. */
static void cut_first(struct adapt *adapt, const struct adapt_stamp *stamp, int64_t now_ns)
{
	bool known = adapt->phase == ADAPT_CUBIC;
	double measure_s = clamp(ceil(MEASURE_SENDS / stamp->rate), 1, MEASURE_S_MAX);
	bool searched = !known || adapt->pace > adapt->goal * SEARCHED;

	begin_row(adapt, stamp);
	adapt->row_rate = adapt_count_rate(&adapt->let_in, measure_s, now_ns);
	adapt->goal = stamp->rate;
	/* At a pace near its limit for a while: what it let in is the limit. */
	if (known && adapt->row_rate * measure_s >= WINDOW_ACCEPTED)
		adapt->goal = clamp(adapt->row_rate * (searched ? 1.1 : 1.01),
		                    stamp->rate * (searched ? 0.7 : 0.85), stamp->rate);
	adapt->rough = searched;
	adapt->start = adapt->goal * (!known     ? KEEP_AFTER_DOUBLING
	                              : searched ? KEEP_AFTER_SEARCH
	                                         : KEEP);
	adapt->phase = ADAPT_CUBIC;
}

/* It was not enough.  While the server refuses, what it lets in a second is its
 * limit. */
static void cut_again(struct adapt *adapt, const struct adapt_stamp *stamp, int64_t now_ns)
{
	double seen_s = adapt_seconds(now_ns - adapt->rtt_ns - adapt->row_ns);
	double window_s = fmax(1, 2 * adapt_seconds(adapt->rtt_ns));
	double estimate = stamp->rate * KEEP_AFTER_DOUBLING;

	if (adapt->row_let_in >= 4 && seen_s > 0)
		estimate = (adapt->row_let_in + 0.5) / seen_s;
	adapt->phase = ADAPT_CUBIC;
	adapt->row_rate = adapt_count_rate(&adapt->let_in, 1, now_ns);
	adapt->goal = fmin(adapt->goal, stamp->rate);
	adapt->rough = adapt->row_refused > MILD_SHARE * adapt->row_let_in;
	if (!adapt->rough) {
		adapt->start = stamp->rate * KEEP_AFTER_MILD;
		adapt->goal = clamp(adapt->row_rate * 1.01, adapt->start, adapt->goal);
		return;
	}
	adapt->start = fmax(estimate, stamp->rate * KEEP_MIN);
	/* A used-up window accepts nothing for a moment: that is not its limit. */
	adapt->start = fmax(adapt->start, 0.5 * adapt_count_rate(&adapt->let_in, window_s, now_ns));
	adapt->start = fmin(adapt->start, stamp->rate * KEEP_AFTER_MILD);
	if (adapt->row_let_in >= 8)
		adapt->goal = clamp(estimate, adapt->start, adapt->goal);
}

static double silent_pace(const struct adapt *adapt)
{
	double least = fmin(adapt->start * 0.25, fmax(adapt->start * SILENT_SHARE, SILENT_PACE));

	return fmax(adapt->pace * SILENT_KEEPS, least);
}

/* Refused, and nothing accepted since the last refusal. */
static void be_silent(struct adapt *adapt, int64_t now_ns)
{
	adapt->silent++;
	adapt->row_rate = fmax(adapt->row_rate, adapt_count_rate(&adapt->let_in, 1, now_ns));
}

void adapt_rate_refused(struct adapt *adapt, const struct adapt_stamp *stamp,
                        const struct adapt_answer *answer, int64_t now_ns)
{
	double settled_s = fmax(0.5, 2 * adapt_seconds(adapt->rtt_ns));

	if (adapt->phase == ADAPT_OPENING)
		close_opening(adapt, stamp, now_ns);
	else if (adapt->cut_let_in == 0)
		be_silent(adapt, now_ns);
	else if (adapt->cut_let_in >= 8 &&
	         (adapt_seconds(stamp->sent_ns - adapt->cut_ns) > settled_s ||
	          stamp->rate > adapt->start * 1.15))
		cut_first(adapt, stamp, now_ns);
	else
		cut_again(adapt, stamp, now_ns);
	adapt->cost_s = answer->wait_ms > ADAPT_HOLD_MS_MIN ? (double)answer->wait_ms / 1000 : 0;
	adapt->threshold = 0;
	adapt->growing_s = 0;
	adapt->cut_let_in = 0;
	adapt->cut_ns = adapt->grown_ns = now_ns;
	set_pace(adapt, adapt->silent > 0 ? silent_pace(adapt) : adapt->start);
}

double adapt_learned(const struct adapt *adapt)
{
	if (adapt->threshold > 0)
		return adapt->threshold;
	return adapt->phase == ADAPT_CUBIC ? adapt->goal : 0;
}

void adapt_rate_rest(struct adapt *adapt, int64_t now_ns)
{
	double learned = adapt_learned(adapt);

	adapt->began_ns = now_ns;
	if (adapt->phase == ADAPT_OPENING)
		return;
	if (learned <= 0)
		learned = adapt->start;
	adapt->phase = ADAPT_DOUBLING;
	adapt->threshold = learned;
	adapt->silent = 0;
	adapt->cut_ns = now_ns;
	adapt->grown_ns = now_ns;
	adapt->send_count = adapt->send_next = 0;
	adapt->start = fmin(learned, fmax(ADAPT_PACE_SLOW, learned / 8));
	set_pace(adapt, adapt->start);
}
