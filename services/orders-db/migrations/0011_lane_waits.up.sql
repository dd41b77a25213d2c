-- Why a lane does not go on, for operators and other services; no row while it does. Its owner writes and deletes the
-- row, about once a second at most. place: claim, decide, publish, or stopped. source_offset is the record it waits at.
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

-- An operator's instruction to make the record at which a lane waits a dead letter. The lane's owner carries it out
-- inside the transaction that decides the record, and sets done_at_ms there.
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
