-- +goose NO TRANSACTION
-- Each statement by itself, so that none holds up servers that run; all can be made
-- again, if one was not.

-- +goose Up
-- browsers are those that a node can start; NULL: it is of a release that didn't say.
ALTER TABLE nodes ADD COLUMN IF NOT EXISTS browsers TEXT[];
-- What waits, by the browser that it asks for, for a node to find what it can start.
DROP INDEX CONCURRENTLY IF EXISTS sessions_asked;
CREATE INDEX CONCURRENTLY sessions_asked ON sessions (project_id, COALESCE(options::json ->> 'browser', ''), id) WHERE node = 0 AND status = 'QUEUED';

-- +goose Down
DROP INDEX IF EXISTS sessions_asked;
ALTER TABLE nodes DROP COLUMN IF EXISTS browsers;
