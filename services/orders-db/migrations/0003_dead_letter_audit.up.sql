-- The actions of operators on dead letters. One row per try, written after Kafka has acknowledged or refused the try.
CREATE TABLE dead_letter_audit (
  audit_id      BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  topic         VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_id  SMALLINT UNSIGNED NOT NULL,
  source_offset BIGINT NOT NULL,
  action        VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  actor         VARCHAR(128) CHARACTER SET utf8mb4 NOT NULL,
  detail        VARCHAR(500) CHARACTER SET utf8mb4 NOT NULL,
  at_ms         BIGINT NOT NULL,
  PRIMARY KEY (audit_id),
  KEY dead_letter_audit_letter (topic, partition_id, source_offset)
) ENGINE = InnoDB;
