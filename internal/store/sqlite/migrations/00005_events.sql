-- +goose Up
-- pruned is the position of the project's last event that was deleted for its
-- age, and pruned_id its id; prunes counts how often some were: a cursor before
-- that position, from before that time, has been overtaken. Of what was deleted
-- until now nothing more is known than that it came before the first that is
-- there.
ALTER TABLE projects ADD COLUMN prunes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE projects ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE projects ADD COLUMN pruned_id TEXT NOT NULL DEFAULT '';
UPDATE projects SET (pruned, pruned_id) = (SELECT e.position - 1, e.id FROM events e WHERE e.project = num ORDER BY e.position LIMIT 1)
    WHERE (SELECT MIN(e.position) FROM events e WHERE e.project = num) > 1;

-- given is the greatest position that was the last one when its event was
-- deleted. No other event gets it: a cursor that stands there would pass it over.
CREATE TABLE positions (
    given INTEGER NOT NULL
);
INSERT INTO positions (given) VALUES (0);
-- +goose StatementBegin
CREATE TRIGGER events_deleted BEFORE DELETE ON events WHEN OLD.position = (SELECT MAX(position) FROM events)
BEGIN
    UPDATE positions SET given = MAX(given, OLD.position);
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER events_deleted;
DROP TABLE positions;
ALTER TABLE projects DROP COLUMN pruned_id;
ALTER TABLE projects DROP COLUMN pruned;
ALTER TABLE projects DROP COLUMN prunes;
