-- +goose Up
-- Who is signed in to the dashboard: a token, of which only a hash is here, and the key
-- that it acts as.
CREATE TABLE sign_ins (
    hash       BLOB PRIMARY KEY,
    key_id     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE sign_ins;
