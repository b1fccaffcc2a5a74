#include "engine/intake/digest.h"

#include <xxhash.h>

/* The library's own state type under our name: one allocation, aligned by it. */
static XXH3_state_t *state_of(struct digest *digest)
{
	return (XXH3_state_t *)digest;
}

struct digest *digest_new(void)
{
	XXH3_state_t *state = XXH3_createState();

	if (state != NULL)
		XXH3_128bits_reset(state);
	return (struct digest *)state;
}

void digest_free(struct digest *digest)
{
	XXH3_freeState(state_of(digest));
}

void digest_add(struct digest *digest, const char *bytes, size_t length)
{
	if (length > 0)
		XXH3_128bits_update(state_of(digest), bytes, length);
}

void digest_value(const struct digest *digest, uint64_t value[2])
{
	XXH128_hash_t hash = XXH3_128bits_digest((const XXH3_state_t *)digest);

	value[0] = hash.low64;
	value[1] = hash.high64;
}

bool digest_equal(const uint64_t a[2], const uint64_t b[2])
{
	return a[0] == b[0] && a[1] == b[1];
}
