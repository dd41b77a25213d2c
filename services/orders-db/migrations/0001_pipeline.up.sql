-- The tables of the order pipeline. Times are epoch milliseconds, money is integer minor units, ids are
-- binary or ascii_bin (a case-insensitive collation would make two different keys equal).

CREATE TABLE lane_positions (
  topic            VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_id     SMALLINT UNSIGNED NOT NULL,
  epoch            BIGINT NOT NULL DEFAULT 0,
  owner            VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  next_offset      BIGINT NOT NULL DEFAULT 0,
  published_offset BIGINT NOT NULL DEFAULT 0,
  updated_at_ms    BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (topic, partition_id)
) ENGINE = InnoDB;

-- Attempts of a lane on probation after a crash. A worker stores the range of an attempt before it decodes the
-- records. The transaction that decides the range deletes the row. attempts counts the crashes at the range.
CREATE TABLE lane_attempts (
  topic         VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_id  SMALLINT UNSIGNED NOT NULL,
  source_offset BIGINT NOT NULL,
  records       INT NOT NULL,
  attempts      INT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  PRIMARY KEY (topic, partition_id, source_offset)
) ENGINE = InnoDB;

-- order_key = source_partition * 2^48 + source_offset, so that each lane inserts at the end of its own range.
CREATE TABLE orders (
  order_key         BIGINT UNSIGNED NOT NULL,
  order_id          BINARY(16) NOT NULL,
  customer_id       VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status            VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version           INT NOT NULL,
  currency          CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subtotal          BIGINT NOT NULL,
  discount          BIGINT NOT NULL,
  shipping          BIGINT NOT NULL,
  tax               BIGINT NOT NULL,
  total             BIGINT NOT NULL,
  coupon_code       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  price_version     BIGINT NOT NULL,
  idempotency_key   VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  fingerprint       BINARY(32) NOT NULL,
  reason            TEXT CHARACTER SET utf8mb4 NULL,
  shipping_address  TEXT CHARACTER SET utf8mb4 NULL,
  contact           TEXT CHARACTER SET utf8mb4 NULL,
  metadata          TEXT CHARACTER SET utf8mb4 NULL,
  payment_due_at_ms BIGINT NULL,
  created_at_ms     BIGINT NOT NULL,
  updated_at_ms     BIGINT NOT NULL,
  source_partition  SMALLINT UNSIGNED GENERATED ALWAYS AS (order_key >> 48) VIRTUAL,
  source_offset     BIGINT UNSIGNED GENERATED ALWAYS AS (order_key & 281474976710655) VIRTUAL,
  PRIMARY KEY (order_key),
  UNIQUE KEY orders_order_id (order_id),
  KEY orders_customer (customer_id, created_at_ms)
) ENGINE = InnoDB;

-- unit_price and line_total are NULL for a line without a price in a rejected order.
CREATE TABLE order_items (
  order_key  BIGINT UNSIGNED NOT NULL,
  line_no    SMALLINT UNSIGNED NOT NULL,
  sku        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  quantity   INT NOT NULL,
  unit_price BIGINT NULL,
  line_total BIGINT NULL,
  PRIMARY KEY (order_key, line_no)
) ENGINE = InnoDB;

-- Versions of orders from 2 on. Version 1 is the row in orders.
CREATE TABLE order_history (
  order_id         BINARY(16) NOT NULL,
  version          INT NOT NULL,
  status           VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  command_type     VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  actor            VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason           TEXT CHARACTER SET utf8mb4 NULL,
  source_partition SMALLINT UNSIGNED NOT NULL,
  source_offset    BIGINT UNSIGNED NOT NULL,
  at_ms            BIGINT NOT NULL,
  PRIMARY KEY (order_id, version)
) ENGINE = InnoDB;

-- Every decided command except PLACE, with its stored outcome, refusals included. order_id is zero for stock
-- adjustments.
CREATE TABLE order_commands (
  order_id      BINARY(16) NOT NULL,
  command_id    VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  command_type  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  outcome       VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version       INT NOT NULL,
  status        VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL,
  reason        TEXT CHARACTER SET utf8mb4 NULL,
  source_partition SMALLINT UNSIGNED NOT NULL,
  source_offset    BIGINT UNSIGNED NOT NULL,
  at_ms         BIGINT NOT NULL,
  PRIMARY KEY (order_id, command_id)
) ENGINE = InnoDB;

-- One row per lane and batch, with the exact bytes of every message to publish. Deleted once all messages are
-- acknowledged.
CREATE TABLE outbox (
  topic        VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_id SMALLINT UNSIGNED NOT NULL,
  from_offset  BIGINT NOT NULL,
  to_offset    BIGINT NOT NULL,
  epoch        BIGINT NOT NULL,
  messages     LONGBLOB NOT NULL,
  PRIMARY KEY (topic, partition_id, from_offset)
) ENGINE = InnoDB;

CREATE TABLE dead_letters (
  topic              VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_id       SMALLINT UNSIGNED NOT NULL,
  source_offset      BIGINT NOT NULL,
  order_id           BINARY(16) NULL,
  schema_id          INT NULL,
  reason_code        VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message            VARCHAR(500) CHARACTER SET utf8mb4 NOT NULL,
  attempts           INT NOT NULL,
  value_sha256       BINARY(32) NOT NULL,
  value_bytes        INT NOT NULL,
  source_at_ms       BIGINT NOT NULL,
  first_failed_at_ms BIGINT NOT NULL,
  status             VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'OPEN',
  redriven_at_ms     BIGINT NULL,
  PRIMARY KEY (topic, partition_id, source_offset),
  KEY dead_letters_status (status, first_failed_at_ms)
) ENGINE = InnoDB;

CREATE TABLE products (
  sku           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name          VARCHAR(200) CHARACTER SET utf8mb4 NOT NULL,
  unit_price    BIGINT NOT NULL,
  currency      CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  weight_grams  INT NOT NULL DEFAULT 0,
  tax_category  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'standard',
  version       BIGINT NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  PRIMARY KEY (sku),
  CONSTRAINT products_unit_price CHECK (unit_price >= 0)
) ENGINE = InnoDB;

-- One row. Every import that changes a product raises the version, so that one read can check a price snapshot.
CREATE TABLE catalogue_state (
  id      TINYINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB;
INSERT INTO catalogue_state (id, version) VALUES (1, 0);

-- This always holds: initial + added - available = quantity in orders that hold or sold stock.
CREATE TABLE stock (
  sku       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  initial   BIGINT NOT NULL,
  added     BIGINT NOT NULL DEFAULT 0,
  available BIGINT NOT NULL,
  PRIMARY KEY (sku),
  CONSTRAINT stock_available CHECK (available >= 0)
) ENGINE = InnoDB;
