-- 1: games may report values with this key, and declare nothing.
ALTER TABLE game_keys ADD COLUMN report_only BIGINT NOT NULL DEFAULT 0;
-- 1: new and changed declarations of the project's games wait until an admin consents.
ALTER TABLE projects ADD COLUMN frozen BIGINT NOT NULL DEFAULT 0;
