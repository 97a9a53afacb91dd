-- +goose Up
-- A session of node 0 is QUEUED, whatever it was when its node died; what was closed
-- while it was not is of a node that isn't there, for the next look to end it.
UPDATE sessions SET status = 'QUEUED', version = version + 1 WHERE node = 0 AND status = 'STARTING';
UPDATE sessions SET node = -1 WHERE node = 0 AND status IN ('READY', 'CLOSING');

-- The number 0 is one that no server has, for servers of the release before: they take
-- for themselves what is of a node that isn't there.
INSERT INTO nodes (num, name) OVERRIDING SYSTEM VALUE VALUES (0, '(queue)');

-- turn is the number of a project's last turn, greater than that of every project that had
-- its own before. Who claims a session changes it: in a table of its own, to wait for
-- nobody who adds events.
CREATE TABLE turns (
    project_id TEXT COLLATE "C" PRIMARY KEY,
    turn       BIGINT NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX turns_turn ON turns (turn);
INSERT INTO turns SELECT id, turn FROM projects WHERE turn > 0;
ALTER TABLE projects DROP COLUMN turn;

-- +goose Down
DELETE FROM nodes WHERE num = 0;
ALTER TABLE projects ADD COLUMN turn BIGINT NOT NULL DEFAULT 0;
UPDATE projects SET turn = t.turn FROM turns t WHERE t.project_id = projects.id;
CREATE INDEX projects_turn ON projects (turn);
DROP TABLE turns;
