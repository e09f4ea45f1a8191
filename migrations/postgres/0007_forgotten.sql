-- A device that is forgotten, or gave way to a new one, keeps its row for the name of its log lines. NULL: it is there.
ALTER TABLE devices ADD COLUMN forgotten_at BIGINT;

CREATE INDEX devices_forgotten ON devices (project_id, forgotten_at, id) WHERE forgotten_at IS NOT NULL;
