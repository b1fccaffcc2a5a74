/* How many at once: lowered to just below where it was refused, raised by one
 * now and then. */
#include "engine/base/clock.h"
#include "engine/policy/adapt_internal.h"

/* A look above: the first after so long, each that fails doubles it. */
#define RAISE_EVERY_NS (5 * NS_PER_S)
#define RAISE_EVERY_NS_MAX (60 * NS_PER_S)

/* Cuts by refusals keep so much of it, lest one stray 429 strangle it. */
#define CUT_KEEPS 0.7

/* Overload: so large a share of at least so many calls failed. */
#define OVERLOAD_CALLS 32
#define OVERLOAD_SHARE 0.25
#define OVERLOAD_KEEPS 0.7
#define OVERLOAD_EVERY_NS (1 * NS_PER_S)

static void lower(struct adapt *adapt, int to, int64_t now_ns)
{
	adapt->concurrency = to < 1 ? 1 : to;
	adapt->concurrency_met = true;
	adapt->concurrency_step = 1;
	adapt->lowered_ns = now_ns;
	adapt->raise_ns = now_ns + adapt->raise_every_ns;
	adapt->in_flight_peak = 0;
}

void adapt_concurrency_refused(struct adapt *adapt, const struct adapt_stamp *stamp, int64_t now_ns)
{
	int known = adapt->in_flight_peak < adapt->concurrency ? adapt->in_flight_peak
	                                                       : adapt->concurrency;
	int kept = (int)(known * CUT_KEEPS);
	int to = stamp->in_flight - 1;

	if (stamp->in_flight > adapt->concurrency)
		return; /* sent before it was lowered */
	if (adapt->raise_every_ns < RAISE_EVERY_NS)
		adapt->raise_every_ns = RAISE_EVERY_NS;
	else if (adapt->raise_every_ns < RAISE_EVERY_NS_MAX)
		adapt->raise_every_ns *= 2;
	lower(adapt, to > kept ? to : kept, now_ns);
}

void adapt_concurrency_accepted(struct adapt *adapt, int64_t now_ns)
{
	if (!adapt->concurrency_met || now_ns < adapt->raise_ns ||
	    adapt->in_flight_peak < adapt->concurrency)
		return;
	/* A raise that found room: bolder. */
	if (adapt->raise_ns > adapt->lowered_ns + adapt->raise_every_ns) {
		adapt->raise_every_ns = RAISE_EVERY_NS;
		if (adapt->concurrency_step < adapt->concurrency)
			adapt->concurrency_step *= 2;
	}
	adapt->concurrency += adapt->concurrency_step;
	adapt->in_flight_peak = 0;
	adapt->raise_ns = now_ns + NS_PER_S + 4 * adapt->rtt_ns;
	if (adapt->concurrency >= adapt->ceilings.concurrency) {
		adapt->concurrency = adapt->ceilings.concurrency;
		adapt->concurrency_met = false;
	}
}

void adapt_concurrency_overload(struct adapt *adapt, bool failed, int64_t now_ns)
{
	int used = adapt->in_flight_peak;

	adapt->overload_calls++;
	adapt->overload_failures += failed;
	if (adapt->overload_calls < OVERLOAD_CALLS)
		return;
	if (adapt->overload_failures > OVERLOAD_SHARE * adapt->overload_calls && used > 1 &&
	    now_ns - adapt->lowered_ns > OVERLOAD_EVERY_NS + adapt->rtt_ns) {
		if (adapt->raise_every_ns < NS_PER_S)
			adapt->raise_every_ns = NS_PER_S;
		lower(adapt, (int)((used < adapt->concurrency ? used : adapt->concurrency) *
		                   OVERLOAD_KEEPS), now_ns);
	}
	adapt->overload_calls = adapt->overload_failures = 0;
}
