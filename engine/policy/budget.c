#include "engine/policy/budget.h"

#include "engine/base/clock.h"

/* Without it an empty budget and nothing but retries left would wait for ever. */
#define TRICKLE_NS (350 * NS_PER_MS)

/* Nobody is put off for longer; what is owed beyond is forgiven. */
#define DEFER_NS_MAX (300 * NS_PER_S)

static void earn(struct budget *budget, int64_t tokens)
{
	budget->tokens += tokens;
	if (budget->tokens > BUDGET_TOKENS)
		budget->tokens = BUDGET_TOKENS;
}

/* The trickle pays debts only: it does not fill the budget. */
static void trickle(struct budget *budget, int64_t now_ns)
{
	int64_t tokens = (now_ns - budget->paid_ns) / TRICKLE_NS;

	if (tokens <= 0)
		return;
	budget->paid_ns += tokens * TRICKLE_NS;
	if (budget->tokens < 0)
		budget->tokens = budget->tokens + tokens < 0 ? budget->tokens + tokens : 0;
}

void budget_init(struct budget *budget, int64_t now_ns)
{
	budget->tokens = BUDGET_TOKENS;
	budget->paid_ns = now_ns;
}

void budget_success(struct budget *budget, int64_t now_ns)
{
	trickle(budget, now_ns);
	earn(budget, 1);
}

int64_t budget_take(struct budget *budget, int cost, int64_t now_ns)
{
	trickle(budget, now_ns);
	budget->tokens -= cost;
	if (budget->tokens >= 0)
		return 0;
	if (-budget->tokens > DEFER_NS_MAX / TRICKLE_NS)
		budget->tokens = -(DEFER_NS_MAX / TRICKLE_NS);
	return -budget->tokens * TRICKLE_NS;
}

bool budget_ample(const struct budget *budget)
{
	return budget->tokens >= BUDGET_TOKENS * 3 / 4;
}
