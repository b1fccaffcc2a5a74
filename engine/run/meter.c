#include "engine/run/meter.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/histogram.h"

/* Rates: counts in slots of 250 ms over ten seconds, and the slot under way. */
#define RATE_SLOT_NS (NS_PER_S / 4)
#define RATE_SLOTS 41
/* A rate over less than this would be guesswork. */
#define RATE_SPAN_NS_MIN (NS_PER_S / 2)

/* Percentiles: histograms of 5 s each over a minute. */
#define LATENCY_SLOT_NS (5 * NS_PER_S)
#define LATENCY_SLOTS 12

#define NO_SLOT INT64_MIN

struct rate_slot {
	int64_t number; /* mono time / RATE_SLOT_NS, or NO_SLOT */
	int32_t finished, attempts;
};

struct latency_slot {
	int64_t number; /* mono time / LATENCY_SLOT_NS, or NO_SLOT */
	struct histogram histogram;
};

struct meter {
	pthread_mutex_t mutex; /* guards all of it; nothing is locked inside it */

	struct rate_slot rates[RATE_SLOTS]; /* slot n at n % RATE_SLOTS */
	int64_t since_ns; /* the rates' counts begin here; CLOCK_NEVER: none yet */
	struct latency_slot latencies[LATENCY_SLOTS];

	/* The second under way, and the closed ones: the newest at
	 * (sample_count - 1) % METER_SAMPLES. */
	bool open;
	int64_t open_second; /* mono time / NS_PER_S */
	struct meter_sample now;
	struct histogram now_latency;
	int64_t sample_count;
	struct meter_sample samples[METER_SAMPLES];
};

_Static_assert(sizeof(struct meter) < 300000, "a meter is small: thousands of jobs have one each");

struct meter *meter_new(void)
{
	struct meter *meter = calloc(1, sizeof(*meter));

	if (!meter)
		return NULL;
	pthread_mutex_init(&meter->mutex, NULL);
	meter->since_ns = CLOCK_NEVER;
	for (int i = 0; i < RATE_SLOTS; i++)
		meter->rates[i].number = NO_SLOT;
	for (int i = 0; i < LATENCY_SLOTS; i++)
		meter->latencies[i].number = NO_SLOT;
	return meter;
}

void meter_free(struct meter *meter)
{
	if (!meter)
		return;
	pthread_mutex_destroy(&meter->mutex);
	free(meter);
}

/* The oldest slot that still counts at now_ns. */
static int64_t oldest_slot(int64_t now_ns, int64_t slot_ns, int slots)
{
	return now_ns / slot_ns - slots + 1;
}

/* ---- rates ---------------------------------------------------------- */

static struct rate_slot sum_rates_locked(const struct meter *meter, int64_t now_ns)
{
	int64_t oldest = oldest_slot(now_ns, RATE_SLOT_NS, RATE_SLOTS);
	struct rate_slot sum = {0};

	for (int i = 0; i < RATE_SLOTS; i++) {
		if (meter->rates[i].number < oldest)
			continue;
		sum.finished += meter->rates[i].finished;
		sum.attempts += meter->rates[i].attempts;
	}
	return sum;
}

static void add_rate_locked(struct meter *meter, int64_t now_ns, bool final, int64_t latency_us)
{
	int64_t number = now_ns / RATE_SLOT_NS;
	struct rate_slot *slot = &meter->rates[number % RATE_SLOTS];

	if (slot->number != number) {
		/* After a silence as long as the window the count begins anew: with
		 * the work whose first result this is, not with the silence. */
		if (meter->since_ns == CLOCK_NEVER || sum_rates_locked(meter, now_ns).attempts == 0)
			meter->since_ns = now_ns - (latency_us > 0 ? latency_us * 1000 : 0);
		*slot = (struct rate_slot){.number = number};
	}
	slot->finished += final;
	slot->attempts++;
}

static void view_rates_locked(const struct meter *meter, int64_t now_ns, struct meter_view *out)
{
	struct rate_slot sum = sum_rates_locked(meter, now_ns);
	int64_t from_ns = oldest_slot(now_ns, RATE_SLOT_NS, RATE_SLOTS) * RATE_SLOT_NS;
	int64_t span_ns;

	out->rate_per_s = out->attempts_per_s = 0;
	if (sum.attempts == 0)
		return;
	if (meter->since_ns > from_ns)
		from_ns = meter->since_ns;
	span_ns = now_ns - from_ns;
	if (span_ns < RATE_SPAN_NS_MIN)
		span_ns = RATE_SPAN_NS_MIN;
	out->rate_per_s = (double)sum.finished * (double)NS_PER_S / (double)span_ns;
	out->attempts_per_s = (double)sum.attempts * (double)NS_PER_S / (double)span_ns;
}

/* ---- latencies ------------------------------------------------------ */

static void add_latency_locked(struct meter *meter, int64_t now_ns, int64_t latency_us)
{
	int64_t number = now_ns / LATENCY_SLOT_NS;
	struct latency_slot *slot = &meter->latencies[number % LATENCY_SLOTS];

	if (latency_us < 0)
		return;
	if (slot->number != number) {
		slot->number = number;
		histogram_reset(&slot->histogram);
	}
	histogram_add(&slot->histogram, latency_us);
	histogram_add(&meter->now_latency, latency_us);
}

static int64_t quantile_ms(const struct histogram *histogram, double fraction)
{
	int64_t us = histogram_quantile(histogram, fraction);

	return us < 0 ? -1 : (us + 500) / 1000;
}

static void view_latencies_locked(const struct meter *meter, int64_t now_ns,
                                  struct meter_view *out)
{
	int64_t oldest = oldest_slot(now_ns, LATENCY_SLOT_NS, LATENCY_SLOTS);
	struct histogram sum = {0};

	for (int i = 0; i < LATENCY_SLOTS; i++) {
		if (meter->latencies[i].number >= oldest)
			histogram_merge(&sum, &meter->latencies[i].histogram);
	}
	out->p50_ms = quantile_ms(&sum, 0.50);
	out->p95_ms = quantile_ms(&sum, 0.95);
	out->p99_ms = quantile_ms(&sum, 0.99);
}

/* ---- samples -------------------------------------------------------- */

static float sample_ms(const struct histogram *histogram, double fraction)
{
	int64_t us = histogram_quantile(histogram, fraction);

	return us < 0 ? 0 : (float)us / 1000;
}

static void close_sample_locked(struct meter *meter)
{
	meter->now.p50_ms = sample_ms(&meter->now_latency, 0.50);
	meter->now.p95_ms = sample_ms(&meter->now_latency, 0.95);
	meter->now.p99_ms = sample_ms(&meter->now_latency, 0.99);
	meter->samples[meter->sample_count++ % METER_SAMPLES] = meter->now;
	histogram_reset(&meter->now_latency);
}

/* Close the second under way if it is over, and begin the one of now_ns.
 * Seconds are those of the monotonic clock; each is labelled with the whole
 * second of wall time, and labels only rise, whatever the wall clock does. */
static void roll_locked(struct meter *meter, int64_t now_ns, int64_t wall_ms)
{
	int64_t second = now_ns / NS_PER_S;
	int64_t at_ms = wall_ms - wall_ms % MS_PER_S;
	struct meter_sample last = meter->now;

	if (meter->open && second <= meter->open_second)
		return;
	if (meter->open) {
		int64_t expected_ms = last.at_ms + (second - meter->open_second) * MS_PER_S;

		close_sample_locked(meter);
		/* The two clocks' seconds do not begin together: a label may be one off. */
		if (at_ms < expected_ms + 2 * MS_PER_S)
			at_ms = expected_ms;
	}
	meter->now = (struct meter_sample){
	    .at_ms = at_ms,
	    .step_s = 1,
	    .in_flight = last.in_flight,
	    .concurrency = last.concurrency,
	};
	meter->open = true;
	meter->open_second = second;
}

static void count_locked(struct meter_sample *sample, enum decision decision, bool final)
{
	switch (decision) {
	case DECISION_DONE:
		sample->done++;
		break;
	case DECISION_SKIP:
		sample->skipped++;
		break;
	case DECISION_FAIL:
		sample->failed++;
		break;
	case DECISION_UNKNOWN:
		sample->unknown++;
		break;
	case DECISION_THROTTLE:
		sample->throttled++;
		sample->failed += final; /* its attempts are used up */
		break;
	case DECISION_RETRY:
	case DECISION_PAUSE:
		if (final)
			sample->failed++;
		else
			sample->retried++;
		break;
	case DECISION_NONE:
	case DECISIONS:
		break;
	}
}

/* ---- the doors ------------------------------------------------------ */

void meter_add(struct meter *meter, int64_t now_mono_ns, int64_t wall_ms, enum decision decision,
               bool final, int64_t latency_us)
{
	assert(now_mono_ns >= 0);
	pthread_mutex_lock(&meter->mutex);
	roll_locked(meter, now_mono_ns, wall_ms);
	count_locked(&meter->now, decision, final);
	add_rate_locked(meter, now_mono_ns, final, latency_us);
	add_latency_locked(meter, now_mono_ns, latency_us);
	pthread_mutex_unlock(&meter->mutex);
}

void meter_tick(struct meter *meter, int64_t now_mono_ns, int64_t wall_ms, int in_flight,
                int concurrency)
{
	assert(now_mono_ns >= 0);
	pthread_mutex_lock(&meter->mutex);
	/* Before the roll: they are the end of the second that is closed by it. */
	meter->now.in_flight = in_flight;
	meter->now.concurrency = concurrency;
	roll_locked(meter, now_mono_ns, wall_ms);
	pthread_mutex_unlock(&meter->mutex);
}

void meter_view(struct meter *meter, int64_t now_mono_ns, struct meter_view *out)
{
	assert(now_mono_ns >= 0);
	pthread_mutex_lock(&meter->mutex);
	view_rates_locked(meter, now_mono_ns, out);
	view_latencies_locked(meter, now_mono_ns, out);
	pthread_mutex_unlock(&meter->mutex);
}

int meter_samples(struct meter *meter, int64_t since_ms, struct meter_sample *out, int max)
{
	int64_t first;
	int written = 0;

	pthread_mutex_lock(&meter->mutex);
	first = meter->sample_count > METER_SAMPLES ? meter->sample_count - METER_SAMPLES : 0;
	for (int64_t i = first; i < meter->sample_count && written < max; i++) {
		const struct meter_sample *sample = &meter->samples[i % METER_SAMPLES];

		if (sample->at_ms > since_ms)
			out[written++] = *sample;
	}
	pthread_mutex_unlock(&meter->mutex);
	return written;
}
