/* What the budgets mean together. */
#include <string.h>

#include "engine/policy/headers_internal.h"

struct budget *budget_at(struct scene *scene, uint32_t label, int style, int index)
{
	struct budget *budget;

	for (int i = 0; i < scene->budget_count; i++) {
		budget = &scene->budgets[i];
		if (budget->label == label && budget->style == style && budget->index == index)
			return budget;
	}
	if (scene->budget_count == BUDGETS_MAX)
		return NULL;
	budget = &scene->budgets[scene->budget_count++];
	*budget = (struct budget){.label = label, .style = style, .index = index, .limit = -1,
	                          .quota = -1, .remaining = -1, .used = -1, .window_s = -1,
	                          .reset_ms = -1, .calls = true};
	return budget;
}

void budget_policy(struct scene *scene, int64_t quota, int64_t window_s)
{
	struct header_hints *hints = scene->hints;

	for (int i = 0; i < hints->policy_count; i++) {
		if (hints->policies[i].quota == quota && hints->policies[i].window_s == window_s)
			return;
	}
	if (hints->policy_count < HEADER_POLICIES_MAX)
		hints->policies[hints->policy_count++] = (struct header_policy){quota, window_s};
}

/* Complete each from what it holds itself. */
static void settle_budget(struct scene *scene, struct budget *budget)
{
	if (budget->limit < 0)
		budget->limit = budget->quota;
	if (budget->limit > 0 && budget->window_s > 0)
		budget_policy(scene, budget->limit, budget->window_s);
	if (budget->remaining < 0 && budget->used >= 0 && budget->limit >= 0)
		budget->remaining = budget->used < budget->limit ? budget->limit - budget->used : 0;
	if (budget->unlimited)
		budget->limit = budget->remaining = -1;
	if (budget->rejected && budget->remaining < 0)
		budget->remaining = 0;
}

/* How near is what `other` tells to `budget`?  0: not at all. */
static int kinship(const struct budget *budget, const struct budget *other)
{
	if (budget == other)
		return 5;
	if (budget->label == other->label)
		return budget->style == other->style ? 4 : 3;
	/* It says nothing of what remains, so it may well be about this one. */
	return other->remaining < 0 ? 2 : 0;
}

/* Whose reset ends this budget's want?  NULL: nobody's. */
static const struct budget *reset_of(const struct scene *scene, const struct budget *budget)
{
	const struct budget *best = NULL;
	int nearest = 0;

	for (int i = 0; i < scene->budget_count; i++) {
		const struct budget *other = &scene->budgets[i];
		int near = kinship(budget, other);

		if (other->reset_ms > 0 && near > nearest) {
			best = other;
			nearest = near;
		}
	}
	return best;
}

static int64_t limit_of(const struct scene *scene, const struct budget *budget)
{
	int64_t limit = -1;
	int nearest = 0;

	for (int i = 0; i < scene->budget_count; i++) {
		const struct budget *other = &scene->budgets[i];
		int near = kinship(budget, other);

		if (other->limit >= 0 && near > nearest) {
			limit = other->limit;
			nearest = near;
		}
	}
	return limit;
}

static void set_wait(struct header_hints *hints, enum wait_kind kind, const struct budget *budget)
{
	size_t length = (size_t)(budget->reset_name.end - budget->reset_name.at);

	hints->wait_ms = budget->reset_ms;
	hints->wait_kind = kind;
	for (size_t i = 0; i < length; i++) {
		char c = budget->reset_name.at[i];

		hints->source[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	hints->source[length] = '\0';
}

/* The budget that is used up for the longest, else the first that tells what
 * remains, else the first with a limit. */
static const struct budget *speaker(const struct scene *scene, const struct budget **reset)
{
	const struct budget *empty = NULL, *telling = NULL, *limited = NULL;

	*reset = NULL;
	for (int i = 0; i < scene->budget_count; i++) {
		const struct budget *budget = &scene->budgets[i];
		const struct budget *its = budget->remaining == 0 ? reset_of(scene, budget) : NULL;

		if (!limited && budget->limit >= 0)
			limited = budget;
		if (!telling && budget->remaining >= 0)
			telling = budget;
		if (budget->remaining == 0 &&
		    (!empty || (its && (!*reset || its->reset_ms > (*reset)->reset_ms)))) {
			empty = budget;
			*reset = its;
		}
	}
	return empty ? empty : telling ? telling : limited;
}

/* The nearest reset: if that was not the one, the next answer will say so. */
static const struct budget *nearest_reset(const struct scene *scene)
{
	const struct budget *best = NULL;

	for (int i = 0; i < scene->budget_count; i++) {
		const struct budget *budget = &scene->budgets[i];

		if (budget->reset_ms > 0 && (!best || budget->reset_ms < best->reset_ms))
			best = budget;
	}
	return best;
}

/* The budget that allows the fewest requests a second. */
static void set_pace(struct scene *scene)
{
	struct header_hints *hints = scene->hints;

	for (int i = 0; i < scene->budget_count; i++) {
		const struct budget *budget = &scene->budgets[i];

		if (!budget->calls || budget->remaining < 0 || budget->reset_ms <= 0)
			continue;
		if (hints->pace_remaining >= 0 &&
		    (double)budget->remaining * (double)hints->pace_reset_ms >=
		        (double)hints->pace_remaining * (double)budget->reset_ms)
			continue;
		hints->pace_remaining = budget->remaining;
		hints->pace_reset_ms = budget->reset_ms;
	}
}

void budgets_judge(struct scene *scene)
{
	struct header_hints *hints = scene->hints;
	const struct budget *budget, *reset;

	for (int i = 0; i < scene->budget_count; i++)
		settle_budget(scene, &scene->budgets[i]);
	set_pace(scene);
	budget = speaker(scene, &reset);
	if (budget) {
		hints->limit = limit_of(scene, budget);
		hints->remaining = budget->remaining;
		hints->exhausted = budget->remaining == 0;
	}
	if (hints->wait_ms > 0)
		return; /* asked for */
	if (reset)
		set_wait(hints, WAIT_EXHAUSTED, reset);
	else if (hints->remaining < 0 && nearest_reset(scene))
		set_wait(hints, WAIT_PRESUMED, nearest_reset(scene));
}
