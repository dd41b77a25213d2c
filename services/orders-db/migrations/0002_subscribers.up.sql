-- Tables of the two subscribers of the result topic. Each subscriber stores its position together with its effects.

-- customer_id '*' means every customer (operators). event_types is a JSON list of names or `prefix.*`. NULL means
-- every change of an order (`order.*`). secret and previous_secret are `whsec_…`.
CREATE TABLE webhook_endpoints (
  endpoint_id     VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  customer_id     VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  url             VARCHAR(2000) CHARACTER SET utf8mb4 NOT NULL,
  event_types     TEXT CHARACTER SET utf8mb4 NULL,
  secret          VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  previous_secret VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NULL,
  previous_until_ms BIGINT NULL,
  status          VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'ENABLED',
  disabled_reason VARCHAR(200) CHARACTER SET utf8mb4 NULL,
  created_at_ms   BIGINT NOT NULL,
  updated_at_ms   BIGINT NOT NULL,
  PRIMARY KEY (endpoint_id),
  KEY webhook_endpoints_customer (customer_id),
  KEY webhook_endpoints_updated (updated_at_ms)
) ENGINE = InnoDB;

-- last_source_offset is the command offset of the newest outcome with stored deliveries; -1 before the first outcome.
CREATE TABLE notification_positions (
  topic              VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_id       SMALLINT UNSIGNED NOT NULL,
  last_source_offset BIGINT NOT NULL,
  updated_at_ms      BIGINT NOT NULL,
  PRIMARY KEY (topic, partition_id)
) ENGINE = InnoDB;

-- One row per (event, endpoint). endpoint_id 'email' is the contact of the order. status: PENDING, DELIVERED, FAILED
-- (no tries left, or a permanent refusal), HELD (the endpoint is disabled), DROPPED (the receiver was deleted). A row
-- that a sender has leased is PENDING with due_at_ms = leased_until_ms in the future.
CREATE TABLE notification_deliveries (
  delivery_id    BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  event_id       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  endpoint_id    VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  order_id       BINARY(16) NOT NULL,
  order_version  INT NOT NULL,
  event_type     VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status         VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'PENDING',
  attempts       INT NOT NULL DEFAULT 0,
  due_at_ms      BIGINT NOT NULL,
  leased_until_ms BIGINT NOT NULL DEFAULT 0,
  last_status    SMALLINT NULL,
  last_error     VARCHAR(300) CHARACTER SET utf8mb4 NULL,
  payload        MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL,
  created_at_ms  BIGINT NOT NULL,
  delivered_at_ms BIGINT NULL,
  PRIMARY KEY (delivery_id),
  UNIQUE KEY notification_deliveries_once (event_id, endpoint_id),
  KEY notification_deliveries_due (endpoint_id, status, due_at_ms),
  KEY notification_deliveries_order (order_id, endpoint_id, order_version)
) ENGINE = InnoDB;

-- One row per difference. The same row is opened, updated, closed and opened again.
CREATE TABLE reconciliation_findings (
  finding_id       BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  kind             VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject          VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  expected         TEXT CHARACTER SET utf8mb4 NULL,
  actual           TEXT CHARACTER SET utf8mb4 NULL,
  remedy           VARCHAR(500) CHARACTER SET utf8mb4 NOT NULL,
  status           VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'OPEN',
  note             VARCHAR(300) CHARACTER SET utf8mb4 NULL,
  first_seen_at_ms BIGINT NOT NULL,
  last_seen_at_ms  BIGINT NOT NULL,
  closed_at_ms     BIGINT NULL,
  PRIMARY KEY (finding_id),
  UNIQUE KEY reconciliation_findings_once (kind, subject),
  KEY reconciliation_findings_status (status, last_seen_at_ms)
) ENGINE = InnoDB;
