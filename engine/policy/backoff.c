#include "engine/policy/backoff.h"

/* A jitter above the server's wait spreads the callers it sends away together. */
#define FLOOR_JITTER_MS_MAX 5000

int64_t backoff_bound_ms(int64_t base_ms, int64_t cap_ms, int attempt)
{
	int64_t bound_ms = base_ms;

	if (base_ms <= 0 || cap_ms <= 0)
		return 0;
	for (int n = 1; n < attempt && bound_ms < cap_ms; n++)
		bound_ms = bound_ms > INT64_MAX / 2 ? INT64_MAX : bound_ms * 2;
	return bound_ms < cap_ms ? bound_ms : cap_ms;
}

int64_t backoff_draw_ms(int64_t base_ms, int64_t cap_ms, int attempt, struct random *random)
{
	return random_upto(random, backoff_bound_ms(base_ms, cap_ms, attempt));
}

int64_t backoff_floor_max_ms(int64_t server_wait_ms)
{
	int64_t jitter_ms = server_wait_ms / 10;

	if (server_wait_ms <= 0)
		return 0;
	if (jitter_ms > FLOOR_JITTER_MS_MAX)
		jitter_ms = FLOOR_JITTER_MS_MAX;
	return server_wait_ms > INT64_MAX - jitter_ms ? INT64_MAX : server_wait_ms + jitter_ms;
}
