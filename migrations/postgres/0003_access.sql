-- Who may do what: members with roles, several keys a project, API tokens, one-time links, the audit trail.

CREATE TABLE members (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'designer', 'admin')),
    added_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, user_id)
);

CREATE INDEX members_user ON members (user_id);

-- whose project it was may do everything in it; projects.owner_id only says from now on who made it
INSERT INTO members (project_id, user_id, role, added_at)
SELECT p.id, p.owner_id, 'admin', p.created_at FROM projects p JOIN users u ON u.id = p.owner_id WHERE u.role = 'member';

-- In place of project_keys. A revoked key stays, so that nobody can make it his.
CREATE TABLE game_keys (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    key TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT,
    last_used_at BIGINT,
    -- games are refused from then on: another key has taken its place
    expires_at BIGINT,
    revoked_at BIGINT
);

INSERT INTO game_keys (project_id, key, name, created_at)
SELECT project_id, key, 'first key', created_at FROM project_keys ORDER BY created_at, key;

CREATE INDEX game_keys_project ON game_keys (project_id, created_at);

DROP TABLE project_keys;

-- Secret tokens for scripts; they act for a person. The secret itself is never stored.
CREATE TABLE api_tokens (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    shown TEXT NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT
);

CREATE INDEX api_tokens_user ON api_tokens (user_id);
CREATE INDEX api_tokens_project ON api_tokens (project_id);

-- One-time links: an invitation has a project and a role, a password's reset has a user.
CREATE TABLE links (
    token_hash BYTEA PRIMARY KEY,
    project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE,
    role TEXT CHECK (role IN ('viewer', 'designer', 'admin')),
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    note TEXT NOT NULL,
    created_by_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    CHECK ((project_id IS NULL) = (role IS NULL) AND (project_id IS NULL) <> (user_id IS NULL))
);

CREATE INDEX links_project ON links (project_id);
CREATE INDEX links_user ON links (user_id);

-- Append-only, and kept when what it speaks of goes: no foreign keys. Edits of values are in `edits`.
CREATE TABLE audit (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_id BIGINT,
    actor TEXT NOT NULL,
    via TEXT NOT NULL,
    address TEXT NOT NULL,
    project_id BIGINT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    old TEXT,
    new TEXT
);

CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_project ON audit (project_id, at);

CREATE FUNCTION audit_never_changes() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit trail never changes'; END $$;
CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_never_changes();

-- by what and from where an edit was made; '' where that was not kept
ALTER TABLE edits ADD COLUMN via TEXT NOT NULL DEFAULT '';
ALTER TABLE edits ADD COLUMN address TEXT NOT NULL DEFAULT '';

CREATE INDEX edits_at ON edits (project_id, at);

-- for the list of places where a person is signed in
ALTER TABLE sessions ADD COLUMN last_used_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
UPDATE sessions SET last_used_at = created_at;
