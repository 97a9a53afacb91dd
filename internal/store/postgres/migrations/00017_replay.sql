-- +goose NO TRANSACTION
-- Each statement by itself, so that none holds what servers that run wait for while it
-- waits for what they hold.

-- +goose Up
-- A link with replay shows the session's recording too, and outlives it.
ALTER TABLE streams ADD COLUMN IF NOT EXISTS replay BOOLEAN NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE streams DROP COLUMN IF EXISTS replay;
