-- The limit of units that a customer may hold in unpaid orders. unpaid_units is what the order counted when it was placed; it
-- is given back once the order is no longer PENDING_PAYMENT. 0: the limit was off.
ALTER TABLE orders ADD COLUMN unpaid_units INT UNSIGNED NOT NULL DEFAULT 0;

-- Always: units = the unpaid_units of the customer's orders that are PENDING_PAYMENT. Rows are never deleted, and may be
-- above a lowered limit.
CREATE TABLE unpaid_customers (
  customer_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  units       BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (customer_id)
) ENGINE = InnoDB;
