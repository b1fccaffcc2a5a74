#include "engine/base/semaphore.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "engine/base/clock.h"

/* Lives on the waiting thread's stack.  Each has its own condition variable,
 * so that exactly the one whose turn it is wakes; signals are sent under the
 * mutex, because the waiter may be gone as soon as it is released. */
struct waiter {
	struct waiter *next;
	pthread_cond_t turn;
	bool signalled; /* woken and not run yet: further releases need not wake it */
	bool poked;
};

struct semaphore {
	pthread_mutex_t mutex; /* guards what follows; nothing is locked inside it */
	int limit;
	int in_flight; /* above limit for a while after shrinking */
	bool poked;    /* a poke came while nobody waited */
	struct waiter *first, *last; /* in the order in which they came */
};

struct semaphore *semaphore_new(int limit)
{
	struct semaphore *semaphore;

	assert(limit >= 0);
	semaphore = calloc(1, sizeof(*semaphore));
	if (!semaphore)
		return NULL;
	semaphore->limit = limit;
	pthread_mutex_init(&semaphore->mutex, NULL);
	return semaphore;
}

void semaphore_free(struct semaphore *semaphore)
{
	if (!semaphore)
		return;
	assert(!semaphore->first);
	pthread_mutex_destroy(&semaphore->mutex);
	free(semaphore);
}

static void wake_locked(struct waiter *waiter)
{
	if (waiter->signalled)
		return;
	waiter->signalled = true;
	pthread_cond_signal(&waiter->turn);
}

/* Wake the one whose turn it is, if there is something for it. */
static void wake_first_locked(struct semaphore *semaphore)
{
	if (semaphore->first && semaphore->in_flight < semaphore->limit)
		wake_locked(semaphore->first);
}

static void enqueue_locked(struct semaphore *semaphore, struct waiter *waiter)
{
	if (semaphore->last)
		semaphore->last->next = waiter;
	else
		semaphore->first = waiter;
	semaphore->last = waiter;
}

static void remove_locked(struct semaphore *semaphore, struct waiter *waiter)
{
	struct waiter *before = NULL;

	for (struct waiter *w = semaphore->first; w != waiter; w = w->next)
		before = w;
	if (before)
		before->next = waiter->next;
	else
		semaphore->first = waiter->next;
	if (semaphore->last == waiter)
		semaphore->last = before;
}

static int take_locked(struct semaphore *semaphore, int want)
{
	int room = semaphore->limit - semaphore->in_flight;
	int taken = room < want ? room : want;

	if (taken <= 0)
		return 0;
	semaphore->in_flight += taken;
	return taken;
}

/* Queue up and sleep until it is our turn, poked, or too late. */
static int wait_locked(struct semaphore *semaphore, int want, int64_t deadline_ns)
{
	struct waiter self = {0};
	int taken = 0, rc = 0;

	clock_cond_init(&self.turn);
	enqueue_locked(semaphore, &self);
	while (!self.poked && rc != ETIMEDOUT) {
		rc = clock_cond_wait(&self.turn, &semaphore->mutex, deadline_ns);
		self.signalled = false;
		if (self.poked || semaphore->first != &self)
			continue;
		taken = take_locked(semaphore, want);
		if (taken > 0)
			break;
	}
	remove_locked(semaphore, &self);
	wake_first_locked(semaphore);
	pthread_cond_destroy(&self.turn);
	return taken;
}

int semaphore_acquire(struct semaphore *semaphore, int want, int64_t deadline_ns)
{
	int taken = 0;

	assert(want >= 1);
	pthread_mutex_lock(&semaphore->mutex);
	if (!semaphore->first)
		taken = take_locked(semaphore, want);
	if (taken == 0 && semaphore->poked)
		semaphore->poked = false;
	else if (taken == 0 && (deadline_ns == CLOCK_NEVER || deadline_ns > clock_mono_ns()))
		taken = wait_locked(semaphore, want, deadline_ns);
	pthread_mutex_unlock(&semaphore->mutex);
	return taken;
}

void semaphore_release(struct semaphore *semaphore, int count)
{
	pthread_mutex_lock(&semaphore->mutex);
	assert(count >= 0 && count <= semaphore->in_flight);
	semaphore->in_flight -= count;
	wake_first_locked(semaphore);
	pthread_mutex_unlock(&semaphore->mutex);
}

void semaphore_resize(struct semaphore *semaphore, int limit)
{
	assert(limit >= 0);
	pthread_mutex_lock(&semaphore->mutex);
	semaphore->limit = limit;
	wake_first_locked(semaphore);
	pthread_mutex_unlock(&semaphore->mutex);
}

void semaphore_poke(struct semaphore *semaphore)
{
	pthread_mutex_lock(&semaphore->mutex);
	semaphore->poked = !semaphore->first;
	for (struct waiter *waiter = semaphore->first; waiter; waiter = waiter->next) {
		waiter->poked = true;
		wake_locked(waiter);
	}
	pthread_mutex_unlock(&semaphore->mutex);
}

int semaphore_in_flight(struct semaphore *semaphore)
{
	int in_flight;

	pthread_mutex_lock(&semaphore->mutex);
	in_flight = semaphore->in_flight;
	pthread_mutex_unlock(&semaphore->mutex);
	return in_flight;
}

int semaphore_limit(struct semaphore *semaphore)
{
	int limit;

	pthread_mutex_lock(&semaphore->mutex);
	limit = semaphore->limit;
	pthread_mutex_unlock(&semaphore->mutex);
	return limit;
}

int semaphore_waiting(struct semaphore *semaphore)
{
	int waiting = 0;

	pthread_mutex_lock(&semaphore->mutex);
	for (struct waiter *waiter = semaphore->first; waiter; waiter = waiter->next)
		waiting++;
	pthread_mutex_unlock(&semaphore->mutex);
	return waiting;
}
