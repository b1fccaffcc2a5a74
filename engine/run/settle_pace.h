/* What one answer says beyond its item: to the limit that let it out, and to
 * the upstream that gave it; and what these say of the item in return. */
#ifndef SLUICE_RUN_SETTLE_PACE_H
#define SLUICE_RUN_SETTLE_PACE_H

#include "engine/policy/outcome.h"
#include "engine/run/limit.h"
#include "engine/run/pool.h"
#include "engine/run/upstream.h"

/* The sides of one lane. */
struct pace {
	struct limit *limit;
	struct upstream *upstream;
};

/* outcome_decide, told of the pace and telling it.  facts->paced and
 * ->forgiven are set here. */
void pace_decide(const struct pace *pace, const struct task *task, struct attempt_facts *facts,
                 const struct retry_policy *policy, struct random *random, struct verdict *verdict,
                 struct upstream_word *word);

/* Does a refusal of this one say something of all?  Not of an item that was
 * refused again and again, while others go through. */
bool pace_telling(const struct task *task);

#endif
