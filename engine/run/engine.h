/* The façade: the only door that web/ and cli/ use.
 *
 * An engine owns one database.  Opened ENGINE_RUN it sends; opened
 * ENGINE_MAINTAIN it only answers questions and takes commands (for the
 * command line on a database that nobody runs).  All functions may be called
 * from any thread between engine_open and engine_close, unless they say
 * otherwise.  Reads use their own read-only connections; every change is a
 * command to the writer and is on disk when the function returns OK.
 *
 * Strings handed to callbacks live during the call only.  Item inputs, header
 * blocks and bodies are bytes as stored: secrets in them are masked already. */
#ifndef SLUICE_RUN_ENGINE_H
#define SLUICE_RUN_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/base/buffer.h"
#include "engine/base/json.h"
#include "engine/base/status.h"
#include "engine/policy/outcome.h"
#include "engine/policy/state.h"
#include "engine/request/plan.h"
#include "engine/request/secret.h"
#include "engine/request/spec.h"
#include "engine/run/meter.h"

struct engine;

enum engine_mode {
	ENGINE_RUN,
	ENGINE_MAINTAIN,
	ENGINE_LOOK, /* owns nothing, whoever may, and changes nothing: questions only */
};

struct engine_options {
	const char *db_path;
	enum engine_mode mode;
	int threads;      /* of the pool, 0: pool_threads_for(concurrency) */
	int concurrency;  /* expected, to size the pool */
	int running_max;  /* jobs running at once, 0: 64 */
};

/* STATUS_OWNED where another process has it: engine_owner() tells who. */
enum status engine_open(const struct engine_options *options, struct engine **engine,
                        struct error *error);
/* Drains nothing: call engine_drain first.  NULL is allowed. */
void engine_close(struct engine *engine);

/* Who owns a database (from DB.lock).  STATUS_NOT_FOUND: nobody. */
struct engine_owner {
	long pid;
	char address[128]; /* "127.0.0.1:8420", "" where it has no page */
	char token[128];
};
enum status engine_owner(const char *db_path, struct engine_owner *owner, struct error *error);
/* Write our page's address and token into the lock file. */
enum status engine_announce(struct engine *engine, const char *address, const char *token,
                            struct error *error);
/* The token of the last owner, so that an open page survives a restart; false: none. */
bool engine_last_token(struct engine *engine, char token[128]);

/* ---- jobs ---------------------------------------------------------- */

/* By id ("12": digits alone are always one; no job is named so) or name. */
enum status engine_job_find(struct engine *engine, const char *id_or_name, int64_t *job,
                            struct error *error);

/* Make a job out of a checked spec (spec->name is set).  Takes no ownership;
 * `given` holds literal credentials (may be NULL) and is merged.
 * STATUS_CONFLICT where the name is taken; replace: the old job is renamed
 * "name@ID".  who: for the log. */
enum status engine_job_create(struct engine *engine, const struct spec *spec,
                              const struct secret_set *given, bool replace, const char *who,
                              int64_t *job, struct error *error);

/* What a job was made with, to compare on resume. *canonical is the caller's to free. */
enum status engine_job_spec(struct engine *engine, int64_t job, char **canonical,
                            struct error *error);
/* Accept a changed spec (--update-job). */
enum status engine_job_update(struct engine *engine, int64_t job, const struct spec *spec,
                              const struct secret_set *given, struct error *error);
/* Bring literal credentials that the stored spec refers to. */
enum status engine_job_credentials(struct engine *engine, int64_t job,
                                   const struct secret_set *given, struct error *error);

/* Take items in from a path or "-", on a thread of the engine.  Checks and
 * compares first: returns after the check, with the import going on behind.
 * STATUS_USAGE: a bad row (nothing is in).  STATUS_CONFLICT: the items differ
 * from those of the former run; error->text says what. */
struct engine_import {
	const char *path;         /* as opened: relative to the working directory */
	enum items_format format;
	int64_t rows_max;         /* --limit; 0: all */
	bool skip_bad_rows;
	bool append;              /* --append-items */
};
enum status engine_job_import(struct engine *engine, int64_t job,
                              const struct engine_import *import, struct error *error);
/* An upload over the API: rows as they come; several may follow each other. */
enum upload_kind {
	UPLOAD_RECOGNISED, /* one that goes on with, or repeats, the job's last one adds what is
	                      not in; where that cannot be told STATUS_CONFLICT */
	UPLOAD_APPENDED,   /* as well, and may have more rows than the last one that ended */
	UPLOAD_NEW,        /* all of its rows are added, whatever came before */
};
struct engine_upload_how {
	enum items_format format;
	enum upload_kind kind;
};
struct engine_upload_rows {
	int64_t added; /* came in */
	int64_t known; /* at its beginning, were in before */
};
struct engine_upload;
/* STATUS_CONFLICT: items come in from elsewhere, or the job takes none. */
enum status engine_upload_open(struct engine *engine, int64_t job,
                               const struct engine_upload_how *how,
                               struct engine_upload **upload, struct error *error);
/* Rows are handed on in batches, those of a stream that pauses soon. */
enum status engine_upload_feed(struct engine_upload *upload, const char *bytes, size_t length,
                               struct error *error);
/* Ends it (frees it in any case).  Abandoned: it broke off; rows that are in stay. */
enum status engine_upload_close(struct engine_upload *upload, bool abandoned,
                                struct engine_upload_rows *rows, struct error *error);
/* No more items will come. */
enum status engine_job_seal(struct engine *engine, int64_t job, const char *who,
                            struct error *error);

/* Begin (or go on) sending.  ENGINE_RUN only. */
enum status engine_job_start(struct engine *engine, int64_t job, struct error *error);
/* serve: start every unfinished job that is not paused by a person. */
enum status engine_start_all(struct engine *engine, struct error *error);

enum status engine_job_pause(struct engine *engine, int64_t job, const char *who,
                             struct error *error);
/* A new job that is not to send yet, whatever restarts: paused until somebody resumes it. */
enum status engine_job_hold(struct engine *engine, int64_t job, const char *who,
                            struct error *error);
enum status engine_job_resume(struct engine *engine, int64_t job, const char *who,
                              struct error *error);
enum status engine_job_cancel(struct engine *engine, int64_t job, const char *who,
                              struct error *error);
/* This process lives for the job (`sluice run`): nobody removes it under it. */
void engine_job_attend(struct engine *engine, int64_t job);
/* STATUS_CONFLICT while it is attended, takes items in, has requests in flight,
 * or a lane works on it and it is neither over (finished, cancelled, halted) nor
 * paused by a person. */
enum status engine_job_remove(struct engine *engine, int64_t job, struct error *error);

struct engine_limits { /* negative / NULL: leave as it is */
	int concurrency;
	const char *rate; /* "30/s"; "" or "none": no limit */
	int64_t burst;
};
enum status engine_job_set(struct engine *engine, int64_t job, const struct engine_limits *limits,
                           const char *who, struct error *error);

struct engine_progress {
	int64_t id;
	char name[256];
	enum job_state state;
	char reason[256];       /* "" none */
	int64_t resume_at_ms;   /* a pause that ends by itself; 0 */
	int64_t state_since_ms;
	int64_t total;
	int64_t counts[ITEM_STATES];
	int64_t attempts, retries, throttled;
	int64_t bad_rows;       /* left out by --skip-bad-rows */
	int in_flight;          /* requests out right now */
	double rate_per_s;
	bool eta_known;
	double eta_s[2];
	int64_t p50_ms, p95_ms, p99_ms; /* -1: none yet */
	int concurrency, concurrency_now;
	struct rate rate;       /* configured (count 0: none) */
	double rate_now;        /* per second; 0: none */
	int64_t burst;
	bool adapt;             /* they follow what the server bears */
	/* "rate", "concurrency", "server", "ramp-up", "slow upstream", "store",
	 * "breaker", "canary", "retries" (none is due), "nothing left". */
	const char *bound_by;
	bool canary_sent;       /* all of the canary is out; the rest is held back */
	int64_t created_at_ms, started_at_ms, finished_at_ms; /* 0: not yet */
	double worked_s;        /* without the time it stood still; -1: not finished, or not asked */
	bool active;            /* a lane works on it in this process */
};
enum status engine_job_progress(struct engine *engine, int64_t job, struct engine_progress *out,
                                struct error *error);
/* Jobs with id < before (0: from the newest), newest first. */
enum status engine_jobs(struct engine *engine, int64_t before, int limit,
                        void (*visit)(void *context, const struct engine_progress *progress),
                        void *context, struct error *error);

/* Wait until the job is no longer active, something of it changed that a
 * display may want, or mono deadline_ns.  True: no longer active. */
bool engine_job_wait(struct engine *engine, int64_t job, int64_t deadline_ns);

/* Stop sending new requests on all lanes, wait for what is in flight (and for
 * space on a full disk), give unsent items back.  engine_abort from another
 * thread cuts the wait short. */
void engine_drain(struct engine *engine);
void engine_abort(struct engine *engine);
/* STATUS_OK, or why the engine had to stop by itself (disk, database). */
enum status engine_health(struct engine *engine, struct error *error);

/* ---- export ---------------------------------------------------------- */

/* HTML is a report: figures, charts, causes, and the items; without a filter those
 * that failed or are unknown. */
enum export_format { EXPORT_NDJSON, EXPORT_CSV, EXPORT_HTML };
struct engine_export;
enum status engine_export_open(struct engine *engine, int64_t job, enum export_format format,
                               const char *filter, struct engine_export **out,
                               struct error *error);
/* Append some more rows; *end: there are no more.  Memory stays flat, and no
 * read transaction outlives the call. */
enum status engine_export_next(struct engine_export *export, struct buffer *out, bool *end,
                               struct error *error);
void engine_export_close(struct engine_export *export);

/* ---- the database ----------------------------------------------------- */

/* Integrity and our own invariants; one line each into `report`. */
enum status engine_db_check(struct engine *engine, struct buffer *report, struct error *error);
enum status engine_db_backup(struct engine *engine, const char *path, struct error *error);
enum status engine_db_vacuum(struct engine *engine, struct error *error); /* ENGINE_MAINTAIN */

/* ---- check, without a database ----------------------------------------- */

struct engine_checking {
	int render; /* show the first so many requests */
	void (*visit)(void *context, int64_t seq, const char *text, size_t length);
	void *context;
	bool skip_bad_rows;
	int64_t rows, bad_rows; /* what came of it: good rows, and those left out */
};

/* `sluice check`: validate the spec with its items; the first requests go to
 * visit() as text (secrets masked). */
enum status engine_check(const struct spec *spec, const struct secret_set *given,
                         struct engine_checking *checking, struct error *error);

/* A job file with the first of its rows, as text: what would be sent. */
struct engine_trial {
	enum items_format format;
	bool cut;        /* the text may end within a row, which is then left out */
	int64_t render;  /* the first so many requests are shown */
	void (*visit)(void *context, int64_t seq, const struct plan_shown *shown);
	void *context;
	/* What came of it: */
	int64_t rows;          /* good ones */
	struct buffer columns; /* the first row's fields, a JSON array; the caller's to free */
	struct error fault;    /* of the first bad row; status OK: none */
};
/* Opens nothing, not even the spec's own items. */
enum status engine_try(const struct spec *spec, const char *items, size_t length,
                       struct engine_trial *told, struct error *error);

/* ---- explain, without a database ---------------------------------------- */

struct engine_question {
	const char *method;      /* NULL: the spec's, else GET */
	int attempt;             /* 1: the first */
	bool keyed;              /* an idempotency key was sent, whatever the spec says */
	int curl_error;          /* 0: none */
	int64_t bytes_sent;      /* of the request; -1: some, unless curl_error says none can have been */
	const char *response;    /* raw: status line, headers, body, with CRLF or LF; where it
	                            begins with interim or redirect responses, the last counts */
	size_t response_length;  /* 0: none came (then curl_error is told) */
};

/* `sluice explain`: what would be decided on this response, as one JSON object
 * (INTERFACE, section 6).  `spec` gives rules, retries and header overrides;
 * NULL: the built-in table alone.  Sends nothing, opens nothing. */
enum status engine_explain(const struct spec *spec, const struct engine_question *question,
                           struct buffer *out, struct error *error);

const char *engine_versions(void); /* "libcurl/7.88.1 … sqlite/3.40.1 …" */

/* Items, what people do to them, causes, samples, the log: the same door. */
#include "engine/run/engine_items.h"

#endif
