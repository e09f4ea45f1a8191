-- The history of one variable is a range of this index, however many edits there are of others.
CREATE INDEX edits_of_var ON edits (project_id, name, revision);
