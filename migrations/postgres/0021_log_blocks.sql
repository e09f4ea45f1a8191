-- Consecutive lines of a project's log with the words in them: an index that follows behind the log. All of it can be made
-- from the log again: a later step that changes how words are told apart only has to empty it.
CREATE TABLE log_blocks (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    -- when the earliest and the latest of its lines were received
    earliest BIGINT NOT NULL,
    latest BIGINT NOT NULL,
    -- bytes of its messages and fields
    text_bytes BIGINT NOT NULL,
    -- a set of the pairs and triples of characters in its words
    grams BYTEA NOT NULL,
    words BYTEA NOT NULL,
    -- for each word the lines that have it
    lines BYTEA NOT NULL,
    PRIMARY KEY (project_id, first_seq)
);

-- they are read far more often than written: not compressed
ALTER TABLE log_blocks ALTER COLUMN grams SET STORAGE EXTERNAL;
ALTER TABLE log_blocks ALTER COLUMN words SET STORAGE EXTERNAL;
ALTER TABLE log_blocks ALTER COLUMN lines SET STORAGE EXTERNAL;
