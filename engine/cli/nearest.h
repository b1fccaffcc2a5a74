/* How near a mistyped name is to a real one: for "did you mean". */
#ifndef SLUICE_CLI_NEAREST_H
#define SLUICE_CLI_NEAREST_H

#define NEAREST_LENGTH_MAX 32 /* longer names are far from every name */

/* Letters to add, drop, change or swap with a neighbour; a beginning of at least three letters
 * ("conc" for "concurrency") counts as one. */
int nearest_slips(const char *typed, const char *name);
/* How many are still near: one in a short word, else two. */
int nearest_slips_max(const char *typed);

#endif
