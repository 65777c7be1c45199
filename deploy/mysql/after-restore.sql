-- What was true when the backup was made and must not come true again. deploy/restore runs it.

-- Whoever was signed in then may have been dismissed since.
UPDATE sessions SET ended_at = UTC_TIMESTAMP(6) WHERE ended_at IS NULL;
UPDATE refresh_families SET ended_at = UTC_TIMESTAMP(6) WHERE ended_at IS NULL;
DELETE FROM sign_in_steps;

-- Links that were waiting in somebody's mailbox, and letters that went out long ago.
DELETE FROM mail_links;
DELETE FROM letters WHERE state = 'pending';
