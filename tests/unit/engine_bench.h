/* An engine on a database of its own, against a ledger: for the tests of the
 * façade and of faults. */
#ifndef SLUICE_TESTS_ENGINE_BENCH_H
#define SLUICE_TESTS_ENGINE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/clock.h"
#include "engine/base/log.h"
#include "engine/run/engine.h"
#include "tests/unit/ledger.h"

/* Nothing here is timed; a test that hangs fails after this long. */
#define PATIENCE_NS (60 * NS_PER_S)

struct bench {
	char directory[64];
	char db[96];
	struct ledger *ledger;
	struct engine *engine;
};

static inline void must(enum status status, const struct error *error)
{
	if (status != STATUS_OK)
		fail_msg("%s: %s", status_name(status), error->text);
}

static inline void expect_refusal(enum status status, enum status wanted,
                                  const struct error *error, const char *says)
{
	if (status != wanted)
		fail_msg("%s (%s), not %s", status_name(status), error->text, status_name(wanted));
	assert_int_equal(error->status, wanted);
	if (strstr(error->text, says) == NULL)
		fail_msg("'%s' does not say '%s'", error->text, says);
}

static inline enum status bench_try_open(struct bench *bench, enum engine_mode mode,
                                         struct error *error)
{
	const struct engine_options options = {.db_path = bench->db, .mode = mode, .threads = 2};

	return engine_open(&options, &bench->engine, error);
}

static inline void bench_open(struct bench *bench, enum engine_mode mode)
{
	struct error error = {0};

	must(bench_try_open(bench, mode, &error), &error);
}

static inline void bench_close(struct bench *bench)
{
	engine_close(bench->engine);
	bench->engine = NULL;
}

static inline const char *bench_path(const struct bench *bench, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", bench->directory, name);
	return path;
}

static inline int bench_setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	log_set_level(LOG_ERROR);
	strcpy(bench->directory, "/tmp/sluice-engine-XXXXXX");
	if (mkdtemp(bench->directory) == NULL)
		return -1;
	snprintf(bench->db, sizeof(bench->db), "%s/test.db", bench->directory);
	bench->ledger = ledger_start(NULL);
	bench_open(bench, ENGINE_RUN);
	*state = bench;
	return 0;
}

static inline int bench_teardown(void **state)
{
	struct bench *bench = *state;
	char command[128];

	ledger_gate(bench->ledger, true);
	engine_close(bench->engine);
	ledger_stop(bench->ledger);
	snprintf(command, sizeof(command), "rm -r %s", bench->directory);
	if (system(command) != 0)
		return -1;
	free(bench);
	return 0;
}

/* ---- jobs ------------------------------------------------------------------ */

/* `more`: further members of the job file, each with a comma before it, or "". */
static inline struct spec *bench_spec(const struct bench *bench, const char *name,
                                      const char *method, const char *more)
{
	struct error error = {0};
	struct spec *spec = NULL;
	char text[2048];
	int length = snprintf(text, sizeof(text),
	                      "{\"name\":\"%s\",\"request\":{\"method\":\"%s\","
	                      "\"url\":\"http://127.0.0.1:%d/{{n}}\"},"
	                      "\"retry\":{\"max\":3,\"delay_s\":0.001,\"delay_max_s\":0.002}%s}",
	                      name, method, bench->ledger->port, more);

	must(spec_parse(text, (size_t)length, NULL, &spec, &error), &error);
	return spec;
}

static inline int64_t bench_job(struct bench *bench, const char *name, const char *method,
                                const char *more)
{
	struct spec *spec = bench_spec(bench, name, method, more);
	struct error error = {0};
	int64_t job = 0;

	must(engine_job_create(bench->engine, spec, NULL, false, "test", &job, &error), &error);
	spec_free(spec);
	return job;
}

/* Rows {"n":N,"city":"city N"} from first to last. */
static inline const char *bench_items(const struct bench *bench, const char *name, int first,
                                      int last)
{
	const char *path = bench_path(bench, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (int n = first; n <= last; n++)
		fprintf(file, "{\"n\":%d,\"city\":\"city %d\"}\n", n, n);
	assert_int_equal(fclose(file), 0);
	return path;
}

static inline void bench_import(struct bench *bench, int64_t job, const char *path)
{
	const struct engine_import import = {.path = path, .format = FORMAT_AUTO};
	struct error error = {0};

	must(engine_job_import(bench->engine, job, &import, &error), &error);
}

static inline struct engine_progress bench_progress(struct bench *bench, int64_t job)
{
	struct engine_progress progress;
	struct error error = {0};
	int64_t sum = 0;

	must(engine_job_progress(bench->engine, job, &progress, &error), &error);
	for (int state = 0; state < ITEM_STATES; state++)
		sum += progress.counts[state];
	assert_int_equal(sum, progress.total);
	return progress;
}

static inline void bench_start(struct bench *bench, int64_t job)
{
	struct error error = {0};

	must(engine_job_start(bench->engine, job, &error), &error);
}

static inline void bench_wait(struct bench *bench, int64_t job)
{
	int64_t deadline = clock_mono_ns() + PATIENCE_NS;

	while (!engine_job_wait(bench->engine, job, deadline))
		if (clock_mono_ns() > deadline)
			fail_msg("job %lld does not end", (long long)job);
}

/* Loop body of `while (!condition)`: gives up in the end. */
static inline void bench_pause(int64_t began_ns)
{
	const struct timespec moment = {.tv_nsec = 1000000};

	if (clock_mono_ns() - began_ns > PATIENCE_NS)
		fail_msg("waited in vain");
	nanosleep(&moment, NULL);
}

#define bench_until(condition)                                                                    \
	for (int64_t began_ns_ = clock_mono_ns(); !(condition);)                                  \
	bench_pause(began_ns_)

/* A job of `count` items, imported and not started. */
static inline int64_t bench_job_of(struct bench *bench, const char *name, const char *method,
                                   const char *more, int count)
{
	char file[64];
	int64_t job = bench_job(bench, name, method, more);

	snprintf(file, sizeof(file), "%s.ndjson", name);
	bench_import(bench, job, bench_items(bench, file, 1, count));
	return job;
}

static inline void bench_sound(struct bench *bench)
{
	struct buffer report = {0};
	struct error error = {0};

	if (engine_db_check(bench->engine, &report, &error) != STATUS_OK)
		fail_msg("%s: %s", error.text, report.data != NULL ? report.data : "");
	buffer_free(&report);
}

static inline void assert_counts(const struct engine_progress *progress, int done, int failed,
                                 int unknown, int skipped)
{
	assert_int_equal(progress->counts[ITEM_DONE], done);
	assert_int_equal(progress->counts[ITEM_FAILED], failed);
	assert_int_equal(progress->counts[ITEM_UNKNOWN], unknown);
	assert_int_equal(progress->counts[ITEM_SKIPPED], skipped);
}

/* ---- reading --------------------------------------------------------------- */

struct listed {
	int64_t seqs[LEDGER_ITEMS];
	enum item_state states[LEDGER_ITEMS];
	int count;
	int http, attempts; /* of the last */
	char message[256], code[64], extracted[256];
};

static inline void list_item(void *context, const struct engine_item *item)
{
	struct listed *listed = context;

	assert_true(listed->count < LEDGER_ITEMS);
	listed->seqs[listed->count] = item->seq;
	listed->states[listed->count++] = item->state;
	listed->http = item->http_status;
	listed->attempts = item->attempts;
	snprintf(listed->message, sizeof(listed->message), "%s",
	         item->message != NULL ? item->message : "");
	snprintf(listed->code, sizeof(listed->code), "%s", item->code != NULL ? item->code : "");
	snprintf(listed->extracted, sizeof(listed->extracted), "%.*s",
	         (int)item->extracted.length, item->extracted.length ? item->extracted.at : "");
}

/* All that match, over pages of `limit`. */
static inline void bench_list(struct bench *bench, int64_t job, const char *filter, int limit,
                              struct listed *listed)
{
	struct engine_page page = {.filter = filter, .limit = limit, .extracted = true};
	struct error error = {0};
	int64_t next = 0;

	memset(listed, 0, sizeof(*listed));
	do {
		must(engine_items(bench->engine, job, &page, list_item, listed, &next, &error),
		     &error);
		page.after = next;
	} while (next > 0);
}

static inline int bench_count(struct bench *bench, int64_t job, const char *filter)
{
	static struct listed listed;

	bench_list(bench, job, filter, 7, &listed);
	return listed.count;
}

#endif
