/* Pacing by what responses tell of a budget: so many left until then.
 *
 * Two families hide behind the same words.  A window: what remains falls to 0
 * and is full again at the reset.  A token bucket: it fills up all the time,
 * and the reset is when it would be full.  What was accepted plus what remains
 * more, over a while, is in both the true rate.  Short resets come in whole
 * seconds, so there that is used; long ones are divided. */
#include <math.h>

#include "engine/base/clock.h"
#include "engine/policy/adapt_internal.h"

/* A reset further away than this is worth dividing by. */
#define LONG_S 5.0

/* Smaller budgets say nothing about a rate. */
#define LIMIT_MIN 5

/* So often accepted in spite of an empty budget, and it is not believed. */
#define LIES_MAX 3

/* More is as good as no limit. */
#define COUNT_MAX 1000000000000LL

/* The refill is measured over so long. */
#define REFILL_S 3.0
#define REFILL_S_MIN 0.5

/* Half of a short window's budget is the aim: more left, a little faster. */
#define LEAN 0.2

static void note_lies(struct adapt *adapt, const struct adapt_stamp *stamp,
                      const struct adapt_answer *answer, bool accepted)
{
	if (!accepted) {
		if (answer->remaining == 0 && adapt->lies > 0)
			adapt->lies--;
		return;
	}
	if (adapt->told_empty && stamp->sent_ns > adapt->told_empty_ns &&
	    stamp->sent_ns < adapt->told_until_ns && adapt->lies < LIES_MAX)
		adapt->lies++;
}

/* The rate at which the budget fills, once there is enough to tell. */
static double refill(struct adapt *adapt, const struct adapt_answer *answer, int64_t now_ns)
{
	double since_s = adapt_seconds(now_ns - adapt->refill_ns);
	double rate;

	if (adapt->refill_ns == 0 || since_s > 2 * REFILL_S) {
		adapt->refill_ns = now_ns;
		adapt->refill_remaining = answer->remaining;
		adapt->refill_accepted = 0;
		return 0;
	}
	if (since_s < REFILL_S_MIN)
		return 0;
	rate = (double)(adapt->refill_accepted + answer->remaining - adapt->refill_remaining) / since_s;
	if (since_s > REFILL_S) { /* go on from the middle: half of what was seen is kept */
		adapt->refill_ns = now_ns - (int64_t)(since_s / 2 * 1e9);
		adapt->refill_remaining = answer->remaining;
		adapt->refill_accepted = (int64_t)(rate * since_s / 2);
	}
	return rate;
}

static void pace_short(struct adapt *adapt, const struct adapt_answer *answer, double reset_s,
                       int64_t now_ns)
{
	double left = (double)answer->remaining / (double)answer->limit;
	double fill = refill(adapt, answer, now_ns);
	double lean = 1 + LEAN * (left - 0.5);

	if (reset_s > adapt->window_s)
		adapt->window_s = fmax(reset_s, 1);
	if (left < 0.9)
		adapt->told_ns = now_ns;
	/* Hardly touched for long: it does not bind. */
	if (now_ns - adapt->told_ns > (int64_t)(2e9 * adapt->window_s))
		adapt->told_pace = 0;
	else
		adapt->told_pace = fmax((double)answer->limit / adapt->window_s, fill) * lean;
}

static void pace_long(struct adapt *adapt, const struct adapt_answer *answer, double reset_s)
{
	if (adapt->backlog >= 0 && adapt->backlog <= answer->remaining)
		adapt->told_pace = 0; /* enough for all that is left */
	else if (answer->remaining > 0)
		adapt->told_pace = (double)answer->remaining / reset_s;
	else
		adapt->hold_ns = adapt->told_until_ns;
}

static int64_t at_most(int64_t value, int64_t most)
{
	return value < most ? value : most;
}

void adapt_told(struct adapt *adapt, const struct adapt_stamp *stamp,
                const struct adapt_answer *told, bool accepted, int64_t now_ns)
{
	struct adapt_answer sane = *told;
	const struct adapt_answer *answer = &sane;
	double reset_s;

	if (told->remaining < 0 || told->reset_ms <= 0)
		return;
	sane.reset_ms = at_most(told->reset_ms, HEADER_WAIT_MS_MAX);
	sane.remaining = at_most(told->remaining, COUNT_MAX);
	sane.limit = at_most(told->limit, COUNT_MAX);
	reset_s = (double)sane.reset_ms / 1000;
	note_lies(adapt, stamp, answer, accepted);
	adapt->refill_accepted += accepted;
	adapt->told_until_ns = now_ns + answer->reset_ms * NS_PER_MS;
	adapt->told_empty = answer->remaining == 0;
	if (adapt->told_empty)
		adapt->told_empty_ns = now_ns;
	if (adapt->lies >= LIES_MAX) {
		adapt->told_pace = 0;
		adapt->hold_ns = 0;
	}
	if (reset_s > LONG_S && adapt->lies < LIES_MAX)
		pace_long(adapt, answer, reset_s);
	else if (reset_s <= LONG_S && answer->limit >= LIMIT_MIN)
		pace_short(adapt, answer, reset_s, now_ns);
}
