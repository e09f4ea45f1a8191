-- Who may do what: members with roles, several keys a project, API tokens, one-time links, the audit trail.

CREATE TABLE members (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'designer', 'admin')),
    added_at INTEGER NOT NULL,
    PRIMARY KEY (project_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_user ON members (user_id);

-- whose project it was may do everything in it; projects.owner_id only says from now on who made it
INSERT INTO members (project_id, user_id, role, added_at)
SELECT p.id, p.owner_id, 'admin', p.created_at FROM projects p JOIN users u ON u.id = p.owner_id WHERE u.role = 'member';

-- In place of project_keys. A revoked key stays, so that nobody can make it his.
CREATE TABLE game_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    last_used_at INTEGER,
    -- games are refused from then on: another key has taken its place
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;

INSERT INTO game_keys (project_id, key, name, created_at)
SELECT project_id, key, 'first key', created_at FROM project_keys ORDER BY created_at, key;

CREATE INDEX game_keys_project ON game_keys (project_id, created_at);

DROP TABLE project_keys;

-- Secret tokens for scripts; they act for a person. The secret itself is never stored.
CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    shown TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;

CREATE INDEX api_tokens_user ON api_tokens (user_id);
CREATE INDEX api_tokens_project ON api_tokens (project_id);

-- One-time links: an invitation has a project and a role, a password's reset has a user.
CREATE TABLE links (
    token_hash BLOB PRIMARY KEY,
    project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    role TEXT CHECK (role IN ('viewer', 'designer', 'admin')),
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    note TEXT NOT NULL,
    created_by_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((project_id IS NULL) = (role IS NULL) AND (project_id IS NULL) <> (user_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX links_project ON links (project_id);
CREATE INDEX links_user ON links (user_id);

-- Append-only, and kept when what it speaks of goes: no foreign keys. Edits of values are in `edits`.
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor_id INTEGER,
    actor TEXT NOT NULL,
    via TEXT NOT NULL,
    address TEXT NOT NULL,
    project_id INTEGER,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    old TEXT,
    new TEXT
) STRICT;

CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_project ON audit (project_id, at);

CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail never changes'); END;

-- by what and from where an edit was made; '' where that was not kept
ALTER TABLE edits ADD COLUMN via TEXT NOT NULL DEFAULT '';
ALTER TABLE edits ADD COLUMN address TEXT NOT NULL DEFAULT '';

CREATE INDEX edits_at ON edits (project_id, at);

-- for the list of places where a person is signed in
ALTER TABLE sessions ADD COLUMN last_used_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
UPDATE sessions SET last_used_at = created_at;
