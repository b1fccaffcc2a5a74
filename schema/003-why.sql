-- Why a person acted, whether they stopped it, and since when a job is as it is.
ALTER TABLE operation ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE operation ADD COLUMN cancelled_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN state_since_ms INTEGER NOT NULL DEFAULT 0;
