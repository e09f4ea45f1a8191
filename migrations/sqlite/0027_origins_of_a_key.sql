-- the web pages whose games may connect with a key, with spaces between them; empty: any page
ALTER TABLE game_keys ADD COLUMN origins TEXT NOT NULL DEFAULT '';
