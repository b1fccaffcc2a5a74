/* What the files of the façade share.  Nobody else includes this.
 *
 * Lock rule: engine->mutex is never held over a call into the writer (the
 * writer's thread takes it in its callbacks). */
#ifndef SLUICE_RUN_ENGINE_INTERNAL_H
#define SLUICE_RUN_ENGINE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <uthash.h>

#include "engine/run/engine.h"
#include "engine/run/lane.h"
#include "engine/run/pool.h"
#include "engine/run/writer.h"
#include "engine/store/db.h"
#include "engine/store/jobs.h"
#include "engine/store/operations.h"
#include "engine/store/owner.h"

#define READERS_KEPT 8

/* A job that this process knows credentials of or works on. */
struct station {
	int64_t job;              /* hash key */
	struct secret_set *secrets; /* outlives the lane's plan; never NULL */
	struct lane *lane;        /* NULL: not running here */
	bool starting;            /* somebody is making the lane */
	bool queued;              /* waits for a free place (running_max) */
	bool importing;           /* an import or upload is under way */
	int correcting;           /* corrected files that are coming in */
	bool attended;            /* a `sluice run` lives for it */
	bool removing;            /* no lane is made any more */
	bool ended;               /* the job is finished, cancelled or halted */
	int end_ticks;            /* since then */
	bool end_sampled;         /* its meter closed the last second */
	bool end_kept;            /* and the last second is on its way to the database */
	bool sampling;            /* so are others */
	int64_t sampled_ms;       /* up to here the meter's seconds are in the database */
	UT_hash_handle hh;
};

struct import; /* engine_import.c */

struct engine {
	/* immutable after open */
	char *db_path;
	enum engine_mode mode;
	int running_max;
	struct owner *owner;
	struct owner_info last_owner;
	struct writer *writer;
	struct pool *pool;        /* NULL in ENGINE_MAINTAIN */
	struct limits *limits;
	struct upstreams *upstreams;
	pthread_t supervisor;     /* starts queued jobs; ENGINE_RUN */

	atomic_bool stopping;     /* imports give up */

	/* writer thread only */
	bool files_lost;          /* and it was told */
	uint64_t ticks;

	/* guarded by mutex */
	pthread_mutex_t mutex;
	pthread_cond_t changed;   /* any job's row changed, a station ended, a flag */
	uint64_t serial;          /* counts changes */
	struct station *stations;
	struct import *imports;   /* list */
	bool draining, aborted, closing;

	/* guarded by readers_mutex */
	pthread_mutex_t readers_mutex;
	struct db *readers[READERS_KEPT];
	int reader_count;
};

/* A read-only connection; give it back. */
enum status engine_reader(struct engine *engine, struct db **db, struct error *error);
void engine_reader_done(struct engine *engine, struct db *db);

/* A job's row through a reader; job_row_free it. */
enum status engine_row(struct engine *engine, int64_t job, struct job_row *row,
                       struct error *error);

/* A job's row and a reader, for the length of one read. */
struct reading {
	struct db *db;
	struct job_row row;
};
enum status reading_begin(struct engine *engine, int64_t job, struct reading *reading,
                          struct error *error);
void reading_end(struct engine *engine, struct reading *reading);

void engine_operation_of_row(const struct operation_row *row, struct engine_operation *out);
/* A visitor that keeps the last one. */
const char *engine_action_name(enum engine_action action); /* as stored */

/* The station of a job, made where there is none.  Mutex held.  NULL: no memory. */
struct station *station_of_locked(struct engine *engine, int64_t job);
struct station *station_find_locked(struct engine *engine, int64_t job);

/* Make sure that a lane works on the job (now or when a place is free). */
enum status engine_ensure_lane(struct engine *engine, int64_t job, struct error *error);

/* The limits asked for: the spec's, or what was set by hand. */
void limits_of(const struct spec *spec, const struct job_row *row, struct limit_settings *out);

/* The thread that starts queued jobs; argument: the engine. */
void *engine_supervise(void *engine);
/* At the end: all lanes idle before. */
void engine_lanes_stop(struct engine *engine);
void engine_stations_free(struct engine *engine);

/* Go on with removals that a former process began. */
enum status engine_removals_finish(struct engine *engine, struct error *error);

/* engine_job_seal, whoever is importing. */
enum status engine_job_seal_now(struct engine *engine, int64_t job, struct error *error);

/* Ends all imports and joins their threads. */
void engine_imports_stop(struct engine *engine);

/* Once a second, on the writer's thread: where the database or its lock file is no
 * longer the one at its path, the writer is stopped as by a disk that fails. */
void engine_watch_files(struct engine *engine);

/* Once a second, on the writer's thread, and at the end: keep the meters' seconds. */
void engine_samples_tick(struct engine *engine);
void engine_samples_flush(struct engine *engine);

/* Tell waiters that something changed. */
void engine_notify(struct engine *engine);

#endif
