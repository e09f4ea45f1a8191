-- Consecutive lines of a project's log with the words in them: an index that follows behind the log. All of it can be made
-- from the log again: a later step that changes how words are told apart only has to empty it.
CREATE TABLE log_blocks (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    -- when the earliest and the latest of its lines were received
    earliest INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    -- bytes of its messages and fields
    text_bytes INTEGER NOT NULL,
    -- a set of the pairs and triples of characters in its words
    grams BLOB NOT NULL,
    words BLOB NOT NULL,
    -- for each word the lines that have it
    lines BLOB NOT NULL,
    PRIMARY KEY (project_id, first_seq)
) STRICT;
