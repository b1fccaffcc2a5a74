#include "engine/policy/halt.h"

#include <stdio.h>

bool halt_reached(const struct halt_policy *policy, int64_t failed, int64_t ended, char *reason,
                  size_t size)
{
	if (policy->failed > 0 && failed >= policy->failed) {
		snprintf(reason, size, "%lld %s failed, the limit is %lld", (long long)failed,
		         failed == 1 ? "item" : "items", (long long)policy->failed);
		return true;
	}
	if (policy->failed_percent <= 0 || ended < policy->items_min || failed == 0 ||
	    (double)failed * 100 < policy->failed_percent * (double)ended)
		return false;
	snprintf(reason, size, "%lld of %lld items failed, the limit is %g %%", (long long)failed,
	         (long long)ended, policy->failed_percent);
	return true;
}
