-- How long things are kept, and what was forgotten.

-- What a block of the log's index has of each level, so that nobody reads the log to tell what a policy would remove. A block
-- without rows here is not counted yet.
CREATE TABLE log_levels (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    -- the block's
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    level INTEGER NOT NULL,
    lines BIGINT NOT NULL,
    -- of messages and fields, and 64 for each line
    bytes BIGINT NOT NULL,
    -- when the earliest and the latest of these lines were received
    earliest BIGINT NOT NULL,
    latest BIGINT NOT NULL,
    PRIMARY KEY (project_id, first_seq, level)
);

CREATE TABLE retention (
    project_id BIGINT PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
    -- JSON. NULL: everything is kept, as in every project that is older than this table
    policy TEXT,
    -- lines of the log that were ever forgotten, and their bytes
    forgotten_lines BIGINT NOT NULL DEFAULT 0,
    forgotten_bytes BIGINT NOT NULL DEFAULT 0,
    -- the last pass that has forgotten some, and how many
    pass_at BIGINT,
    pass_lines BIGINT NOT NULL DEFAULT 0
);

-- Lines of the log that are kept whatever the policy says.
CREATE TABLE log_pins (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    -- NULL: of every device
    device_id BIGINT,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);

CREATE INDEX log_pins_project ON log_pins (project_id, id);

-- they are forgotten in this order
CREATE INDEX unchanged_edits_revision ON unchanged_edits (project_id, revision);
