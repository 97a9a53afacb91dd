-- +goose Up
-- The secrets of endpoints are forgotten with them.
UPDATE endpoints SET sealed = '' WHERE deleted_at > 0;

-- The endpoints of single sessions that have ended, and to which nothing more is
-- due, have piled up: they end too.
UPDATE endpoints p SET sealed = '', deleted_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
WHERE session_id <> '' AND deleted_at = 0
    AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.project_id = p.project_id AND s.id = p.session_id AND s.ended_at = 0)
    AND (status = 'DISABLED' OR NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint = p.num AND d.ended_at = 0));

-- +goose Down
-- What is forgotten doesn't come back, and no table is another than before.
SELECT 1;
