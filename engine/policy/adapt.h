/* The pace against a target whose limits nobody told: how many requests at
 * once, and how many a second.
 *
 * Opening: no pace, but a number at once that grows by half each round trip,
 * until the first refusal.  Then the rate follows CUBIC (S. Ha, I. Rhee, L. Xu,
 * 2008): a cut, a quick return to where the limit was met, a plateau, a cautious
 * look above it, and where nothing is met there a search that doubles its excess.
 * The concurrency follows AIMD.  Each refusal is laid to that one of the two
 * which separates it from what was accepted around it: where requests with as
 * many in flight are accepted and those with more refused, concurrency is the
 * limit; else it is the rate.  One overshoot counts once, however many refusals
 * it brings: that of a request sent before the last cut tells nothing new.
 *
 * Two kinds of rate limiter look alike at first.  A bucket goes on letting some
 * in: what it lets in is its rate.  A window lets nothing in until it ends: then
 * it is asked ever more seldom until it does, and what it let in within a second
 * is its rate.
 *
 * Told budgets (remaining, reset) are paced by; those that prove untrue are no
 * longer listened to.  Configured limits are ceilings and never exceeded.
 *
 * It belongs to a limit, not to a job: jobs that share one share this too.
 * Pure: plain memory, times in monotonic ns are parameters, the caller owns the
 * lock.  A round, for each request:
 *
 *   bucket_set(…, adapt_rate(a), adapt_burst(a), now) where these have changed
 *   in flight < adapt_concurrency(a) && now >= adapt_hold_ns(a) && a token
 *   adapt_sent(a, now, in_flight, &stamp)      in_flight with this one
 *   …
 *   adapt_result(a, &stamp, &answer, now)                                   */
#ifndef SLUICE_POLICY_ADAPT_H
#define SLUICE_POLICY_ADAPT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/policy/bucket.h"
#include "engine/policy/outcome.h"

struct adapt_ceilings {
	int concurrency;   /* >= 1 */
	struct rate rate;  /* count 0: none configured */
	int64_t burst;     /* of the configured rate, >= 1 */
};

/* What is remembered of a request while it is out. */
struct adapt_stamp {
	int64_t sent_ns;
	double rate;       /* requests a second at that moment */
	int in_flight;     /* this one included */
};

/* What came of it. */
struct adapt_answer {
	enum decision decision;
	enum transport transport;
	int http_status;
	int64_t latency_ns;
	int64_t wait_ms;   /* a wait told with a refusal, -1: none */
	/* A budget counted in requests, -1: not told. */
	int64_t limit, remaining, reset_ms;
};

/* What outlives the process; zeros: nothing learned. */
struct adapt_memory {
	int64_t rate_milli; /* the limit: requests per 1000 s */
	int32_t concurrency;
};

#define ADAPT_SAMPLES 128 /* answers kept for comparing */
#define ADAPT_SENDS 16    /* sendings kept for measuring the rate */
#define ADAPT_CELLS 64    /* of ADAPT_CELL_NS */
#define ADAPT_CELL_NS 100000000LL
#define ADAPT_BLAMES 6    /* refusals kept for the verdict */

enum adapt_phase {
	ADAPT_OPENING,  /* never refused: no pace, a growing number at once */
	ADAPT_DOUBLING, /* the limit is not known */
	ADAPT_CUBIC,    /* around where it was met */
};

/* How many, by time. */
struct adapt_count {
	int32_t cells[ADAPT_CELLS];
	int64_t newest; /* number of the newest cell */
};

struct adapt {
	struct adapt_ceilings ceilings;

	/* what is measured */
	int64_t rtt_ns;          /* smoothed latency of accepted requests, 0: none yet */
	int64_t rtt_min_ns;
	int64_t last_sent_ns;    /* INT64_MIN: never */
	int64_t began_ns;        /* sending did, after a rest */
	int64_t sends[ADAPT_SENDS];
	int send_count, send_next;
	struct adapt_count let_in; /* not refused, by time of answer */
	int in_flight_peak;      /* highest since the last look at concurrency */
	int64_t backlog;         /* items left to send, -1: not known */

	/* what separates accepted from refused */
	struct {
		double rate;
		int in_flight;
	} accepted[ADAPT_SAMPLES];
	int accepted_count, accepted_next;
	struct {
		double below_rate, below_in_flight; /* share of the accepted below it, 0..1 */
	} blames[ADAPT_BLAMES];
	int blame_count, blame_next;

	/* the rate, per second */
	enum adapt_phase phase;
	double opening;          /* how many at once while opening */
	double pace;
	double goal;             /* the limit was met here */
	bool rough;              /* … or about here: look further soon */
	double start;            /* pace after the last cut */
	double threshold;        /* doubling after a rest ends here; 0: at the limit */
	double proven;           /* most accepted within a second, slowly forgotten */
	int64_t proven_ns;
	double refused_share;    /* of the last answers, 0..1 */
	double growing_s;        /* time spent growing since the last cut */
	double cost_s;           /* what an overshoot costs: the wait told with it */
	int64_t grown_ns;
	int64_t cut_ns;          /* refusals of what was sent before are old news */
	int cut_let_in;          /* of what was sent since */
	int64_t row_ns;          /* when the present row of cuts began */
	int row_let_in, row_refused; /* of what was sent since */
	double row_rate;         /* let in a second, as it began */
	int silent;              /* refusals with nothing accepted in between */

	/* concurrency */
	int concurrency;
	int concurrency_step;    /* the next raise */
	bool concurrency_met;    /* lowered by refusals or overload, not at its ceiling */
	int64_t raise_ns;        /* not before */
	int64_t raise_every_ns;
	int64_t lowered_ns;
	int overload_calls, overload_failures; /* since the last look */

	/* what the server tells */
	double told_pace;        /* 0: nothing told */
	int64_t told_ns;
	int64_t told_until_ns;   /* the told budget's reset */
	int64_t hold_ns;         /* nothing is sent before */
	int64_t refill_ns;       /* measuring of the refill began */
	int64_t refill_remaining;
	int64_t refill_accepted;
	double window_s;         /* longest reset seen */
	bool told_empty;         /* the budget was told to be used up, until told_until_ns */
	int64_t told_empty_ns;
	int lies;                /* accepted although the budget was told to be used up */
};

/* memory: what a former process learned, or NULL. */
void adapt_init(struct adapt *adapt, const struct adapt_ceilings *ceilings,
                const struct adapt_memory *memory, int64_t now_ns);
/* New ceilings, at once. */
void adapt_set_ceilings(struct adapt *adapt, const struct adapt_ceilings *ceilings, int64_t now_ns);
/* Items left, so that a small rest is not spread over a long window; -1: not known. */
void adapt_set_backlog(struct adapt *adapt, int64_t items);

/* A request goes out; in_flight counts it and all others of this limit. */
void adapt_sent(struct adapt *adapt, int64_t now_ns, int in_flight, struct adapt_stamp *stamp);
/* It came back. */
void adapt_result(struct adapt *adapt, const struct adapt_stamp *stamp,
                  const struct adapt_answer *answer, int64_t now_ns);
/* Sending begins again after a pause or an outage: ramp up to what was learned. */
void adapt_resume(struct adapt *adapt, int64_t now_ns);

int adapt_concurrency(const struct adapt *adapt);
/* Never count 0: there is always a pace, if a high one. */
struct rate adapt_rate(const struct adapt *adapt);
int64_t adapt_burst(const struct adapt *adapt);
/* Nothing may be sent before this time: a wait of more than a second and a half
 * that came with a refusal, or a told budget that is used up. */
int64_t adapt_hold_ns(const struct adapt *adapt);

/* What limits now, given that in_flight are out: "rate", "concurrency",
 * "server" (told or learned from it), "ramp-up" (its limit is still being
 * looked for, or gone back up to), "slow upstream". */
const char *adapt_bound_by(const struct adapt *adapt, int in_flight, int64_t now_ns);

void adapt_remember(const struct adapt *adapt, struct adapt_memory *memory);

#endif
