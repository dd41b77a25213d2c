-- One row per change: who, what, when and from where. Rows are only added. grants/ has triggers and grants that
-- refuse other changes. actor_kind: OPERATOR (command line), CUSTOMER (API), SERVICE (a process without a request).
-- subject is `<kind>:<id>`. details is a JSON object without personal data and without secrets.
CREATE TABLE audit_log (
  audit_id   BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  at_ms      BIGINT NOT NULL,
  actor_kind VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  actor      VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  origin     VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  action     VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject    VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  details    TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  trace_id   CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  PRIMARY KEY (audit_id),
  KEY audit_log_subject (subject, audit_id),
  KEY audit_log_time (at_ms)
) ENGINE = InnoDB;
