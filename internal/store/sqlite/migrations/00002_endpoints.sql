-- +goose Up
-- The secrets of endpoints are forgotten with them.
UPDATE endpoints SET sealed = x'' WHERE deleted_at > 0;

-- The endpoints of single sessions that have ended, and to which nothing more is
-- due, have piled up: they end too.
UPDATE endpoints SET sealed = x'', deleted_at = CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000
WHERE session_id <> '' AND deleted_at = 0
    AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.project_id = endpoints.project_id AND s.id = endpoints.session_id AND s.ended_at = 0)
    AND (status = 'DISABLED' OR NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.endpoint = endpoints.num AND d.ended_at = 0));

-- +goose Down
-- What is forgotten doesn't come back, and no table is another than before.
SELECT 1;
