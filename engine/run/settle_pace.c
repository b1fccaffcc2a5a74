#include "engine/run/settle_pace.h"

#include <stdio.h>

#include "engine/policy/budget.h"

/* An item may be throttled so often for nothing.  Beyond that it is not the
 * pace: it is refused for reasons of its own. */
#define THROTTLES_FREE_MAX 20

/* So often refused, and it tells nothing of the pace any more: others go through. */
#define THROTTLES_TOLD 3

/* The longest a retry is put off for want of budget. */
#define DEFER_MS_MAX 2000

/* How often it was sent for nothing: throttled, or forgiven. */
static int throttled_before(const struct task *task)
{
	return task->attempts - task->spent;
}

bool pace_telling(const struct task *task)
{
	return throttled_before(task) < THROTTLES_TOLD;
}

static void tell_limit(struct limit *limit, const struct task *task,
                       const struct attempt_facts *facts, const struct verdict *verdict)
{
	const struct header_hints *hints = &facts->hints;
	struct adapt_answer answer = {
	    .decision = verdict->decision,
	    .transport = facts->transport,
	    .http_status = facts->http_status,
	    .latency_ns = task->exchange.response.total_us * 1000,
	    .wait_ms = verdict->wait_told ? hints->wait_ms : -1,
	    .limit = hints->limit >= hints->pace_remaining ? hints->limit : -1,
	    .remaining = hints->pace_remaining,
	    .reset_ms = hints->pace_reset_ms,
	};
	bool tells = facts->transport == TRANSPORT_OK || facts->transport == TRANSPORT_TIMEOUT ||
	             facts->transport == TRANSPORT_BROKEN;

	if (verdict->decision == DECISION_THROTTLE && !pace_telling(task))
		tells = false;

	limit_result(limit, &task->stamp, tells ? &answer : NULL);
}

/* The target's retry budget: where it is used up, retries come later, behind
 * fresh work.  A little later: the pace keeps the load down, and what is flaky but
 * alive must not stand still over it.  Drawn, so that they do not come back as a
 * herd. */
static void defer(struct upstream *upstream, const struct attempt_facts *facts,
                  const struct retry_policy *policy, struct random *random,
                  struct verdict *verdict)
{
	int64_t wait_ms;

	if (verdict->decision == DECISION_DONE)
		upstream_success(upstream);
	if (!verdict->charge_attempt || verdict->final ||
	    (verdict->decision != DECISION_RETRY && verdict->decision != DECISION_THROTTLE))
		return;
	wait_ms = upstream_defer_ms(upstream, facts->http_status == 429 ? BUDGET_THROTTLE
	                                                                : BUDGET_TRANSIENT);
	if (wait_ms > DEFER_MS_MAX)
		wait_ms = DEFER_MS_MAX;
	if (wait_ms > policy->delay_ms_max)
		wait_ms = policy->delay_ms_max;
	if (wait_ms <= 0)
		return;
	verdict->wait_ms += random_upto(random, wait_ms);
	snprintf(verdict->source, sizeof(verdict->source), "retry budget");
}

void pace_decide(const struct pace *pace, const struct task *task, struct attempt_facts *facts,
                 const struct retry_policy *policy, struct random *random, struct verdict *verdict,
                 struct upstream_word *word)
{
	enum breaker_sign sign;

	facts->paced = limit_adapts(pace->limit) && throttled_before(task) < THROTTLES_FREE_MAX;
	facts->throttled = throttled_before(task);
	facts->calm = upstream_calm(pace->upstream);
	outcome_decide(facts, policy, random, verdict);
	tell_limit(pace->limit, task, facts, verdict);
	sign = breaker_sign(verdict->decision, facts->transport, facts->http_status);
	upstream_result(pace->upstream, sign, task->stamp.sent_ns, task->spent == 0,
	                semaphore_limit(limit_semaphore(pace->limit)), random, word);
	if (word->news == BREAKER_ANSWERS)
		limit_resume(pace->limit);
	if (word->forgiven && facts->rule == DECISION_NONE) {
		facts->forgiven = true;
		outcome_decide(facts, policy, random, verdict);
		return;
	}
	defer(pace->upstream, facts, policy, random, verdict);
}
