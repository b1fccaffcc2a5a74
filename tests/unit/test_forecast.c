/* When a job will be over: how fast it goes, how fast it may go, what waits. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/policy/forecast.h"

struct row {
	struct forecast given;
	double low, high; /* low < 0: not known */
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		double eta[2] = {-1, -1};
		bool known = forecast_eta(&rows[i].given, eta);

		if (known != (rows[i].low >= 0) || fabs(eta[0] - rows[i].low) > 0.01 ||
		    fabs(eta[1] - rows[i].high) > 0.01)
			fail_msg("row %zu: known %d, %.3f to %.3f", i, known, eta[0], eta[1]);
	}
}
#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_unlimited(void **state)
{
	static const struct row rows[] = {
	    {{.open_items = 0}, 0, 0},
	    {{.open_items = 10}, -1, -1},
	    {{.open_items = 10, .waiting = 9, .waiting_last_s = 30}, -1, -1},
	    {{.open_items = 500, .rate_per_s = 50, .latency_s = 0.2}, 9.3, 11.7},
	};

	(void)state;
	CHECK_ROWS(rows);
}

/* It cannot end before the last waiting item is due, and at worst all of them
 * are due then. */
static void test_waiting(void **state)
{
	static const struct row rows[] = {
	    {{.open_items = 500, .waiting = 1, .waiting_last_s = 60, .rate_per_s = 50}, 60, 60.023},
	    {{.open_items = 500, .waiting = 100, .waiting_last_s = 60, .rate_per_s = 5}, 93, 115},
	    {{.open_items = 500, .waiting = 400, .waiting_last_s = 60, .rate_per_s = 5}, 93, 152},
	    {{.open_items = 3, .waiting = 3, .waiting_last_s = 60, .latency_s = 0.2}, 60, 60.2},
	    {{.open_items = 3, .waiting = 3, .waiting_last_s = -5}, 0, 0},
	};

	(void)state;
	CHECK_ROWS(rows);
}

/* A limit is known before anything is measured, and better than what is. */
static void test_limit(void **state)
{
	static const struct row rows[] = {
	    /* Just begun: not sooner than the limit allows. */
	    {{.open_items = 1000, .limit_per_s = 10}, 100, 150},
	    /* Thirty a minute: ten seconds measure 0.4 or 0.6, the limit is 0.5. */
	    {{.open_items = 300, .settled = 20, .attempts = 20, .rate_per_s = 0.4,
	      .attempts_per_s = 0.4, .limit_per_s = 0.5, .at_limit = true}, 600, 618},
	    {{.open_items = 300, .settled = 20, .attempts = 20, .limit_per_s = 0.5,
	      .at_limit = true}, 600, 618},
	    /* Two requests an item over the run, three of late: retries use it up. */
	    {{.open_items = 100, .settled = 50, .attempts = 100, .rate_per_s = 2,
	      .attempts_per_s = 6, .limit_per_s = 6, .at_limit = true}, 33.333, 51.5},
	    /* The measured rate is that of a burst; the limit is the floor. */
	    {{.open_items = 100, .rate_per_s = 50, .attempts_per_s = 50, .limit_per_s = 10,
	      .settled = 10, .attempts = 10}, 10, 10},
	    /* Slower than the limit for another reason: as measured. */
	    {{.open_items = 100, .rate_per_s = 2, .attempts_per_s = 2, .limit_per_s = 10,
	      .settled = 10, .attempts = 10}, 46.5, 57.5},
	    /* Requests went out and not one item got an outcome: nobody knows. */
	    {{.open_items = 100, .attempts = 40, .attempts_per_s = 4, .limit_per_s = 10,
	      .at_limit = true}, -1, -1},
	};

	(void)state;
	CHECK_ROWS(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unlimited),
	    cmocka_unit_test(test_waiting),
	    cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests_name("forecast", tests, NULL, NULL);
}
