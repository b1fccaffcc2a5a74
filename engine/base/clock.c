#include "engine/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

static struct clock_source replaced; /* written before threads start */

static int64_t real_ns(clockid_t id)
{
	struct timespec now;
	int rc = clock_gettime(id, &now);

	assert(rc == 0);
	(void)rc;
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_mono_ns(void)
{
	return replaced.mono_ns ? replaced.mono_ns() : real_ns(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
	return replaced.wall_ms ? replaced.wall_ms() : real_ns(CLOCK_REALTIME) / NS_PER_MS;
}

void clock_replace(const struct clock_source *source)
{
	replaced = source ? *source : (struct clock_source){NULL, NULL};
}

void clock_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attributes;
	int rc = pthread_condattr_init(&attributes);

	assert(rc == 0);
	rc = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	assert(rc == 0);
	rc = pthread_cond_init(cond, &attributes);
	assert(rc == 0);
	(void)rc;
	pthread_condattr_destroy(&attributes);
}

int clock_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline_ns)
{
	struct timespec until;

	if (deadline_ns == CLOCK_NEVER)
		return pthread_cond_wait(cond, mutex);
	if (replaced.mono_ns) {
		/* A virtual clock does not move the kernel's: wait for as long as is left on it. */
		int64_t now_ns = replaced.mono_ns();
		int64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

		if (__builtin_add_overflow(real_ns(CLOCK_MONOTONIC), left_ns, &deadline_ns))
			return pthread_cond_wait(cond, mutex);
	}
	if (deadline_ns <= 0)
		return ETIMEDOUT;
	until.tv_sec = (time_t)(deadline_ns / NS_PER_S);
	until.tv_nsec = (long)(deadline_ns % NS_PER_S);
	return pthread_cond_timedwait(cond, mutex, &until);
}

void clock_iso8601(int64_t wall_ms, char out[32])
{
	int64_t seconds = wall_ms / MS_PER_S - (wall_ms % MS_PER_S < 0);
	time_t at = (time_t)seconds;
	struct tm parts;

	/* Outside the four-digit years nothing readable comes out: say so plainly. */
	if (seconds < -62167219200LL || seconds > 253402300799LL || !gmtime_r(&at, &parts)) {
		snprintf(out, 32, "0000-00-00T00:00:00Z");
		return;
	}
	/* The remainders change nothing; they show the compiler that it fits. */
	snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", (parts.tm_year + 1900) % 10000,
	         (parts.tm_mon + 1) % 100, parts.tm_mday % 100, parts.tm_hour % 100, parts.tm_min % 100,
	         parts.tm_sec % 100);
}
