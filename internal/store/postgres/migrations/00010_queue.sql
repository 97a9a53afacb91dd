-- +goose NO TRANSACTION
-- Each statement by itself, so that none holds what servers that run wait for while it
-- waits for what they hold; all can be made again, if one was not.

-- +goose Up
-- What waits for a browser is no node's (0), so that whichever has room starts it:
-- QUEUED sessions, and those that a node that is gone was starting.
DROP INDEX CONCURRENTLY IF EXISTS sessions_queue;
CREATE INDEX CONCURRENTLY sessions_queue ON sessions (project_id, id) WHERE node = 0 AND status IN ('QUEUED', 'STARTING');
DROP INDEX CONCURRENTLY IF EXISTS sessions_busy;
CREATE INDEX CONCURRENTLY sessions_busy ON sessions (project_id) WHERE node <> 0 AND status IN ('STARTING', 'READY', 'CLOSING');

-- sessions is how many sessions of a project may have a browser at once; 0: any number.
-- Those that wait are started in turns of their projects: turn is the number of its
-- last, greater than that of every project that had its own before.
ALTER TABLE projects
    ADD COLUMN IF NOT EXISTS sessions BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS turn     BIGINT NOT NULL DEFAULT 0;
DROP INDEX CONCURRENTLY IF EXISTS projects_turn;
CREATE INDEX CONCURRENTLY projects_turn ON projects (turn);

-- url is where a node is reached by the others; seen_at is when it last showed that it
-- lives, for people to read. One that is draining starts no more sessions. sessions
-- are those that have a browser there or get one, room is for how many more there is.
ALTER TABLE nodes
    ADD COLUMN IF NOT EXISTS url      TEXT NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS version  TEXT NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS draining BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS sessions BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS room     BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS seen_at  TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp();

UPDATE sessions SET node = 0 WHERE status = 'QUEUED' AND node <> 0;

-- +goose Down
ALTER TABLE nodes
    DROP COLUMN IF EXISTS url,
    DROP COLUMN IF EXISTS version,
    DROP COLUMN IF EXISTS draining,
    DROP COLUMN IF EXISTS sessions,
    DROP COLUMN IF EXISTS room,
    DROP COLUMN IF EXISTS seen_at;
DROP INDEX IF EXISTS sessions_busy;
DROP INDEX IF EXISTS sessions_queue;
UPDATE sessions SET node = (SELECT COALESCE(min(num), 0) FROM nodes) WHERE node = 0 AND status IN ('QUEUED', 'STARTING');
DROP INDEX IF EXISTS projects_turn;
ALTER TABLE projects
    DROP COLUMN IF EXISTS turn,
    DROP COLUMN IF EXISTS sessions;
