-- +goose Up
-- pruned: all that belonged to the session is gone for its age, but for the row
-- itself, by which its artifacts are found.
ALTER TABLE sessions ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sessions_ended ON sessions (ended_at, num) WHERE ended_at > 0 AND pruned = 0;
CREATE INDEX artifacts_age ON artifacts (created_at);
CREATE INDEX endpoints_deleted ON endpoints (deleted_at, num) WHERE deleted_at > 0;

-- Files whose rows are gone, until the files are: whoever deletes rows writes
-- it down in the same transaction, and then deletes the files.
CREATE TABLE removed_files (
    num         INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id  TEXT NOT NULL,
    session_id  TEXT NOT NULL,
    artifact_id TEXT NOT NULL, -- empty: all of the session
    removed_at  INTEGER NOT NULL
);

-- +goose Down
DROP TABLE removed_files;
DROP INDEX endpoints_deleted;
DROP INDEX artifacts_age;
DROP INDEX sessions_ended;
ALTER TABLE sessions DROP COLUMN pruned;
