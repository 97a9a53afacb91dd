-- +goose Up
-- For lists of what may be rare among many: sessions in a state, and events of a type, but for
-- those that are most of all, which would cost each step.
CREATE INDEX events_rare ON events (project, type, position) WHERE type NOT IN ('step_started', 'step_completed');
CREATE INDEX sessions_status ON sessions (project_id, status, id);

-- Each member of the metadata of each session, to find those by it: ids of projects and
-- sessions.
CREATE TABLE session_metadata (
    project TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   TEXT NOT NULL,
    session TEXT NOT NULL,
    PRIMARY KEY (project, name, value, session)
) WITHOUT ROWID;
INSERT INTO session_metadata SELECT s.project_id, m.key, m.value, s.id FROM sessions s, json_each(s.metadata) m WHERE m.key IS NOT NULL;
-- +goose StatementBegin
CREATE TRIGGER sessions_added AFTER INSERT ON sessions
BEGIN
    INSERT INTO session_metadata SELECT NEW.project_id, m.key, m.value, NEW.id FROM json_each(NEW.metadata) m WHERE m.key IS NOT NULL;
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER sessions_deleted AFTER DELETE ON sessions
BEGIN
    DELETE FROM session_metadata WHERE project = OLD.project_id AND session = OLD.id
        AND (name, value) IN (SELECT m.key, m.value FROM json_each(OLD.metadata) m);
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER sessions_deleted;
DROP TRIGGER sessions_added;
DROP TABLE session_metadata;
DROP INDEX sessions_status;
DROP INDEX events_rare;
