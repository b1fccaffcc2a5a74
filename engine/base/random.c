#include "engine/base/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void random_seed(struct random *random)
{
	random_secure(&random->state, sizeof(random->state));
}

/* splitmix64, S. Vigna, 2015 (public domain). */
uint64_t random_next(struct random *random)
{
	uint64_t z = (random->state += 0x9E3779B97F4A7C15ULL);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
	return z ^ (z >> 31);
}

int64_t random_upto(struct random *random, int64_t bound)
{
	uint64_t range, excess, drawn;

	if (bound <= 0)
		return 0;
	range = (uint64_t)bound + 1;
	/* Of the 2^64 numbers the first 2^64 mod range would favour some results. */
	excess = (0 - range) % range;
	do {
		drawn = random_next(random);
	} while (drawn < excess);
	return (int64_t)(drawn % range);
}

void random_secure(void *bytes, size_t length)
{
	unsigned char *at = bytes;

	while (length > 0) {
		ssize_t got = getrandom(at, length, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			perror("sluice: the kernel gives no random bytes");
			abort();
		}
		at += got;
		length -= (size_t)got;
	}
}
