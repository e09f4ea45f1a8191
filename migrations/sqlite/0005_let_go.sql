-- An edit can be let go: its row in the history then has no new value, and the variable has no desired one.

CREATE TABLE edits_with_let_go (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    author_id INTEGER NOT NULL,
    gesture INTEGER NOT NULL,
    name TEXT NOT NULL,
    author TEXT NOT NULL,
    old TEXT,
    -- NULL: it was let go
    new TEXT,
    revision INTEGER NOT NULL,
    at INTEGER NOT NULL,
    via TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (project_id, author_id, gesture, name)
) STRICT;

INSERT INTO edits_with_let_go (project_id, author_id, gesture, name, author, old, new, revision, at, via, address)
SELECT project_id, author_id, gesture, name, author, old, new, revision, at, via, address FROM edits;

DROP TABLE edits;
ALTER TABLE edits_with_let_go RENAME TO edits;
CREATE INDEX edits_newest ON edits (project_id, revision);
CREATE INDEX edits_at ON edits (project_id, at);

-- Which edit was the newest one of a variable without a desired value. A game that comes back with an older revision
-- is told to take its own value, also when the variable was forgotten meanwhile: so no foreign key. A row counts only
-- while the variable has no desired value.
CREATE TABLE let_go (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    author TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (project_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE unchanged_edits_with_let_go (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    author_id INTEGER NOT NULL,
    gesture INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- NULL: it was to be let go, and nobody wanted anything of it
    value TEXT,
    -- the project's revision when it was asked
    revision INTEGER NOT NULL,
    -- the newest edit of the variable then; 0: none, or not kept
    set_by INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (project_id, author_id, gesture, name)
) STRICT;

INSERT INTO unchanged_edits_with_let_go (project_id, author_id, gesture, name, value, revision)
SELECT project_id, author_id, gesture, name, value, revision FROM unchanged_edits;

DROP TABLE unchanged_edits;
ALTER TABLE unchanged_edits_with_let_go RENAME TO unchanged_edits;
