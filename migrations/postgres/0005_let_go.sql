-- An edit can be let go: its row in the history then has no new value, and the variable has no desired one.

-- NULL: it was let go
ALTER TABLE edits ALTER COLUMN new DROP NOT NULL;

-- Which edit was the newest one of a variable without a desired value. A game that comes back with an older revision
-- is told to take its own value, also when the variable was forgotten meanwhile: so no foreign key. A row counts only
-- while the variable has no desired value.
CREATE TABLE let_go (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    author TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (project_id, name)
);

-- NULL: it was to be let go, and nobody wanted anything of it
ALTER TABLE unchanged_edits ALTER COLUMN value DROP NOT NULL;
-- the newest edit of the variable then; 0: none, or not kept
ALTER TABLE unchanged_edits ADD COLUMN set_by BIGINT NOT NULL DEFAULT 0;
