-- Searches of a project's log that people keep: what stands in the address of the log page.
CREATE TABLE saved_searches (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- a query string with its question mark
    search TEXT NOT NULL,
    -- 1: for everybody in the project
    is_shared BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (project_id, user_id, name)
);
CREATE INDEX saved_searches_user ON saved_searches (user_id);
