-- +goose Up
-- sessions is how many sessions of a project may have a browser at once; 0: any number.
-- Those that wait are started in turns of their projects: turn is the number of its
-- last, greater than that of every project that had its own before.
ALTER TABLE projects ADD COLUMN sessions INTEGER NOT NULL DEFAULT 0;
ALTER TABLE projects ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
CREATE INDEX projects_turn ON projects (turn);
CREATE INDEX sessions_queue ON sessions (project_id, id) WHERE status = 'QUEUED';
CREATE INDEX sessions_busy ON sessions (project_id) WHERE status IN ('STARTING', 'READY', 'CLOSING');

-- +goose Down
DROP INDEX sessions_busy;
DROP INDEX sessions_queue;
DROP INDEX projects_turn;
ALTER TABLE projects DROP COLUMN turn;
ALTER TABLE projects DROP COLUMN sessions;
