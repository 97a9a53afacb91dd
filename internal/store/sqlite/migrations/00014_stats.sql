-- +goose Up
-- What became of the attempts of an endpoint in spans of time. slot is the number of the
-- span among those that are kept: a row is used again when its span is too old.
CREATE TABLE endpoint_stats (
    endpoint   INTEGER NOT NULL,
    slot       INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    stats      TEXT NOT NULL, -- JSON
    PRIMARY KEY (endpoint, slot)
) WITHOUT ROWID;

-- An endpoint's own that were given up, which may be few among many.
CREATE INDEX deliveries_endpoint_given_up ON deliveries (endpoint, event) WHERE status IN ('FAILED', 'CANCELED');

-- +goose Down
DROP INDEX deliveries_endpoint_given_up;
DROP TABLE endpoint_stats;
