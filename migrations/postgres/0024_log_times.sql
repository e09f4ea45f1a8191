-- When the lines of a block of the log were received, and their levels: lines are counted without being read. Whoever deletes
-- lines and leaves their block deletes the block's row in here, which is then made again from the lines that are left.
CREATE TABLE log_times (
    project_id BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    -- when the earliest and the latest of its lines were received
    earliest BIGINT NOT NULL,
    latest BIGINT NOT NULL,
    -- how many lines it has of each level
    counts BYTEA NOT NULL,
    -- of each line the time and the level
    times BYTEA NOT NULL,
    PRIMARY KEY (project_id, first_seq),
    FOREIGN KEY (project_id, first_seq) REFERENCES log_blocks (project_id, first_seq) ON DELETE CASCADE
);

-- read far more often than written: not compressed
ALTER TABLE log_times ALTER COLUMN times SET STORAGE EXTERNAL;
