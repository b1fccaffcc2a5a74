/* When to stop because too much fails: halting thresholds. */
#ifndef SLUICE_POLICY_HALT_H
#define SLUICE_POLICY_HALT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct halt_policy {
	int64_t failed;        /* so many failed items; 0: no such limit */
	double failed_percent; /* so large a share of those that ended, once items_min have; 0: none */
	int64_t items_min;
};

/* Is a threshold reached?  `failed` of `ended` items, both since a person last
 * gave leave.  Then `reason` says which, for a person. */
bool halt_reached(const struct halt_policy *policy, int64_t failed, int64_t ended, char *reason,
                  size_t size);

#endif
