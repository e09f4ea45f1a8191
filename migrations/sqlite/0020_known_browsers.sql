-- By which the server knows a browser again in which somebody has signed in before. NULL: nobody has.
ALTER TABLE instance ADD COLUMN device_key BLOB;
-- Wrong passwords that came with an invitation for an account that exists: it falls before it tells much of who has one.
ALTER TABLE links ADD COLUMN wrong_passwords INTEGER NOT NULL DEFAULT 0;
