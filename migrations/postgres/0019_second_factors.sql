-- Codes by time (RFC 6238) from an app, asked for after the password. `confirmed_at` NULL: it was begun, and no code has come yet.
CREATE TABLE second_factors (
    user_id BIGINT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    -- the newest step of time whose code was taken: none is taken twice
    last_step BIGINT NOT NULL DEFAULT 0
);

-- For whoever has lost the app: each is taken once. Digests; the codes have full entropy.
CREATE TABLE recovery_codes (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash BYTEA NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- whether people without a second factor may see it
ALTER TABLE projects ADD COLUMN needs_second_factor BIGINT NOT NULL DEFAULT 0;
