#include "engine/cli/nearest.h"

#include <string.h>

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Letters wrong, missing, too many, or swapped with their neighbour; names longer
 * than the table's are far from all. */
static int distance(const char *a, const char *b)
{
	size_t a_length = strlen(a), b_length = strlen(b);
	int rows[NEAREST_LENGTH_MAX + 1][NEAREST_LENGTH_MAX + 1];

	if (a_length > NEAREST_LENGTH_MAX || b_length > NEAREST_LENGTH_MAX)
		return NEAREST_LENGTH_MAX;
	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = (int)j;
	for (size_t i = 1; i <= a_length; i++) {
		rows[i][0] = (int)i;
		for (size_t j = 1; j <= b_length; j++) {
			int best = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			best = least(best, least(rows[i - 1][j], rows[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = least(best, rows[i - 2][j - 2] + 1);
			rows[i][j] = best;
		}
	}
	return rows[a_length][b_length];
}

int nearest_slips(const char *typed, const char *name)
{
	size_t length = strlen(typed);

	if (length >= 3 && strncmp(typed, name, length) == 0 && name[length])
		return 1;
	return distance(typed, name);
}

int nearest_slips_max(const char *typed)
{
	return strlen(typed) < 5 ? 1 : 2;
}
