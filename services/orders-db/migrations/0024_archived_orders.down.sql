ALTER TABLE orders DROP COLUMN archived_version;
