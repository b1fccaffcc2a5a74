/* Pseudo-random numbers for jitter: never for secrets. */
#ifndef SLUICE_BASE_RANDOM_H
#define SLUICE_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state; /* splitmix64; one thread owns it */
};

/* Seed from the kernel. */
void random_seed(struct random *random);
uint64_t random_next(struct random *random);
/* Uniform in [0, bound]; 0 where bound <= 0. */
int64_t random_upto(struct random *random, int64_t bound);

/* Fill with bytes fit for tokens and job ids (getrandom); aborts if the kernel has none. */
void random_secure(void *bytes, size_t length);

#endif
