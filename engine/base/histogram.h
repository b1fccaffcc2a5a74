/* A log-linear histogram of durations in microseconds: 32 steps an octave, so
 * a value read back is at most 1.6 % off.  Plain memory, no lock: the owner's.
 * (The idea of HdrHistogram, G. Tene, 2012, without its options.) */
#ifndef SLUICE_BASE_HISTOGRAM_H
#define SLUICE_BASE_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS 32
#define HISTOGRAM_OCTAVES 28 /* up to 2^32 us, more than an hour; what is longer counts as that */
#define HISTOGRAM_CELLS (HISTOGRAM_STEPS * HISTOGRAM_OCTAVES)

struct histogram {
	uint64_t total;
	uint32_t cells[HISTOGRAM_CELLS];
};

void histogram_reset(struct histogram *histogram);
/* Negative values count as 0. */
void histogram_add(struct histogram *histogram, int64_t us);
void histogram_merge(struct histogram *to, const struct histogram *from);
/* The value below or at which `fraction` (0..1) of all are; -1 where there are none. */
int64_t histogram_quantile(const struct histogram *histogram, double fraction);

#endif
