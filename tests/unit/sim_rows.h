/* Simulated runs held against bounds: medians and worst of SIM_SEEDS seeds
 * (an environment variable; 10 where it is not set). */
#ifndef SIM_ROWS_H
#define SIM_ROWS_H

#include "engine/base/clock.h"
#include "tests/unit/sim_lane.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SEEDS 10
#define SEEDS_MAX 100

struct figures {
	double goodput; /* share of what the target could have accepted */
	double refused; /* share of the requests */
	int64_t failed;
};

struct bounds {
	double goodput, refused;
	double goodput_worst, refused_worst; /* of any seed */
};

struct row {
	struct sim_setting setting;
	struct adapt_ceilings ceilings;
	double seconds;
	struct bounds bounds;
};

static inline int seeds(void)
{
	const char *text = getenv("SIM_SEEDS");
	int count = text != NULL ? atoi(text) : SEEDS;

	return count < 1 ? 1 : count > SEEDS_MAX ? SEEDS_MAX : count;
}

static inline int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* What the target accepts, or as much of it as the ceiling on concurrency lets through. */
static inline double within_reach(const struct row *row)
{
	double total = 0;

	for (double s = 0; s < row->seconds; s++) {
		const struct sim_phase *phase = sim_phase_at(&row->setting, (int64_t)(s * 1e9));
		double latency_s = (phase->latency_ms + phase->jitter_ms / 2 + 2 * row->setting.network_ms +
		                    row->setting.network_jitter_ms) / 1000;
		double most = row->ceilings.concurrency / latency_s;
		double capacity = sim_capacity(&row->setting, s, s + 1);

		total += capacity < most ? capacity : most;
	}
	return total;
}

static inline struct figures run(const struct row *row, uint64_t seed)
{
	struct sim_target target;
	struct sim_lane lane;
	struct figures figures;

	sim_target_init(&target, &row->setting, seed);
	sim_lane_init(&lane, &target, &row->ceilings, seed);
	sim_lane_run(&lane, (int64_t)(row->seconds * 1e9));
	figures.goodput = (double)target.accepted / within_reach(row);
	figures.refused = (double)target.refused / (double)target.requests;
	figures.failed = lane.failed;
	sim_lane_free(&lane);
	return figures;
}

static inline void hold_against(const struct row *row)
{
	double goodput[SEEDS_MAX], refused[SEEDS_MAX];
	const struct bounds *bounds = &row->bounds;
	int count = seeds();

	for (int i = 0; i < count; i++) {
		struct figures figures = run(row, (uint64_t)i + 1);

		goodput[i] = figures.goodput;
		refused[i] = figures.refused;
		assert_int_equal(figures.failed, 0);
	}
	qsort(goodput, (size_t)count, sizeof(goodput[0]), compare);
	qsort(refused, (size_t)count, sizeof(refused[0]), compare);
	printf("# %-44s seeds 1-%d: goodput %5.1f %% (worst %5.1f), refused %4.2f %% (worst %4.2f)\n",
	       row->setting.name, count, goodput[count / 2] * 100, goodput[0] * 100,
	       refused[count / 2] * 100, refused[count - 1] * 100);
	assert_true(goodput[count / 2] >= bounds->goodput);
	assert_true(refused[count / 2] <= bounds->refused);
	assert_true(goodput[0] >= bounds->goodput_worst);
	assert_true(refused[count - 1] <= bounds->refused_worst);
}

static inline void hold_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		hold_against(&rows[i]);
}

#define CEILING {.concurrency = 64, .rate = {0, NS_PER_S}, .burst = 1}
#define BOUND(goodput, refused) {goodput, refused, (goodput) - 0.05, (refused) * 1.5}
#define ROW(text, reach, refusals, ...)                                                           \
	{                                                                                         \
		.setting = {.name = text, .network_ms = 1, __VA_ARGS__}, .ceilings = CEILING,     \
		.seconds = 60, .bounds = BOUND(reach, refusals)                                   \
	}

#endif
