/* How long a retry waits.  Full jitter: U(0, min(cap, base * 2^(n-1))).
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015. */
#ifndef SLUICE_POLICY_BACKOFF_H
#define SLUICE_POLICY_BACKOFF_H

#include <stdint.h>

#include "engine/base/random.h"

/* The upper bound in ms before attempt n+1, n >= 1; saturates at cap_ms. */
int64_t backoff_bound_ms(int64_t base_ms, int64_t cap_ms, int attempt);
/* Draw from [0, bound]. */
int64_t backoff_draw_ms(int64_t base_ms, int64_t cap_ms, int attempt, struct random *random);
/* A wait the server asked for is a floor: w + U(0, min(5 s, w/10)); the upper end. */
int64_t backoff_floor_max_ms(int64_t server_wait_ms);

#endif
