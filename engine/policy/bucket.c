#include "engine/policy/bucket.h"

#include <assert.h>

#include "engine/base/clock.h"

/* Time times count needs more than 64 bits. */
__extension__ typedef __int128 wide;

/* Beyond these nobody can tell the difference, and products stay below 2^127. */
#define COUNT_MAX 1000000000000LL
#define PER_NS_MAX (100LL * 366 * 24 * 3600 * NS_PER_S)

double rate_per_s(struct rate rate)
{
	if (rate.count == 0 || rate.per_ns == 0)
		return 0;
	return (double)rate.count * (double)NS_PER_S / (double)rate.per_ns;
}

static void shift_ns(struct bucket *bucket, wide ns)
{
	wide next = bucket->next_ns + ns;

	if (next > INT64_MAX)
		next = INT64_MAX;
	if (next < INT64_MIN)
		next = INT64_MIN;
	bucket->next_ns = (int64_t)next;
}

/* The moment the first ready token came due (or will) is, exactly,
 * next_ns + fraction / count.  Move it by `tokens` intervals. */
static void move(struct bucket *bucket, wide tokens)
{
	wide count = bucket->rate.count;
	wide moved = tokens * bucket->rate.per_ns + bucket->fraction;
	wide whole = moved / count;
	wide fraction = moved % count;

	if (fraction < 0) {
		fraction += count;
		whole--;
	}
	shift_ns(bucket, whole);
	bucket->fraction = (int64_t)fraction;
}

/* Tokens that came due by now_ns, the burst not regarded. */
static wide due(const struct bucket *bucket, int64_t now_ns)
{
	wide since = ((wide)now_ns - bucket->next_ns) * bucket->rate.count - bucket->fraction;

	return since < 0 ? 0 : since / bucket->rate.per_ns + 1;
}

/* Tokens beyond the burst are lost; what had been earned towards the next one
 * is kept, so that somebody who always asks a little late loses nothing. */
static wide due_within_burst(struct bucket *bucket, int64_t now_ns)
{
	wide ready = due(bucket, now_ns);

	if (ready > bucket->burst) {
		move(bucket, ready - bucket->burst);
		ready = bucket->burst;
	}
	return ready;
}

static struct rate sane(struct rate rate)
{
	assert(rate.count == 0 || rate.per_ns > 0);
	if (rate.count <= 0)
		return (struct rate){0, NS_PER_S};
	if (rate.count > COUNT_MAX)
		rate.count = COUNT_MAX;
	if (rate.per_ns > PER_NS_MAX)
		rate.per_ns = PER_NS_MAX;
	return rate;
}

static int64_t sane_burst(int64_t burst)
{
	if (burst < 1)
		return 1;
	return burst < COUNT_MAX ? burst : COUNT_MAX;
}

void bucket_init(struct bucket *bucket, struct rate rate, int64_t burst, int64_t now_ns)
{
	*bucket = (struct bucket){sane(rate), sane_burst(burst), now_ns, 0};
	if (bucket->rate.count > 0)
		move(bucket, 1 - (wide)bucket->burst); /* full */
}

void bucket_set(struct bucket *bucket, struct rate rate, int64_t burst, int64_t now_ns)
{
	struct bucket old = *bucket;
	wide ready, progress_ns, interval_ns;

	bucket->rate = sane(rate);
	bucket->burst = sane_burst(burst);
	if (old.rate.count == 0 || bucket->rate.count == 0) {
		bucket->next_ns = now_ns;
		bucket->fraction = 0;
		return;
	}
	old.burst = bucket->burst;
	ready = due_within_burst(&old, now_ns);
	if (old.rate.count == bucket->rate.count && old.rate.per_ns == bucket->rate.per_ns) {
		*bucket = old;
		return;
	}
	/* The last ready token stays where it is in time, the ones before it close
	 * up or spread to the new interval.  None ready: the next one comes when it
	 * would have come, but no later than a new interval from now. */
	if (ready > 1)
		move(&old, ready - 1);
	interval_ns = bucket->rate.per_ns / bucket->rate.count;
	progress_ns = (wide)now_ns - old.next_ns;
	if (progress_ns > 0 && progress_ns >= interval_ns)
		progress_ns = interval_ns > 0 ? interval_ns - 1 : 0;
	if (progress_ns < -interval_ns)
		progress_ns = -interval_ns;
	bucket->next_ns = now_ns;
	bucket->fraction = 0;
	shift_ns(bucket, -progress_ns);
	if (ready > 1)
		move(bucket, 1 - ready);
}

int bucket_take(struct bucket *bucket, int64_t now_ns, int want)
{
	wide ready;
	int taken;

	if (want <= 0)
		return 0;
	if (bucket->rate.count == 0)
		return want;
	ready = due_within_burst(bucket, now_ns);
	taken = ready < want ? (int)ready : want;
	move(bucket, taken);
	return taken;
}

void bucket_return(struct bucket *bucket, int count)
{
	if (count > 0 && bucket->rate.count > 0)
		move(bucket, -(wide)count);
}

int64_t bucket_wait_ns(const struct bucket *bucket, int64_t now_ns)
{
	wide wait;

	if (bucket->rate.count == 0)
		return 0;
	wait = (wide)bucket->next_ns + (bucket->fraction > 0) - now_ns;
	if (wait <= 0)
		return 0;
	return wait < INT64_MAX ? (int64_t)wait : INT64_MAX;
}
