-- Payment, refunds and timers of orders. All new columns have defaults, so that workers of the version before
-- continue to insert and update their rows.

-- received, refund_pending, refunded and disputed are sums in the order's currency. timer_at_ms is when the
-- order expires or closes; NULL: it has no timer. coupon_counted has a bit for each counter that the order took.
-- failed_attempts counts failed payments after which the order can still be paid.
ALTER TABLE orders
  ADD COLUMN tax_included          BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN shipping_tax_rate_ppm INT NOT NULL DEFAULT 0,
  ADD COLUMN shipping_method       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  ADD COLUMN rules_version         BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN flags                 VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NULL,
  ADD COLUMN coupon_counted        TINYINT UNSIGNED NOT NULL DEFAULT 0,
  ADD COLUMN received              BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN refund_pending        BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN refunded              BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN disputed              BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN shipping_refunded     TINYINT UNSIGNED NOT NULL DEFAULT 0,
  ADD COLUMN failed_attempts       SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  ADD COLUMN timer_at_ms           BIGINT NULL,
  ADD KEY orders_timer (timer_at_ms);

-- The last five are units. The whole order's status says more: a cancelled, expired or unpaid order holds no unit.
ALTER TABLE order_items
  ADD COLUMN discount     BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN tax          BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN tax_included BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN tax_rate_ppm INT NOT NULL DEFAULT 0,
  ADD COLUMN cancelled    INT NOT NULL DEFAULT 0,
  ADD COLUMN shipped      INT NOT NULL DEFAULT 0,
  ADD COLUMN returned     INT NOT NULL DEFAULT 0,
  ADD COLUMN restocked    INT NOT NULL DEFAULT 0,
  ADD COLUMN refunded     INT NOT NULL DEFAULT 0;

-- Shipped minus restocked units. On hand = initial + added - shipped.
ALTER TABLE stock ADD COLUMN shipped BIGINT NOT NULL DEFAULT 0;

-- A repeated command id with another body is a KEY_CONFLICT. NULL is not compared.
ALTER TABLE order_commands ADD COLUMN fingerprint BINARY(32) NULL;

-- All money that came in. order_key is the order's; for money without an order (disposition UNMATCHED) it is made
-- of the position of the command. order_id is what the command named. payment_no counts from 1 within order_key.
-- The unique key holds over all lanes: one payment of a provider is stored once.
CREATE TABLE payments (
  order_key           BIGINT UNSIGNED NOT NULL,
  payment_no          SMALLINT UNSIGNED NOT NULL,
  payment_id          BINARY(16) NOT NULL,
  order_id            BINARY(16) NOT NULL,
  provider            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  provider_payment_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  provider_event_id   VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount              BIGINT NOT NULL,
  currency            CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  disposition         VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reference           VARCHAR(255) CHARACTER SET utf8mb4 NULL,
  disputed            BIGINT NOT NULL DEFAULT 0,
  received_at_ms      BIGINT NOT NULL,
  source_partition    SMALLINT UNSIGNED NOT NULL,
  source_offset       BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (order_key, payment_no),
  UNIQUE KEY payments_provider (provider, provider_payment_id),
  KEY payments_order (order_id)
) ENGINE = InnoDB;

-- One row is at most one refund at the provider. provider and provider_payment_id are those of the payment, so that
-- a sender reads one table. open_since_ms is NULL once the result is known. status REQUESTED, SUCCEEDED or FAILED;
-- a FAILED one without provider_refund_id was given up. A retry is a new row with retry_of; the old one is retried.
CREATE TABLE refunds (
  order_key           BIGINT UNSIGNED NOT NULL,
  refund_no           SMALLINT UNSIGNED NOT NULL,
  refund_id           BINARY(16) NOT NULL,
  order_id            BINARY(16) NOT NULL,
  payment_id          BINARY(16) NOT NULL,
  provider            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  provider_payment_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount              BIGINT NOT NULL,
  currency            CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status              VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason              VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  retry_of            BINARY(16) NULL,
  retried             TINYINT UNSIGNED NOT NULL DEFAULT 0,
  line_units          TEXT CHARACTER SET ascii COLLATE ascii_bin NULL,
  shipping            TINYINT UNSIGNED NOT NULL DEFAULT 0,
  result_provider     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  provider_refund_id  VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
  failure_code        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  requested_at_ms     BIGINT NOT NULL,
  open_since_ms       BIGINT NULL,
  settled_at_ms       BIGINT NULL,
  PRIMARY KEY (order_key, refund_no),
  UNIQUE KEY refunds_refund_id (refund_id),
  KEY refunds_order (order_id),
  KEY refunds_open (open_since_ms)
) ENGINE = InnoDB;

-- The work of services/payments on open refunds: leases and tries. next_at_ms is when the refund is tried next; a lease
-- moves it ahead. NULL: nothing is left to do.
CREATE TABLE refund_attempts (
  refund_id          BINARY(16) NOT NULL,
  next_at_ms         BIGINT NULL,
  leased_by          VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NULL,
  tries              INT UNSIGNED NOT NULL DEFAULT 0,
  first_call_ms      BIGINT NULL,
  last_call_ms       BIGINT NULL,
  state              VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  provider_refund_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
  last_reason        VARCHAR(500) CHARACTER SET utf8mb4 NULL,
  PRIMARY KEY (refund_id),
  KEY refund_attempts_next (next_at_ms)
) ENGINE = InnoDB;

-- The payment session of an order. Ingestion inserts the row; the first one stays.
CREATE TABLE payment_sessions (
  order_id      BINARY(16) NOT NULL,
  provider      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  url           VARCHAR(2048) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  expires_at_ms BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (order_id)
) ENGINE = InnoDB;

-- Which scheduler scans which partition. A lost lease only causes repeated commands.
CREATE TABLE scheduler_leases (
  partition_id   SMALLINT UNSIGNED NOT NULL,
  owner          VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  leased_until_ms BIGINT NOT NULL DEFAULT 0,
  updated_at_ms  BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (partition_id)
) ENGINE = InnoDB;
