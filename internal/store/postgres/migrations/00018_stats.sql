-- +goose NO TRANSACTION
-- Each statement by itself, so that none holds what servers that run wait for while it
-- waits for what they hold; all can be made again, if one was not.

-- +goose Up
-- What became of the attempts of an endpoint in spans of time. slot is the number of the
-- span among those that are kept: a row is used again when its span is too old.
CREATE TABLE IF NOT EXISTS endpoint_stats (
    endpoint   BIGINT NOT NULL,
    slot       BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    stats      TEXT NOT NULL, -- JSON
    PRIMARY KEY (endpoint, slot)
) WITH (fillfactor = 70);

-- An endpoint's own that were given up, which may be few among many.
DROP INDEX CONCURRENTLY IF EXISTS deliveries_endpoint_given_up;
CREATE INDEX CONCURRENTLY deliveries_endpoint_given_up ON deliveries (endpoint, event) WHERE status IN ('FAILED', 'CANCELED');

-- +goose Down
DROP INDEX IF EXISTS deliveries_endpoint_given_up;
DROP TABLE IF EXISTS endpoint_stats;
