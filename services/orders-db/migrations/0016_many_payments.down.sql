-- Fails if an order has more than 65,535 payments or refunds: their numbers do not fit the old columns.
ALTER TABLE refunds
  ADD KEY refunds_order (order_id),
  DROP KEY refunds_order_status,
  DROP KEY refunds_payment,
  MODIFY COLUMN refund_no SMALLINT UNSIGNED NOT NULL;

ALTER TABLE payments
  ADD KEY payments_order (order_id),
  DROP KEY payments_order_disposition,
  MODIFY COLUMN payment_no SMALLINT UNSIGNED NOT NULL;
