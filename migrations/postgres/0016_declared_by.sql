-- Which device has declared a variable as it is stored. NULL: nobody knows. No foreign key: a device that gives way or is
-- forgotten leaves what it declared.
ALTER TABLE vars ADD COLUMN declared_by BIGINT;
