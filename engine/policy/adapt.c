#include "engine/policy/adapt.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/policy/adapt_internal.h"

/* Longer without a sending, and what was learned is approached anew. */
#define REST_NS (5 * NS_PER_S)

/* A queue somewhere: the latency is so many times its lowest. */
#define SLOW_FACTOR 2

/* Stray refusals: below so much of what was seen to go through, and no more than
 * such a share of so many answers. */
#define STRAY_BELOW 0.25
#define STRAY_SHARE 0.06
#define STRAY_ANSWERS 64
#define PROVEN_HALF_S 30

double adapt_seconds(int64_t ns)
{
	return (double)ns / (double)NS_PER_S;
}

double adapt_pace_ceiling(const struct adapt *adapt)
{
	const struct rate *rate = &adapt->ceilings.rate;

	return rate->count > 0 ? (double)rate->count / adapt_seconds(rate->per_ns) : ADAPT_PACE_MAX;
}

/* ---- measuring ----------------------------------------------------------- */

double adapt_measured(const struct adapt *adapt, int64_t now_ns)
{
	int oldest = adapt->send_count < ADAPT_SENDS ? 0 : adapt->send_next;
	double span_s;

	if (adapt->send_count < 4)
		return 0;
	span_s = adapt_seconds(now_ns - adapt->sends[oldest]);
	return span_s > 0 ? adapt->send_count / span_s : ADAPT_PACE_MAX;
}

static void count_one(struct adapt_count *count, int64_t now_ns)
{
	int64_t cell = now_ns / ADAPT_CELL_NS;

	if (cell - count->newest >= ADAPT_CELLS) {
		memset(count->cells, 0, sizeof(count->cells));
		count->newest = cell;
	}
	while (count->newest < cell)
		count->cells[++count->newest % ADAPT_CELLS] = 0;
	count->cells[cell % ADAPT_CELLS]++;
}

static void measure_sent(struct adapt *adapt, int64_t now_ns)
{
	adapt->sends[adapt->send_next] = now_ns;
	adapt->send_next = (adapt->send_next + 1) % ADAPT_SENDS;
	if (adapt->send_count < ADAPT_SENDS)
		adapt->send_count++;
}

static void measure_accepted(struct adapt *adapt, int64_t latency_ns, int64_t now_ns)
{
	count_one(&adapt->let_in, now_ns);
	if (latency_ns < 1)
		latency_ns = 1;
	adapt->rtt_ns = adapt->rtt_ns == 0 ? latency_ns
	                                   : adapt->rtt_ns + (latency_ns - adapt->rtt_ns) / 8;
	if (adapt->rtt_min_ns == 0 || latency_ns < adapt->rtt_min_ns)
		adapt->rtt_min_ns = latency_ns;
	else /* forgets slowly: a faster time may be long past */
		adapt->rtt_min_ns += (latency_ns - adapt->rtt_min_ns) / 1024;
}

double adapt_count_rate(const struct adapt_count *count, double span_s, int64_t until_ns)
{
	int64_t from_ns = until_ns - (int64_t)(span_s * (double)NS_PER_S);
	int64_t first = from_ns / ADAPT_CELL_NS, last = until_ns / ADAPT_CELL_NS;
	double total = 0;

	for (int64_t cell = first; cell <= last; cell++) {
		double share = 1;

		if (cell < 0 || cell > count->newest || cell <= count->newest - ADAPT_CELLS)
			continue;
		if (cell == first)
			share -= (double)(from_ns % ADAPT_CELL_NS) / (double)ADAPT_CELL_NS;
		if (cell == last && last < count->newest)
			share -= 1 - (double)(until_ns % ADAPT_CELL_NS) / (double)ADAPT_CELL_NS;
		total += share * count->cells[cell % ADAPT_CELLS];
	}
	return span_s > 0 ? total / span_s : 0;
}

/* ---- life ------------------------------------------------------------------ */

void adapt_init(struct adapt *adapt, const struct adapt_ceilings *ceilings,
                const struct adapt_memory *memory, int64_t now_ns)
{
	double learned = memory != NULL ? (double)memory->rate_milli / 1000 : 0;

	assert(ceilings->concurrency >= 1);
	memset(adapt, 0, sizeof(*adapt));
	adapt->ceilings = *ceilings;
	adapt->last_sent_ns = INT64_MIN;
	adapt->backlog = -1;
	adapt->let_in.newest = now_ns / ADAPT_CELL_NS;
	adapt->concurrency = ceilings->concurrency;
	adapt->concurrency_step = 1;
	adapt->cut_ns = INT64_MIN;
	adapt->grown_ns = adapt->began_ns = now_ns;
	/* A configured rate is a user's word: begin with it. */
	adapt->pace = ceilings->rate.count > 0 ? adapt_pace_ceiling(adapt) : ADAPT_PACE_FIRST;
	adapt->phase = ADAPT_OPENING;
	adapt->opening = ceilings->rate.count > 0 ? ceilings->concurrency : ADAPT_OPENING_FIRST;
	if (memory != NULL && memory->concurrency > 0 &&
	    memory->concurrency < ceilings->concurrency) {
		adapt->concurrency = memory->concurrency;
		adapt->concurrency_met = true;
	}
	if (learned > 0 && learned < adapt_pace_ceiling(adapt)) {
		adapt->phase = ADAPT_CUBIC;
		adapt->goal = learned;
		adapt_rate_rest(adapt, now_ns);
	}
}

void adapt_set_ceilings(struct adapt *adapt, const struct adapt_ceilings *ceilings, int64_t now_ns)
{
	bool raised = adapt->ceilings.rate.count > 0 && adapt->pace >= adapt_pace_ceiling(adapt);

	assert(ceilings->concurrency >= 1);
	adapt->ceilings = *ceilings;
	adapt->grown_ns = now_ns;
	if (!adapt->concurrency_met || adapt->concurrency > ceilings->concurrency)
		adapt->concurrency = ceilings->concurrency;
	/* It was the ceiling that bound: the new one takes its place. */
	if (ceilings->rate.count > 0 && (raised || adapt->pace > adapt_pace_ceiling(adapt)))
		adapt->pace = adapt_pace_ceiling(adapt);
}

void adapt_set_backlog(struct adapt *adapt, int64_t items)
{
	adapt->backlog = items;
}

void adapt_resume(struct adapt *adapt, int64_t now_ns)
{
	/* The wait is over, or a person knows better. */
	adapt->hold_ns = 0;
	adapt_rate_rest(adapt, now_ns);
}

void adapt_sent(struct adapt *adapt, int64_t now_ns, int in_flight, struct adapt_stamp *stamp)
{
	double measured;

	if (adapt->last_sent_ns != INT64_MIN &&
	    now_ns - adapt->last_sent_ns > REST_NS + 4 * adapt->rtt_ns + (int64_t)(3e9 / adapt->pace))
		adapt_rate_rest(adapt, now_ns);
	adapt->last_sent_ns = now_ns;
	measure_sent(adapt, now_ns);
	if (in_flight > adapt->in_flight_peak)
		adapt->in_flight_peak = in_flight;
	measured = adapt_measured(adapt, now_ns) * 1.25;
	stamp->sent_ns = now_ns;
	stamp->in_flight = in_flight;
	stamp->rate = measured > 0 && measured < adapt->pace ? measured : adapt->pace;
}

static void note_refusal(struct adapt *adapt, const struct adapt_stamp *stamp,
                         const struct adapt_answer *answer, int64_t now_ns)
{
	int64_t wait_ms = answer->wait_ms < HEADER_WAIT_MS_MAX ? answer->wait_ms : HEADER_WAIT_MS_MAX;
	int64_t hold_ns = now_ns + wait_ms * NS_PER_MS;

	if (stamp->sent_ns >= adapt->row_ns)
		adapt->row_refused++;
	if (answer->wait_ms > ADAPT_HOLD_MS_MIN && hold_ns > adapt->hold_ns)
		adapt->hold_ns = hold_ns;
}

/* What went through within the last second, the most of late. */
static void prove(struct adapt *adapt, int64_t now_ns)
{
	double seen;

	if (now_ns - adapt->proven_ns < ADAPT_CELL_NS)
		return;
	seen = adapt_count_rate(&adapt->let_in, 1, now_ns);
	adapt->proven *= exp2(-adapt_seconds(now_ns - adapt->proven_ns) / PROVEN_HALF_S);
	adapt->proven_ns = now_ns;
	if (seen > adapt->proven)
		adapt->proven = seen;
}

/* More went through before, and only one now and then is refused: no limit on
 * the rate does that.  Items are refused for reasons of their own. */
static bool stray(const struct adapt *adapt, const struct adapt_stamp *stamp)
{
	return adapt->phase == ADAPT_CUBIC && adapt->refused_share < STRAY_SHARE &&
	       stamp->rate < STRAY_BELOW * adapt->proven;
}

void adapt_result(struct adapt *adapt, const struct adapt_stamp *stamp,
                  const struct adapt_answer *answer, int64_t now_ns)
{
	bool answered = answer->transport == TRANSPORT_OK;
	bool refused = answered &&
	               (answer->decision == DECISION_THROTTLE || answer->http_status == 429);
	bool overload = (answered && !refused && answer->http_status >= 500) ||
	                answer->transport == TRANSPORT_TIMEOUT ||
	                answer->transport == TRANSPORT_BROKEN;

	if (answered)
		adapt_told(adapt, stamp, answer, !refused && !overload, now_ns);
	prove(adapt, now_ns);
	if (answered)
		adapt->refused_share += (refused - adapt->refused_share) / STRAY_ANSWERS;
	if (refused) {
		if (stray(adapt, stamp))
			return;
		note_refusal(adapt, stamp, answer, now_ns);
		/* One overshoot counts once. */
		if (stamp->sent_ns < adapt->cut_ns)
			return;
		if (adapt->phase != ADAPT_OPENING && adapt->silent == 0 &&
		    adapt_blame(adapt, stamp) == ADAPT_GUILTY_CONCURRENCY)
			adapt_concurrency_refused(adapt, stamp, now_ns);
		else
			adapt_rate_refused(adapt, stamp, answer, now_ns);
		return;
	}
	if (overload || answered)
		adapt_concurrency_overload(adapt, overload, now_ns);
	if (answered) /* a 503 that is no refusal was let in, too */
		measure_accepted(adapt, answer->latency_ns, now_ns);
	if (!answered || overload)
		return;
	adapt_note_accepted(adapt, stamp);
	adapt_rate_accepted(adapt, stamp, now_ns);
	adapt_concurrency_accepted(adapt, now_ns);
}

/* ---- what is asked ---------------------------------------------------------- */

int adapt_concurrency(const struct adapt *adapt)
{
	if (adapt->phase == ADAPT_OPENING && adapt->opening < adapt->concurrency)
		return (int)adapt->opening;
	return adapt->concurrency;
}

static double pace_now(const struct adapt *adapt)
{
	double pace = adapt->pace;

	if (adapt->told_pace > 0 && adapt->told_pace < pace)
		pace = adapt->told_pace;
	return pace;
}

struct rate adapt_rate(const struct adapt *adapt)
{
	double pace = pace_now(adapt);

	/* The ceiling exactly as it was configured, not by way of a fraction. */
	if (adapt->ceilings.rate.count > 0 && pace >= adapt_pace_ceiling(adapt))
		return adapt->ceilings.rate;
	/* Never a count of 0: that would be no limit. */
	if (pace < 1)
		return (struct rate){1 + (int64_t)(pace * 1e6), 1000000 * NS_PER_S};
	return (struct rate){(int64_t)(pace * 1000), 1000 * NS_PER_S};
}

int64_t adapt_burst(const struct adapt *adapt)
{
	double pace = pace_now(adapt);
	int64_t burst = 1 + (int64_t)(pace / 1000); /* a millisecond's worth: nobody wakes oftener */

	if (adapt->ceilings.rate.count > 0 && (pace >= adapt_pace_ceiling(adapt) ||
	                                       burst > adapt->ceilings.burst))
		return adapt->ceilings.burst;
	return burst;
}

int64_t adapt_hold_ns(const struct adapt *adapt)
{
	return adapt->hold_ns;
}

/* Did it refuse, and is this not the way back up after a rest? */
static bool met(const struct adapt *adapt)
{
	return adapt->phase != ADAPT_OPENING && adapt->pace >= adapt->threshold;
}

const char *adapt_bound_by(const struct adapt *adapt, int in_flight, int64_t now_ns)
{
	double ceiling = adapt_pace_ceiling(adapt), pace = pace_now(adapt);

	if (adapt->hold_ns > now_ns)
		return "server";
	if (in_flight < adapt_concurrency(adapt) && pace < ceiling)
		return pace < adapt->pace || met(adapt) ? "server" : "ramp-up";
	if (in_flight < adapt_concurrency(adapt) && adapt->ceilings.rate.count > 0)
		return "rate";
	if (adapt->concurrency_met)
		return "server";
	if (adapt_concurrency(adapt) < adapt->ceilings.concurrency)
		return "ramp-up";
	return adapt->rtt_ns > SLOW_FACTOR * adapt->rtt_min_ns ? "slow upstream" : "concurrency";
}

void adapt_remember(const struct adapt *adapt, struct adapt_memory *memory)
{
	memory->rate_milli = (int64_t)(adapt_learned(adapt) * 1000);
	memory->concurrency = adapt->concurrency_met ? adapt->concurrency : 0;
}
