/* Which claimed items are settled: a sliding window of bits behind the claim
 * cursor.  Its low edge is the low-water mark: after a crash nothing at or
 * below it needs to be looked at.  Writer thread only. */
#ifndef SLUICE_RUN_WINDOW_H
#define SLUICE_RUN_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

struct window {
	int64_t low;    /* every seq <= low is settled */
	int64_t high;   /* the claim cursor */
	int64_t base;   /* seq of bit 0, a multiple of 64 */
	uint64_t *bits;
	int64_t words;
};

void window_init(struct window *window, int64_t settled_upto);
void window_free(struct window *window);
/* The cursor moved to `high`; the new ones are not settled.  False: no memory. */
bool window_extend(struct window *window, int64_t high);
/* `seq` is settled (has an outcome or waits in resend). Outside: ignored. */
void window_settle(struct window *window, int64_t seq);

#endif
