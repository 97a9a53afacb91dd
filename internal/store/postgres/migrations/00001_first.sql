-- +goose Up
-- Times are microseconds since 1970, 0 for none, as in the other store. Every
-- query is keyed by its project first. What grows with the events refers to
-- projects, sessions, endpoints and nodes by number.

-- delivery_key seals the numbers of a delivery into its public id. proof is
-- sealed with the master key: a server with another finds out at once.
CREATE TABLE identity (
    delivery_key BYTEA NOT NULL,
    proof        BYTEA NOT NULL
);
INSERT INTO identity VALUES (decode(replace(gen_random_uuid()::text, '-', ''), 'hex'), '');

-- nodes are the servers that share the database. One whose beat stands still
-- is dead: the others take over what it held and remove its row. A node is
-- known by its data folder, so that one that starts again replaces itself.
CREATE TABLE nodes (
    num        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    beat       BIGINT NOT NULL DEFAULT 0,
    started_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- position is that of the project's last event. Whoever adds events holds the
-- row until they are committed, so a project's events become visible in the
-- order of their positions. version counts changes of its endpoints.
CREATE TABLE projects (
    num        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         TEXT COLLATE "C" NOT NULL UNIQUE,
    name       TEXT NOT NULL UNIQUE,
    sequence   BIGINT NOT NULL DEFAULT 0, -- of the last event without a session
    position   BIGINT NOT NULL DEFAULT 0,
    version    BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
) WITH (fillfactor = 50);

-- marks holds the last transaction that each connection has committed. When the
-- answer to a COMMIT is lost, it tells whether that was made. The number of the
-- transaction alone doesn't: one that is lost with the server's last moments is
-- given out again.
CREATE TABLE marks (
    connection TEXT COLLATE "C" PRIMARY KEY,
    number     BIGINT NOT NULL,
    made_at    TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0.05);

CREATE TABLE api_keys (
    project_id TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    name       TEXT NOT NULL,
    prefix     TEXT NOT NULL,
    hash       BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, id)
);
CREATE INDEX api_keys_prefix ON api_keys (prefix);

CREATE TABLE sessions (
    num          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id   TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    node         BIGINT NOT NULL, -- that runs it
    status       TEXT NOT NULL,
    close_reason TEXT NOT NULL,
    error        TEXT NOT NULL, -- JSON, or empty
    options      TEXT NOT NULL, -- JSON
    metadata     TEXT NOT NULL, -- JSON
    stream_token TEXT NOT NULL,
    step_count   BIGINT NOT NULL,
    version      BIGINT NOT NULL DEFAULT 0, -- counts changes of the row and of its steps
    created_at   BIGINT NOT NULL,
    ready_at     BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    UNIQUE (project_id, id)
) WITH (fillfactor = 70);
CREATE INDEX sessions_open ON sessions (node, id) WHERE status NOT IN ('CLOSED', 'FAILED');

CREATE TABLE steps (
    project_id  TEXT COLLATE "C" NOT NULL,
    session_id  TEXT COLLATE "C" NOT NULL,
    idx         BIGINT NOT NULL,
    id          TEXT COLLATE "C" NOT NULL,
    batch       BIGINT NOT NULL,
    action      TEXT NOT NULL,
    params      TEXT NOT NULL, -- JSON
    on_error    TEXT NOT NULL,
    status      TEXT NOT NULL,
    result      TEXT NOT NULL, -- JSON, or empty
    error       TEXT NOT NULL, -- JSON, or empty
    created_at  BIGINT NOT NULL,
    started_at  BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, session_id, idx)
);
CREATE UNIQUE INDEX steps_id ON steps (project_id, session_id, id);
CREATE INDEX steps_open ON steps (project_id, session_id, idx) WHERE finished_at = 0;

CREATE TABLE artifacts (
    project_id   TEXT COLLATE "C" NOT NULL,
    session_id   TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    step_id      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size         BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (project_id, session_id, id)
);

CREATE TABLE streams (
    project_id TEXT COLLATE "C" NOT NULL,
    session_id TEXT COLLATE "C" NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    token      TEXT NOT NULL UNIQUE,
    mode       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, session_id, id)
);

-- position is the order of commits within the project; cursors are event ids,
-- resolved to it. A session's last sequence is the greatest one here.
CREATE TABLE events (
    project    BIGINT NOT NULL,
    position   BIGINT NOT NULL,
    session    BIGINT NOT NULL, -- 0: none
    sequence   BIGINT NOT NULL,
    id         TEXT COLLATE "C" NOT NULL,
    type       TEXT NOT NULL,
    body       BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (project, position)
);
CREATE UNIQUE INDEX events_id ON events (project, id);
CREATE UNIQUE INDEX events_session ON events (project, session, sequence);

CREATE TABLE endpoints (
    num             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id      TEXT COLLATE "C" NOT NULL,
    id              TEXT COLLATE "C" NOT NULL,
    session_id      TEXT COLLATE "C" NOT NULL, -- of an inline webhook, or empty
    settings        TEXT NOT NULL, -- JSON
    ordered         BOOLEAN NOT NULL,
    sealed          BYTEA NOT NULL, -- secrets and headers, encrypted
    signs           BOOLEAN NOT NULL, -- has a key pair
    status          TEXT NOT NULL,
    disabled_reason TEXT NOT NULL,
    failing_since   BIGINT NOT NULL,
    failing_told    BIGINT NOT NULL,
    version         BIGINT NOT NULL, -- the project's, when it was last changed
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    deleted_at      BIGINT NOT NULL,
    UNIQUE (project_id, id)
);
CREATE INDEX endpoints_session ON endpoints (project_id, session_id, id) WHERE deleted_at = 0;
CREATE INDEX endpoints_version ON endpoints (project_id, version);
CREATE INDEX endpoints_id ON endpoints (id);
CREATE INDEX endpoints_signs ON endpoints (num) WHERE signs AND deleted_at = 0;

-- pace is how far the rate of an endpoint is used up: no delivery goes before
-- it, by the database's clock. It is apart from the endpoint's row because
-- every node writes it all the time.
CREATE TABLE endpoint_paces (
    endpoint BIGINT PRIMARY KEY,
    pace     TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);

-- node is the server that has the delivery to send it; 0: it is free, or has
-- ended. status is PENDING until it has ended.
CREATE TABLE deliveries (
    project  BIGINT NOT NULL,
    event    BIGINT NOT NULL, -- position
    endpoint BIGINT NOT NULL,
    ordered  BIGINT NOT NULL, -- 0: in any order; else 1 more than the number of the session
    node     BIGINT NOT NULL,
    next_at  BIGINT NOT NULL,
    ended_at BIGINT NOT NULL, -- 0 exactly while PENDING
    attempts INTEGER NOT NULL,
    tries    INTEGER NOT NULL,
    status   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    first    BYTEA, -- the first attempt: most have no other
    PRIMARY KEY (project, event, endpoint)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.1);
CREATE INDEX deliveries_endpoint ON deliveries (endpoint, event);
CREATE INDEX deliveries_due ON deliveries (endpoint, next_at, event) WHERE ended_at = 0 AND node = 0;
CREATE INDEX deliveries_held ON deliveries (endpoint, node) WHERE node <> 0;
CREATE INDEX deliveries_ordered ON deliveries (endpoint, ordered, event) WHERE ended_at = 0 AND ordered > 0;
CREATE INDEX deliveries_given_up ON deliveries (project, event) WHERE status IN ('FAILED', 'CANCELED');

-- The attempts after the first.
CREATE TABLE attempts (
    project     BIGINT NOT NULL,
    event       BIGINT NOT NULL,
    endpoint    BIGINT NOT NULL,
    id          TEXT COLLATE "C" NOT NULL, -- sorts by time
    packed      BYTEA NOT NULL,
    PRIMARY KEY (project, event, endpoint, id)
);

CREATE TABLE idempotency (
    project_id  TEXT COLLATE "C" NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    refs        TEXT NOT NULL, -- JSON
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (project_id, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- +goose Down
DROP TABLE idempotency;
DROP TABLE attempts;
DROP TABLE deliveries;
DROP TABLE endpoint_paces;
DROP TABLE endpoints;
DROP TABLE events;
DROP TABLE streams;
DROP TABLE artifacts;
DROP TABLE steps;
DROP TABLE sessions;
DROP TABLE api_keys;
DROP TABLE projects;
DROP TABLE marks;
DROP TABLE nodes;
DROP TABLE identity;
