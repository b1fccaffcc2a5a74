/* A counting semaphore on a condition variable that can be resized while
 * somebody waits on it: the limit on requests in flight.
 *
 * Many threads release; by design one lane (or, with a shared limit, a few)
 * acquires, so a release wakes one waiter and nothing herds.  Waiters are
 * served in the order in which they came (a ticket each). */
#ifndef SLUICE_BASE_SEMAPHORE_H
#define SLUICE_BASE_SEMAPHORE_H

#include <stdbool.h>
#include <stdint.h>

struct semaphore;

/* NULL without memory.  limit >= 0 (0 lets nobody through). */
struct semaphore *semaphore_new(int limit);
/* Nobody may be waiting.  NULL is allowed. */
void semaphore_free(struct semaphore *semaphore);

/* Wait for at least one permit until mono `deadline_ns`; take as many as are
 * free, at most `want` (>= 1).  Returns how many were taken; 0 on deadline or
 * when poked.  A deadline that has passed only tries. */
int semaphore_acquire(struct semaphore *semaphore, int want, int64_t deadline_ns);

void semaphore_release(struct semaphore *semaphore, int count);

/* Change the limit.  Growing wakes waiters; shrinking takes effect as permits
 * come back (in_flight may exceed the limit until then). */
void semaphore_resize(struct semaphore *semaphore, int limit);

/* Make every present waiter return 0 (so that it looks at its flags).  With no
 * waiter there, the next acquire that would have to wait returns 0 at once, so
 * a poke between a caller's look at its flags and its wait is not lost. */
void semaphore_poke(struct semaphore *semaphore);

int semaphore_in_flight(struct semaphore *semaphore);
int semaphore_limit(struct semaphore *semaphore);
/* How many threads wait in semaphore_acquire. */
int semaphore_waiting(struct semaphore *semaphore);

#endif
