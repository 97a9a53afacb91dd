-- +goose Up
-- The token of a session's connectUrl; empty: it has none, being from before.
ALTER TABLE sessions ADD COLUMN connect_token TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX sessions_connect ON sessions (connect_token) WHERE connect_token <> '';

-- +goose Down
DROP INDEX sessions_connect;
ALTER TABLE sessions DROP COLUMN connect_token;
