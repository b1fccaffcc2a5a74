#include "tests/upstream/timers.h"

#include <stdio.h>
#include <stdlib.h>

void timers_add(struct timers *timers, struct timer timer)
{
	size_t at = timers->count++;

	if (at == timers->capacity) {
		timers->capacity = timers->capacity ? timers->capacity * 2 : 256;
		timers->heap = realloc(timers->heap, timers->capacity * sizeof *timers->heap);
		if (!timers->heap) {
			perror("upstream");
			exit(1);
		}
	}
	while (at && timers->heap[(at - 1) / 2].deadline_ns > timer.deadline_ns) {
		timers->heap[at] = timers->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	timers->heap[at] = timer;
}

bool timers_due(struct timers *timers, int64_t now_ns, struct timer *timer)
{
	size_t at = 0, child;
	struct timer last;

	if (!timers->count || timers->heap[0].deadline_ns > now_ns)
		return false;
	*timer = timers->heap[0];
	last = timers->heap[--timers->count];
	while ((child = at * 2 + 1) < timers->count) {
		if (child + 1 < timers->count &&
		    timers->heap[child + 1].deadline_ns < timers->heap[child].deadline_ns)
			child++;
		if (timers->heap[child].deadline_ns >= last.deadline_ns)
			break;
		timers->heap[at] = timers->heap[child];
		at = child;
	}
	timers->heap[at] = last;
	return true;
}

int timers_wait_ms(const struct timers *timers, int64_t now_ns)
{
	int64_t left_ns;

	if (!timers->count)
		return -1;
	left_ns = timers->heap[0].deadline_ns - now_ns;
	if (left_ns <= 0)
		return 0;
	return left_ns > INT64_C(60000000000) ? 60000 : (int)((left_ns + 999999) / 1000000);
}
