-- What a person at the page of a large job asks: why somebody acted, whether they
-- stopped it, since when a job is as it is.
ALTER TABLE operation ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE operation ADD COLUMN cancelled_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN state_since_ms INTEGER NOT NULL DEFAULT 0;

-- So that those that wait are found among a million that a person put back.
CREATE INDEX resend_waiting ON resend (id) WHERE state = 'waiting';
