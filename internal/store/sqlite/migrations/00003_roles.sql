-- +goose Up
-- Keys have a role, and a live link names the key that it was made with, to end
-- with it; empty: the session's own.
ALTER TABLE api_keys ADD COLUMN role TEXT NOT NULL DEFAULT 'project';
CREATE UNIQUE INDEX api_keys_id ON api_keys (id);
CREATE INDEX api_keys_operators ON api_keys (id) WHERE role = 'operator' AND revoked_at = 0;
ALTER TABLE streams ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
CREATE INDEX streams_key ON streams (key_id) WHERE key_id <> '';

-- +goose Down
DROP INDEX streams_key;
ALTER TABLE streams DROP COLUMN key_id;
DROP INDEX api_keys_operators;
DROP INDEX api_keys_id;
ALTER TABLE api_keys DROP COLUMN role;
