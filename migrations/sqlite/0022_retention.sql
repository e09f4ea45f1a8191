-- How long things are kept, and what was forgotten.

-- What a block of the log's index has of each level, so that nobody reads the log to tell what a policy would remove. A block
-- without rows here is not counted yet.
CREATE TABLE log_levels (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    -- the block's
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    level INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    -- of messages and fields, and 64 for each line
    bytes INTEGER NOT NULL,
    -- when the earliest and the latest of these lines were received
    earliest INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    PRIMARY KEY (project_id, first_seq, level)
) STRICT, WITHOUT ROWID;

CREATE TABLE retention (
    project_id INTEGER PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
    -- JSON. NULL: everything is kept, as in every project that is older than this table
    policy TEXT,
    -- lines of the log that were ever forgotten, and their bytes
    forgotten_lines INTEGER NOT NULL DEFAULT 0,
    forgotten_bytes INTEGER NOT NULL DEFAULT 0,
    -- the last pass that has forgotten some, and how many
    pass_at INTEGER,
    pass_lines INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Lines of the log that are kept whatever the policy says.
CREATE TABLE log_pins (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    -- NULL: of every device
    device_id INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
) STRICT;

CREATE INDEX log_pins_project ON log_pins (project_id, id);

-- they are forgotten in this order
CREATE INDEX unchanged_edits_revision ON unchanged_edits (project_id, revision);
