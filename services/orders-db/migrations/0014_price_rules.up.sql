-- The rules that price an order besides the catalogue. Amounts are integer minor units, rates are parts per million.
-- '*' is a wildcard. Workers read catalogue_state in each batch: row 1 counts changes of products and breaks, row 2 of
-- coupons, row 3 of rates and flags.

CREATE TABLE price_breaks (
  sku          VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  min_quantity INT NOT NULL,
  unit_price   BIGINT NOT NULL,
  PRIMARY KEY (sku, min_quantity),
  CONSTRAINT price_breaks_unit_price CHECK (unit_price >= 0)
) ENGINE = InnoDB;

-- kind: PERCENT (value in basis points), AMOUNT (value in minor units) or FREE_SHIPPING (value 0). Valid from
-- valid_from_ms until just before valid_until_ms; NULL is no bound. scope is a JSON array of SKUs, and an entry that
-- ends in '*' is a prefix; NULL is every SKU.
CREATE TABLE coupons (
  code           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind           VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value          BIGINT NOT NULL,
  currency       CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NULL,
  minimum        BIGINT NOT NULL DEFAULT 0,
  valid_from_ms  BIGINT NULL,
  valid_until_ms BIGINT NULL,
  scope          TEXT CHARACTER SET ascii COLLATE ascii_bin NULL,
  total_limit    BIGINT NULL,
  customer_limit BIGINT NULL,
  version        BIGINT NOT NULL,
  updated_at_ms  BIGINT NOT NULL,
  PRIMARY KEY (code),
  CONSTRAINT coupons_value CHECK (value >= 0 AND (kind <> 'PERCENT' OR value <= 10000))
) ENGINE = InnoDB;

-- Only for coupons with a total limit. initial + added is the limit. Always: initial + added - available = live orders
-- that took this counter. available may be negative after the limit was lowered, so there is no CHECK. Rows are never
-- deleted, because orders give back what they took.
CREATE TABLE coupon_counters (
  code      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  initial   BIGINT NOT NULL,
  added     BIGINT NOT NULL DEFAULT 0,
  available BIGINT NOT NULL,
  PRIMARY KEY (code)
) ENGINE = InnoDB;

-- Only for coupons with a limit per customer. Always: used = live orders of the customer that took this counter.
CREATE TABLE coupon_customers (
  code        VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  customer_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  used        BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (code, customer_id)
) ENGINE = InnoDB;

-- The most exact row wins: first by country, then by region, then by category. inclusive is the same in all rows of a
-- country. Regions are in upper case.
CREATE TABLE tax_rates (
  country   VARCHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  region    VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  category  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  rate_ppm  INT NOT NULL,
  inclusive TINYINT NOT NULL,
  PRIMARY KEY (country, region, category),
  CONSTRAINT tax_rates_rate CHECK (rate_ppm BETWEEN 0 AND 1000000)
) ENGINE = InnoDB;

-- weight_max_grams 9007199254740991 is no bound. Shipping is free from the subtotal free_from; NULL is never.
CREATE TABLE shipping_rates (
  country          VARCHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency         CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  weight_max_grams BIGINT NOT NULL,
  amount           BIGINT NOT NULL,
  free_from        BIGINT NULL,
  PRIMARY KEY (country, currency, weight_max_grams),
  CONSTRAINT shipping_rates_amount CHECK (amount >= 0)
) ENGINE = InnoDB;

-- coupons = on, unlimited or off; quantityBreaks = on or off; autoRefund = on or hold.
CREATE TABLE rule_flags (
  name          VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value         VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  updated_at_ms BIGINT NOT NULL,
  PRIMARY KEY (name)
) ENGINE = InnoDB;
INSERT INTO rule_flags (name, value, updated_at_ms)
VALUES ('coupons', 'on', 0), ('quantityBreaks', 'on', 0), ('autoRefund', 'on', 0);
INSERT INTO catalogue_state (id, version) VALUES (2, 0), (3, 0);
