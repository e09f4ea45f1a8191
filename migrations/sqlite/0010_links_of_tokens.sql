-- An invitation that a script made falls with the script's token.
ALTER TABLE links ADD COLUMN token_id INTEGER REFERENCES api_tokens (id) ON DELETE CASCADE;

CREATE INDEX links_token ON links (token_id);
CREATE INDEX links_created_by ON links (created_by_id);
