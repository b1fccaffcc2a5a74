/* A token bucket in integer nanoseconds (the generic cell rate algorithm): no
 * drift, no floating point, time is a parameter.
 *
 * Worked example: rate 50/s, burst 1 -> interval 20 ms.  At t=0 one token is
 * there; bucket_take(…, 0, 5) gives 1 and bucket_wait says 20 ms.  At t=60 ms
 * (nobody asked in between) there is still one token: idle time earns at most
 * `burst`.
 *
 * Tokens come due on a fixed grid: asking late for one does not push the next
 * one back, so that 50/s stays 50/s however late its caller wakes.  In any
 * window of W seconds at most burst + rate * W tokens are given.
 *
 * The caller owns the lock. */
#ifndef SLUICE_POLICY_BUCKET_H
#define SLUICE_POLICY_BUCKET_H

#include <stdint.h>

/* "50/s" is {50, 1e9}; "100/m" is {100, 60e9}; count 0 means no limit. */
struct rate {
	int64_t count;
	int64_t per_ns;
};
/* 0: none. */
double rate_per_s(struct rate rate);

struct bucket {
	struct rate rate;
	int64_t burst;      /* tokens that may lie ready, >= 1 */
	int64_t next_ns;    /* when the first token not yet taken came due, or will */
	int64_t fraction;   /* what that moment has beyond next_ns, in 1/count ns */
};

/* Starts full: `burst` tokens lie ready. */
void bucket_init(struct bucket *bucket, struct rate rate, int64_t burst, int64_t now_ns);
/* New rate or burst from now on; tokens that lie ready are cut to the new burst. */
void bucket_set(struct bucket *bucket, struct rate rate, int64_t burst, int64_t now_ns);
/* Take up to `want` tokens that are there at now_ns; how many were taken. */
int bucket_take(struct bucket *bucket, int64_t now_ns, int want);
/* Put back tokens that were taken and not used. */
void bucket_return(struct bucket *bucket, int count);
/* Nanoseconds from now until one token is there; 0: now. */
int64_t bucket_wait_ns(const struct bucket *bucket, int64_t now_ns);

#endif
