-- What warnings and errors of a project's log say, apart from numbers, ids and quoted texts, and how often. It follows behind the
-- log, and all of it can be made from the log again: a later step that changes the rule only has to empty both tables.
CREATE TABLE log_patterns (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    -- a hash of the level and the text: any 64 bits
    fingerprint INTEGER NOT NULL,
    level INTEGER NOT NULL,
    text TEXT NOT NULL,
    -- lines that are counted in the body
    count INTEGER NOT NULL,
    -- when the first and the last line were received
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    -- the number of the last line
    last_seq INTEGER NOT NULL,
    -- counts by the hour and by the day, devices, builds
    body BLOB NOT NULL,
    PRIMARY KEY (project_id, fingerprint)
) STRICT;

CREATE TABLE log_pattern_marks (
    project_id INTEGER PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
    -- all lines up to this number are counted
    counted_to INTEGER NOT NULL,
    -- lines whose patterns made room for others
    other INTEGER NOT NULL
) STRICT;

-- the build of the game that a device announced last, and since when; empty: it announced none
ALTER TABLE devices ADD COLUMN build TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN build_since INTEGER NOT NULL DEFAULT 0;
