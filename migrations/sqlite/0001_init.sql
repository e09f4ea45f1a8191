-- Times are microseconds since 1970. Values and declarations are JSON text: SQLite's own JSON
-- functions would lose integers above 2^63.

CREATE TABLE instance (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    instance_id TEXT NOT NULL,
    -- +1 when a backup is restored: what came after the backup is then known to be gone
    epoch INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

INSERT INTO instance (id, instance_id, epoch, created_at)
VALUES (1, lower(hex(randomblob(16))), 1, CAST(unixepoch('subsec') * 1000000 AS INTEGER));

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    email TEXT UNIQUE,
    password_hash TEXT,
    role TEXT NOT NULL CHECK (role IN ('owner', 'member')),
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX users_one_owner ON users (role) WHERE role = 'owner';

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    -- NULL: the instance owner's
    owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    revision INTEGER NOT NULL DEFAULT 0,
    log_seq INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX projects_owner ON projects (owner_id);

CREATE TABLE project_keys (
    key TEXT PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX project_keys_project ON project_keys (project_id, created_at);

CREATE TABLE devices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    identity TEXT NOT NULL,
    name TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    UNIQUE (project_id, identity)
) STRICT;

CREATE TABLE vars (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- the order of the first declaration; gaps mean nothing
    position INTEGER NOT NULL,
    spec TEXT NOT NULL,
    -- NULL until somebody edits it
    desired TEXT,
    desired_revision INTEGER,
    desired_author TEXT,
    desired_at INTEGER,
    PRIMARY KEY (project_id, name),
    CHECK ((desired IS NULL) = (desired_revision IS NULL)
        AND (desired IS NULL) = (desired_author IS NULL)
        AND (desired IS NULL) = (desired_at IS NULL))
) STRICT;

CREATE INDEX vars_position ON vars (project_id, position);

CREATE TABLE reported (
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    project_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (device_id, name),
    FOREIGN KEY (project_id, name) REFERENCES vars (project_id, name) ON DELETE CASCADE
) STRICT;

CREATE INDEX reported_var ON reported (project_id, name);

-- One row for each gesture and variable, kept for ever: no foreign key to the author.
CREATE TABLE edits (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    author_id INTEGER NOT NULL,
    gesture INTEGER NOT NULL,
    name TEXT NOT NULL,
    author TEXT NOT NULL,
    old TEXT,
    new TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (project_id, author_id, gesture, name)
) STRICT;

CREATE INDEX edits_newest ON edits (project_id, revision);

-- No foreign keys: they would be checked for every line. The batch checks its devices once.
CREATE TABLE logs (
    project_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    device_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    received INTEGER NOT NULL,
    level INTEGER NOT NULL,
    message TEXT NOT NULL,
    fields TEXT,
    PRIMARY KEY (project_id, seq)
) STRICT, WITHOUT ROWID;
