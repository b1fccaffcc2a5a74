#include "engine/run/limit.h"

#include <pthread.h>
#include <stdlib.h>

#include "engine/base/clock.h"

struct limit {
	struct semaphore *semaphore; /* immutable pointer, own lock */
	pthread_mutex_t mutex;       /* leaf: nothing is locked under it */
	struct bucket bucket;        /* guarded by mutex */
};

struct limit *limit_new(int concurrency, struct rate rate, int64_t burst)
{
	struct limit *limit = calloc(1, sizeof(*limit));

	if (limit == NULL)
		return NULL;
	limit->semaphore = semaphore_new(concurrency);
	if (limit->semaphore == NULL) {
		free(limit);
		return NULL;
	}
	pthread_mutex_init(&limit->mutex, NULL);
	bucket_init(&limit->bucket, rate, burst, clock_mono_ns());
	return limit;
}

void limit_free(struct limit *limit)
{
	if (limit == NULL)
		return;
	semaphore_free(limit->semaphore);
	pthread_mutex_destroy(&limit->mutex);
	free(limit);
}

struct semaphore *limit_semaphore(struct limit *limit)
{
	return limit->semaphore;
}

void limit_set(struct limit *limit, int concurrency, struct rate rate, int64_t burst)
{
	pthread_mutex_lock(&limit->mutex);
	bucket_set(&limit->bucket, rate, burst, clock_mono_ns());
	pthread_mutex_unlock(&limit->mutex);
	semaphore_resize(limit->semaphore, concurrency);
}

int limit_take_tokens(struct limit *limit, int want, int64_t *wait_ns)
{
	int64_t now = clock_mono_ns();
	int taken;

	pthread_mutex_lock(&limit->mutex);
	taken = bucket_take(&limit->bucket, now, want);
	*wait_ns = taken > 0 ? 0 : bucket_wait_ns(&limit->bucket, now);
	pthread_mutex_unlock(&limit->mutex);
	return taken;
}

void limit_return_tokens(struct limit *limit, int count)
{
	pthread_mutex_lock(&limit->mutex);
	bucket_return(&limit->bucket, count);
	pthread_mutex_unlock(&limit->mutex);
}
