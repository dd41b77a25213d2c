DROP TABLE IF EXISTS scheduler_members;

DELETE FROM scheduler_leases;
ALTER TABLE scheduler_leases DROP COLUMN adopted_key;
