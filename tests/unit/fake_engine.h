/* An engine for the tests of web/: the façade's functions, answering what a
 * test put into `fake` and remembering what they were asked.  Included by one
 * file of a test program, so that the linker takes these and not the library's. */
#ifndef SLUICE_TESTS_FAKE_ENGINE_H
#define SLUICE_TESTS_FAKE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/run/engine.h"

static struct fake {
	/* what is there */
	int jobs;                  /* ids 1 … jobs; job 1 is "crm", others "job N" */
	struct engine_progress progress;
	const struct engine_item *items;
	int item_count;
	int64_t items_next;
	const struct engine_attempt *attempts;
	int attempt_count;
	struct engine_operation operation;
	/* Changed while the server's threads run: */
	atomic_int export_pieces;  /* of 1000 bytes, at least one */
	atomic_bool export_breaks; /* at its end */
	atomic_bool export_endless;
	atomic_int delay_ms;       /* of engine_health */
	enum status start, health, check, act, items_status;
	/* what was asked */
	char name[128], who[64], filter[256], rate[64], path[256];
	bool replaced, started, removed, given, dry_run, extracted;
	struct engine_limits limits;
	struct engine_selection selection;
	int64_t seqs[8];
	enum engine_action action;
	_Atomic enum items_format format;
	_Atomic enum upload_kind upload_kind;
	int64_t after, limit;
} fake;

static atomic_int fake_uploads_done, fake_uploads_abandoned, fake_exports_closed;
static atomic_llong fake_upload_bytes;

static enum status fake_fail(struct error *error, enum status status)
{
	return status == STATUS_OK ? status : error_set(error, status, "as told");
}

/* Several of the server's threads may note the same thing. */
static void fake_note(char *into, size_t size, const char *text)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&mutex);
	snprintf(into, size, "%s", text != NULL ? text : "(null)");
	pthread_mutex_unlock(&mutex);
}

static void fake_job_fill(int64_t job, struct engine_progress *out)
{
	*out = fake.progress;
	out->id = job;
	if (job == 1)
		strcpy(out->name, "crm");
	else
		snprintf(out->name, sizeof(out->name), "job %lld", (long long)job);
}

enum status engine_job_find(struct engine *engine, const char *id_or_name, int64_t *job,
                            struct error *error)
{
	struct engine_progress progress;

	(void)engine;
	for (*job = 1; *job <= fake.jobs; ++*job) {
		char id[32];

		fake_job_fill(*job, &progress);
		snprintf(id, sizeof(id), "%lld", (long long)*job);
		if (strcmp(id, id_or_name) == 0 || strcmp(progress.name, id_or_name) == 0)
			return STATUS_OK;
	}
	return error_set(error, STATUS_NOT_FOUND, "no job named '%s'", id_or_name);
}

enum status engine_job_create(struct engine *engine, const struct spec *spec,
                              const struct secret_set *given, bool replace, const char *who,
                              int64_t *job, struct error *error)
{
	(void)engine;
	fake_note(fake.who, sizeof(fake.who), who);
	fake_note(fake.name, sizeof(fake.name), spec->name);
	fake.given = given != NULL;
	fake.replaced = replace;
	if (strcmp(spec->name, "crm") == 0 && !replace)
		return error_set(error, STATUS_CONFLICT, "there is a job 'crm'");
	*job = ++fake.jobs;
	return STATUS_OK;
}

enum status engine_job_start(struct engine *engine, int64_t job, struct error *error)
{
	(void)engine;
	(void)job;
	fake.started = true;
	return fake_fail(error, fake.start);
}

enum status engine_job_remove(struct engine *engine, int64_t job, struct error *error)
{
	(void)engine;
	(void)job;
	fake.removed = true;
	if (fake.progress.active)
		return error_set(error, STATUS_CONFLICT, "it is running");
	return STATUS_OK;
}

enum status engine_job_seal(struct engine *engine, int64_t job, const char *who,
                            struct error *error)
{
	(void)engine;
	(void)job;
	fake_note(fake.who, sizeof(fake.who), who);
	(void)error;
	fake.progress.state = JOB_RUNNING;
	return STATUS_OK;
}

static enum status fake_steer(const char *who, enum job_state state)
{
	fake_note(fake.who, sizeof(fake.who), who);
	fake.progress.state = state;
	return STATUS_OK;
}

enum status engine_job_pause(struct engine *engine, int64_t job, const char *who,
                             struct error *error)
{
	(void)engine;
	(void)job;
	(void)error;
	return fake_steer(who, JOB_PAUSED);
}

enum status engine_job_hold(struct engine *engine, int64_t job, const char *who,
                            struct error *error)
{
	(void)engine;
	(void)job;
	(void)error;
	return fake_steer(who, JOB_PAUSED);
}

enum status engine_job_resume(struct engine *engine, int64_t job, const char *who,
                              struct error *error)
{
	(void)engine;
	(void)job;
	(void)error;
	return fake_steer(who, JOB_RUNNING);
}

enum status engine_job_cancel(struct engine *engine, int64_t job, const char *who,
                              struct error *error)
{
	(void)engine;
	(void)job;
	(void)error;
	return fake_steer(who, JOB_CANCELLED);
}

enum status engine_job_set(struct engine *engine, int64_t job, const struct engine_limits *limits,
                           const char *who, struct error *error)
{
	(void)engine;
	(void)job;
	(void)error;
	fake.limits = *limits;
	fake_note(fake.rate, sizeof(fake.rate), limits->rate);
	fake_note(fake.who, sizeof(fake.who), who);
	return STATUS_OK;
}

enum status engine_job_spec(struct engine *engine, int64_t job, char **canonical,
                            struct error *error)
{
	(void)engine;
	(void)job;
	*canonical = strdup("{\"request\":{\"url\":\"http://h/\",\"method\":\"POST\"},"
	                    "\"rules\":[{\"if\":\"$.code == 7\",\"then\":\"skip\"}]}");
	return *canonical != NULL ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

enum status engine_job_progress(struct engine *engine, int64_t job, struct engine_progress *out,
                                struct error *error)
{
	(void)engine;
	(void)error;
	fake_job_fill(job, out);
	return STATUS_OK;
}

enum status engine_jobs(struct engine *engine, int64_t before, int limit,
                        void (*visit)(void *context, const struct engine_progress *progress),
                        void *context, struct error *error)
{
	(void)engine;
	(void)error;
	for (int64_t job = before > 0 ? before - 1 : fake.jobs; job > 0 && limit-- > 0; job--) {
		struct engine_progress progress;

		fake_job_fill(job, &progress);
		visit(context, &progress);
	}
	return STATUS_OK;
}

enum status engine_health(struct engine *engine, struct error *error)
{
	(void)engine;
	usleep((useconds_t)fake.delay_ms * 1000);
	return fake_fail(error, fake.health);
}

/* ---- items ------------------------------------------------------------- */

enum status engine_items(struct engine *engine, int64_t job, const struct engine_page *page,
                         void (*visit)(void *context, const struct engine_item *item),
                         void *context, int64_t *next, struct error *error)
{
	(void)engine;
	(void)job;
	fake_note(fake.filter, sizeof(fake.filter), page->filter);
	fake.after = page->after;
	fake.limit = page->limit;
	fake.extracted = page->extracted;
	if (fake.items_status != STATUS_OK)
		return fake_fail(error, fake.items_status);
	for (int i = 0; i < fake.item_count; i++)
		visit(context, &fake.items[i]);
	*next = fake.items_next;
	return STATUS_OK;
}

enum status engine_item(struct engine *engine, int64_t job, int64_t seq,
                        void (*item)(void *context, const struct engine_item *item),
                        void (*attempt)(void *context, const struct engine_attempt *attempt),
                        void *context, struct error *error)
{
	(void)engine;
	(void)job;
	for (int i = 0; i < fake.item_count; i++) {
		if (fake.items[i].seq != seq)
			continue;
		for (int n = 0; n < fake.attempt_count; n++)
			attempt(context, &fake.attempts[n]);
		item(context, &fake.items[i]);
		return STATUS_OK;
	}
	return error_set(error, STATUS_NOT_FOUND, "no item %lld", (long long)seq);
}

enum status engine_item_curl(struct engine *engine, int64_t job, int64_t seq, struct buffer *out,
                             struct error *error)
{
	(void)engine;
	(void)job;
	if (seq != 17)
		return error_set(error, STATUS_NOT_FOUND, "no item %lld", (long long)seq);
	buffer_text(out, "curl -X POST 'http://example/17'\n");
	return STATUS_OK;
}

enum status engine_act(struct engine *engine, int64_t job, enum engine_action action,
                       const struct engine_selection *selection, const char *who, bool dry_run,
                       struct engine_operation *out, struct error *error)
{
	(void)engine;
	(void)job;
	fake.action = action;
	fake.selection = *selection;
	fake.dry_run = dry_run;
	fake_note(fake.filter, sizeof(fake.filter), selection->filter);
	fake_note(fake.who, sizeof(fake.who), who);
	for (int i = 0; i < selection->seq_count && i < 8; i++)
		fake.seqs[i] = selection->seqs[i];
	*out = fake.operation;
	out->action = action;
	fake_note(out->reason, sizeof(out->reason), selection->reason != NULL ? selection->reason : "");
	fake_note(out->who, sizeof(out->who), who);
	if (dry_run)
		out->id = 0;
	return fake_fail(error, fake.act);
}

enum status engine_operation(struct engine *engine, int64_t job, int64_t id,
                             struct engine_operation *out, struct error *error)
{
	(void)engine;
	(void)job;
	if (id != fake.operation.id)
		return error_set(error, STATUS_NOT_FOUND, "no operation %lld", (long long)id);
	*out = fake.operation;
	return STATUS_OK;
}

enum status engine_operations(struct engine *engine, int64_t job, int64_t before, int limit,
                              void (*visit)(void *context, const struct engine_operation *),
                              void *context, struct error *error)
{
	(void)engine;
	(void)job;
	(void)error;
	fake.limit = limit;
	if (before > fake.operation.id)
		visit(context, &fake.operation);
	return STATUS_OK;
}

enum status engine_operation_cancel(struct engine *engine, int64_t job, int64_t id,
                                    const char *who, struct engine_operation *out,
                                    struct error *error)
{
	(void)engine;
	(void)job;
	if (id != fake.operation.id)
		return error_set(error, STATUS_NOT_FOUND, "no operation %lld", (long long)id);
	fake_note(fake.who, sizeof(fake.who), who);
	*out = fake.operation;
	out->cancelled_at_ms = out->finished_at_ms = 1767323047000;
	return fake_fail(error, fake.act);
}

/* ---- causes, samples, log -------------------------------------------------- */

enum status engine_events(struct engine *engine, int64_t job, int64_t after, int limit,
                          void (*visit)(void *context, const struct engine_event *event),
                          void *context, struct error *error)
{
	static const struct engine_event event = {5, 1767323045000, "cli", "pause", NULL};

	(void)engine;
	(void)job;
	(void)error;
	fake.after = after;
	fake.limit = limit;
	visit(context, &event);
	return STATUS_OK;
}

enum status engine_bad_rows(struct engine *engine, int64_t job, int64_t after, int limit,
                            void (*visit)(void *context, int64_t row, const char *fault,
                                          const char *raw),
                            void *context, struct error *error)
{
	(void)engine;
	(void)job;
	(void)error;
	(void)after;
	(void)limit;
	visit(context, 17, "row 17: no", "a,\xff\n");
	return STATUS_OK;
}

/* ---- the database --------------------------------------------------------------- */

enum status engine_db_check(struct engine *engine, struct buffer *report, struct error *error)
{
	(void)engine;
	buffer_text(report, "line 1\nline \"2\"\n");
	return fake_fail(error, fake.check);
}

enum status engine_db_backup(struct engine *engine, const char *path, struct error *error)
{
	(void)engine;
	(void)error;
	fake_note(fake.path, sizeof(fake.path), path);
	return STATUS_OK;
}

enum status engine_db_vacuum(struct engine *engine, struct error *error)
{
	(void)engine;
	return error_set(error, STATUS_CONFLICT, "not while it runs");
}

#include "tests/unit/fake_history.h"
#include "tests/unit/fake_streams.h"

#endif
