-- +goose Up
-- keep is how long a node's browsers outlive it, in milliseconds: what runs in them
-- waits as long for the node to come back.
ALTER TABLE nodes ADD COLUMN keep BIGINT NOT NULL DEFAULT 0;

-- absent are nodes that are dead and may come back, under another number then: until
-- that time their READY sessions are nobody else's.
CREATE TABLE absent (
    num   BIGINT PRIMARY KEY,
    name  TEXT NOT NULL,
    until TIMESTAMPTZ NOT NULL
);

-- +goose Down
DROP TABLE absent;
ALTER TABLE nodes DROP COLUMN keep;
