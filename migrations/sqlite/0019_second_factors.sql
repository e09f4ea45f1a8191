-- Codes by time (RFC 6238) from an app, asked for after the password. `confirmed_at` NULL: it was begun, and no code has come yet.
CREATE TABLE second_factors (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    confirmed_at INTEGER,
    -- the newest step of time whose code was taken: none is taken twice
    last_step INTEGER NOT NULL DEFAULT 0
) STRICT;

-- For whoever has lost the app: each is taken once. Digests; the codes have full entropy.
CREATE TABLE recovery_codes (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash BLOB NOT NULL,
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

-- whether people without a second factor may see it
ALTER TABLE projects ADD COLUMN needs_second_factor INTEGER NOT NULL DEFAULT 0;
