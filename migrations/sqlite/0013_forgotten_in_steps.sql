-- What a forgotten device reported, and a forgotten variable with its values, can be many rows: they are marked, and go in steps.
-- NULL: nothing of it is left.
ALTER TABLE devices ADD COLUMN to_empty INTEGER;
-- NULL: it is there.
ALTER TABLE vars ADD COLUMN forgotten_at INTEGER;

CREATE INDEX devices_to_empty ON devices (to_empty) WHERE to_empty IS NOT NULL;
CREATE INDEX vars_forgotten ON vars (forgotten_at) WHERE forgotten_at IS NOT NULL;
