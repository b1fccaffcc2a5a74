#include "engine/cli/nearest.h"

#include <string.h>

/* Levenshtein's distance; names longer than the table's are far from all. */
static int distance(const char *a, const char *b)
{
	size_t a_length = strlen(a), b_length = strlen(b);
	int row[NEAREST_LENGTH_MAX + 1];

	if (a_length > NEAREST_LENGTH_MAX || b_length > NEAREST_LENGTH_MAX)
		return NEAREST_LENGTH_MAX;
	for (size_t j = 0; j <= b_length; j++)
		row[j] = (int)j;
	for (size_t i = 1; i <= a_length; i++) {
		int diagonal = row[0];
		row[0] = (int)i;
		for (size_t j = 1; j <= b_length; j++) {
			int best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_length];
}

int nearest_slips(const char *typed, const char *name)
{
	size_t length = strlen(typed);

	if (length >= 3 && strncmp(typed, name, length) == 0)
		return 1;
	return distance(typed, name);
}

int nearest_slips_max(const char *typed)
{
	return strlen(typed) < 5 ? 1 : 2;
}
