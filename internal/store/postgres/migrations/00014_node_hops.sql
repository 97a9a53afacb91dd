-- +goose Up
-- hops is what a node takes of what others pass on; 0: of those of a release that didn't
-- say, only what isn't encrypted.
ALTER TABLE nodes ADD COLUMN hops BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE nodes DROP COLUMN hops;
