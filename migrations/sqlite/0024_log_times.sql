-- When the lines of a block of the log were received, and their levels: lines are counted without being read. Whoever deletes
-- lines and leaves their block deletes the block's row in here, which is then made again from the lines that are left.
CREATE TABLE log_times (
    project_id INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    -- when the earliest and the latest of its lines were received
    earliest INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    -- how many lines it has of each level
    counts BLOB NOT NULL,
    -- of each line the time and the level
    times BLOB NOT NULL,
    PRIMARY KEY (project_id, first_seq),
    FOREIGN KEY (project_id, first_seq) REFERENCES log_blocks (project_id, first_seq) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
