-- +goose Up
-- What a session's browser has had of the network, as JSON; empty: nothing, or it is
-- from before.
ALTER TABLE sessions ADD COLUMN usage TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE sessions DROP COLUMN usage;
