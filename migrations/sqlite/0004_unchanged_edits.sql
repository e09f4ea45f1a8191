-- What a script asked for under a key of its own and what was desired already: said again, it is answered alike. What
-- it changed is in `edits`.
CREATE TABLE unchanged_edits (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    author_id INTEGER NOT NULL,
    gesture INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    -- the project's revision when it was asked
    revision INTEGER NOT NULL,
    PRIMARY KEY (project_id, author_id, gesture, name)
) STRICT;
