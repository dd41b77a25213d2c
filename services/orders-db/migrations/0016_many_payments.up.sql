-- An order may have any number of payments and refunds, because money is never refused. So their numbers are wide, and a
-- decision finds the few rows that it needs by an index, without a read of all payments of the order.
ALTER TABLE payments
  MODIFY COLUMN payment_no INT UNSIGNED NOT NULL,
  ADD KEY payments_order_disposition (order_id, disposition),
  DROP KEY payments_order;

ALTER TABLE refunds
  MODIFY COLUMN refund_no INT UNSIGNED NOT NULL,
  ADD KEY refunds_payment (payment_id),
  ADD KEY refunds_order_status (order_id, status, amount),
  DROP KEY refunds_order;
