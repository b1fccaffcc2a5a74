/* A batch that ended badly, and a person's hand on its items. */
#ifndef SLUICE_TESTS_ENGINE_ACTS_H
#define SLUICE_TESTS_ENGINE_ACTS_H

#include "tests/unit/engine_bench.h"

/* By the last digit: 2 not there, 3 is lost on the way, 4 is a business error.
 */
static inline void answer_badly(struct ledger *ledger, int item, int hit, struct reply *reply)
{
	(void)ledger;
	reply->body = "{\"id\":7}";
	if (hit > 1)
		return; /* mended meanwhile */
	switch (item % 10) {
	case 2:
		reply->status = 404;
		reply->body = "{\"message\":\"no user 4711\"}";
		break;
	case 3:
		reply->drop = true;
		break;
	case 4:
		reply->body = "{\"code\":1001,\"msg\":\"quota\"}";
		break;
	default:
		break;
	}
}

/* 50 items: 35 done, 10 failed for two causes, 5 unknown. */
static inline int64_t run_badly(struct bench *bench)
{
	struct engine_progress progress;
	int64_t job;

	ledger_set_answer(bench->ledger, answer_badly);
	job = bench_job_of(bench, "bad", "POST",
	                   ",\"rules\":[{\"if\":\"$.code != "
	                   "0\",\"then\":\"fail\",\"code\":\"$.code\","
	                   "\"message\":\"$.msg\"}],\"extract\":{\"id\":\"$.id\"}",
	                   50);
	bench_start(bench, job);
	bench_wait(bench, job);
	progress = bench_progress(bench, job);
	assert_counts(&progress, 35, 10, 5, 0);
	return job;
}

static inline struct engine_operation act(struct bench *bench, int64_t job,
                                          enum engine_action action,
                                          const struct engine_selection *selection)
{
	struct engine_operation dry, wet;
	struct error error = {0};

	must(engine_act(bench->engine, job, action, selection, "tester", true, &dry, &error),
	     &error);
	assert_int_equal(dry.id, 0);
	must(engine_act(bench->engine, job, action, selection, "tester", false, &wet, &error),
	     &error);
	must(engine_operation_wait(bench->engine, job, wet.id, clock_mono_ns() + PATIENCE_NS,
	                           &error),
	     &error);
	assert_true(wet.id > 0);
	assert_int_equal(wet.action, action);
	assert_string_equal(wet.who, "tester");
	/* What was foretold came true. */
	assert_int_equal(wet.matched, dry.matched);
	assert_int_equal(wet.changed, dry.changed);
	return wet;
}

#endif
