#include "engine/policy/breaker.h"

#include <string.h>

#include "engine/base/clock.h"

/* Opens at half of at least so many calls within BREAKER_CELLS seconds … */
#define CALLS_MIN 20
/* … or, where a long good time lies in those seconds, when nearly all of the
 * last BREAKER_LAST failed (one in three failing: once in 10^7 calls) … */
#define LAST_FAILED 18
/* … or at so many attempts in a row that found no connection. */
#define UNREACHABLE_MAX 10

#define REFUSED_MAX 10

/* The pause before a probe: an eighth of the outage so far. */
#define PROBE_NS_MIN (5 * NS_PER_S)
#define PROBE_NS_MAX (300 * NS_PER_S)
#define PROBE_SHARE 8
#define PROBE_JITTER 10 /* one part in so many, upwards */

enum breaker_sign breaker_sign(enum decision decision, enum transport transport, int http_status)
{
	switch (transport) {
	case TRANSPORT_RESOLVE:
	case TRANSPORT_CONNECT:
	case TRANSPORT_HANDSHAKE:
		return BREAKER_UNREACHABLE;
	case TRANSPORT_TIMEOUT:
	case TRANSPORT_BROKEN:
		return BREAKER_FAILING;
	case TRANSPORT_OK:
		break;
	default:
		return BREAKER_SILENT;
	}
	if (decision == DECISION_THROTTLE || decision == DECISION_DONE)
		return BREAKER_ALIVE;
	if (http_status == 401 || http_status == 403)
		return BREAKER_REFUSED;
	/* 501 and 505 are about the request. */
	if (http_status >= 500 && http_status != 501 && http_status != 505)
		return BREAKER_FAILING;
	return BREAKER_ALIVE;
}

/* ---- what is remembered of calls ------------------------------------------- */

static void forget_calls(struct breaker *breaker)
{
	memset(breaker->cells, 0, sizeof(breaker->cells));
	breaker->last = 0;
	breaker->last_count = 0;
	breaker->unreachable = 0;
}

static void note_call(struct breaker *breaker, bool failed, bool unreachable, int64_t now_ns)
{
	int64_t second = now_ns / NS_PER_S;
	int at = (int)(second % BREAKER_CELLS);

	if (breaker->cells[at].second != second) {
		breaker->cells[at].second = second;
		breaker->cells[at].calls = breaker->cells[at].failures = 0;
	}
	breaker->cells[at].calls++;
	breaker->cells[at].failures += failed;
	if (now_ns - breaker->last_ns > BREAKER_CELLS * NS_PER_S)
		breaker->last_count = 0;
	breaker->last_ns = now_ns;
	breaker->last = breaker->last << 1 | failed;
	if (breaker->last_count < BREAKER_LAST)
		breaker->last_count++;
	breaker->unreachable = unreachable ? breaker->unreachable + 1 : 0;
}

static bool failing(const struct breaker *breaker, int64_t now_ns)
{
	int64_t oldest = now_ns / NS_PER_S - BREAKER_CELLS;
	int calls = 0, failures = 0;

	for (int i = 0; i < BREAKER_CELLS; i++) {
		if (breaker->cells[i].second <= oldest)
			continue;
		calls += breaker->cells[i].calls;
		failures += breaker->cells[i].failures;
	}
	if (calls >= CALLS_MIN && failures * 2 >= calls)
		return true;
	return breaker->last_count == BREAKER_LAST &&
	       __builtin_popcount(breaker->last & ((1U << BREAKER_LAST) - 1)) >= LAST_FAILED;
}

/* ---- moves ----------------------------------------------------------------- */

static void open_until(struct breaker *breaker, struct random *random, int64_t now_ns)
{
	int64_t pause_ns = (now_ns - breaker->down_since_ns) / PROBE_SHARE;

	if (pause_ns < PROBE_NS_MIN)
		pause_ns = PROBE_NS_MIN;
	if (pause_ns > PROBE_NS_MAX)
		pause_ns = PROBE_NS_MAX;
	breaker->state = BREAKER_OPEN;
	breaker->probe_ns = now_ns + pause_ns + random_upto(random, pause_ns / PROBE_JITTER);
	breaker->changed_ns = now_ns;
	breaker->out = 0;
}

static enum breaker_news judge_closed(struct breaker *breaker, enum breaker_sign sign,
                                      struct random *random, int64_t now_ns)
{
	bool failed = sign == BREAKER_FAILING || sign == BREAKER_UNREACHABLE;

	note_call(breaker, failed, sign == BREAKER_UNREACHABLE, now_ns);
	if (!failed || (breaker->unreachable < UNREACHABLE_MAX && !failing(breaker, now_ns)))
		return BREAKER_NOTHING;
	forget_calls(breaker);
	breaker->down_since_ns = now_ns;
	open_until(breaker, random, now_ns);
	return BREAKER_OPENS;
}

static enum breaker_news judge_probe(struct breaker *breaker, bool failed, struct random *random,
                                     int64_t now_ns)
{
	if (failed) {
		open_until(breaker, random, now_ns);
		return BREAKER_STAYS_OPEN;
	}
	breaker->state = BREAKER_RAMPING;
	breaker->changed_ns = now_ns;
	breaker->ramp = 2;
	breaker->ramp_calls = breaker->ramp_failures = 0;
	return BREAKER_ANSWERS;
}

static enum breaker_news judge_ramp(struct breaker *breaker, bool failed, int enough,
                                    struct random *random, int64_t now_ns)
{
	breaker->ramp_calls++;
	breaker->ramp_failures += failed;
	if (breaker->ramp_failures >= 2 && breaker->ramp_failures * 2 >= breaker->ramp_calls) {
		open_until(breaker, random, now_ns);
		return BREAKER_REOPENS;
	}
	if (failed)
		return BREAKER_NOTHING;
	breaker->ramp++; /* one more for each that came back: doubles each round trip */
	if (breaker->ramp < enough)
		return BREAKER_NOTHING;
	breaker->state = BREAKER_CLOSED;
	breaker->changed_ns = now_ns;
	breaker->out = 0;
	return BREAKER_CLOSES;
}

static bool refuses(struct breaker *breaker, enum breaker_sign sign)
{
	if (sign == BREAKER_REFUSED)
		breaker->refused++;
	else if (sign == BREAKER_ALIVE)
		breaker->refused = breaker->refusing = 0;
	if (breaker->refused < REFUSED_MAX)
		return false;
	breaker->refused = 0;
	breaker->refusing = true;
	return true;
}

enum breaker_news breaker_result(struct breaker *breaker, enum breaker_sign sign, int64_t sent_ns,
                                 int enough, struct random *random, int64_t now_ns)
{
	bool failed = sign == BREAKER_FAILING || sign == BREAKER_UNREACHABLE;

	/* Admitted in the present round: a probe, or one of the ramp. */
	bool counted = breaker->state >= BREAKER_PROBING && sent_ns >= breaker->changed_ns;

	if (counted && breaker->out > 0)
		breaker->out--;
	if (sign == BREAKER_SILENT)
		return BREAKER_NOTHING;
	if (refuses(breaker, sign))
		return BREAKER_CREDENTIALS;
	switch (breaker->state) {
	case BREAKER_CLOSED:
		return sent_ns < breaker->changed_ns && failed
		           ? BREAKER_NOTHING
		           : judge_closed(breaker, sign, random, now_ns);
	case BREAKER_PROBING:
		return counted ? judge_probe(breaker, failed, random, now_ns) : BREAKER_NOTHING;
	case BREAKER_RAMPING:
		return counted ? judge_ramp(breaker, failed, enough, random, now_ns) : BREAKER_NOTHING;
	default:
		return BREAKER_NOTHING;
	}
}

bool breaker_forgives(const struct breaker *breaker, enum breaker_sign sign)
{
	if (sign == BREAKER_REFUSED)
		return breaker->refusing;
	return breaker->state != BREAKER_CLOSED &&
	       (sign == BREAKER_FAILING || sign == BREAKER_UNREACHABLE);
}

int breaker_admit(struct breaker *breaker, int want, int64_t now_ns)
{
	int room;

	if (breaker->state == BREAKER_CLOSED || want <= 0)
		return want > 0 ? want : 0;
	if (breaker->state == BREAKER_OPEN) {
		if (now_ns < breaker->probe_ns)
			return 0;
		breaker->state = BREAKER_PROBING;
		breaker->changed_ns = now_ns;
		breaker->out = 0;
	}
	room = (breaker->state == BREAKER_PROBING ? 1 : breaker->ramp) - breaker->out;
	if (room < 0)
		room = 0;
	if (room > want)
		room = want;
	breaker->out += room;
	return room;
}

void breaker_unsent(struct breaker *breaker, int count)
{
	breaker->out = breaker->out > count ? breaker->out - count : 0;
}

void breaker_try_now(struct breaker *breaker, int64_t now_ns)
{
	if (breaker->state == BREAKER_OPEN && breaker->probe_ns > now_ns)
		breaker->probe_ns = now_ns;
	/* Refused once more after a person's word, and it pauses at once. */
	breaker->refused = breaker->refusing ? REFUSED_MAX - 1 : 0;
	breaker->refusing = false;
}

int64_t breaker_probe_ns(const struct breaker *breaker)
{
	return breaker->probe_ns;
}

/* ---- over restarts ------------------------------------------------------------ */

void breaker_init(struct breaker *breaker, const struct breaker_memory *memory, int64_t now_ns,
                  int64_t now_wall_ms)
{
	memset(breaker, 0, sizeof(*breaker));
	breaker->last_ns = INT64_MIN / 2;
	for (int i = 0; i < BREAKER_CELLS; i++)
		breaker->cells[i].second = INT64_MIN / 2;
	if (memory == NULL || memory->down_since_ms <= 0)
		return;
	breaker->state = BREAKER_OPEN;
	breaker->changed_ns = now_ns;
	breaker->down_since_ns = now_ns;
	breaker->probe_ns = now_ns;
	/* A wall clock that was set is not believed beyond the longest pause. */
	if (memory->down_since_ms < now_wall_ms &&
	    now_wall_ms - memory->down_since_ms < 24LL * 3600 * MS_PER_S)
		breaker->down_since_ns -= (now_wall_ms - memory->down_since_ms) * NS_PER_MS;
	if (memory->probe_ms > now_wall_ms)
		breaker->probe_ns += memory->probe_ms - now_wall_ms < PROBE_NS_MAX / NS_PER_MS
		                         ? (memory->probe_ms - now_wall_ms) * NS_PER_MS
		                         : PROBE_NS_MAX;
}

void breaker_remember(const struct breaker *breaker, int64_t now_ns, int64_t now_wall_ms,
                      struct breaker_memory *memory)
{
	int64_t probe_ns = breaker->probe_ns > now_ns ? breaker->probe_ns : now_ns;

	*memory = (struct breaker_memory){0, 0};
	if (breaker->state == BREAKER_CLOSED || breaker->state == BREAKER_RAMPING)
		return;
	memory->down_since_ms = now_wall_ms - (now_ns - breaker->down_since_ns) / NS_PER_MS;
	memory->probe_ms = now_wall_ms + (probe_ns - now_ns) / NS_PER_MS;
}
