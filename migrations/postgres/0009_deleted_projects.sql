-- A deleted project stays, marked, until the last row of what was in it is gone: that takes a while, and goes on after a
-- stop. Nobody sees it any more.
ALTER TABLE projects ADD COLUMN deleted_at BIGINT;

-- lines of projects that were deleted before this and whose clean-up was cut short; one look at the index for each project
WITH RECURSIVE found (id) AS (
    SELECT min(project_id) FROM logs
    UNION ALL
    SELECT (SELECT min(project_id) FROM logs WHERE project_id > found.id) FROM found WHERE found.id IS NOT NULL
)
INSERT INTO projects (id, name, created_at, deleted_at) OVERRIDING SYSTEM VALUE
SELECT id, '', 0, 0 FROM found WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM projects);
