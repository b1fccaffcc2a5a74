/* A target with hidden limits, in virtual time. */
#ifndef SIM_TARGET_H
#define SIM_TARGET_H

#include <stdbool.h>
#include <string.h>

#include "engine/base/clock.h"
#include "engine/base/random.h"

enum sim_limiter {
	SIM_BUCKET,  /* fills all the time, holds `burst` */
	SIM_WINDOW,  /* so many each full second */
};

enum sim_health { SIM_UP, SIM_REFUSES, SIM_FAILS };

/* How the target is from a moment on. */
struct sim_phase {
	double from_s;
	double qps;           /* 0: no limit */
	double burst;         /* of SIM_BUCKET */
	int concurrency;      /* 0: no limit */
	double latency_ms, jitter_ms;
	enum sim_health health;
};

#define SIM_PHASES 4

struct sim_setting {
	const char *name;
	enum sim_limiter limiter;
	bool slow_refusals;   /* a 429 takes as long as an answer */
	bool tells;           /* limit, remaining, reset in each answer */
	int retry_after_s;    /* with each 429; 0: not told */
	double error_share;   /* 503 now and then, 0..1 */
	double network_ms, network_jitter_ms; /* one way */
	struct sim_phase phases[SIM_PHASES]; /* from_s rising; the first at 0 */
};

struct sim_target {
	const struct sim_setting *setting;
	struct random random;
	double tokens;
	int64_t tokens_at_ns;
	int64_t window_at_s;
	int in_flight;

	/* what it saw */
	int64_t requests, accepted, refused, errors, unreachable;
};

struct sim_reply {
	int status;       /* 0: no connection */
	int64_t after_ns; /* from arrival */
	bool occupies;    /* in flight at the target until then */
	int64_t limit, remaining, reset_ms;
};

static inline double sim_uniform(struct random *random)
{
	return (double)(random_next(random) >> 11) * 0x1p-53;
}

static inline const struct sim_phase *sim_phase_at(const struct sim_setting *setting,
                                                   int64_t now_ns)
{
	const struct sim_phase *phase = &setting->phases[0];

	for (int i = 1; i < SIM_PHASES && setting->phases[i].from_s > 0; i++)
		if (now_ns >= (int64_t)(setting->phases[i].from_s * 1e9))
			phase = &setting->phases[i];
	return phase;
}

static inline void sim_target_init(struct sim_target *target, const struct sim_setting *setting,
                                   uint64_t seed)
{
	memset(target, 0, sizeof(*target));
	target->setting = setting;
	target->random.state = seed * 7919 + 1;
	target->tokens = setting->phases[0].burst;
	target->window_at_s = -1;
}

static inline bool sim_target_token(struct sim_target *target, const struct sim_phase *phase,
                                    int64_t now_ns)
{
	if (phase->qps <= 0)
		return true;
	if (target->setting->limiter == SIM_WINDOW) {
		if (now_ns / NS_PER_S != target->window_at_s) {
			target->window_at_s = now_ns / NS_PER_S;
			target->tokens = phase->qps;
		}
	} else {
		target->tokens += (double)(now_ns - target->tokens_at_ns) / 1e9 * phase->qps;
		target->tokens_at_ns = now_ns;
		if (target->tokens > phase->burst)
			target->tokens = phase->burst;
	}
	if (target->tokens < 1)
		return false;
	target->tokens -= 1;
	return true;
}

static inline void sim_target_tell(struct sim_target *target, const struct sim_phase *phase,
                                   int64_t now_ns, struct sim_reply *reply)
{
	reply->limit = reply->remaining = reply->reset_ms = -1;
	if (!target->setting->tells)
		return;
	reply->remaining = (int64_t)target->tokens;
	if (target->setting->limiter == SIM_WINDOW) {
		reply->limit = (int64_t)phase->qps;
		reply->reset_ms = 1000; /* whole seconds, rounded up */
	} else {
		reply->limit = (int64_t)phase->burst;
		reply->reset_ms = 1000 * (int64_t)((phase->burst - target->tokens) / phase->qps + 0.999);
	}
	(void)now_ns;
}

/* A request arrives. */
static inline struct sim_reply sim_target_arrive(struct sim_target *target, int64_t now_ns)
{
	const struct sim_phase *phase = sim_phase_at(target->setting, now_ns);
	double ms = phase->latency_ms + phase->jitter_ms * sim_uniform(&target->random);
	struct sim_reply reply = {.after_ns = (int64_t)(ms * 1e6), .occupies = true};

	target->requests++;
	if (phase->health == SIM_REFUSES) {
		target->unreachable++;
		reply.occupies = false;
		reply.after_ns = 0;
		reply.limit = reply.remaining = reply.reset_ms = -1;
		return reply;
	}
	if (phase->health == SIM_FAILS) {
		target->errors++;
		reply.status = 503;
	} else if ((phase->concurrency > 0 && target->in_flight >= phase->concurrency) ||
	           !sim_target_token(target, phase, now_ns)) {
		target->refused++;
		reply.status = 429;
		reply.occupies = false;
		if (!target->setting->slow_refusals)
			reply.after_ns = 0;
	} else if (sim_uniform(&target->random) < target->setting->error_share) {
		target->errors++;
		reply.status = 503;
	} else {
		target->accepted++;
		reply.status = 200;
	}
	target->in_flight += reply.occupies;
	sim_target_tell(target, phase, now_ns, &reply);
	return reply;
}

/* What it could accept from one moment to another. */
static inline double sim_capacity(const struct sim_setting *setting, double from_s, double to_s)
{
	double total = 0;

	for (double s = from_s; s < to_s - 0.005; s += 0.01) {
		const struct sim_phase *phase = sim_phase_at(setting, (int64_t)(s * 1e9));
		double mean_s = (phase->latency_ms + phase->jitter_ms / 2 + 2 * setting->network_ms +
		                 setting->network_jitter_ms) / 1000;
		double rate = phase->qps > 0 ? phase->qps : 1e9;

		if (phase->concurrency > 0 && phase->concurrency / mean_s < rate)
			rate = phase->concurrency / mean_s;
		if (phase->health == SIM_UP)
			total += rate * 0.01;
	}
	return total;
}

#endif
