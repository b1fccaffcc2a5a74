/* From an exchange that ended to what will be recorded: rules, the built-in
 * table, extraction, the cause for a person, masking.  Runs on pool threads. */
#ifndef SLUICE_RUN_SETTLE_H
#define SLUICE_RUN_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/policy/cause.h"
#include "engine/run/message.h"
#include "engine/run/pool.h"
#include "engine/run/settle_pace.h"
#include "engine/store/outcomes.h"

/* What travels to the writer: one attempt with its verdict.  Owns its task. */
struct settlement {
	struct message message; /* first */
	struct task *task;
	int64_t job;
	struct attempt_record record; /* points into this struct and the task */
	int64_t pause_until_ms;       /* the job pauses until then; 0: no */
	bool pause_by_rule;           /* the job pauses until a person resumes it */
	int64_t hold_ms;              /* the lane sends nothing for so long */
	int64_t latency_us;
	bool final;
	bool holds_permit;            /* until it is written; the lane's */
	char reason[200];             /* of the pause */
	char cause[CAUSE_MESSAGE_MAX + 1];
	char code[64];
	char text[512];               /* message for a person */
	char wait_source[64];
	struct buffer headers, request, extracted;
};

/* NULL without memory (the pace was told all the same).  now_ms: wall. */
struct settlement *settle(struct pool_worker *worker, struct task *task, const struct pace *pace,
                          int64_t job, int64_t now_ms);
/* Frees it, and gives the task back to its pool. */
void settlement_free(struct pool *pool, struct settlement *settlement);

#endif
