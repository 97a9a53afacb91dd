-- +goose Up
-- A session of node 0 is QUEUED, whatever it was when its node died; what was closed
-- while it was not is of a node that isn't there, for the next look to end it.
UPDATE sessions SET status = 'QUEUED', version = version + 1 WHERE node = 0 AND status = 'STARTING';
UPDATE sessions SET node = -1 WHERE node = 0 AND status IN ('READY', 'CLOSING');

-- +goose Down
SELECT 1;
