/* Held answers: a binary heap of deadlines, each naming a connection by its
 * descriptor and generation, so that one whose connection died is simply
 * stale. */
#ifndef UPSTREAM_TIMERS_H
#define UPSTREAM_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t deadline_ns;
	int fd;
	uint32_t generation;
};

struct timers {
	struct timer *heap;
	size_t count, capacity;
};

void timers_add(struct timers *timers, struct timer timer);
/* Take the earliest one that is due at now_ns; false: none is. */
bool timers_due(struct timers *timers, int64_t now_ns, struct timer *timer);
/* Milliseconds until the next deadline, rounded up; -1: there is none. */
int timers_wait_ms(const struct timers *timers, int64_t now_ns);

#endif
