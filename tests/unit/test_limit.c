/* A limit: semaphore and token bucket under one name, on a clock that stands
 * still until told to move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "engine/base/clock.h"
#include "engine/run/limit.h"

static _Atomic int64_t now_ns = 1000 * NS_PER_S;

static int64_t virtual_ns(void)
{
	return atomic_load(&now_ns);
}

static void pass_ms(int64_t ms)
{
	atomic_fetch_add(&now_ns, ms * NS_PER_MS);
}

static const struct rate fifty = {50, NS_PER_S};
static const struct rate none = {0, 0};

static struct limits *limits;

static int limits_up(void **state)
{
	(void)state;
	limits = limits_new();
	return limits == NULL;
}

static int limits_down(void **state)
{
	(void)state;
	limits_free(limits);
	return 0;
}

static struct limit *fixed(int concurrency, struct rate rate, int64_t burst)
{
	const struct limit_settings settings = {concurrency, rate, burst, false};

	return limit_open(limits, NULL, 1, &settings, NULL);
}

static void set(struct limit *limit, int concurrency, struct rate rate, int64_t burst)
{
	limit_set(limit, 1, &(struct limit_settings){concurrency, rate, burst, false});
}

static void test_paces(void **state)
{
	struct limit *limit = fixed(4, fifty, 3);
	int64_t wait_ns = -1;

	(void)state;
	assert_non_null(limit);
	assert_int_equal(limit_take_tokens(limit, 10, &wait_ns), 3); /* the burst */
	assert_int_equal(wait_ns, 0);
	assert_int_equal(limit_take_tokens(limit, 10, &wait_ns), 0);
	assert_int_equal(wait_ns, 20 * NS_PER_MS);
	pass_ms(19);
	assert_int_equal(limit_take_tokens(limit, 10, &wait_ns), 0);
	assert_int_equal(wait_ns, 1 * NS_PER_MS);
	pass_ms(1);
	assert_int_equal(limit_take_tokens(limit, 10, &wait_ns), 1);
	assert_int_equal(wait_ns, 0);
	limit_close(limit, 1);
}

static void test_takes_back(void **state)
{
	struct limit *limit = fixed(4, fifty, 2);
	int64_t wait_ns;

	(void)state;
	assert_int_equal(limit_take_tokens(limit, 2, &wait_ns), 2);
	limit_return_tokens(limit, 2);
	assert_int_equal(limit_take_tokens(limit, 5, &wait_ns), 2);
	assert_int_equal(limit_take_tokens(limit, 5, &wait_ns), 0);
	limit_close(limit, 1);
}

static void test_no_rate_is_no_limit(void **state)
{
	struct limit *limit = fixed(4, none, 1);
	int64_t wait_ns = -1;

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(limit_take_tokens(limit, 64, &wait_ns), 64);
	assert_int_equal(wait_ns, 0);
	limit_return_tokens(limit, 64);
	limit_close(limit, 1);
}

static void test_changes_live(void **state)
{
	struct limit *limit = fixed(2, none, 1);
	struct semaphore *semaphore = limit_semaphore(limit);
	int64_t wait_ns;

	(void)state;
	assert_int_equal(semaphore_acquire(semaphore, 10, 0), 2);
	assert_int_equal(semaphore_acquire(semaphore, 1, 0), 0);
	set(limit, 5, fifty, 1);
	assert_int_equal(semaphore_limit(semaphore), 5);
	assert_int_equal(semaphore_acquire(semaphore, 10, 0), 3);
	assert_int_equal(limit_take_tokens(limit, 64, &wait_ns), 1);
	assert_int_equal(limit_take_tokens(limit, 64, &wait_ns), 0);
	set(limit, 1, none, 1);
	assert_int_equal(limit_take_tokens(limit, 64, &wait_ns), 64);
	/* Shrunk below what is out: nobody more until four came back. */
	semaphore_release(semaphore, 4);
	assert_int_equal(semaphore_acquire(semaphore, 1, 0), 0);
	semaphore_release(semaphore, 1);
	assert_int_equal(semaphore_acquire(semaphore, 5, 0), 1);
	limit_close(limit, 1);
}

struct shared {
	struct limit *limit;
	atomic_int taken;
};

static void *grab(void *argument)
{
	struct shared *shared = argument;
	int64_t wait_ns;

	for (int i = 0; i < 2000; i++) {
		int taken = limit_take_tokens(shared->limit, 3, &wait_ns);

		if (taken == 3) {
			limit_return_tokens(shared->limit, 1);
			taken--;
		}
		atomic_fetch_add(&shared->taken, taken);
	}
	return NULL;
}

static void test_many_threads_one_bucket(void **state)
{
	struct shared shared = {.limit = fixed(4, fifty, 1000)};
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, grab, &shared);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	/* The clock stands: exactly the burst was there. */
	assert_int_equal(atomic_load(&shared.taken), 1000);
	limit_close(shared.limit, 1);
	limit_close(NULL, 1);
}

int main(void)
{
	const struct clock_source source = {.mono_ns = virtual_ns};
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_paces),
	    cmocka_unit_test(test_takes_back),
	    cmocka_unit_test(test_no_rate_is_no_limit),
	    cmocka_unit_test(test_changes_live),
	    cmocka_unit_test(test_many_threads_one_bucket),
	};

	clock_replace(&source);
	return cmocka_run_group_tests(tests, limits_up, limits_down);
}
