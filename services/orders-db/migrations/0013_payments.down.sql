DROP TABLE IF EXISTS scheduler_leases;
DROP TABLE IF EXISTS payment_sessions;
DROP TABLE IF EXISTS refund_attempts;
DROP TABLE IF EXISTS refunds;
DROP TABLE IF EXISTS payments;

ALTER TABLE order_commands DROP COLUMN fingerprint;

ALTER TABLE stock DROP COLUMN shipped;

ALTER TABLE order_items
  DROP COLUMN discount,
  DROP COLUMN tax,
  DROP COLUMN tax_included,
  DROP COLUMN tax_rate_ppm,
  DROP COLUMN cancelled,
  DROP COLUMN shipped,
  DROP COLUMN returned,
  DROP COLUMN restocked,
  DROP COLUMN refunded;

ALTER TABLE orders
  DROP KEY orders_timer,
  DROP COLUMN tax_included,
  DROP COLUMN shipping_tax_rate_ppm,
  DROP COLUMN shipping_method,
  DROP COLUMN rules_version,
  DROP COLUMN flags,
  DROP COLUMN coupon_counted,
  DROP COLUMN received,
  DROP COLUMN refund_pending,
  DROP COLUMN refunded,
  DROP COLUMN disputed,
  DROP COLUMN shipping_refunded,
  DROP COLUMN failed_attempts,
  DROP COLUMN timer_at_ms;
