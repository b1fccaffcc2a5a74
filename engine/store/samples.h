/* A job's course over its whole run, and that of its causes, at a width that
 * grows with the run. */
#ifndef SLUICE_STORE_SAMPLES_H
#define SLUICE_STORE_SAMPLES_H

#include <stdint.h>

#include "engine/store/db.h"

#define SAMPLES_MAX 2048   /* kept of a job; beyond, the width doubles */
#define GROUP_TIME_S 10    /* width of a cause's counts, at first */

struct sample_row {
	int64_t at_ms; /* of its start */
	int step_s;    /* seconds that it covers */
	int64_t done, failed, unknown, skipped, retried, throttled;
	int in_flight, concurrency;
	double p50_ms, p95_ms, p99_ms; /* 0 where nothing came back */
};

/* Writer: take in some seconds, in order; a sample that is there grows.  Thins
 * where there come to be too many. */
enum status samples_add(struct db *db, int64_t job, const struct sample_row *rows, int count,
                        struct error *error);
/* Those behind since_ms, oldest first. */
enum status samples_list(struct db *db, int64_t job, int64_t since_ms,
                         void (*visit)(void *context, const struct sample_row *row),
                         void *context, struct error *error);

/* The seconds covered by all of them: in which the job was worked on. */
enum status samples_worked(struct db *db, int64_t job, int64_t *seconds, struct error *error);

/* Writer: a failure of this cause came. */
enum status group_times_add(struct db *db, int64_t job, uint64_t group, int64_t at_ms,
                            struct error *error);
/* Its counts, oldest first. */
enum status group_times_list(struct db *db, int64_t job, uint64_t group,
                             void (*visit)(void *context, int64_t at_ms, int64_t count),
                             void *context, struct error *error);
/* The numbers of up to five items that ended with this cause; *count of them. */
enum status group_samples(struct db *db, int64_t job, uint64_t group, int64_t seqs[5], int *count,
                          struct error *error);

#endif
