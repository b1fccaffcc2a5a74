/* A lane in virtual time: the real policy between endless items and a target.
 * Wakes late by up to a quarter of a millisecond, as real ones do. */
#ifndef SIM_LANE_H
#define SIM_LANE_H

#include <stdio.h>

#include "engine/policy/adapt.h"
#include "engine/policy/breaker.h"
#include "engine/policy/bucket.h"
#include "engine/policy/budget.h"
#include "engine/policy/outcome.h"
#include "tests/unit/sim_clock.h"
#include "tests/unit/sim_target.h"

#define SIM_LATE_NS 250000

enum { SIM_WAKE, SIM_ARRIVE, SIM_LEAVE, SIM_ANSWER, SIM_DUE };

struct sim_item {
	struct sim_item *next;
	int spent, sent;
	int64_t since_ns;
	struct adapt_stamp stamp;
	struct sim_reply reply;
};

struct sim_lane {
	struct sim_clock clock;
	struct random random;
	struct sim_target *target;
	struct adapt adapt;
	struct breaker breaker;
	struct budget budget;
	struct bucket bucket;
	struct retry_policy retry;
	struct sim_item *due_first, **due_last;
	int64_t wake_ns;  /* a wake is on its way for this time … */
	int64_t wake_at_ns; /* … and comes at this one; others are stale */
	int in_flight;
	bool budgeted;

	/* what came of it */
	int64_t sent, done, failed, charged_retries, deferred, probes, opened;
	int sent_most;        /* times, one item */
	int concurrency_least;
	int64_t *done_at_ns;  /* sorted */
	int64_t done_capacity;
	int64_t *sent_at_ns;
	int64_t sent_capacity;
};

static inline void sim_note(int64_t **times, int64_t count, int64_t *capacity, int64_t now_ns)
{
	if (count == *capacity) {
		*capacity = *capacity ? *capacity * 2 : 1024;
		*times = realloc(*times, (size_t)*capacity * sizeof(**times));
		assert(*times);
	}
	(*times)[count] = now_ns;
}

static inline void sim_lane_init(struct sim_lane *lane, struct sim_target *target,
                                 const struct adapt_ceilings *ceilings, uint64_t seed)
{
	memset(lane, 0, sizeof(*lane));
	lane->target = target;
	lane->random.state = seed;
	lane->retry = (struct retry_policy){5, 500, 60000, 0};
	lane->due_last = &lane->due_first;
	lane->wake_ns = CLOCK_NEVER;
	adapt_init(&lane->adapt, ceilings, NULL, 0);
	breaker_init(&lane->breaker, NULL, 0, 0);
	budget_init(&lane->budget, 0);
	bucket_init(&lane->bucket, adapt_rate(&lane->adapt), adapt_burst(&lane->adapt), 0);
}

static inline void sim_lane_free(struct sim_lane *lane)
{
	struct sim_event event;

	while (sim_clock_next(&lane->clock, INT64_MAX, &event))
		if (event.kind == SIM_ARRIVE || event.kind == SIM_ANSWER || event.kind == SIM_DUE)
			free(event.what);
	while (lane->due_first != NULL) {
		struct sim_item *item = lane->due_first;

		lane->due_first = item->next;
		free(item);
	}
	sim_clock_free(&lane->clock);
	free(lane->done_at_ns);
	free(lane->sent_at_ns);
}

static inline void sim_wake_at(struct sim_lane *lane, int64_t at_ns)
{
	int64_t late = random_upto(&lane->random, SIM_LATE_NS);

	if (at_ns >= lane->wake_ns)
		return;
	lane->wake_ns = at_ns;
	lane->wake_at_ns = at_ns + late;
	sim_clock_at(&lane->clock, at_ns + late, SIM_WAKE, NULL);
}

static inline struct sim_item *sim_next_item(struct sim_lane *lane)
{
	struct sim_item *item = lane->due_first;

	if (item == NULL) {
		item = calloc(1, sizeof(*item));
		assert(item);
		return item;
	}
	lane->due_first = item->next;
	if (lane->due_first == NULL)
		lane->due_last = &lane->due_first;
	return item;
}

static inline int64_t sim_network_ns(struct sim_lane *lane)
{
	const struct sim_setting *setting = lane->target->setting;

	return (int64_t)((setting->network_ms +
	                  setting->network_jitter_ms * sim_uniform(&lane->random)) * 1e6);
}

/* Send what may be sent now; then say when to look again. */
static inline void sim_pump(struct sim_lane *lane)
{
	int64_t now = lane->clock.now_ns;

	for (;;) {
		struct sim_item *item;
		int64_t hold = adapt_hold_ns(&lane->adapt);

		if (hold > now) {
			sim_wake_at(lane, hold);
			return;
		}
		if (lane->in_flight >= adapt_concurrency(&lane->adapt))
			return;
		bucket_set(&lane->bucket, adapt_rate(&lane->adapt), adapt_burst(&lane->adapt), now);
		if (bucket_take(&lane->bucket, now, 1) == 0) {
			int64_t wait = bucket_wait_ns(&lane->bucket, now);

			sim_wake_at(lane, now + (wait < NS_PER_S ? wait : NS_PER_S));
			return;
		}
		if (breaker_admit(&lane->breaker, 1, now) == 0) {
			bucket_return(&lane->bucket, 1);
			if (lane->breaker.state == BREAKER_OPEN)
				sim_wake_at(lane, breaker_probe_ns(&lane->breaker));
			return;
		}
		lane->probes += lane->breaker.state == BREAKER_PROBING;
		item = sim_next_item(lane);
		if (item->sent++ == 0)
			item->since_ns = now;
		if (item->sent > lane->sent_most)
			lane->sent_most = item->sent;
		sim_note(&lane->sent_at_ns, lane->sent++, &lane->sent_capacity, now);
		adapt_sent(&lane->adapt, now, ++lane->in_flight, &item->stamp);
		sim_clock_at(&lane->clock, now + sim_network_ns(lane), SIM_ARRIVE, item);
	}
}

static inline void sim_retry(struct sim_lane *lane, struct sim_item *item,
                             const struct verdict *verdict, bool forgiven)
{
	int64_t now = lane->clock.now_ns;
	int64_t wait_ns = verdict->wait_ms * NS_PER_MS;

	/* The pace is ours to find: a refusal is not the item's fault. */
	if (verdict->charge_attempt && !forgiven && verdict->decision != DECISION_THROTTLE) {
		item->spent++;
		lane->charged_retries++;
	}
	if (forgiven)
		wait_ns = 0; /* back to pending */
	else if (lane->budgeted) {
		int64_t defer = budget_take(&lane->budget, verdict->decision == DECISION_THROTTLE
		                                               ? BUDGET_THROTTLE : BUDGET_TRANSIENT, now);
		lane->deferred += defer > 0;
		wait_ns = defer > wait_ns ? defer : wait_ns;
	}
	sim_clock_at(&lane->clock, now + wait_ns, SIM_DUE, item);
}

static inline void sim_follow_news(struct sim_lane *lane, enum breaker_news news)
{
	lane->opened += news == BREAKER_OPENS;
	if (news == BREAKER_ANSWERS)
		adapt_resume(&lane->adapt, lane->clock.now_ns);
}

static inline void sim_answer(struct sim_lane *lane, struct sim_item *item)
{
	int64_t now = lane->clock.now_ns;
	struct sim_reply *reply = &item->reply;
	struct attempt_facts facts = {
	    .transport = reply->status ? TRANSPORT_OK : TRANSPORT_CONNECT,
	    .http_status = reply->status,
	    .sent = reply->status != 0,
	    .idempotent = true,
	    .attempt = item->spent + 1,
	    .spent_ms = (now - item->since_ns) / NS_PER_MS,
	    .hints = {.wait_ms = -1, .limit = -1, .remaining = -1},
	};
	struct adapt_answer answer = {.transport = facts.transport,
	                              .http_status = facts.http_status,
	                              .latency_ns = now - item->stamp.sent_ns,
	                              .wait_ms = -1,
	                              .limit = reply->limit,
	                              .remaining = reply->remaining,
	                              .reset_ms = reply->reset_ms};
	struct verdict verdict;
	enum breaker_sign sign;
	bool forgiven;

	if (reply->status == 429 && lane->target->setting->retry_after_s > 0) {
		facts.hints.wait_ms = answer.wait_ms = lane->target->setting->retry_after_s * 1000;
		snprintf(facts.hints.source, sizeof(facts.hints.source), "retry-after");
	}
	outcome_decide(&facts, &lane->retry, &lane->random, &verdict);
	answer.decision = verdict.decision;
	lane->in_flight--;
	if (adapt_concurrency(&lane->adapt) < lane->concurrency_least || lane->concurrency_least == 0)
		lane->concurrency_least = adapt_concurrency(&lane->adapt);
	adapt_result(&lane->adapt, &item->stamp, &answer, now);
	sign = breaker_sign(reply->status == 429 ? DECISION_THROTTLE : verdict.decision, facts.transport,
	                    facts.http_status);
	sim_follow_news(lane, breaker_result(&lane->breaker, sign, item->stamp.sent_ns,
	                                     adapt_concurrency(&lane->adapt), &lane->random, now));
	forgiven = breaker_forgives(&lane->breaker, sign);
	if (verdict.decision == DECISION_DONE) {
		sim_note(&lane->done_at_ns, lane->done++, &lane->done_capacity, now);
		budget_success(&lane->budget, now);
		free(item);
	} else if (verdict.final && !forgiven) {
		lane->failed++;
		free(item);
	} else {
		sim_retry(lane, item, &verdict, forgiven);
	}
}

static inline void sim_due(struct sim_lane *lane, struct sim_item *item)
{
	item->next = NULL;
	*lane->due_last = item;
	lane->due_last = &item->next;
}

static inline void sim_lane_run(struct sim_lane *lane, int64_t until_ns)
{
	struct sim_event event;

	sim_pump(lane);
	while (sim_clock_next(&lane->clock, until_ns, &event)) {
		struct sim_item *item = event.what;

		switch (event.kind) {
		case SIM_WAKE:
			if (event.at_ns != lane->wake_at_ns)
				continue;
			lane->wake_ns = CLOCK_NEVER;
			break;
		case SIM_ARRIVE:
			item->reply = sim_target_arrive(lane->target, event.at_ns);
			if (item->reply.occupies)
				sim_clock_at(&lane->clock, event.at_ns + item->reply.after_ns, SIM_LEAVE, NULL);
			sim_clock_at(&lane->clock, event.at_ns + item->reply.after_ns + sim_network_ns(lane),
			             SIM_ANSWER, item);
			continue;
		case SIM_LEAVE:
			lane->target->in_flight--;
			continue;
		case SIM_ANSWER:
			sim_answer(lane, item);
			break;
		case SIM_DUE:
			sim_due(lane, item);
			break;
		}
		sim_pump(lane);
	}
	lane->clock.now_ns = until_ns;
}

static inline int64_t sim_count(const int64_t *times, int64_t count, double from_s, double to_s)
{
	int64_t n = 0;

	for (int64_t i = 0; i < count; i++)
		n += times[i] >= (int64_t)(from_s * 1e9) && times[i] < (int64_t)(to_s * 1e9);
	return n;
}

#endif
