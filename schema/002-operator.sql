-- What an operator's page needs: edited items, the course of a run, the course
-- of a cause.

-- An item whose input a person changed: what came in, kept.
CREATE TABLE edit (
  id INTEGER PRIMARY KEY,
  original TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  who TEXT NOT NULL
) STRICT;

-- A job's course, in samples of one width.  Where there come to be too many the
-- width is doubled and neighbours become one: a long run has as many as a short
-- one.  Counts are sums, in_flight the most, the rest means by requests.
CREATE TABLE sample (
  job INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  step_s INTEGER NOT NULL,
  done INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  unknown INTEGER NOT NULL,
  skipped INTEGER NOT NULL,
  retried INTEGER NOT NULL,
  throttled INTEGER NOT NULL,
  in_flight INTEGER NOT NULL,
  concurrency INTEGER NOT NULL,
  p50_ms REAL NOT NULL,
  p95_ms REAL NOT NULL,
  p99_ms REAL NOT NULL,
  PRIMARY KEY (job, at_ms)
) STRICT, WITHOUT ROWID;

-- How many failures of a cause came when; thinned together with the samples.
CREATE TABLE group_time (
  job INTEGER NOT NULL,
  id INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (job, id, at_ms)
) STRICT, WITHOUT ROWID;
