/* A virtual clock: a heap of events in the order of their time (and, at one
 * moment, of their making). */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

struct sim_event {
	int64_t at_ns;
	uint64_t order;
	int kind;
	void *what;
};

struct sim_clock {
	struct sim_event *heap;
	size_t count, capacity;
	uint64_t made;
	int64_t now_ns;
};

static inline int sim_event_before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

static inline void sim_clock_at(struct sim_clock *clock, int64_t at_ns, int kind, void *what)
{
	struct sim_event event = {at_ns < clock->now_ns ? clock->now_ns : at_ns, clock->made++, kind,
	                          what};
	size_t at;

	if (clock->count == clock->capacity) {
		clock->capacity = clock->capacity ? clock->capacity * 2 : 256;
		clock->heap = realloc(clock->heap, clock->capacity * sizeof(*clock->heap));
		assert(clock->heap);
	}
	for (at = clock->count++; at > 0; at = (at - 1) / 2) {
		if (!sim_event_before(&event, &clock->heap[(at - 1) / 2]))
			break;
		clock->heap[at] = clock->heap[(at - 1) / 2];
	}
	clock->heap[at] = event;
}

/* The next event until then, with the clock moved to it; 0: none. */
static inline int sim_clock_next(struct sim_clock *clock, int64_t until_ns, struct sim_event *out)
{
	struct sim_event last;
	size_t at = 0;

	if (clock->count == 0 || clock->heap[0].at_ns > until_ns)
		return 0;
	*out = clock->heap[0];
	clock->now_ns = out->at_ns;
	last = clock->heap[--clock->count];
	while (2 * at + 1 < clock->count) {
		size_t child = 2 * at + 1;

		if (child + 1 < clock->count &&
		    sim_event_before(&clock->heap[child + 1], &clock->heap[child]))
			child++;
		if (!sim_event_before(&clock->heap[child], &last))
			break;
		clock->heap[at] = clock->heap[child];
		at = child;
	}
	clock->heap[at] = last;
	return 1;
}

static inline void sim_clock_free(struct sim_clock *clock)
{
	free(clock->heap);
}

#endif
