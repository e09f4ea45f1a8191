-- Times are microseconds since 1970. Values and declarations are JSON text, not jsonb: it refuses
-- \u0000 and rewrites numbers. Names sort by bytes ("C"), as they do in SQLite.

CREATE TABLE instance (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    instance_id TEXT NOT NULL,
    -- +1 when a backup is restored: what came after the backup is then known to be gone
    epoch BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

INSERT INTO instance (id, instance_id, epoch, created_at)
VALUES (1, replace(gen_random_uuid()::text, '-', ''), 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);

CREATE TABLE users (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT UNIQUE,
    password_hash TEXT,
    role TEXT NOT NULL CHECK (role IN ('owner', 'member')),
    created_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX users_one_owner ON users (role) WHERE role = 'owner';

CREATE TABLE sessions (
    token_hash BYTEA PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE projects (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL,
    -- NULL: the instance owner's
    owner_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    revision BIGINT NOT NULL DEFAULT 0,
    log_seq BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE INDEX projects_owner ON projects (owner_id);

CREATE TABLE project_keys (
    key TEXT PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);

CREATE INDEX project_keys_project ON project_keys (project_id, created_at);

CREATE TABLE devices (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    identity TEXT NOT NULL,
    name TEXT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    UNIQUE (project_id, identity)
);

CREATE TABLE vars (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    -- the order of the first declaration; gaps mean nothing
    position BIGINT NOT NULL,
    spec TEXT NOT NULL,
    -- NULL until somebody edits it
    desired TEXT,
    desired_revision BIGINT,
    desired_author TEXT,
    desired_at BIGINT,
    PRIMARY KEY (project_id, name),
    CHECK ((desired IS NULL) = (desired_revision IS NULL)
        AND (desired IS NULL) = (desired_author IS NULL)
        AND (desired IS NULL) = (desired_at IS NULL))
);

CREATE INDEX vars_position ON vars (project_id, position);

-- fillfactor: values change all the time, in place where the page has room
CREATE TABLE reported (
    device_id BIGINT NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    project_id BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    value TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (device_id, name),
    FOREIGN KEY (project_id, name) REFERENCES vars (project_id, name) ON DELETE CASCADE
) WITH (fillfactor = 70);

CREATE INDEX reported_var ON reported (project_id, name);

-- One row for each gesture and variable, kept for ever: no foreign key to the author.
CREATE TABLE edits (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    author_id BIGINT NOT NULL,
    gesture BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    author TEXT NOT NULL,
    old TEXT,
    new TEXT NOT NULL,
    revision BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (project_id, author_id, gesture, name)
);

CREATE INDEX edits_newest ON edits (project_id, revision);

-- No foreign keys: they would be checked for every line. The batch checks its devices once.
CREATE TABLE logs (
    project_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    device_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    received BIGINT NOT NULL,
    level INTEGER NOT NULL,
    message TEXT NOT NULL,
    fields TEXT,
    PRIMARY KEY (project_id, seq)
);
