/* The columns that `sluice export --format csv` puts behind the input's own: by them its
 * file is known again, and they are no part of the items. */
#ifndef SLUICE_INTAKE_EXPORTED_H
#define SLUICE_INTAKE_EXPORTED_H

#include <stddef.h>

#define EXPORTED_COLUMNS 6
extern const char *const exported_columns[EXPORTED_COLUMNS];

/* Finds them in a header: all six in a row, the last such place, since an input may have
 * columns of these names itself.  What follows them was extracted from responses. */
struct exported_run {
	int seen, matched;
	int begins; /* -1: not there */
};
#define EXPORTED_RUN_NONE {0, 0, -1}
/* The next column's name, plain bytes. */
void exported_run_see(struct exported_run *run, const char *name, size_t length);

#endif
