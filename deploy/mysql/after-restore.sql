-- What was true when the backup was made and must not come true again. deploy/restore runs it.

-- Whoever was signed in then may have been dismissed since.
UPDATE sessions SET ended_at = UTC_TIMESTAMP(6) WHERE ended_at IS NULL;
UPDATE refresh_families SET ended_at = UTC_TIMESTAMP(6) WHERE ended_at IS NULL;
DELETE FROM sign_in_steps;
UPDATE remembered_browsers SET ended_at = UTC_TIMESTAMP(6) WHERE ended_at IS NULL;

-- Links and codes that were waiting with somebody, and letters that went out long ago. (What webhooks wait for is sent
-- again: receivers know an event by its id.)
DELETE FROM mail_links;
DELETE FROM mobile_codes;
DELETE FROM letters WHERE state = 'pending';
