-- +goose NO TRANSACTION
-- Each statement by itself, so that none holds what servers that run wait for while it
-- waits for what they hold.

-- +goose Up
-- name is of who a link is for; one that is once is its first viewer's, of whom used_by
-- is a mark. control is who has a session in hand, as JSON, or empty.
ALTER TABLE streams ADD COLUMN IF NOT EXISTS name TEXT NOT NULL DEFAULT '';
ALTER TABLE streams ADD COLUMN IF NOT EXISTS once BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE streams ADD COLUMN IF NOT EXISTS used_by TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN IF NOT EXISTS control TEXT NOT NULL DEFAULT '';

-- Who has looked at a session, and when.
CREATE TABLE IF NOT EXISTS viewers (
    project_id TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    stream_id  TEXT NOT NULL,
    name       TEXT NOT NULL,
    mode       TEXT NOT NULL,
    address    TEXT NOT NULL,
    joined_at  BIGINT NOT NULL,
    left_at    BIGINT NOT NULL,
    PRIMARY KEY (project_id, session_id, id)
);

-- +goose Down
DROP TABLE IF EXISTS viewers;
ALTER TABLE sessions DROP COLUMN IF EXISTS control;
ALTER TABLE streams DROP COLUMN IF EXISTS used_by;
ALTER TABLE streams DROP COLUMN IF EXISTS once;
ALTER TABLE streams DROP COLUMN IF EXISTS name;
