/* The circuit breaker of one target (host and credential): an outage costs
 * time, never items.
 *
 *   closed ── failing ──► open ── its time has come ──► probing ──► ramping ──► closed
 *                          ▲                              │ fails      │ fails
 *                          └──────────────────────────────┴────────────┘
 *
 * Open: nothing is sent, and what was in flight goes back uncharged.  Probing:
 * one item at a time, its failure is not charged either.  Ramping: 1, 2, 4 …
 * at once.  Refused credentials are counted apart: that is no outage, and no
 * probe would help.
 *
 * Pure: plain memory, time is a parameter (monotonic ns), the caller owns the
 * lock. */
#ifndef SLUICE_POLICY_BREAKER_H
#define SLUICE_POLICY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/random.h"
#include "engine/policy/outcome.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBING, BREAKER_RAMPING };

/* What one answer says about the target. */
enum breaker_sign {
	BREAKER_ALIVE,       /* it answers: 2xx, 4xx, 429 */
	BREAKER_FAILING,     /* 5xx, timeout, connection lost */
	BREAKER_UNREACHABLE, /* no connection */
	BREAKER_REFUSED,     /* 401, 403 */
	BREAKER_SILENT,      /* says nothing about it: not sent by our own fault */
};
enum breaker_sign breaker_sign(enum decision decision, enum transport transport, int http_status);

/* What became of the breaker by it. */
enum breaker_news {
	BREAKER_NOTHING,
	BREAKER_OPENS,       /* pause the target until breaker_probe_ns */
	BREAKER_STAYS_OPEN,  /* a probe failed; the same with a new time */
	BREAKER_REOPENS,     /* a ramp failed; as BREAKER_OPENS */
	BREAKER_ANSWERS,     /* the probe came back: ramp up */
	BREAKER_CLOSES,
	BREAKER_CREDENTIALS, /* pause until a person resumes */
};

#define BREAKER_CELLS 30   /* seconds looked back on */
#define BREAKER_LAST 20    /* calls looked back on */

struct breaker {
	enum breaker_state state;
	struct {
		int64_t second;
		int32_t calls, failures;
	} cells[BREAKER_CELLS];
	uint32_t last;         /* the last calls, newest in bit 0; 1: failed */
	int last_count;
	int64_t last_ns;       /* the newest of them */
	int unreachable;       /* in a row */
	int refused;           /* in a row */
	bool refusing;         /* credentials are refused; a person was told */
	int64_t down_since_ns;
	int64_t probe_ns;      /* open: when to probe */
	int64_t changed_ns;    /* what was sent before is not judged by this state */
	int out;               /* probing, ramping: admitted and not yet back */
	int ramp;              /* how many at once */
	int ramp_calls, ramp_failures;
};

/* What outlives the process, as wall times (ms); zeros: closed. */
struct breaker_memory {
	int64_t down_since_ms, probe_ms;
};

/* memory: of a former process, or NULL. */
void breaker_init(struct breaker *breaker, const struct breaker_memory *memory, int64_t now_ns,
                  int64_t now_wall_ms);
void breaker_remember(const struct breaker *breaker, int64_t now_ns, int64_t now_wall_ms,
                      struct breaker_memory *memory);

/* How many of `want` may go out now.  Those count as out until their result:
 * every admitted one must come back through breaker_result or breaker_unsent. */
int breaker_admit(struct breaker *breaker, int want, int64_t now_ns);
void breaker_unsent(struct breaker *breaker, int count);
/* One came back, that was sent at sent_ns.  `enough`: a ramp that reaches this
 * is over (the concurrency in force). */
enum breaker_news breaker_result(struct breaker *breaker, enum breaker_sign sign, int64_t sent_ns,
                                 int enough, struct random *random, int64_t now_ns);
/* Is an attempt that failed so not to be charged?  What was in flight while the
 * breaker opened, probes, and what refused credentials brought down after they
 * were noticed. Ask after breaker_result. */
bool breaker_forgives(const struct breaker *breaker, enum breaker_sign sign);
/* A person resumed: try at once. */
void breaker_try_now(struct breaker *breaker, int64_t now_ns);

/* When the next probe may go out; only while open. */
int64_t breaker_probe_ns(const struct breaker *breaker);

#endif
