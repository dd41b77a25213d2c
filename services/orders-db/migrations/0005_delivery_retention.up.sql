-- How far notification has deleted old deliveries. A delivery with a lower created_at_ms may be deleted. A later
-- delivery is not deleted. One row.
CREATE TABLE notification_retention (
  id                TINYINT UNSIGNED NOT NULL,
  deleted_before_ms BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB;
INSERT INTO notification_retention (id, deleted_before_ms) VALUES (1, 0);
