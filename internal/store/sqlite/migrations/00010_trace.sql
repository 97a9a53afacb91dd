-- +goose Up
-- trace is what a session, a step or an event belongs under, as a W3C traceparent, or
-- empty.
ALTER TABLE sessions ADD COLUMN trace TEXT NOT NULL DEFAULT '';
ALTER TABLE steps ADD COLUMN trace TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN trace TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE events DROP COLUMN trace;
ALTER TABLE steps DROP COLUMN trace;
ALTER TABLE sessions DROP COLUMN trace;
