-- +goose NO TRANSACTION
-- Each statement by itself, so that none holds what servers that run wait for while it
-- waits for what they hold; all can be made again, if one was not.

-- +goose Up
-- For lists of what may be rare among many: sessions in a state, and events of a type, but for
-- those that are most of all, which would cost each step.
DROP INDEX CONCURRENTLY IF EXISTS events_rare;
CREATE INDEX CONCURRENTLY events_rare ON events (project, type, position) WHERE type NOT IN ('step_started', 'step_completed');
DROP INDEX CONCURRENTLY IF EXISTS sessions_status;
CREATE INDEX CONCURRENTLY sessions_status ON sessions (project_id, status, id);
-- Sessions by a member of their metadata.
DROP INDEX CONCURRENTLY IF EXISTS sessions_metadata;
CREATE INDEX CONCURRENTLY sessions_metadata ON sessions USING gin ((metadata::jsonb) jsonb_path_ops);

-- +goose Down
DROP INDEX IF EXISTS sessions_metadata;
DROP INDEX IF EXISTS sessions_status;
DROP INDEX IF EXISTS events_rare;
