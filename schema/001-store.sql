-- The store: one file for all jobs.  Inside it an item is one integer,
-- id = job << 40 | seq, so that a job is one range of keys and every list pages
-- by key.  All writes come from one connection.
--
-- Names are checked with OR: SQLite builds a table for an IN of more than two texts,
-- anew for every row that is written.

-- A removed job's id is not given out again: pages and scripts remember ids.
CREATE TABLE job (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  uuid BLOB NOT NULL CHECK (length(uuid) = 16),
  spec TEXT NOT NULL,
  repeatable INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state = 'importing' OR state = 'running' OR state = 'paused' OR
    state = 'finished' OR state = 'cancelled' OR state = 'halted'),
  reason TEXT,
  resume_at_ms INTEGER NOT NULL DEFAULT 0,
  sealed INTEGER NOT NULL DEFAULT 0,
  removing INTEGER NOT NULL DEFAULT 0,
  claim_cursor INTEGER NOT NULL DEFAULT 0,
  low INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  pending INTEGER NOT NULL DEFAULT 0 CHECK (pending >= 0),
  running INTEGER NOT NULL DEFAULT 0 CHECK (running >= 0),
  waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting >= 0),
  done INTEGER NOT NULL DEFAULT 0 CHECK (done >= 0),
  failed INTEGER NOT NULL DEFAULT 0 CHECK (failed >= 0),
  unknown INTEGER NOT NULL DEFAULT 0 CHECK (unknown >= 0),
  skipped INTEGER NOT NULL DEFAULT 0 CHECK (skipped >= 0),
  attempts INTEGER NOT NULL DEFAULT 0,
  retries INTEGER NOT NULL DEFAULT 0,
  throttled INTEGER NOT NULL DEFAULT 0,
  bad_rows INTEGER NOT NULL DEFAULT 0,
  concurrency_set INTEGER,
  rate_set TEXT,
  burst_set INTEGER,
  pace_rate_milli INTEGER NOT NULL DEFAULT 0,
  pace_concurrency INTEGER NOT NULL DEFAULT 0,
  down_since_ms INTEGER NOT NULL DEFAULT 0,
  down_probe_ms INTEGER NOT NULL DEFAULT 0,
  canary_passed INTEGER NOT NULL DEFAULT 0,
  halt_failed INTEGER NOT NULL DEFAULT 0,
  halt_ended INTEGER NOT NULL DEFAULT 0,
  source_path TEXT,
  source_format TEXT,
  source_columns TEXT,
  source_offset INTEGER NOT NULL DEFAULT 0,
  source_hash BLOB,
  source_rows INTEGER NOT NULL DEFAULT 0,
  source_complete INTEGER NOT NULL DEFAULT 0,
  source_size INTEGER NOT NULL DEFAULT 0,
  source_size_hash BLOB,
  source_state TEXT,
  created_at_ms INTEGER NOT NULL,
  started_at_ms INTEGER NOT NULL DEFAULT 0,
  finished_at_ms INTEGER NOT NULL DEFAULT 0,
  CHECK (total = pending + running + waiting + done + failed + unknown + skipped)
) STRICT;

-- Written once, at import.  A row beyond job.claim_cursor without an outcome
-- is pending; that needs no row of its own anywhere.
CREATE TABLE item (
  id INTEGER PRIMARY KEY,
  input TEXT NOT NULL,
  key TEXT
) STRICT;
CREATE UNIQUE INDEX item_key ON item (id >> 40, key) WHERE key IS NOT NULL;

-- The one final outcome of an item.
CREATE TABLE outcome (
  id INTEGER PRIMARY KEY,
  state TEXT NOT NULL CHECK (state = 'done' OR state = 'failed' OR state = 'unknown' OR
    state = 'skipped'),
  attempts INTEGER NOT NULL,
  http INTEGER,
  cause INTEGER,
  duration_ms INTEGER,
  at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX outcome_dead ON outcome (state, id) WHERE state <> 'done';
CREATE INDEX outcome_cause ON outcome (cause, id) WHERE cause IS NOT NULL;

-- The response of a first-try success: apart from outcome, because a wide row
-- there halves the speed.  Every other attempt keeps its own response.
CREATE TABLE body (
  id INTEGER PRIMARY KEY,
  headers TEXT,
  body BLOB,
  bytes INTEGER NOT NULL,
  connect_ms INTEGER,
  first_byte_ms INTEGER
) STRICT;

-- What the job asked to be extracted from the response.
CREATE TABLE extracted (
  id INTEGER PRIMARY KEY,
  data TEXT NOT NULL
) STRICT;

-- Every attempt that was not a first-try success.
CREATE TABLE attempt (
  item INTEGER NOT NULL,
  n INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  duration_ms INTEGER,
  connect_ms INTEGER,
  first_byte_ms INTEGER,
  decision TEXT NOT NULL,
  http INTEGER,
  curl INTEGER NOT NULL,
  class TEXT NOT NULL,
  code TEXT,
  message TEXT,
  wait_ms INTEGER,
  wait_source TEXT,
  request TEXT,
  headers TEXT,
  body BLOB,
  bytes INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX attempt_item ON attempt (item, n);

-- Items behind the claim cursor that will be sent (again): waiting for their
-- time, put back by a person or by recovery (pending), or claimed (running).
CREATE TABLE resend (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state = 'pending' OR state = 'waiting' OR state = 'running'),
  due_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  spent INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  ask INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX resend_due ON resend (job, due_ms) WHERE state <> 'running';
CREATE INDEX resend_running ON resend (job) WHERE state = 'running';

-- Failures by cause; id is a hash of the four columns (outcome.cause).
CREATE TABLE failure_group (
  job INTEGER NOT NULL,
  id INTEGER NOT NULL,
  class TEXT NOT NULL,
  http INTEGER,
  code TEXT,
  message TEXT NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 0),
  first_at_ms INTEGER NOT NULL,
  last_at_ms INTEGER NOT NULL,
  sample_seq INTEGER NOT NULL,
  PRIMARY KEY (job, id)
) STRICT, WITHOUT ROWID;

-- Bulk actions of a person, done in steps: scan_cursor is the last seq looked at.
CREATE TABLE operation (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  action TEXT NOT NULL CHECK (action = 'retry' OR action = 'skip' OR action = 'resolve_done' OR
    action = 'resolve_failed'),
  selection TEXT NOT NULL,
  who TEXT NOT NULL,
  done_too INTEGER NOT NULL DEFAULT 0,
  scan_cursor INTEGER NOT NULL DEFAULT 0,
  matched INTEGER NOT NULL DEFAULT 0,
  changed INTEGER NOT NULL DEFAULT 0,
  created_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX operation_job ON operation (job, id);
CREATE INDEX operation_open ON operation (id) WHERE finished_at_ms = 0;

-- The audit log.
CREATE TABLE event (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL,
  what TEXT NOT NULL,
  detail TEXT
) STRICT;
CREATE INDEX event_job ON event (job, id);

-- Rows left out by --skip-bad-rows.
CREATE TABLE bad_row (
  job INTEGER NOT NULL,
  row INTEGER NOT NULL,
  fault TEXT NOT NULL,
  raw TEXT NOT NULL,
  PRIMARY KEY (job, row)
) STRICT, WITHOUT ROWID;
