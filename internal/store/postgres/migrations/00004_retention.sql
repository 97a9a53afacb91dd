-- +goose Up
-- pruned: all that belonged to the session is gone for its age, but for the row
-- itself, by which its artifacts are found.
ALTER TABLE sessions ADD COLUMN pruned BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX sessions_ended ON sessions (ended_at, num) WHERE ended_at > 0 AND NOT pruned;
CREATE INDEX artifacts_age ON artifacts (created_at);
CREATE INDEX endpoints_deleted ON endpoints (deleted_at, num) WHERE deleted_at > 0;

-- Files whose rows are gone, until the files are: whoever deletes rows writes
-- it down in the same transaction, and then deletes the files. Each server
-- goes through all of them, since each may have files of its own.
CREATE TABLE removed_files (
    num         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id  TEXT COLLATE "C" NOT NULL,
    session_id  TEXT COLLATE "C" NOT NULL,
    artifact_id TEXT COLLATE "C" NOT NULL, -- empty: all of the session
    removed_at  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE removed_files;
DROP INDEX endpoints_deleted;
DROP INDEX artifacts_age;
DROP INDEX sessions_ended;
ALTER TABLE sessions DROP COLUMN pruned;
