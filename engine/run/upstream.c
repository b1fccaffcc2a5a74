#include "engine/run/upstream.h"

#include <pthread.h>
#include <stdlib.h>
#include <uthash.h>

#include "engine/base/clock.h"
#include "engine/policy/budget.h"

/* How long to wait for room while few are let through. */
#define RAMP_LOOK_NS (20 * NS_PER_MS)

struct upstreams {
	pthread_mutex_t mutex;  /* before an upstream's own */
	struct upstream *table; /* guarded by mutex */
};

struct upstream {
	uint64_t key;                /* hash key, immutable */
	struct upstreams *upstreams; /* immutable */
	int users;                   /* guarded by upstreams->mutex */
	UT_hash_handle hh;

	pthread_mutex_t mutex;       /* leaf */
	struct breaker breaker;      /* guarded by mutex */
	struct budget budget;        /* guarded by mutex */
};

struct upstreams *upstreams_new(void)
{
	struct upstreams *upstreams = calloc(1, sizeof(*upstreams));

	if (upstreams != NULL)
		pthread_mutex_init(&upstreams->mutex, NULL);
	return upstreams;
}

void upstreams_free(struct upstreams *upstreams)
{
	if (upstreams == NULL)
		return;
	pthread_mutex_destroy(&upstreams->mutex);
	free(upstreams);
}

struct upstream *upstream_open(struct upstreams *upstreams, uint64_t key,
                               const struct breaker_memory *memory)
{
	struct upstream *upstream = NULL;

	pthread_mutex_lock(&upstreams->mutex);
	HASH_FIND(hh, upstreams->table, &key, sizeof(key), upstream);
	if (upstream == NULL && (upstream = calloc(1, sizeof(*upstream))) != NULL) {
		int64_t now = clock_mono_ns();

		upstream->key = key;
		upstream->upstreams = upstreams;
		pthread_mutex_init(&upstream->mutex, NULL);
		breaker_init(&upstream->breaker, memory, now, clock_wall_ms());
		budget_init(&upstream->budget, now);
		HASH_ADD(hh, upstreams->table, key, sizeof(key), upstream);
	}
	if (upstream != NULL)
		upstream->users++;
	pthread_mutex_unlock(&upstreams->mutex);
	return upstream;
}

void upstream_close(struct upstream *upstream)
{
	struct upstreams *upstreams = upstream != NULL ? upstream->upstreams : NULL;

	if (upstream == NULL)
		return;
	pthread_mutex_lock(&upstreams->mutex);
	if (--upstream->users > 0)
		upstream = NULL;
	else
		HASH_DEL(upstreams->table, upstream);
	pthread_mutex_unlock(&upstreams->mutex);
	if (upstream != NULL)
		pthread_mutex_destroy(&upstream->mutex);
	free(upstream);
}

int upstream_admit(struct upstream *upstream, int want, int64_t *wait_ns)
{
	int64_t now = clock_mono_ns();
	int admitted;

	pthread_mutex_lock(&upstream->mutex);
	admitted = breaker_admit(&upstream->breaker, want, now);
	*wait_ns = 0;
	if (admitted == 0)
		*wait_ns = upstream->breaker.state == BREAKER_OPEN
		               ? breaker_probe_ns(&upstream->breaker) - now
		               : RAMP_LOOK_NS;
	pthread_mutex_unlock(&upstream->mutex);
	return admitted;
}

void upstream_unsent(struct upstream *upstream, int count)
{
	pthread_mutex_lock(&upstream->mutex);
	breaker_unsent(&upstream->breaker, count);
	pthread_mutex_unlock(&upstream->mutex);
}

void upstream_result(struct upstream *upstream, enum breaker_sign sign, int64_t sent_ns, bool fresh,
                     int enough, struct random *random, struct upstream_word *word)
{
	int64_t now = clock_mono_ns();

	pthread_mutex_lock(&upstream->mutex);
	if (sign == BREAKER_FAILING && !fresh && upstream->breaker.state == BREAKER_CLOSED)
		sign = BREAKER_SILENT;
	word->news = breaker_result(&upstream->breaker, sign, sent_ns, enough, random, now);
	word->forgiven = breaker_forgives(&upstream->breaker, sign);
	word->probe_wall_ms =
	    clock_wall_ms() + (breaker_probe_ns(&upstream->breaker) - now) / NS_PER_MS;
	pthread_mutex_unlock(&upstream->mutex);
}

void upstream_success(struct upstream *upstream)
{
	pthread_mutex_lock(&upstream->mutex);
	budget_success(&upstream->budget, clock_mono_ns());
	pthread_mutex_unlock(&upstream->mutex);
}

int64_t upstream_defer_ms(struct upstream *upstream, int cost)
{
	int64_t defer_ns;

	pthread_mutex_lock(&upstream->mutex);
	defer_ns = budget_take(&upstream->budget, cost, clock_mono_ns());
	pthread_mutex_unlock(&upstream->mutex);
	return defer_ns / NS_PER_MS;
}

bool upstream_calm(struct upstream *upstream)
{
	bool calm;

	pthread_mutex_lock(&upstream->mutex);
	calm = upstream->breaker.state == BREAKER_CLOSED && budget_ample(&upstream->budget);
	pthread_mutex_unlock(&upstream->mutex);
	return calm;
}

void upstream_try_now(struct upstream *upstream)
{
	pthread_mutex_lock(&upstream->mutex);
	breaker_try_now(&upstream->breaker, clock_mono_ns());
	pthread_mutex_unlock(&upstream->mutex);
}

bool upstream_down(struct upstream *upstream)
{
	bool down;

	pthread_mutex_lock(&upstream->mutex);
	down = upstream->breaker.state != BREAKER_CLOSED;
	pthread_mutex_unlock(&upstream->mutex);
	return down;
}

void upstream_remember(struct upstream *upstream, struct breaker_memory *memory)
{
	pthread_mutex_lock(&upstream->mutex);
	breaker_remember(&upstream->breaker, clock_mono_ns(), clock_wall_ms(), memory);
	pthread_mutex_unlock(&upstream->mutex);
}
