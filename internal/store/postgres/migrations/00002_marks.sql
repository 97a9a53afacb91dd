-- +goose Up
-- marks holds the last transaction that each connection has committed. When the
-- answer to a COMMIT is lost, it tells whether that was made. The number of the
-- transaction alone doesn't: one that is lost with the server's last moments is
-- given out again.
CREATE TABLE marks (
    connection TEXT COLLATE "C" PRIMARY KEY,
    number     BIGINT NOT NULL,
    made_at    TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0.05);

-- +goose Down
DROP TABLE marks;
