#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "engine/base/random.h"

static void test_iso8601(void **state)
{
	static const struct {
		int64_t wall_ms;
		const char *text;
	} cases[] = {
	    {0, "1970-01-01T00:00:00Z"},
	    {1767323045999, "2026-01-02T03:04:05Z"},
	    {-1, "1969-12-31T23:59:59Z"},
	    {-1000, "1969-12-31T23:59:59Z"},
	    {951782400000, "2000-02-29T00:00:00Z"},
	    {253402300799999, "9999-12-31T23:59:59Z"},
	    {-62167219200000, "0000-01-01T00:00:00Z"},
	    {INT64_MAX, "0000-00-00T00:00:00Z"},
	    {INT64_MIN, "0000-00-00T00:00:00Z"},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		clock_iso8601(cases[i].wall_ms, text);
		assert_string_equal(text, cases[i].text);
	}
}

static int64_t virtual_ns = 7;

static int64_t virtual_mono(void)
{
	return virtual_ns;
}

static void test_replace(void **state)
{
	const struct clock_source source = {virtual_mono, NULL};
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t cond;
	int64_t before;

	(void)state;
	clock_replace(&source);
	assert_int_equal(clock_mono_ns(), 7);
	assert_true(clock_wall_ms() > 1500000000000LL); /* the real one */
	/* What is over on the virtual clock is over at once. */
	clock_cond_init(&cond);
	pthread_mutex_lock(&mutex);
	assert_int_equal(clock_cond_wait(&cond, &mutex, 7), ETIMEDOUT);
	assert_int_equal(clock_cond_wait(&cond, &mutex, INT64_MIN), ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
	clock_replace(NULL);

	before = clock_mono_ns();
	assert_true(before > 7);
	pthread_mutex_lock(&mutex);
	assert_int_equal(clock_cond_wait(&cond, &mutex, -5), ETIMEDOUT);
	assert_int_equal(clock_cond_wait(&cond, &mutex, before + NS_PER_MS), ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
	assert_true(clock_mono_ns() >= before + NS_PER_MS);
	pthread_cond_destroy(&cond);
}

static void test_random(void **state)
{
	struct random random = {0}, other;
	int counts[6] = {0};
	unsigned char bytes[2][64] = {{0}};

	(void)state;
	/* Known answers of splitmix64 for seed 0. */
	assert_true(random_next(&random) == 0xE220A8397B1DCDAFULL);
	assert_true(random_next(&random) == 0x6E789E6AA1B965F4ULL);
	assert_int_equal(random_upto(&random, 0), 0);
	assert_int_equal(random_upto(&random, -5), 0);
	for (int i = 0; i < 60000; i++) {
		int64_t drawn = random_upto(&random, 5);

		assert_in_range(drawn, 0, 5);
		counts[drawn]++;
	}
	for (int i = 0; i < 6; i++)
		assert_in_range(counts[i], 9500, 10500); /* five sigma */
	for (int i = 0; i < 1000; i++)
		assert_true(random_upto(&random, INT64_MAX) >= 0);
	random_seed(&random);
	random_seed(&other);
	assert_true(random.state != other.state);
	random_secure(bytes[0], sizeof(bytes[0]));
	random_secure(bytes[1], sizeof(bytes[1]));
	assert_true(memcmp(bytes[0], bytes[1], sizeof(bytes[0])) != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_iso8601),
	    cmocka_unit_test(test_replace),
	    cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
