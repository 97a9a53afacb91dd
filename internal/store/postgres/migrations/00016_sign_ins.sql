-- +goose NO TRANSACTION
-- Each statement by itself, so that none holds what servers that run wait for while it
-- waits for what they hold.

-- +goose Up
-- Who is signed in to the dashboard: a token, of which only a hash is here, and the key
-- that it acts as.
CREATE TABLE IF NOT EXISTS sign_ins (
    hash       BYTEA PRIMARY KEY,
    key_id     TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);

-- +goose Down
DROP TABLE IF EXISTS sign_ins;
