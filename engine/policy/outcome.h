/* What is decided about one attempt: the built-in table.  Pure: a response's
 * facts in, a verdict out. */
#ifndef SLUICE_POLICY_OUTCOME_H
#define SLUICE_POLICY_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/random.h"
#include "engine/policy/headers.h"

enum decision {
	DECISION_NONE, /* no rule spoke */
	DECISION_DONE,
	DECISION_RETRY,
	DECISION_THROTTLE,
	DECISION_FAIL,
	DECISION_UNKNOWN,
	DECISION_SKIP,
	DECISION_PAUSE,
	DECISIONS
};

const char *decision_name(enum decision decision); /* "throttle" */
bool decision_parse(const char *name, enum decision *decision); /* NULL: false */

/* How the transport ended.  request/transfer maps libcurl's codes to these. */
enum transport {
	TRANSPORT_OK,       /* a whole response came */
	TRANSPORT_RENDER,   /* the request could not be made from the item: nothing sent */
	TRANSPORT_URL,      /* bad URL or unsupported scheme: nothing sent */
	TRANSPORT_RESOLVE,  /* name not resolved: nothing sent */
	TRANSPORT_CONNECT,  /* refused, unreachable: nothing sent */
	TRANSPORT_TLS,      /* certificate not accepted: nothing sent; permanent */
	TRANSPORT_HANDSHAKE,/* TLS or HTTP/2 set-up broke: nothing sent; temporary */
	TRANSPORT_TIMEOUT,  /* `sent` says whether anything may have reached the server */
	TRANSPORT_BROKEN,   /* connection lost while sending or receiving */
	TRANSPORT_RESENT,   /* libcurl was about to send it a second time; we aborted */
	TRANSPORT_TOO_MANY_REDIRECTS,
	TRANSPORT_TOO_LARGE,/* a response so large that its rules could not be judged; permanent */
	TRANSPORT_NO_ROOM,  /* the same, for too many large ones came at once; temporary */
	TRANSPORT_LOCAL,    /* out of memory or descriptors on this side: nothing sent */
	TRANSPORTS
};
const char *transport_name(enum transport transport); /* "connect" */

struct retry_policy {
	int retries_max;      /* after the first attempt */
	int64_t delay_ms;     /* base */
	int64_t delay_ms_max; /* cap */
	int64_t time_ms_max;  /* from an item's first attempt, 0: no limit */
};

/* What came of an attempt. */
struct attempt_facts {
	enum transport transport;
	int http_status;      /* 0: none came */
	bool sent;            /* some of the request may have reached the server */
	bool idempotent;      /* GET HEAD PUT DELETE OPTIONS TRACE */
	bool keyed;           /* an idempotency key was in it */
	int attempt;          /* 1 = first attempt charged to this budget, this one included */
	int64_t spent_ms;     /* since this budget's first attempt began */
	enum decision rule;   /* what a rule said, or DECISION_NONE */
	int throttled;        /* attempts before that were not charged: the backoff counts them */
	bool paced;           /* the pace follows what is refused: a throttle costs time, not attempts */
	bool calm;            /* nearly all that was sent of late succeeded */
	bool forgiven;        /* the target is down, or refuses everybody: not this item's fault */
	struct header_hints hints;
};

struct verdict {
	enum decision decision;
	bool final;            /* nothing more will be sent for this item by itself */
	bool charge_attempt;   /* counts against retries_max; a throttle whose wait the server told
	                          does not: its limit is not the item's fault */
	int64_t wait_ms;       /* drawn wait before the next attempt; -1: nothing waits */
	int64_t wait_ms_min, wait_ms_max; /* the range it was drawn from; -1 */
	bool wait_told;        /* the wait is the server's … */
	bool wait_asked;       /* … asked for (Retry-After and kin), not the reset of a budget */
	bool budget_spent;     /* retryable, but attempts or time are used up */
	char source[64];       /* header the wait came from, "backoff", or "" */
};

/* Not charged, and so not bounded by the number of retries: our own shortage
 * (TRANSPORT_LOCAL, _NO_ROOM), a rule's pause, a server's wait that pauses the job, a
 * throttle whose wait the server told or that is `paced`, and what is
 * `forgiven`: that is not bounded by time either, and a final refusal among it
 * (401 by a target that refuses all) becomes a retry.  An outcome that cannot
 * be known stays so. */

/* A server's wait beyond this pauses the job until then and charges nothing. */
#define WAIT_PAUSES_JOB_MS 120000

/* What the response says about itself beats the table:
 * - "do not retry" (x-should-retry: false and kin): final; "do": any 4xx or 5xx
 *   is retried, whatever the method, for the server knows what it did not do;
 * - 403, 503 and kin with an asked wait or a budget that is used up are
 *   throttling: surely refused, and worth another try.
 * A success is a success, and a rule beats both. */
void outcome_decide(const struct attempt_facts *facts, const struct retry_policy *policy,
                    struct random *random, struct verdict *verdict);

/* Is the method idempotent by RFC 9110, 9.2.2? */
bool method_idempotent(const char *method);

#endif
