-- +goose NO TRANSACTION
-- Each statement by itself, so that none holds what servers that run wait for while it
-- waits for what they hold.

-- +goose Up
-- trace is what a session, a step or an event belongs under, as a W3C traceparent, or
-- empty.
ALTER TABLE sessions ADD COLUMN IF NOT EXISTS trace TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN IF NOT EXISTS trace TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN IF NOT EXISTS trace TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE events DROP COLUMN IF EXISTS trace;
ALTER TABLE steps DROP COLUMN IF EXISTS trace;
ALTER TABLE sessions DROP COLUMN IF EXISTS trace;
