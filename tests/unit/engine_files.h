/* Items in files, taken in. */
#ifndef SLUICE_TESTS_ENGINE_FILES_H
#define SLUICE_TESTS_ENGINE_FILES_H

#include "tests/unit/engine_bench.h"

static inline const char *write_file(const struct bench *bench, const char *name, const char *text)
{
	const char *path = bench_path(bench, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	return path;
}

static inline enum status import(struct bench *bench, int64_t job, const char *path, bool append,
                                 struct error *error)
{
	const struct engine_import how = {.path = path, .format = FORMAT_AUTO, .append = append};

	return engine_job_import(bench->engine, job, &how, error);
}

static inline void import_and_wait(struct bench *bench, int64_t job, const char *path, bool append)
{
	struct error error = {0};

	must(import(bench, job, path, append, &error), &error);
	bench_until(bench_progress(bench, job).state != JOB_IMPORTING);
	/* Its state is told before the last of the import is put away. */
	bench_until(engine_job_wait(bench->engine, job, 0));
}

#endif
