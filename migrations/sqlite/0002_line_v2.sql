-- What version 2 of the line protocol needs: sessions that go on after a crash, what devices applied, and a
-- mark by which a writer finds out whether a commit that was cut off has happened.

-- A game's session: `last_seq` is committed together with the rows of the line that has this number.
CREATE TABLE game_sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- +1 with every connection: lines of an older one are not stored any more
    generation INTEGER NOT NULL DEFAULT 1,
    last_seq INTEGER NOT NULL DEFAULT 0,
    updated_at INTEGER NOT NULL,
    UNIQUE (project_id, name)
) STRICT;

-- no index on updated_at: every line would change it, and only the rare clean-up would read it

-- One row for each running program: the number of its last commit.
CREATE TABLE writers (
    name TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a device did with a desired value, where it did not just take it.
CREATE TABLE outcomes (
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    project_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    -- the revision that had set the value
    revision INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('clamped', 'rejected')),
    value TEXT,
    reason TEXT,
    PRIMARY KEY (device_id, name),
    FOREIGN KEY (project_id, name) REFERENCES vars (project_id, name) ON DELETE CASCADE
) STRICT;

CREATE INDEX outcomes_var ON outcomes (project_id, name);

-- what a device says of itself, for people
ALTER TABLE devices ADD COLUMN about TEXT NOT NULL DEFAULT '';
-- anything else that it says, a JSON object
ALTER TABLE devices ADD COLUMN attrs TEXT;
-- the newest revision that it said it has applied; NULL: it does not say
ALTER TABLE devices ADD COLUMN applied INTEGER;
