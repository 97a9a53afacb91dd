-- +goose Up
-- What a file that a page downloaded is called, and its hash; empty of others.
ALTER TABLE artifacts ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE artifacts ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE artifacts DROP COLUMN sha256;
ALTER TABLE artifacts DROP COLUMN name;
