-- +goose Up
-- name is of who a link is for; one that is once is its first viewer's, of whom used_by
-- is a mark. control is who has a session in hand, as JSON, or empty.
ALTER TABLE streams ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE streams ADD COLUMN once INTEGER NOT NULL DEFAULT 0;
ALTER TABLE streams ADD COLUMN used_by TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN control TEXT NOT NULL DEFAULT '';

-- Who has looked at a session, and when.
CREATE TABLE viewers (
    project_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    id         TEXT NOT NULL,
    stream_id  TEXT NOT NULL,
    name       TEXT NOT NULL,
    mode       TEXT NOT NULL,
    address    TEXT NOT NULL,
    joined_at  INTEGER NOT NULL,
    left_at    INTEGER NOT NULL,
    PRIMARY KEY (project_id, session_id, id)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE viewers;
ALTER TABLE sessions DROP COLUMN control;
ALTER TABLE streams DROP COLUMN used_by;
ALTER TABLE streams DROP COLUMN once;
ALTER TABLE streams DROP COLUMN name;
