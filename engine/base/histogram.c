#include "engine/base/histogram.h"

#include <math.h>
#include <string.h>

#define STEP_BITS 5 /* HISTOGRAM_STEPS == 1 << STEP_BITS */

_Static_assert(HISTOGRAM_STEPS == 1 << STEP_BITS, "steps and their bits");

/* The first octave is linear and stands for two: 0..31 one by one.  Octave n
 * holds [32 << (n-1), 32 << n) in steps of 1 << (n-1). */
static unsigned cell_of(int64_t us)
{
	uint64_t value = us < 0 ? 0 : (uint64_t)us;
	unsigned octave;

	if (value < HISTOGRAM_STEPS)
		return (unsigned)value;
	octave = (unsigned)(63 - __builtin_clzll(value)) - STEP_BITS + 1;
	if (octave >= HISTOGRAM_OCTAVES)
		return HISTOGRAM_CELLS - 1;
	return octave * HISTOGRAM_STEPS + (unsigned)(value >> (octave - 1)) - HISTOGRAM_STEPS;
}

/* The middle of a cell. */
static int64_t value_of(unsigned cell)
{
	unsigned octave = cell / HISTOGRAM_STEPS;
	int64_t step, low;

	if (octave == 0)
		return (int64_t)cell;
	step = (int64_t)1 << (octave - 1);
	low = (int64_t)(cell % HISTOGRAM_STEPS + HISTOGRAM_STEPS) * step;
	return low + (step - 1) / 2;
}

void histogram_reset(struct histogram *histogram)
{
	if (histogram->total > 0)
		memset(histogram, 0, sizeof(*histogram));
}

void histogram_add(struct histogram *histogram, int64_t us)
{
	histogram->cells[cell_of(us)]++;
	histogram->total++;
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	if (from->total == 0)
		return;
	for (unsigned cell = 0; cell < HISTOGRAM_CELLS; cell++)
		to->cells[cell] += from->cells[cell];
	to->total += from->total;
}

int64_t histogram_quantile(const struct histogram *histogram, double fraction)
{
	uint64_t wanted, seen = 0;

	if (histogram->total == 0)
		return -1;
	/* The nearest-rank definition: at least one. */
	wanted = (uint64_t)ceil(fraction * (double)histogram->total);
	if (wanted < 1)
		wanted = 1;
	for (unsigned cell = 0; cell < HISTOGRAM_CELLS; cell++) {
		seen += histogram->cells[cell];
		if (seen >= wanted)
			return value_of(cell);
	}
	return value_of(HISTOGRAM_CELLS - 1);
}
