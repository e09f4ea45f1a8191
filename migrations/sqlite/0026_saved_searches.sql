-- Searches of a project's log that people keep: what stands in the address of the log page.
CREATE TABLE saved_searches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- a query string with its question mark
    search TEXT NOT NULL,
    -- 1: for everybody in the project
    is_shared INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (project_id, user_id, name)
) STRICT;
CREATE INDEX saved_searches_user ON saved_searches (user_id);
