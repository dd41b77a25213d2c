-- The schedulers that live. They share the partitions evenly.
CREATE TABLE scheduler_members (
  owner          VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  alive_until_ms BIGINT NOT NULL,
  PRIMARY KEY (owner)
) ENGINE = InnoDB;

-- Orders of the partition below this key have a timer if they need one.
ALTER TABLE scheduler_leases ADD COLUMN adopted_key BIGINT UNSIGNED NOT NULL DEFAULT 0;

INSERT INTO scheduler_leases (partition_id) VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11);
