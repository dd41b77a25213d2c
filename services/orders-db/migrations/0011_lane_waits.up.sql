-- The reason why a lane waits, for operators and other services. A lane that continues has no row. The owner of the
-- lane writes and deletes the row, about once a second at most. place: claim, decide, publish, or stopped.
-- source_offset is the record at which the lane waits.
CREATE TABLE lane_waits (
  topic          VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_id   SMALLINT UNSIGNED NOT NULL,
  source_offset  BIGINT NOT NULL,
  place          VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  needs_operator TINYINT NOT NULL,
  why            VARCHAR(500) CHARACTER SET utf8mb4 NOT NULL,
  owner          VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  since_ms       BIGINT NOT NULL,
  updated_at_ms  BIGINT NOT NULL,
  PRIMARY KEY (topic, partition_id)
) ENGINE = InnoDB;

-- The request of an operator to dead-letter the record at which a lane waits. The owner of the lane does this in the
-- transaction that decides the record, and sets done_at_ms there.
CREATE TABLE lane_skips (
  topic         VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_id  SMALLINT UNSIGNED NOT NULL,
  source_offset BIGINT NOT NULL,
  reason        VARCHAR(300) CHARACTER SET utf8mb4 NOT NULL,
  actor         VARCHAR(128) CHARACTER SET utf8mb4 NOT NULL,
  asked_at_ms   BIGINT NOT NULL,
  done_at_ms    BIGINT NULL,
  PRIMARY KEY (topic, partition_id, source_offset)
) ENGINE = InnoDB;
