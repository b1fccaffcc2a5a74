/* Whose fault is a 429? */
#include "engine/policy/adapt_internal.h"

/* Concurrency is blamed only where it separates clearly, over several refusals. */
#define BLAMES_MIN 3
#define SAMPLES_MIN 16
#define SEPARATES 0.9
#define BETTER_BY 0.15

/* Rates closer than this are the same. */
#define SAME_RATE 0.02

void adapt_note_accepted(struct adapt *adapt, const struct adapt_stamp *stamp)
{
	adapt->accepted[adapt->accepted_next].rate = stamp->rate;
	adapt->accepted[adapt->accepted_next].in_flight = stamp->in_flight;
	adapt->accepted_next = (adapt->accepted_next + 1) % ADAPT_SAMPLES;
	if (adapt->accepted_count < ADAPT_SAMPLES)
		adapt->accepted_count++;
}

/* The share of the accepted that lay below this refusal; equals count half. */
static void compare(struct adapt *adapt, const struct adapt_stamp *stamp)
{
	double below_rate = 0, below_in_flight = 0;
	int count = adapt->accepted_count;

	for (int i = 0; i < count; i++) {
		double rate = adapt->accepted[i].rate;
		int in_flight = adapt->accepted[i].in_flight;

		below_rate += rate < stamp->rate * (1 - SAME_RATE)   ? 1
		              : rate > stamp->rate * (1 + SAME_RATE) ? 0
		                                                     : 0.5;
		below_in_flight += in_flight < stamp->in_flight ? 1 : in_flight > stamp->in_flight ? 0 : 0.5;
	}
	adapt->blames[adapt->blame_next].below_rate = below_rate / count;
	adapt->blames[adapt->blame_next].below_in_flight = below_in_flight / count;
	adapt->blame_next = (adapt->blame_next + 1) % ADAPT_BLAMES;
	if (adapt->blame_count < ADAPT_BLAMES)
		adapt->blame_count++;
}

enum adapt_guilty adapt_blame(struct adapt *adapt, const struct adapt_stamp *stamp)
{
	double rate = 0, in_flight = 0;

	if (adapt->accepted_count < SAMPLES_MIN)
		return ADAPT_GUILTY_RATE;
	compare(adapt, stamp);
	for (int i = 0; i < adapt->blame_count; i++) {
		rate += adapt->blames[i].below_rate / adapt->blame_count;
		in_flight += adapt->blames[i].below_in_flight / adapt->blame_count;
	}
	if (adapt->blame_count < BLAMES_MIN || stamp->in_flight < 2)
		return ADAPT_GUILTY_RATE;
	return in_flight >= SEPARATES && in_flight >= rate + BETTER_BY ? ADAPT_GUILTY_CONCURRENCY
	                                                               : ADAPT_GUILTY_RATE;
}
