#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "engine/policy/breaker.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ENOUGH 16

static struct random dice = {1};

static enum breaker_news answer(struct breaker *breaker, enum breaker_sign sign, int64_t sent_ns,
                                int64_t now_ns)
{
	return breaker_result(breaker, sign, sent_ns, ENOUGH, &dice, now_ns);
}

/* An answer to what was sent just now. */
static enum breaker_news at(struct breaker *breaker, enum breaker_sign sign, int64_t now_ns)
{
	return answer(breaker, sign, now_ns, now_ns);
}

static void break_it(struct breaker *breaker, int64_t now_ns)
{
	enum breaker_news news = BREAKER_NOTHING;

	breaker_init(breaker, NULL, now_ns, 1000);
	for (int i = 0; i < 100 && news == BREAKER_NOTHING; i++)
		news = at(breaker, BREAKER_UNREACHABLE, now_ns);
	assert_int_equal(news, BREAKER_OPENS);
}

/* Open, probe, answered: the ramp begins.  The time it does. */
static int64_t begin_ramp(struct breaker *breaker)
{
	int64_t now = breaker_probe_ns(breaker);

	assert_int_equal(breaker_admit(breaker, 10, now), 1);
	assert_int_equal(at(breaker, BREAKER_ALIVE, now), BREAKER_ANSWERS);
	return now;
}

static void test_signs(void **state)
{
	static const struct {
		enum decision decision;
		enum transport transport;
		int http_status;
		enum breaker_sign sign;
	} table[] = {
	    {DECISION_DONE, TRANSPORT_OK, 200, BREAKER_ALIVE},
	    {DECISION_DONE, TRANSPORT_OK, 500, BREAKER_ALIVE}, /* a rule calls it done */
	    {DECISION_FAIL, TRANSPORT_OK, 404, BREAKER_ALIVE},
	    {DECISION_THROTTLE, TRANSPORT_OK, 429, BREAKER_ALIVE},
	    {DECISION_FAIL, TRANSPORT_OK, 429, BREAKER_ALIVE},
	    {DECISION_THROTTLE, TRANSPORT_OK, 503, BREAKER_ALIVE}, /* with Retry-After */
	    {DECISION_THROTTLE, TRANSPORT_OK, 403, BREAKER_ALIVE},
	    {DECISION_FAIL, TRANSPORT_OK, 401, BREAKER_REFUSED},
	    {DECISION_FAIL, TRANSPORT_OK, 403, BREAKER_REFUSED},
	    {DECISION_RETRY, TRANSPORT_OK, 503, BREAKER_FAILING},
	    {DECISION_UNKNOWN, TRANSPORT_OK, 500, BREAKER_FAILING},
	    {DECISION_FAIL, TRANSPORT_OK, 501, BREAKER_ALIVE},
	    {DECISION_FAIL, TRANSPORT_OK, 505, BREAKER_ALIVE},
	    {DECISION_RETRY, TRANSPORT_TIMEOUT, 0, BREAKER_FAILING},
	    {DECISION_UNKNOWN, TRANSPORT_BROKEN, 0, BREAKER_FAILING},
	    {DECISION_RETRY, TRANSPORT_RESOLVE, 0, BREAKER_UNREACHABLE},
	    {DECISION_RETRY, TRANSPORT_CONNECT, 0, BREAKER_UNREACHABLE},
	    {DECISION_RETRY, TRANSPORT_HANDSHAKE, 0, BREAKER_UNREACHABLE},
	    {DECISION_FAIL, TRANSPORT_RENDER, 0, BREAKER_SILENT},
	    {DECISION_FAIL, TRANSPORT_URL, 0, BREAKER_SILENT},
	    {DECISION_RETRY, TRANSPORT_LOCAL, 0, BREAKER_SILENT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(breaker_sign(table[i].decision, table[i].transport,
		                              table[i].http_status), table[i].sign);
}

static void test_opens_at_half_of_twenty(void **state)
{
	struct breaker breaker;
	int64_t now = 7 * NS_PER_S;

	(void)state;
	breaker_init(&breaker, NULL, now, 0);
	for (int i = 0; i < 19; i++)
		assert_int_equal(at(&breaker, i % 2 ? BREAKER_ALIVE : BREAKER_FAILING, now),
		                 BREAKER_NOTHING);
	assert_int_equal(at(&breaker, BREAKER_FAILING, now), BREAKER_OPENS);
	assert_int_equal(breaker_admit(&breaker, 5, now), 0);
}

static void test_calls_of_long_ago_do_not_count(void **state)
{
	struct breaker breaker;
	int64_t later = 60 * NS_PER_S;

	(void)state;
	breaker_init(&breaker, NULL, 0, 0);
	for (int i = 0; i < 17; i++)
		assert_int_equal(at(&breaker, BREAKER_FAILING, 0), BREAKER_NOTHING);
	for (int i = 0; i < 19; i++)
		assert_int_equal(at(&breaker, BREAKER_FAILING, later), BREAKER_NOTHING);
	assert_int_equal(at(&breaker, BREAKER_FAILING, later), BREAKER_OPENS);
}

static void test_a_long_good_time_hides_no_outage(void **state)
{
	struct breaker breaker;
	int failures = 0;

	(void)state;
	breaker_init(&breaker, NULL, 0, 0);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(at(&breaker, BREAKER_ALIVE, i * NS_PER_MS), BREAKER_NOTHING);
	while (at(&breaker, BREAKER_FAILING, 5 * NS_PER_S) == BREAKER_NOTHING)
		failures++;
	assert_true(failures < 20);
}

static void test_one_in_five_is_no_outage(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, NULL, 0, 0);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(at(&breaker, random_upto(&dice, 4) == 0 && i > 20 ? BREAKER_FAILING
		                                                                   : BREAKER_ALIVE,
		                    i * NS_PER_MS), BREAKER_NOTHING);
}

static void test_ten_without_a_connection(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, NULL, 0, 0);
	for (int i = 0; i < 9; i++)
		assert_int_equal(at(&breaker, BREAKER_UNREACHABLE, 0), BREAKER_NOTHING);
	assert_int_equal(at(&breaker, BREAKER_ALIVE, 0), BREAKER_NOTHING);
	for (int i = 0; i < 9; i++)
		assert_int_equal(at(&breaker, BREAKER_UNREACHABLE, 60 * NS_PER_S), BREAKER_NOTHING);
	assert_int_equal(at(&breaker, BREAKER_UNREACHABLE, 60 * NS_PER_S), BREAKER_OPENS);
}

static void test_probes_grow_rarer(void **state)
{
	struct breaker breaker;
	int64_t down = 100 * NS_PER_S, now = down;

	(void)state;
	break_it(&breaker, now);
	for (int i = 0; i < 60; i++) {
		int64_t pause = breaker_probe_ns(&breaker) - now, due = (now - down) / 8;

		due = due < 5 * NS_PER_S ? 5 * NS_PER_S : due > 300 * NS_PER_S ? 300 * NS_PER_S : due;
		assert_in_range(pause, due, due + due / 10);
		assert_int_equal(breaker_admit(&breaker, 10, now + pause - 1), 0);
		now += pause;
		assert_int_equal(breaker_admit(&breaker, 10, now), 1);
		assert_int_equal(breaker_admit(&breaker, 10, now), 0);
		assert_int_equal(at(&breaker, BREAKER_FAILING, now), BREAKER_STAYS_OPEN);
		assert_true(breaker_forgives(&breaker, BREAKER_FAILING));
	}
	assert_true(breaker_probe_ns(&breaker) - now >= 300 * NS_PER_S);
}

static void test_ramp_doubles_and_closes(void **state)
{
	struct breaker breaker;
	enum breaker_news news = BREAKER_NOTHING;
	int rounds[] = {2, 4, 8};
	int64_t now;

	(void)state;
	break_it(&breaker, 0);
	now = begin_ramp(&breaker);
	for (size_t i = 0; i < COUNT(rounds); i++) {
		now += NS_PER_S;
		assert_int_equal(breaker_admit(&breaker, 100, now), rounds[i]);
		assert_int_equal(breaker_admit(&breaker, 100, now), 0);
		for (int n = 0; n < rounds[i]; n++)
			news = at(&breaker, BREAKER_ALIVE, now);
	}
	assert_int_equal(news, BREAKER_CLOSES);
	assert_int_equal(breaker_admit(&breaker, 100, now), 100);
	assert_false(breaker_forgives(&breaker, BREAKER_FAILING));
}

static void test_ramp_fails(void **state)
{
	struct breaker breaker;
	int64_t now;

	(void)state;
	break_it(&breaker, 0);
	now = begin_ramp(&breaker);
	assert_int_equal(breaker_admit(&breaker, 2, now), 2);
	assert_int_equal(at(&breaker, BREAKER_FAILING, now), BREAKER_NOTHING);
	assert_int_equal(at(&breaker, BREAKER_UNREACHABLE, now), BREAKER_REOPENS);
	/* The outage is one: its pauses go on from where they were. */
	assert_int_equal(breaker_admit(&breaker, 2, now), 0);
	assert_true(breaker_forgives(&breaker, BREAKER_UNREACHABLE));
	assert_false(breaker_forgives(&breaker, BREAKER_ALIVE));
}

/* What was in flight as it opened is neither charged nor news. */
static void test_old_answers(void **state)
{
	struct breaker breaker;
	int64_t probe;

	(void)state;
	break_it(&breaker, 10 * NS_PER_S);
	probe = breaker_probe_ns(&breaker);
	for (int i = 0; i < 50; i++)
		assert_int_equal(answer(&breaker, BREAKER_FAILING, 9 * NS_PER_S, 11 * NS_PER_S),
		                 BREAKER_NOTHING);
	assert_int_equal(answer(&breaker, BREAKER_ALIVE, 9 * NS_PER_S, 11 * NS_PER_S),
	                 BREAKER_NOTHING);
	assert_int_equal(breaker_probe_ns(&breaker), probe);
	assert_true(breaker_forgives(&breaker, BREAKER_FAILING));
	/* Nor is one the probe's answer. */
	assert_int_equal(breaker_admit(&breaker, 1, probe), 1);
	assert_int_equal(answer(&breaker, BREAKER_ALIVE, 9 * NS_PER_S, probe + 1), BREAKER_NOTHING);
	assert_int_equal(breaker_admit(&breaker, 1, probe + 1), 0);
}

static void test_unsent_probes_are_given_back(void **state)
{
	struct breaker breaker;
	int64_t now;

	(void)state;
	break_it(&breaker, 0);
	now = breaker_probe_ns(&breaker);
	assert_int_equal(breaker_admit(&breaker, 1, now), 1);
	breaker_unsent(&breaker, 1);
	assert_int_equal(breaker_admit(&breaker, 1, now), 1);
	/* One that failed for our own fault tells nothing: another one. */
	assert_int_equal(at(&breaker, BREAKER_SILENT, now), BREAKER_NOTHING);
	assert_int_equal(breaker_admit(&breaker, 1, now), 1);
}

static void test_credentials(void **state)
{
	struct breaker breaker;

	(void)state;
	breaker_init(&breaker, NULL, 0, 0);
	for (int i = 0; i < 9; i++)
		assert_int_equal(at(&breaker, BREAKER_REFUSED, 0), BREAKER_NOTHING);
	assert_int_equal(at(&breaker, BREAKER_ALIVE, 0), BREAKER_NOTHING);
	for (int i = 0; i < 9; i++)
		assert_int_equal(at(&breaker, BREAKER_REFUSED, 0), BREAKER_NOTHING);
	assert_int_equal(at(&breaker, BREAKER_REFUSED, 0), BREAKER_CREDENTIALS);
	assert_int_equal(breaker.state, BREAKER_CLOSED);
}

static void test_a_person_resumes(void **state)
{
	struct breaker breaker;

	(void)state;
	break_it(&breaker, 0);
	breaker_try_now(&breaker, NS_PER_S);
	assert_int_equal(breaker_admit(&breaker, 10, NS_PER_S), 1);
}

static void test_over_restarts(void **state)
{
	struct breaker before, after;
	struct breaker_memory memory;
	const int64_t wall = 1000000;

	(void)state;
	breaker_init(&before, NULL, 0, wall);
	breaker_remember(&before, 0, wall, &memory);
	assert_int_equal(memory.down_since_ms, 0);

	break_it(&before, 0);
	breaker_remember(&before, NS_PER_S, wall, &memory);
	breaker_init(&after, &memory, 500 * NS_PER_S, wall);
	assert_int_equal(after.state, BREAKER_OPEN);
	assert_true(breaker_probe_ns(&after) >= 503 * NS_PER_S);
	assert_true(breaker_probe_ns(&after) <= 505 * NS_PER_S);
	assert_int_equal(after.down_since_ns, 499 * NS_PER_S);
	/* A wall clock set back by years: no longer than the longest pause. */
	breaker_init(&after, &memory, 0, 1);
	assert_true(breaker_probe_ns(&after) <= 300 * NS_PER_S);
	/* Set forward: at once. */
	breaker_init(&after, &memory, 0, wall * wall);
	assert_int_equal(breaker_admit(&after, 3, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_signs),
	    cmocka_unit_test(test_opens_at_half_of_twenty),
	    cmocka_unit_test(test_calls_of_long_ago_do_not_count),
	    cmocka_unit_test(test_a_long_good_time_hides_no_outage),
	    cmocka_unit_test(test_one_in_five_is_no_outage),
	    cmocka_unit_test(test_ten_without_a_connection),
	    cmocka_unit_test(test_probes_grow_rarer),
	    cmocka_unit_test(test_ramp_doubles_and_closes),
	    cmocka_unit_test(test_ramp_fails),
	    cmocka_unit_test(test_old_answers),
	    cmocka_unit_test(test_unsent_probes_are_given_back),
	    cmocka_unit_test(test_credentials),
	    cmocka_unit_test(test_a_person_resumes),
	    cmocka_unit_test(test_over_restarts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
