--- Every statement of the store, under its name.  A unit test prepares each one
--- and fails on a table scan, but for a named list.

-- begin_write
BEGIN IMMEDIATE;
-- commit
COMMIT;
-- rollback
ROLLBACK;
-- savepoint
SAVEPOINT command;
-- savepoint_release
RELEASE command;
-- savepoint_rollback
ROLLBACK TO command;
-- user_version
PRAGMA user_version;
-- application_id
PRAGMA application_id;
-- set_application_id
PRAGMA application_id = 1397511491;
-- table_count
SELECT count(*) FROM sqlite_schema;

--- jobs

-- job_insert
INSERT INTO job (name, uuid, spec, repeatable, state, created_at_ms)
VALUES (?1, ?2, ?3, ?4, 'importing', ?5);
-- job_rename
UPDATE job SET name = ?2 WHERE id = ?1;
-- job_set_spec
UPDATE job SET spec = ?2, repeatable = ?3 WHERE id = ?1;
-- job_set_limits
UPDATE job SET concurrency_set = ?2, rate_set = ?3, burst_set = ?4 WHERE id = ?1;
-- job_set_removing
UPDATE job SET removing = 1, name = ?2 WHERE id = ?1;
-- job_save
UPDATE job SET state = ?2, reason = ?3, resume_at_ms = ?4, sealed = ?5, claim_cursor = ?6, low = ?7,
  total = ?8, pending = ?9, running = ?10, waiting = ?11, done = ?12, failed = ?13, unknown = ?14,
  skipped = ?15, attempts = ?16, retries = ?17, throttled = ?18, bad_rows = ?19,
  started_at_ms = ?20, finished_at_ms = ?21, pace_rate_milli = ?22, pace_concurrency = ?23,
  down_since_ms = ?24, down_probe_ms = ?25, canary_passed = ?26, halt_failed = ?27, halt_ended = ?28,
  state_since_ms = ?29
WHERE id = ?1;
-- job_save_source
UPDATE job SET source_path = ?2, source_format = ?3, source_columns = ?4, source_offset = ?5,
  source_hash = ?6, source_rows = ?7, source_complete = ?8, source_size = ?9,
  source_size_hash = ?10, source_state = ?11
WHERE id = ?1;
-- job_get
SELECT id, name, uuid, spec, repeatable, state, reason, resume_at_ms, sealed, removing,
  claim_cursor, low, total, pending, running, waiting, done, failed, unknown, skipped,
  attempts, retries, throttled, bad_rows, concurrency_set, rate_set, burst_set,
  source_path, source_format, source_columns, source_offset, source_hash, source_rows,
  source_complete, source_size, source_size_hash, source_state,
  created_at_ms, started_at_ms, finished_at_ms, pace_rate_milli, pace_concurrency,
  down_since_ms, down_probe_ms, canary_passed, halt_failed, halt_ended, state_since_ms
FROM job WHERE id = ?1;
-- job_find
SELECT id FROM job WHERE name = ?1;
-- job_list
SELECT id FROM job WHERE id < ?1 AND removing = 0 ORDER BY id DESC LIMIT ?2;
-- job_next
SELECT id FROM job WHERE id > ?1 ORDER BY id LIMIT 1;
-- job_delete
DELETE FROM job WHERE id = ?1;
-- event_insert
INSERT INTO event (job, at_ms, who, what, detail) VALUES (?1, ?2, ?3, ?4, ?5);
-- event_amend
UPDATE event SET detail = ?2 WHERE id = ?1;

--- removal of a job, in steps; each finds its rows by a key range

-- remove_bound
SELECT id FROM item WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT 1 OFFSET ?3;
-- remove_items
DELETE FROM item WHERE id > ?1 AND id <= ?2;
-- remove_outcomes
DELETE FROM outcome WHERE id > ?1 AND id <= ?2;
-- remove_bodies
DELETE FROM body WHERE id > ?1 AND id <= ?2;
-- remove_extracted
DELETE FROM extracted WHERE id > ?1 AND id <= ?2;
-- remove_attempts
DELETE FROM attempt WHERE item > ?1 AND item <= ?2;
-- remove_resend
DELETE FROM resend WHERE id > ?1 AND id <= ?2;
-- remove_groups
DELETE FROM failure_group WHERE job = ?1;
-- remove_operations
DELETE FROM operation WHERE job = ?1;
-- remove_events
DELETE FROM event WHERE job = ?1;
-- remove_bad_rows
DELETE FROM bad_row WHERE job = ?1;
-- remove_edits
DELETE FROM edit WHERE id > ?1 AND id <= ?2;
-- remove_samples
DELETE FROM sample WHERE job = ?1;
-- remove_group_times
DELETE FROM group_time WHERE job = ?1;

--- items

-- item_insert
INSERT INTO item (id, input, key) VALUES (?1, ?2, ?3);
-- item_get
SELECT input, key FROM item WHERE id = ?1;
-- bad_row_insert
INSERT OR REPLACE INTO bad_row (job, row, fault, raw) VALUES (?1, ?2, ?3, ?4);
-- claim_fresh
SELECT id, input, key FROM item WHERE id > ?1 AND id <= ?2
  AND NOT EXISTS (SELECT 1 FROM outcome WHERE outcome.id = item.id)
ORDER BY id LIMIT ?3;
-- claim_due
SELECT resend.id, resend.state, resend.attempts, resend.spent, resend.since_ms, item.input, item.key,
  resend.ask
FROM resend JOIN item ON item.id = resend.id
WHERE resend.job = ?1 AND resend.state <> 'running' AND resend.due_ms <= ?2
ORDER BY resend.due_ms LIMIT ?3;
-- claim_mark
UPDATE resend SET state = 'running' WHERE id = ?1;
-- next_due
SELECT min(due_ms) FROM resend WHERE job = ?1 AND state <> 'running';
-- last_due
SELECT max(due_ms) FROM resend WHERE job = ?1 AND state <> 'running';
-- recover_fresh
SELECT id FROM item WHERE id > ?1 AND id <= ?2
  AND NOT EXISTS (SELECT 1 FROM outcome WHERE outcome.id = item.id)
  AND NOT EXISTS (SELECT 1 FROM resend WHERE resend.id = item.id)
ORDER BY id;
-- recover_resend
SELECT id, attempts, spent, since_ms, ask FROM resend WHERE job = ?1 AND state = 'running' ORDER BY id;

--- outcomes

-- resend_again
INSERT INTO resend (id, job, state, due_ms, attempts, spent, since_ms) VALUES (?1, ?2, 'pending', 0, ?3, 0, 0);
-- resend_put
INSERT OR REPLACE INTO resend (id, job, state, due_ms, attempts, spent, since_ms, ask)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
-- resend_get
SELECT state, due_ms, attempts, spent, since_ms FROM resend WHERE id = ?1;
-- resend_delete
DELETE FROM resend WHERE id = ?1;
-- outcome_insert
INSERT INTO outcome (id, state, attempts, http, cause, duration_ms, at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
-- outcome_get
SELECT state, attempts, http, cause, duration_ms, at_ms FROM outcome WHERE id = ?1;
-- outcome_delete
DELETE FROM outcome WHERE id = ?1;
-- outcome_resolve
UPDATE outcome SET state = ?2, at_ms = ?3, cause = ?4 WHERE id = ?1;
-- body_insert
INSERT INTO body (id, headers, body, bytes, connect_ms, first_byte_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
-- body_get
SELECT headers, body, bytes, connect_ms, first_byte_ms FROM body WHERE id = ?1;
-- body_to_attempt
INSERT OR IGNORE INTO attempt (item, n, at_ms, duration_ms, connect_ms, first_byte_ms, decision, http, curl,
  class, headers, body, bytes)
SELECT outcome.id, 1, outcome.at_ms, outcome.duration_ms, body.connect_ms, body.first_byte_ms, 'done',
  outcome.http, 0, 'http', body.headers, body.body, coalesce(body.bytes, 0)
FROM outcome LEFT JOIN body ON body.id = outcome.id WHERE outcome.id = ?1;
-- body_delete
DELETE FROM body WHERE id = ?1;
-- extracted_put
INSERT OR REPLACE INTO extracted (id, data) VALUES (?1, ?2);
-- extracted_delete
DELETE FROM extracted WHERE id = ?1;
-- attempt_insert
INSERT OR REPLACE INTO attempt (item, n, at_ms, duration_ms, connect_ms, first_byte_ms, decision, http, curl,
  class, message, wait_ms, wait_source, request, headers, body, bytes, code)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18);
-- group_add
INSERT INTO failure_group (job, id, class, http, code, message, count, first_at_ms, last_at_ms, sample_seq)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?7, ?8)
ON CONFLICT (job, id) DO UPDATE SET count = count + 1, last_at_ms = excluded.last_at_ms,
  first_at_ms = CASE count WHEN 0 THEN excluded.first_at_ms ELSE first_at_ms END,
  sample_seq = CASE count WHEN 0 THEN excluded.sample_seq ELSE sample_seq END;
-- group_subtract
UPDATE failure_group SET count = max(count - ?3, 0) WHERE job = ?1 AND id = ?2;

-- group_time_add
INSERT INTO group_time (job, id, at_ms, count) VALUES (?1, ?2, ?3, 1)
ON CONFLICT (job, id, at_ms) DO UPDATE SET count = count + 1;

--- items that a person changes

-- item_set_input
UPDATE item SET input = ?2 WHERE id = ?1;
-- item_by_key
SELECT id, input FROM item WHERE id >> 40 = ?1 AND key = ?2;
-- edit_keep
INSERT INTO edit (id, original, at_ms, who) SELECT id, input, ?2, ?3 FROM item WHERE id = ?1
ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms, who = excluded.who;
-- edit_get
SELECT original, at_ms, who FROM edit WHERE id = ?1;

--- samples

-- sample_width
SELECT count(*), max(step_s) FROM sample WHERE job = ?1;
-- sample_worked
SELECT coalesce(sum(step_s), 0) FROM sample WHERE job = ?1;
-- sample_add
INSERT INTO sample (job, at_ms, step_s, done, failed, unknown, skipped, retried, throttled, in_flight,
  concurrency, p50_ms, p95_ms, p99_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
ON CONFLICT (job, at_ms) DO UPDATE SET
  p50_ms = (p50_ms * (done + failed + unknown + skipped + retried + throttled) + excluded.p50_ms * ?15)
    / max(1.0, done + failed + unknown + skipped + retried + throttled + ?15),
  p95_ms = (p95_ms * (done + failed + unknown + skipped + retried + throttled) + excluded.p95_ms * ?15)
    / max(1.0, done + failed + unknown + skipped + retried + throttled + ?15),
  p99_ms = (p99_ms * (done + failed + unknown + skipped + retried + throttled) + excluded.p99_ms * ?15)
    / max(1.0, done + failed + unknown + skipped + retried + throttled + ?15),
  done = done + excluded.done, failed = failed + excluded.failed, unknown = unknown + excluded.unknown,
  skipped = skipped + excluded.skipped, retried = retried + excluded.retried,
  throttled = throttled + excluded.throttled, in_flight = max(in_flight, excluded.in_flight),
  concurrency = excluded.concurrency;
-- sample_thin
INSERT OR REPLACE INTO sample (job, at_ms, step_s, done, failed, unknown, skipped, retried, throttled,
  in_flight, concurrency, p50_ms, p95_ms, p99_ms)
SELECT job, at_ms / (?2 * 1000) * (?2 * 1000), ?2, sum(done), sum(failed), sum(unknown), sum(skipped),
  sum(retried), sum(throttled), max(in_flight), max(concurrency),
  sum(p50_ms * (done + failed + unknown + skipped + retried + throttled))
    / max(1.0, sum(done + failed + unknown + skipped + retried + throttled)),
  sum(p95_ms * (done + failed + unknown + skipped + retried + throttled))
    / max(1.0, sum(done + failed + unknown + skipped + retried + throttled)),
  sum(p99_ms * (done + failed + unknown + skipped + retried + throttled))
    / max(1.0, sum(done + failed + unknown + skipped + retried + throttled))
FROM sample WHERE job = ?1 GROUP BY at_ms / (?2 * 1000);
-- sample_thin_rest
DELETE FROM sample WHERE job = ?1 AND at_ms % (?2 * 1000) <> 0;
-- group_time_thin
INSERT OR REPLACE INTO group_time (job, id, at_ms, count)
SELECT job, id, at_ms / (?2 * 1000) * (?2 * 1000), sum(count)
FROM group_time WHERE job = ?1 GROUP BY id, at_ms / (?2 * 1000);
-- group_time_thin_rest
DELETE FROM group_time WHERE job = ?1 AND at_ms % (?2 * 1000) <> 0;
-- sample_list
SELECT at_ms, step_s, done, failed, unknown, skipped, retried, throttled, in_flight, concurrency,
  p50_ms, p95_ms, p99_ms
FROM sample WHERE job = ?1 AND at_ms > ?2 ORDER BY at_ms;
-- group_time_list
SELECT at_ms, count FROM group_time WHERE job = ?1 AND id = ?2 ORDER BY at_ms;
-- group_samples
SELECT id FROM outcome WHERE cause = ?1 AND id > ?2 AND id <= ?3 ORDER BY id LIMIT 5;
-- last_update
SELECT at_ms FROM event WHERE job = ?1 AND what = 'update' ORDER BY id DESC LIMIT 1;

--- operations

-- operation_insert
INSERT INTO operation (job, action, selection, who, created_at_ms, done_too, reason)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);
-- operation_save
UPDATE operation SET scan_cursor = ?2, matched = ?3, changed = ?4, finished_at_ms = ?5, cancelled_at_ms = ?6
WHERE id = ?1;
-- operation_next_open
SELECT id, job, action, selection, who, scan_cursor, matched, changed, created_at_ms, finished_at_ms,
  done_too, reason, cancelled_at_ms
FROM operation WHERE id > ?1 AND finished_at_ms = 0 ORDER BY id LIMIT 1;
-- operation_list
SELECT id, job, action, selection, who, scan_cursor, matched, changed, created_at_ms, finished_at_ms,
  done_too, reason, cancelled_at_ms
FROM operation WHERE job = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3;
-- operation_get
SELECT id, job, action, selection, who, scan_cursor, matched, changed, created_at_ms, finished_at_ms,
  done_too, reason, cancelled_at_ms
FROM operation WHERE job = ?1 AND id = ?2;

--- reading: the next ids of a page (?1 after, ?2 last, ?3 how many), by what narrows most

-- page_items
SELECT id FROM item WHERE id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3;
-- page_state
SELECT id FROM outcome WHERE state = ?4 AND state <> 'done' AND id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3;
-- page_dead
SELECT id FROM (
  SELECT * FROM (SELECT id FROM outcome WHERE state = 'failed' AND state <> 'done' AND id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3)
  UNION ALL
  SELECT * FROM (SELECT id FROM outcome WHERE state = 'unknown' AND state <> 'done' AND id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3)
  UNION ALL
  SELECT * FROM (SELECT id FROM outcome WHERE state = 'skipped' AND state <> 'done' AND id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3)
) ORDER BY id LIMIT ?3;
-- page_cause
SELECT id FROM outcome WHERE cause = ?4 AND id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3;
-- page_key
SELECT id FROM item WHERE id >> 40 = ?5 AND key = ?4 AND id > ?1 AND id <= ?2 LIMIT ?3;
-- page_waiting
SELECT id FROM resend WHERE id > ?1 AND id <= ?2 AND state = 'waiting' ORDER BY id LIMIT ?3;
-- page_pending
SELECT id FROM (
  SELECT * FROM (SELECT id FROM resend WHERE id > ?1 AND id <= ?2 AND state = 'pending' ORDER BY id LIMIT ?3)
  UNION ALL
  SELECT * FROM (SELECT id FROM item WHERE id > max(?1, ?4) AND id <= ?2 ORDER BY id LIMIT ?3)
) ORDER BY id LIMIT ?3;
-- page_running
SELECT id FROM (
  SELECT * FROM (SELECT id FROM resend WHERE job = ?6 AND state = 'running' AND id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3)
  UNION ALL
  SELECT * FROM (SELECT id FROM item WHERE id > max(?1, ?4) AND id <= min(?2, ?5) ORDER BY id LIMIT ?3)
) ORDER BY id LIMIT ?3;

--- reading: the parts of the items of a job, from ?1 to ?2

-- side_item
SELECT id, input, key FROM item WHERE id >= ?1 AND id <= ?2 ORDER BY id;
-- side_outcome
SELECT id, state, attempts, http, cause, duration_ms, at_ms FROM outcome WHERE id >= ?1 AND id <= ?2 ORDER BY id;
-- side_resend
SELECT id, state, attempts, due_ms FROM resend WHERE id >= ?1 AND id <= ?2 ORDER BY id;
-- side_tried
SELECT DISTINCT item FROM attempt WHERE item >= ?1 AND item <= ?2 ORDER BY item;
-- side_extracted
SELECT id, data FROM extracted WHERE id >= ?1 AND id <= ?2 ORDER BY id;
-- side_body
SELECT id, body FROM body WHERE id >= ?1 AND id <= ?2 ORDER BY id;

--- reading: one item

-- row_last_attempt
SELECT class, code, message, http, duration_ms, at_ms, body FROM attempt WHERE item = ?1 ORDER BY n DESC LIMIT 1;
-- row_attempts
SELECT n, at_ms, duration_ms, connect_ms, first_byte_ms, decision, http, curl, class, message,
  wait_ms, wait_source, request, headers, body, bytes
FROM attempt WHERE item = ?1 ORDER BY n;
-- group_list
SELECT id, class, http, code, message, count, first_at_ms, last_at_ms, sample_seq
FROM failure_group WHERE job = ?1 AND count > 0 AND (count < ?2 OR (count = ?2 AND id > ?3))
ORDER BY count DESC, id LIMIT ?4;
-- event_list
SELECT id, at_ms, who, what, detail FROM event WHERE job = ?1 AND id > ?2 ORDER BY id LIMIT ?3;
-- bad_row_list
SELECT row, fault, raw FROM bad_row WHERE job = ?1 AND row > ?2 ORDER BY row LIMIT ?3;

--- upkeep; these read whole ranges, by design

-- begin_read
BEGIN;
-- integrity_check
PRAGMA integrity_check(100);
-- vacuum
VACUUM;
-- checkpoint
PRAGMA wal_checkpoint(TRUNCATE);
-- count_items
SELECT count(*) FROM item WHERE id > ?1 AND id <= ?2;
-- count_done
SELECT count(*) FROM outcome WHERE id > ?1 AND id <= ?2 AND state = 'done';
-- count_failed
SELECT count(*) FROM outcome WHERE state = 'failed' AND id > ?1 AND id <= ?2;
-- count_unknown
SELECT count(*) FROM outcome WHERE state = 'unknown' AND id > ?1 AND id <= ?2;
-- count_skipped
SELECT count(*) FROM outcome WHERE state = 'skipped' AND id > ?1 AND id <= ?2;
-- count_waiting
SELECT count(*) FROM resend WHERE id > ?1 AND id <= ?2 AND state = 'waiting';
-- count_both
SELECT count(*) FROM resend JOIN outcome ON outcome.id = resend.id WHERE resend.id > ?1 AND resend.id <= ?2;
