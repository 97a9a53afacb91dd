-- +goose Up
-- sessions is how many sessions of a project may have a browser at once; 0: any number.
-- Those that wait are started in turns of their projects: turn is the number of its
-- last, greater than that of every project that had its own before.
ALTER TABLE projects
    ADD COLUMN sessions BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN turn     BIGINT NOT NULL DEFAULT 0;
CREATE INDEX projects_turn ON projects (turn);

-- What waits for a browser is no node's (0), so that whichever has room starts it:
-- QUEUED sessions, and those that a node that is gone was starting.
UPDATE sessions SET node = 0 WHERE status = 'QUEUED';
CREATE INDEX sessions_queue ON sessions (project_id, id) WHERE node = 0 AND status IN ('QUEUED', 'STARTING');
CREATE INDEX sessions_busy ON sessions (project_id) WHERE node <> 0 AND status IN ('STARTING', 'READY', 'CLOSING');

-- url is where a node is reached by the others; seen_at is when it last showed that it
-- lives, for people to read. One that is draining starts no more sessions. sessions
-- are those that have a browser there or get one, room is for how many more there is.
ALTER TABLE nodes
    ADD COLUMN url      TEXT NOT NULL DEFAULT '',
    ADD COLUMN version  TEXT NOT NULL DEFAULT '',
    ADD COLUMN draining BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN sessions BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN room     BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN seen_at  TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp();

-- +goose Down
ALTER TABLE nodes
    DROP COLUMN url,
    DROP COLUMN version,
    DROP COLUMN draining,
    DROP COLUMN sessions,
    DROP COLUMN room,
    DROP COLUMN seen_at;
DROP INDEX sessions_busy;
DROP INDEX sessions_queue;
UPDATE sessions SET node = (SELECT COALESCE(min(num), 0) FROM nodes) WHERE node = 0 AND status IN ('QUEUED', 'STARTING');
DROP INDEX projects_turn;
ALTER TABLE projects
    DROP COLUMN turn,
    DROP COLUMN sessions;
