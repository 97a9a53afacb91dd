-- +goose Up
-- Times are microseconds since 1970, 0 for none. Every query is keyed by its
-- project first. JSON columns hold what is only ever read whole. What grows
-- with the events refers to projects, sessions and endpoints by number: the
-- rows and their indexes are a tenth as long as with ids.

-- key seals the numbers of a delivery into its public id.
CREATE TABLE delivery_ids (
    key BLOB NOT NULL
);
INSERT INTO delivery_ids (key) VALUES (randomblob(16));

CREATE TABLE projects (
    num        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL UNIQUE,
    sequence   INTEGER NOT NULL DEFAULT 0, -- of the last event without a session
    created_at INTEGER NOT NULL
);

CREATE TABLE api_keys (
    project_id TEXT NOT NULL,
    id         TEXT NOT NULL,
    name       TEXT NOT NULL,
    prefix     TEXT NOT NULL,
    hash       BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL,
    PRIMARY KEY (project_id, id)
) WITHOUT ROWID;
CREATE INDEX api_keys_prefix ON api_keys (prefix);

CREATE TABLE sessions (
    num          INTEGER PRIMARY KEY,
    project_id   TEXT NOT NULL,
    id           TEXT NOT NULL,
    status       TEXT NOT NULL,
    close_reason TEXT NOT NULL,
    error        TEXT NOT NULL, -- JSON, or empty
    options      TEXT NOT NULL, -- JSON
    metadata     TEXT NOT NULL, -- JSON
    stream_token TEXT NOT NULL,
    step_count   INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    ready_at     INTEGER NOT NULL,
    ended_at     INTEGER NOT NULL,
    UNIQUE (project_id, id)
);
CREATE INDEX sessions_open ON sessions (id) WHERE status NOT IN ('CLOSED', 'FAILED');

CREATE TABLE steps (
    project_id  TEXT NOT NULL,
    session_id  TEXT NOT NULL,
    idx         INTEGER NOT NULL,
    id          TEXT NOT NULL,
    batch       INTEGER NOT NULL,
    action      TEXT NOT NULL,
    params      TEXT NOT NULL, -- JSON
    on_error    TEXT NOT NULL,
    status      TEXT NOT NULL,
    result      TEXT NOT NULL, -- JSON, or empty
    error       TEXT NOT NULL, -- JSON, or empty
    created_at  INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    PRIMARY KEY (project_id, session_id, idx)
) WITHOUT ROWID;
CREATE UNIQUE INDEX steps_id ON steps (project_id, session_id, id);
CREATE INDEX steps_open ON steps (project_id, session_id, idx) WHERE status IN ('PENDING', 'RUNNING', 'WAITING');

CREATE TABLE artifacts (
    project_id   TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    id           TEXT NOT NULL,
    step_id      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size         INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (project_id, session_id, id)
) WITHOUT ROWID;

CREATE TABLE streams (
    project_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    id         TEXT NOT NULL,
    token      TEXT NOT NULL UNIQUE,
    mode       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL,
    PRIMARY KEY (project_id, session_id, id)
) WITHOUT ROWID;

-- position is the order of commits; cursors are event ids, resolved to it. A
-- session's last sequence is the greatest one here.
CREATE TABLE events (
    position   INTEGER PRIMARY KEY,
    project    INTEGER NOT NULL,
    session    INTEGER NOT NULL, -- 0: none
    sequence   INTEGER NOT NULL,
    id         TEXT NOT NULL,
    type       TEXT NOT NULL,
    body       BLOB NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX events_id ON events (project, id);
CREATE INDEX events_project ON events (project, position);
CREATE UNIQUE INDEX events_session ON events (project, session, sequence);

CREATE TABLE endpoints (
    num             INTEGER PRIMARY KEY,
    project_id      TEXT NOT NULL,
    id              TEXT NOT NULL,
    session_id      TEXT NOT NULL, -- of an inline webhook, or empty
    settings        TEXT NOT NULL, -- JSON
    sealed          BLOB NOT NULL, -- secrets and headers, encrypted
    signs           INTEGER NOT NULL, -- 1: has a key pair
    status          TEXT NOT NULL,
    disabled_reason TEXT NOT NULL,
    failing_since   INTEGER NOT NULL,
    failing_told    INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    deleted_at      INTEGER NOT NULL,
    UNIQUE (project_id, id)
);
CREATE INDEX endpoints_session ON endpoints (project_id, session_id, id) WHERE deleted_at = 0;
CREATE INDEX endpoints_id ON endpoints (id);
CREATE INDEX endpoints_signs ON endpoints (num) WHERE signs = 1 AND deleted_at = 0;

-- That a delivery is being sent is not in the file: this process alone sends,
-- and what it was sending when it died is due again. So status is PENDING until
-- the delivery has ended.
CREATE TABLE deliveries (
    event    INTEGER NOT NULL, -- position
    endpoint INTEGER NOT NULL,
    project  INTEGER NOT NULL,
    ordered  INTEGER NOT NULL, -- 0: in any order; else 1 more than the number of the session
    status   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    tries    INTEGER NOT NULL,
    next_at  INTEGER NOT NULL,
    ended_at INTEGER NOT NULL, -- 0 exactly while PENDING
    first    BLOB, -- the first attempt
    PRIMARY KEY (event, endpoint)
) WITHOUT ROWID;
CREATE INDEX deliveries_open ON deliveries (endpoint, next_at, event) WHERE ended_at = 0;
CREATE INDEX deliveries_ordered ON deliveries (endpoint, ordered, event) WHERE ended_at = 0 AND ordered > 0;
CREATE INDEX deliveries_endpoint ON deliveries (endpoint, event);
CREATE INDEX deliveries_given_up ON deliveries (project, event) WHERE status IN ('FAILED', 'CANCELED');

-- The attempts after the first.
CREATE TABLE attempts (
    event    INTEGER NOT NULL,
    endpoint INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    packed   BLOB NOT NULL,
    PRIMARY KEY (event, endpoint, number)
) WITHOUT ROWID;

CREATE TABLE idempotency (
    project_id  TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    refs        TEXT NOT NULL, -- JSON
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (project_id, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (created_at);

-- +goose Down
DROP TABLE idempotency;
DROP TABLE attempts;
DROP TABLE deliveries;
DROP TABLE endpoints;
DROP TABLE events;
DROP TABLE streams;
DROP TABLE artifacts;
DROP TABLE steps;
DROP TABLE sessions;
DROP TABLE api_keys;
DROP TABLE projects;
DROP TABLE delivery_ids;
