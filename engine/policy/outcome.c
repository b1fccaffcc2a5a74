#include "engine/policy/outcome.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "engine/policy/backoff.h"

#define THROTTLE_DELAY_MS_MIN 1000

static const char *const decision_names[DECISIONS] = {
    [DECISION_NONE] = "none", [DECISION_DONE] = "done",       [DECISION_RETRY] = "retry",
    [DECISION_THROTTLE] = "throttle", [DECISION_FAIL] = "fail", [DECISION_UNKNOWN] = "unknown",
    [DECISION_SKIP] = "skip", [DECISION_PAUSE] = "pause",
};

static const char *const transport_names[TRANSPORTS] = {
    [TRANSPORT_OK] = "ok",           [TRANSPORT_RENDER] = "render",
    [TRANSPORT_URL] = "url",         [TRANSPORT_RESOLVE] = "resolve",
    [TRANSPORT_CONNECT] = "connect", [TRANSPORT_TLS] = "tls",
    [TRANSPORT_HANDSHAKE] = "handshake", [TRANSPORT_TIMEOUT] = "timeout",
    [TRANSPORT_BROKEN] = "broken",   [TRANSPORT_RESENT] = "resent",
    [TRANSPORT_TOO_MANY_REDIRECTS] = "redirects", [TRANSPORT_LOCAL] = "local",
    [TRANSPORT_TOO_LARGE] = "too_large", [TRANSPORT_NO_ROOM] = "no_room",
};

const char *decision_name(enum decision decision)
{
	assert(decision >= 0 && decision < DECISIONS);
	return decision_names[decision];
}

bool decision_parse(const char *name, enum decision *decision)
{
	for (int i = DECISION_NONE + 1; name != NULL && i < DECISIONS; i++) {
		if (strcmp(decision_names[i], name) == 0) {
			*decision = (enum decision)i;
			return true;
		}
	}
	return false;
}

const char *transport_name(enum transport transport)
{
	assert(transport >= 0 && transport < TRANSPORTS);
	return transport_names[transport];
}

bool method_idempotent(const char *method)
{
	static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i], method) == 0)
			return true;
	}
	return false;
}

/* What the table says, before budgets. */
struct reading {
	enum decision decision;
	/* The request may have taken effect: sending it again is for requests
	 * that may be repeated; for the others the outcome is unknown. */
	bool may_have_worked;
	bool charged; /* a retry counts against the budget */
};

static const struct reading done = {DECISION_DONE, true, true};
static const struct reading refused_for_good = {DECISION_FAIL, false, true};
static const struct reading failed_for_good = {DECISION_FAIL, true, true};
static const struct reading not_sent = {DECISION_RETRY, false, true};
static const struct reading not_sent_by_our_fault = {DECISION_RETRY, false, false};
static const struct reading refused_for_now = {DECISION_RETRY, false, true};
static const struct reading failed_for_now = {DECISION_RETRY, true, true};
static const struct reading unread_by_our_fault = {DECISION_RETRY, true, false};
static const struct reading throttled = {DECISION_THROTTLE, false, true};
static const struct reading cannot_know = {DECISION_UNKNOWN, true, true};

/* Did the server refuse for want of quota, or name a time for another try? */
static bool told_to_wait(const struct header_hints *hints)
{
	return hints->throttled || hints->exhausted ||
	       (hints->wait_ms > 0 && hints->wait_kind == WAIT_ASKED);
}

static struct reading read_status(const struct attempt_facts *facts)
{
	int status = facts->http_status;

	if (status < 200)
		return failed_for_now; /* no final response at all: as a broken connection */
	if (status < 300)
		return done;
	switch (status) {
	case 400: /* Amazon's way to throttle */
		return facts->hints.throttled ? throttled : refused_for_good;
	case 403: /* GitHub's, and not refused credentials */
	case 413: /* RFC 9110, 15.5.14: temporary where it says until when */
	case 420: /* Twitter's first one, and others' after it */
	case 430: /* Shopify's */
	case 509: /* bandwidth limit exceeded */
		return told_to_wait(&facts->hints) ? throttled : status < 500 ? refused_for_good : failed_for_good;
	case 409: /* the first request with this key is still at work */
		return facts->keyed && !facts->idempotent ? refused_for_now : refused_for_good;
	case 429:
		return throttled;
	case 503:
	case 529: /* overloaded */
		return told_to_wait(&facts->hints) ? throttled : failed_for_now;
	case 408:
	case 500:
	case 502:
	case 504:
	case 522:
	case 524:
		return failed_for_now;
	case 501: /* not implemented */
	case 505: /* HTTP version not supported */
	case 511: /* a captive portal answered */
		return refused_for_good;
	default:
		/* Other server errors are not worth a retry, but say nothing of what was done. */
		return status < 500 ? refused_for_good : failed_for_good;
	}
}

/* The table, and then the server's explicit word. */
static struct reading read_response(const struct attempt_facts *facts)
{
	struct reading reading = read_status(facts);

	if (facts->http_status < 400)
		return reading;
	switch (facts->hints.retry) {
	case RETRY_WORD_YES:
		return reading.decision == DECISION_THROTTLE ? reading : refused_for_now;
	case RETRY_WORD_NO:
		return reading.may_have_worked ? failed_for_good : refused_for_good;
	case RETRY_WORD_NONE:
		break;
	}
	return reading;
}

static struct reading read_attempt(const struct attempt_facts *facts)
{
	switch (facts->transport) {
	case TRANSPORT_OK:
		return read_response(facts);
	case TRANSPORT_RESOLVE:
	case TRANSPORT_CONNECT:
	case TRANSPORT_HANDSHAKE:
		return not_sent;
	case TRANSPORT_TIMEOUT:
	case TRANSPORT_BROKEN:
		return facts->sent ? failed_for_now : not_sent;
	case TRANSPORT_RESENT:
		return cannot_know;
	case TRANSPORT_LOCAL:
		return not_sent_by_our_fault;
	case TRANSPORT_TOO_LARGE:
		return failed_for_good;
	case TRANSPORT_NO_ROOM:
		return unread_by_our_fault;
	case TRANSPORT_RENDER:
	case TRANSPORT_URL:
	case TRANSPORT_TLS:
	case TRANSPORT_TOO_MANY_REDIRECTS:
	case TRANSPORTS:
		break;
	}
	return refused_for_good;
}

static struct reading decide(const struct attempt_facts *facts)
{
	struct reading reading = read_attempt(facts);

	if (facts->forgiven && facts->rule == DECISION_NONE && reading.decision == DECISION_FAIL &&
	    !reading.may_have_worked)
		reading = refused_for_now;
	if (facts->rule != DECISION_NONE) /* the user knows the target: no second thoughts */
		return (struct reading){facts->rule, false, true};
	if ((reading.decision == DECISION_RETRY || reading.decision == DECISION_FAIL) &&
	    reading.may_have_worked && !facts->idempotent && !facts->keyed)
		return cannot_know;
	return reading;
}

/* The server's wait, -1: none.  A reset alone, with nothing told of what
 * remains, is about throttling only. */
static int64_t server_wait_ms(const struct attempt_facts *facts, enum decision decision)
{
	if (facts->hints.wait_kind == WAIT_PRESUMED && decision != DECISION_THROTTLE)
		return -1;
	return facts->hints.wait_ms;
}

/* Backoff leaves a failing target alone.  One bad answer among many good ones is
 * not that: the first retry waits a quarter as long, unless more than the usual
 * delay was asked for. */
#define CALM_DELAY_MS_MAX 500
static int64_t first_delay_ms(const struct attempt_facts *facts, const struct retry_policy *policy,
                              enum decision decision)
{
	if (decision == DECISION_THROTTLE)
		return policy->delay_ms < THROTTLE_DELAY_MS_MIN ? THROTTLE_DELAY_MS_MIN
		                                                : policy->delay_ms;
	if (facts->calm && facts->attempt == 1 && facts->transport == TRANSPORT_OK &&
	    policy->delay_ms <= CALM_DELAY_MS_MAX)
		return policy->delay_ms / 4;
	return policy->delay_ms;
}

/* How long until the next attempt. */
static void draw_wait(const struct attempt_facts *facts, const struct retry_policy *policy,
                      struct random *random, struct verdict *verdict)
{
	int64_t server_ms = server_wait_ms(facts, verdict->decision);
	int earlier = verdict->decision == DECISION_THROTTLE ? facts->throttled : 0;

	if (server_ms > 0) {
		verdict->wait_told = true;
		verdict->wait_asked = facts->hints.wait_kind == WAIT_ASKED;
		verdict->wait_ms_min = server_ms;
		verdict->wait_ms_max = backoff_floor_max_ms(server_ms);
		snprintf(verdict->source, sizeof(verdict->source), "%s", facts->hints.source);
	} else {
		verdict->wait_ms_min = 0;
		verdict->wait_ms_max =
		    backoff_bound_ms(first_delay_ms(facts, policy, verdict->decision),
		                     policy->delay_ms_max, facts->attempt + earlier);
		strcpy(verdict->source, "backoff");
	}
	verdict->wait_ms = verdict->wait_ms_min +
	                   random_upto(random, verdict->wait_ms_max - verdict->wait_ms_min);
}

static bool time_allows(const struct attempt_facts *facts, const struct retry_policy *policy,
                        int64_t wait_ms)
{
	return policy->time_ms_max <= 0 || (facts->spent_ms < policy->time_ms_max &&
	                                    wait_ms <= policy->time_ms_max - facts->spent_ms);
}

/* A retry, if the item may still have one. */
static void decide_retry(const struct attempt_facts *facts, const struct retry_policy *policy,
                         struct random *random, struct verdict *verdict)
{
	draw_wait(facts, policy, random, verdict);
	if (server_wait_ms(facts, verdict->decision) > WAIT_PAUSES_JOB_MS) {
		verdict->decision = DECISION_THROTTLE;
		verdict->charge_attempt = false;
		return; /* the job waits: an outage costs time, never items */
	}
	/* The server said when to come back: its limit is not this item's fault. */
	if (verdict->decision == DECISION_THROTTLE && (facts->hints.wait_ms > 0 || facts->paced))
		verdict->charge_attempt = false;
	if (facts->forgiven) {
		verdict->charge_attempt = false;
		return;
	}
	if ((!verdict->charge_attempt || facts->attempt <= policy->retries_max) &&
	    time_allows(facts, policy, verdict->wait_ms))
		return;
	*verdict = (struct verdict){
	    .decision = DECISION_FAIL,
	    .final = true,
	    .charge_attempt = true,
	    .wait_ms = -1,
	    .wait_ms_min = -1,
	    .wait_ms_max = -1,
	    .budget_spent = true,
	};
}

void outcome_decide(const struct attempt_facts *facts, const struct retry_policy *policy,
                    struct random *random, struct verdict *verdict)
{
	struct reading reading = decide(facts);

	*verdict = (struct verdict){
	    .decision = reading.decision,
	    .charge_attempt = reading.charged,
	    .wait_ms = -1,
	    .wait_ms_min = -1,
	    .wait_ms_max = -1,
	};
	switch (reading.decision) {
	case DECISION_RETRY:
	case DECISION_THROTTLE:
		decide_retry(facts, policy, random, verdict);
		break;
	case DECISION_PAUSE: /* the item is as if it had not been tried */
		verdict->charge_attempt = false;
		verdict->wait_ms = verdict->wait_ms_min = verdict->wait_ms_max = 0;
		break;
	default:
		verdict->final = true;
		break;
	}
}
