-- +goose Up
-- pruned is the position of the project's last event that was deleted for its
-- age, and pruned_id its id; prunes counts how often some were: a cursor before
-- that position, from before that time, has been overtaken. Of what was deleted
-- until now nothing more is known than that it came before the first that is
-- there.
ALTER TABLE projects
    ADD COLUMN prunes    BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN pruned    BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN pruned_id TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE projects o SET pruned = e.position - 1, pruned_id = e.id
    FROM (SELECT p.num, f.position, f.id FROM projects p
        CROSS JOIN LATERAL (SELECT position, id FROM events WHERE project = p.num ORDER BY position LIMIT 1) f) e -- not a walk through all
    WHERE e.num = o.num AND e.position > 1;

-- +goose Down
ALTER TABLE projects
    DROP COLUMN prunes,
    DROP COLUMN pruned,
    DROP COLUMN pruned_id;
