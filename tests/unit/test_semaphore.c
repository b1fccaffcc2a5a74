#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "engine/base/semaphore.h"

static void test_takes_what_is_free(void **state)
{
	struct semaphore *semaphore = semaphore_new(3);

	(void)state;
	assert_int_equal(semaphore_acquire(semaphore, 2, 0), 2);
	assert_int_equal(semaphore_acquire(semaphore, 5, 0), 1);
	assert_int_equal(semaphore_acquire(semaphore, 1, 0), 0);
	assert_int_equal(semaphore_in_flight(semaphore), 3);
	semaphore_release(semaphore, 2);
	assert_int_equal(semaphore_acquire(semaphore, 9, 0), 2);
	semaphore_free(semaphore);
	semaphore_free(NULL);
}

static void test_resize(void **state)
{
	struct semaphore *semaphore = semaphore_new(0);

	(void)state;
	assert_int_equal(semaphore_acquire(semaphore, 1, 0), 0);
	semaphore_resize(semaphore, 4);
	assert_int_equal(semaphore_acquire(semaphore, 9, 0), 4);
	semaphore_resize(semaphore, 2); /* below what is in flight */
	semaphore_release(semaphore, 2);
	assert_int_equal(semaphore_in_flight(semaphore), 2);
	assert_int_equal(semaphore_acquire(semaphore, 1, 0), 0);
	semaphore_release(semaphore, 1);
	assert_int_equal(semaphore_acquire(semaphore, 5, 0), 1);
	assert_int_equal(semaphore_limit(semaphore), 2);
	semaphore_free(semaphore);
}

static void test_deadline_passes(void **state)
{
	struct semaphore *semaphore = semaphore_new(0);
	int64_t deadline_ns = clock_mono_ns() + 2 * NS_PER_MS;

	(void)state;
	assert_int_equal(semaphore_acquire(semaphore, 1, deadline_ns), 0);
	assert_true(clock_mono_ns() >= deadline_ns);
	semaphore_free(semaphore);
}

struct taker {
	struct semaphore *semaphore;
	int want;
	int got;
	int order;
	atomic_int *orders;
};

static void *take(void *argument)
{
	struct taker *taker = argument;

	taker->got = semaphore_acquire(taker->semaphore, taker->want, CLOCK_NEVER);
	taker->order = atomic_fetch_add(taker->orders, 1);
	return NULL;
}

/* Threads queue up one after the other (a pause makes the order all but
 * certain); permits are given one by one and must come in that order. */
static void test_first_come_first_served(void **state)
{
	enum { TAKERS = 8 };
	struct semaphore *semaphore = semaphore_new(0);
	struct taker takers[TAKERS];
	pthread_t threads[TAKERS];
	atomic_int orders = 0;

	(void)state;
	for (int i = 0; i < TAKERS; i++) {
		takers[i] = (struct taker){semaphore, 1, 0, -1, &orders};
		pthread_create(&threads[i], NULL, take, &takers[i]);
		while (semaphore_waiting(semaphore) < i + 1)
			usleep(1000);
	}
	for (int i = 0; i < TAKERS; i++) {
		semaphore_resize(semaphore, i + 1);
		pthread_join(threads[i], NULL); /* hangs if another one was served */
		assert_int_equal(takers[i].got, 1);
		assert_int_equal(takers[i].order, i);
	}
	assert_int_equal(semaphore_in_flight(semaphore), TAKERS);
	semaphore_free(semaphore);
}

static void test_one_release_serves_several(void **state)
{
	struct semaphore *semaphore = semaphore_new(4);
	struct taker takers[4];
	pthread_t threads[4];
	atomic_int orders = 0;

	(void)state;
	assert_int_equal(semaphore_acquire(semaphore, 4, 0), 4);
	for (int i = 0; i < 4; i++) {
		takers[i] = (struct taker){semaphore, 1, 0, -1, &orders};
		pthread_create(&threads[i], NULL, take, &takers[i]);
	}
	semaphore_release(semaphore, 4);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(takers[i].got, 1);
	}
	semaphore_free(semaphore);
}

static void test_poke(void **state)
{
	struct semaphore *semaphore = semaphore_new(0);
	struct taker taker;
	pthread_t thread;
	atomic_int orders = 0;

	(void)state;
	/* Before or after the thread waits: it must return either way. */
	taker = (struct taker){semaphore, 1, -1, -1, &orders};
	pthread_create(&thread, NULL, take, &taker);
	semaphore_poke(semaphore);
	pthread_join(thread, NULL);
	assert_int_equal(taker.got, 0);

	taker.got = -1;
	pthread_create(&thread, NULL, take, &taker);
	usleep(20000);
	semaphore_poke(semaphore);
	pthread_join(thread, NULL);
	assert_int_equal(taker.got, 0);
	semaphore_free(semaphore);
}

/* Permits are neither lost nor made when everything happens at once. */
struct churn {
	struct semaphore *semaphore;
	atomic_int *held, *held_max;
	atomic_bool *stop;
	long rounds;
};

static void *churn(void *argument)
{
	struct churn *self = argument;

	while (!atomic_load(self->stop)) {
		int got = semaphore_acquire(self->semaphore, 3, clock_mono_ns() + NS_PER_MS);
		int held = atomic_fetch_add(self->held, got) + got;
		int max = atomic_load(self->held_max);

		while (held > max && !atomic_compare_exchange_weak(self->held_max, &max, held))
			;
		atomic_fetch_sub(self->held, got);
		if (got > 0)
			semaphore_release(self->semaphore, got);
		self->rounds += got;
	}
	return NULL;
}

static void test_churn(void **state)
{
	enum { THREADS = 6, LIMIT_MAX = 7 };
	struct semaphore *semaphore = semaphore_new(LIMIT_MAX);
	atomic_int held = 0, held_max = 0;
	atomic_bool stop = false;
	struct churn churns[THREADS];
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		churns[i] = (struct churn){semaphore, &held, &held_max, &stop, 0};
		pthread_create(&threads[i], NULL, churn, &churns[i]);
	}
	for (int i = 0; i < 300; i++) {
		semaphore_resize(semaphore, i % (LIMIT_MAX + 1));
		if (i % 10 == 0)
			semaphore_poke(semaphore);
		usleep(500);
	}
	semaphore_resize(semaphore, LIMIT_MAX);
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(churns[i].rounds > 0);
	}
	assert_true(atomic_load(&held_max) <= LIMIT_MAX);
	assert_int_equal(semaphore_in_flight(semaphore), 0);
	assert_int_equal(semaphore_acquire(semaphore, 99, 0), LIMIT_MAX);
	semaphore_free(semaphore);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_takes_what_is_free),
	    cmocka_unit_test(test_resize),
	    cmocka_unit_test(test_deadline_passes),
	    cmocka_unit_test(test_first_come_first_served),
	    cmocka_unit_test(test_one_release_serves_several),
	    cmocka_unit_test(test_poke),
	    cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests_name("semaphore", tests, NULL, NULL);
}
