-- How far notification has deleted: a delivery whose created_at_ms is below this may be gone, one above it is not. One row.
CREATE TABLE notification_retention (
  id                TINYINT UNSIGNED NOT NULL,
  deleted_before_ms BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB;
INSERT INTO notification_retention (id, deleted_before_ms) VALUES (1, 0);
