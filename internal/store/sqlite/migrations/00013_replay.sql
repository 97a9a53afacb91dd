-- +goose Up
-- A link with replay shows the session's recording too, and outlives it.
ALTER TABLE streams ADD COLUMN replay INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE streams DROP COLUMN replay;
