#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/policy/outcome.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NONE (-1)

/* Friday 2026-01-02 03:04:00 UTC, the Date of most responses below. */
#define DATE "Date: Fri, 02 Jan 2026 03:04:00 GMT\r\n"
#define NOW_MS 1767323040000LL

static const struct retry_policy defaults = {5, 500, 60000, 0};

/* One response as a real service sends it, and what must be decided. */
struct vector {
	const char *id, *method;
	int attempt;
	bool keyed;
	enum transport transport;
	bool sent;
	int status;
	const char *headers;
	enum decision decision;
	int64_t min_ms, max_ms; /* NONE: nothing waits */
	const char *source;     /* NULL: free */
};

static const struct vector vectors[] = {
    /* retries */
    {"R1", "GET", 1, false, TRANSPORT_OK, true, 503, DATE, DECISION_RETRY, 0, 500, "backoff"},
    {"R2", "GET", 5, false, TRANSPORT_OK, true, 503, DATE, DECISION_RETRY, 0, 8000, "backoff"},
    {"R3", "GET", 3, false, TRANSPORT_OK, true, 429, DATE, DECISION_THROTTLE, 0, 4000, "backoff"},
    {"R4", "GET", 1, false, TRANSPORT_OK, true, 429, DATE "Retry-After: 30\r\n",
     DECISION_THROTTLE, 30000, 33000, "retry-after"},
    {"R5", "POST", 1, false, TRANSPORT_BROKEN, true, 0, "", DECISION_UNKNOWN, NONE, NONE, ""},
    {"R6", "POST", 1, true, TRANSPORT_BROKEN, true, 0, "", DECISION_RETRY, 0, 500, "backoff"},
    {"R7", "POST", 1, false, TRANSPORT_CONNECT, false, 0, "", DECISION_RETRY, 0, 500, "backoff"},
    {"R8", "POST", 1, false, TRANSPORT_TIMEOUT, false, 0, "", DECISION_RETRY, 0, 500, "backoff"},
    {"R10", "POST", 1, false, TRANSPORT_OK, true, 429, DATE, DECISION_THROTTLE, 0, 1000, "backoff"},
    {"R11", "POST", 1, false, TRANSPORT_OK, true, 502, DATE, DECISION_UNKNOWN, NONE, NONE, ""},
    {"R12", "GET", 1, false, TRANSPORT_OK, true, 404, DATE, DECISION_FAIL, NONE, NONE, ""},
    {"R12b", "GET", 1, false, TRANSPORT_OK, true, 400, DATE, DECISION_FAIL, NONE, NONE, ""},
    {"R13", "POST", 1, true, TRANSPORT_OK, true, 409, DATE, DECISION_RETRY, 0, 500, "backoff"},
    {"R22", "GET", 1, false, TRANSPORT_TLS, false, 0, "", DECISION_FAIL, NONE, NONE, ""},
    {"R26", "GET", 6, false, TRANSPORT_OK, true, 503, DATE, DECISION_FAIL, NONE, NONE, ""},
    /* Retry-After in its forms */
    {"H15", "GET", 1, false, TRANSPORT_OK, true, 429, DATE "Retry-After: 2.0\r\n",
     DECISION_THROTTLE, 2000, 2200, "retry-after"},
    {"H32", "GET", 1, false, TRANSPORT_OK, true, 429, DATE "Retry-After: 0.493\r\n",
     DECISION_THROTTLE, 493, 542, "retry-after"},
    {"H33", "GET", 1, false, TRANSPORT_OK, true, 503,
     "Date: Mon, 05 Aug 2019 09:27:00 GMT\r\nRetry-After: Mon, 05 Aug 2019 09:27:05 GMT\r\n",
     DECISION_THROTTLE, 5000, 5500, "retry-after"},
    {"H34", "GET", 1, false, TRANSPORT_OK, true, 429,
     "Date: Sun, 06 Nov 1994 08:49:30 GMT\r\nRetry-After: Sunday, 06-Nov-94 08:49:37 GMT\r\n",
     DECISION_THROTTLE, 7000, 7700, "retry-after"},
    {"H43", "GET", 1, false, TRANSPORT_OK, true, 429, DATE "Retry-After: -5\r\n",
     DECISION_THROTTLE, 0, 1000, "backoff"},
    {"H44", "GET", 1, false, TRANSPORT_OK, true, 429, DATE "Retry-After: soon, perhaps\r\n",
     DECISION_THROTTLE, 0, 1000, "backoff"},
    {"H45", "GET", 1, false, TRANSPORT_OK, true, 429,
     DATE "Retry-After: Mon, 05 Aug 2019 09:27:05 GMT\r\n", DECISION_THROTTLE, 0, 1000, "backoff"},
    /* the table's other rows */
    {"200", "POST", 1, false, TRANSPORT_OK, true, 200, DATE, DECISION_DONE, NONE, NONE, ""},
    {"204", "DELETE", 9, false, TRANSPORT_OK, true, 204, DATE, DECISION_DONE, NONE, NONE, ""},
    {"302", "GET", 1, false, TRANSPORT_OK, true, 302, DATE, DECISION_FAIL, NONE, NONE, ""},
    {"409", "POST", 1, false, TRANSPORT_OK, true, 409, DATE, DECISION_FAIL, NONE, NONE, ""},
    {"409 put", "PUT", 1, true, TRANSPORT_OK, true, 409, DATE, DECISION_FAIL, NONE, NONE, ""},
    {"408", "GET", 1, false, TRANSPORT_OK, true, 408, DATE, DECISION_RETRY, 0, 500, "backoff"},
    {"500", "PUT", 2, false, TRANSPORT_OK, true, 500, DATE, DECISION_RETRY, 0, 1000, "backoff"},
    {"502 keyed", "POST", 1, true, TRANSPORT_OK, true, 502, DATE, DECISION_RETRY, 0, 500,
     "backoff"},
    {"504", "GET", 1, false, TRANSPORT_OK, true, 504, DATE, DECISION_RETRY, 0, 500, "backoff"},
    {"522", "GET", 1, false, TRANSPORT_OK, true, 522, DATE, DECISION_RETRY, 0, 500, "backoff"},
    {"524", "POST", 1, false, TRANSPORT_OK, true, 524, DATE, DECISION_UNKNOWN, NONE, NONE, ""},
    {"501", "POST", 1, false, TRANSPORT_OK, true, 501, DATE, DECISION_FAIL, NONE, NONE, ""},
    {"507", "POST", 1, false, TRANSPORT_OK, true, 507, DATE, DECISION_UNKNOWN, NONE, NONE, ""},
    {"507 get", "GET", 1, false, TRANSPORT_OK, true, 507, DATE, DECISION_FAIL, NONE, NONE, ""},
    {"500 told", "GET", 1, false, TRANSPORT_OK, true, 500, DATE "Retry-After: 9\r\n",
     DECISION_RETRY, 9000, 9900, "retry-after"},
    {"500 told post", "POST", 1, false, TRANSPORT_OK, true, 500, DATE "Retry-After: 9\r\n",
     DECISION_UNKNOWN, NONE, NONE, ""},
    {"503 post", "POST", 1, false, TRANSPORT_OK, true, 503, DATE, DECISION_UNKNOWN, NONE, NONE,
     ""},
    {"503 told post", "POST", 1, false, TRANSPORT_OK, true, 503, DATE "Retry-After: 9\r\n",
     DECISION_THROTTLE, 9000, 9900, "retry-after"},
    {"odd", "GET", 1, false, TRANSPORT_OK, true, 101, DATE, DECISION_RETRY, 0, 500, "backoff"},
    {"odd post", "POST", 1, false, TRANSPORT_OK, true, 0, "", DECISION_UNKNOWN, NONE, NONE, ""},
    {"render", "GET", 1, false, TRANSPORT_RENDER, false, 0, "", DECISION_FAIL, NONE, NONE, ""},
    {"url", "POST", 1, false, TRANSPORT_URL, false, 0, "", DECISION_FAIL, NONE, NONE, ""},
    {"loop", "GET", 1, false, TRANSPORT_TOO_MANY_REDIRECTS, true, 302, DATE, DECISION_FAIL, NONE,
     NONE, ""},
    {"resolve", "POST", 2, false, TRANSPORT_RESOLVE, false, 0, "", DECISION_RETRY, 0, 1000,
     "backoff"},
    {"handshake", "POST", 1, false, TRANSPORT_HANDSHAKE, false, 0, "", DECISION_RETRY, 0, 500,
     "backoff"},
    {"timeout", "POST", 1, false, TRANSPORT_TIMEOUT, true, 0, "", DECISION_UNKNOWN, NONE, NONE,
     ""},
    {"timeout get", "GET", 1, false, TRANSPORT_TIMEOUT, true, 0, "", DECISION_RETRY, 0, 500,
     "backoff"},
    {"broken early", "POST", 1, false, TRANSPORT_BROKEN, false, 0, "", DECISION_RETRY, 0, 500,
     "backoff"},
    {"broken body", "POST", 1, false, TRANSPORT_BROKEN, true, 200, DATE, DECISION_UNKNOWN, NONE,
     NONE, ""},
    {"resent", "POST", 1, false, TRANSPORT_RESENT, true, 0, "", DECISION_UNKNOWN, NONE, NONE, ""},
    {"local", "POST", 9, false, TRANSPORT_LOCAL, false, 0, "", DECISION_RETRY, 0, 60000,
     "backoff"},
    {"post spent", "POST", 6, false, TRANSPORT_OK, true, 502, DATE, DECISION_UNKNOWN, NONE, NONE,
     ""},
    {"429 spent", "POST", 6, false, TRANSPORT_OK, true, 429, DATE, DECISION_FAIL, NONE, NONE, ""},
};

static struct attempt_facts facts_of(const struct vector *vector)
{
	struct attempt_facts facts = {
	    .transport = vector->transport,
	    .http_status = vector->status,
	    .sent = vector->sent,
	    .idempotent = method_idempotent(vector->method),
	    .keyed = vector->keyed,
	    .attempt = vector->attempt,
	};

	headers_read(vector->headers, strlen(vector->headers), NOW_MS, &facts.hints);
	return facts;
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct vector *vector = &vectors[i];
		struct attempt_facts facts = facts_of(vector);
		struct random random = {i};
		struct verdict verdict;
		bool waits = vector->min_ms != NONE;

		for (int draw = 0; draw < 200; draw++) {
			outcome_decide(&facts, &defaults, &random, &verdict);
			if (verdict.decision != vector->decision)
				fail_msg("%s: %s", vector->id, decision_name(verdict.decision));
			if (verdict.wait_ms_min != vector->min_ms || verdict.wait_ms_max != vector->max_ms)
				fail_msg("%s: waits %lld to %lld", vector->id,
				         (long long)verdict.wait_ms_min, (long long)verdict.wait_ms_max);
			if (verdict.wait_ms < vector->min_ms || verdict.wait_ms > vector->max_ms)
				fail_msg("%s: drew %lld", vector->id, (long long)verdict.wait_ms);
			if (strcmp(verdict.source, vector->source) != 0)
				fail_msg("%s: source %s", vector->id, verdict.source);
			if (verdict.final == waits)
				fail_msg("%s: final is wrong", vector->id);
		}
	}
}

static struct verdict decide(struct attempt_facts facts, struct retry_policy policy)
{
	struct random random = {7};
	struct verdict verdict;

	outcome_decide(&facts, &policy, &random, &verdict);
	return verdict;
}

static struct attempt_facts answer(int status)
{
	return (struct attempt_facts){
	    .transport = TRANSPORT_OK,
	    .http_status = status,
	    .sent = true,
	    .idempotent = true,
	    .attempt = 1,
	    .hints = {.wait_ms = -1, .limit = -1, .remaining = -1},
	};
}

static void test_attempt_budget(void **state)
{
	struct attempt_facts facts = answer(503);
	struct verdict verdict;

	(void)state;
	facts.attempt = 5;
	verdict = decide(facts, defaults);
	assert_int_equal(verdict.decision, DECISION_RETRY);
	assert_true(verdict.charge_attempt);
	assert_false(verdict.budget_spent);
	facts.attempt = 6;
	verdict = decide(facts, defaults);
	assert_int_equal(verdict.decision, DECISION_FAIL);
	assert_true(verdict.final);
	assert_true(verdict.budget_spent);
	/* A permanent error is not for want of budget. */
	assert_false(decide(answer(404), defaults).budget_spent);
	/* No retries at all. */
	assert_true(decide(answer(503), (struct retry_policy){0, 500, 60000, 0}).budget_spent);
}

static void test_time_budget(void **state)
{
	struct attempt_facts facts = answer(503);
	struct retry_policy policy = {50, 500, 60000, 10000};

	(void)state;
	facts.spent_ms = 9000;
	assert_int_equal(decide(facts, policy).decision, DECISION_RETRY); /* at most 0.5 s more */
	facts.spent_ms = 10000;
	assert_true(decide(facts, policy).budget_spent);
	facts.spent_ms = INT64_MAX;
	assert_true(decide(facts, policy).budget_spent);
	/* The wait itself leads beyond the limit. */
	facts.spent_ms = 1000;
	facts.hints.wait_ms = 20000;
	assert_true(decide(facts, policy).budget_spent);
	policy.time_ms_max = 0;
	assert_false(decide(facts, policy).budget_spent);
}

static void test_long_server_wait_pauses_and_is_free(void **state)
{
	struct attempt_facts facts = answer(503);
	struct verdict verdict;

	(void)state;
	facts.hints.wait_ms = WAIT_PAUSES_JOB_MS;
	assert_true(decide(facts, (struct retry_policy){5, 500, 60000, 1000}).budget_spent);
	facts.hints.wait_ms = WAIT_PAUSES_JOB_MS + 1;
	facts.attempt = 100; /* no budget is asked */
	verdict = decide(facts, (struct retry_policy){5, 500, 60000, 1000});
	assert_int_equal(verdict.decision, DECISION_THROTTLE);
	assert_false(verdict.charge_attempt);
	assert_false(verdict.final);
	assert_true(verdict.wait_ms >= WAIT_PAUSES_JOB_MS + 1);
	/* Also where the table says retry. */
	facts.http_status = 500;
	assert_int_equal(decide(facts, defaults).decision, DECISION_THROTTLE);
	/* The longest that is believed does not overflow. */
	facts.hints.wait_ms = HEADER_WAIT_MS_MAX;
	assert_int_equal(decide(facts, defaults).wait_ms_max, HEADER_WAIT_MS_MAX + 5000);
}

static void test_a_told_throttle_is_free(void **state)
{
	struct attempt_facts facts = answer(429);

	(void)state;
	facts.hints.wait_ms = 60000;
	facts.attempt = 100;
	assert_false(decide(facts, defaults).charge_attempt);
	assert_int_equal(decide(facts, defaults).decision, DECISION_THROTTLE);
	/* But the time limit is the user's own. */
	facts.spent_ms = 1000;
	assert_true(decide(facts, (struct retry_policy){5, 500, 60000, 30000}).budget_spent);
	facts.spent_ms = 0;
	facts.attempt = 1;
	facts.hints.wait_ms = -1; /* when it ends is not told: the budget must bound it */
	assert_true(decide(facts, defaults).charge_attempt);
}

static void test_our_own_shortage_is_free(void **state)
{
	struct attempt_facts facts = answer(0);
	struct verdict verdict;

	(void)state;
	facts.transport = TRANSPORT_LOCAL;
	facts.sent = false;
	facts.attempt = 50;
	verdict = decide(facts, defaults);
	assert_int_equal(verdict.decision, DECISION_RETRY);
	assert_false(verdict.charge_attempt);
}

static void test_rules_override(void **state)
{
	static const struct {
		enum decision rule;
		int status, attempt;
		enum decision decision;
		bool final, charged;
		int64_t max_ms;
	} cases[] = {
	    {DECISION_DONE, 404, 1, DECISION_DONE, true, true, NONE},
	    {DECISION_SKIP, 404, 1, DECISION_SKIP, true, true, NONE},
	    {DECISION_FAIL, 200, 1, DECISION_FAIL, true, true, NONE},
	    {DECISION_UNKNOWN, 200, 1, DECISION_UNKNOWN, true, true, NONE},
	    {DECISION_RETRY, 200, 1, DECISION_RETRY, false, true, 500},
	    {DECISION_RETRY, 200, 6, DECISION_FAIL, true, true, NONE},
	    {DECISION_THROTTLE, 200, 1, DECISION_THROTTLE, false, true, 1000},
	    {DECISION_THROTTLE, 200, 6, DECISION_FAIL, true, true, NONE},
	    {DECISION_PAUSE, 200, 99, DECISION_PAUSE, false, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct attempt_facts facts = answer(cases[i].status);
		struct verdict verdict;

		facts.idempotent = false; /* the user knows better */
		facts.rule = cases[i].rule;
		facts.attempt = cases[i].attempt;
		verdict = decide(facts, defaults);
		assert_int_equal(verdict.decision, cases[i].decision);
		assert_int_equal(verdict.final, cases[i].final);
		assert_int_equal(verdict.charge_attempt, cases[i].charged);
		assert_int_equal(verdict.wait_ms_max, cases[i].max_ms);
	}
}

static void test_calm(void **state)
{
	static const struct {
		int status, attempt;
		int64_t delay_ms, max_ms;
	} cases[] = {
	    {503, 1, 500, 125},   {503, 2, 500, 1000}, /* the first retry only */
	    {503, 1, 2000, 2000}, {503, 1, 100, 25},   /* nor where more was asked for */
	    {429, 1, 500, 1000},                       /* a limit is no isolated failure */
	    {0, 1, 500, 500},                          /* nor a target that does not answer */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct attempt_facts facts = answer(cases[i].status);
		struct retry_policy policy = defaults;

		if (cases[i].status == 0)
			facts.transport = TRANSPORT_CONNECT;
		facts.calm = true;
		facts.attempt = cases[i].attempt;
		policy.delay_ms = cases[i].delay_ms;
		assert_int_equal(decide(facts, policy).wait_ms_max, cases[i].max_ms);
	}
}

static void test_names(void **state)
{
	enum decision decision;

	(void)state;
	for (int i = DECISION_NONE + 1; i < DECISIONS; i++) {
		assert_true(decision_parse(decision_name((enum decision)i), &decision));
		assert_int_equal(decision, i);
	}
	decision = DECISION_SKIP;
	assert_false(decision_parse("none", &decision));
	assert_false(decision_parse("", &decision));
	assert_false(decision_parse(NULL, &decision));
	assert_int_equal(decision, DECISION_SKIP);
	for (int i = 0; i < TRANSPORTS; i++)
		assert_non_null(transport_name((enum transport)i));
	assert_true(method_idempotent("DELETE"));
	assert_false(method_idempotent("PATCH"));
	assert_false(method_idempotent("get"));
	assert_false(method_idempotent(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_attempt_budget),
	    cmocka_unit_test(test_time_budget),
	    cmocka_unit_test(test_long_server_wait_pauses_and_is_free),
	    cmocka_unit_test(test_a_told_throttle_is_free),
	    cmocka_unit_test(test_our_own_shortage_is_free),
	    cmocka_unit_test(test_rules_override),
	    cmocka_unit_test(test_calm),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("outcome", tests, NULL, NULL);
}
