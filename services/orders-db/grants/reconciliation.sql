-- Login of reconciliation: reads the compared tables, except for webhook secrets, and writes findings.
GRANT SELECT ON `orderstream`.`lane_positions` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`lane_waits` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`orders` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`order_items` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`dead_letters` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`stock` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`payments` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`refunds` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`refund_attempts` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`provider_records` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`provider_listings` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`coupon_counters` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`coupon_customers` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`notification_deliveries` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`notification_positions` TO 'orderstream_reconciliation'@'%';
GRANT SELECT ON `orderstream`.`notification_retention` TO 'orderstream_reconciliation'@'%';
GRANT SELECT (`endpoint_id`, `customer_id`, `event_types`, `status`, `updated_at_ms`) ON `orderstream`.`webhook_endpoints` TO 'orderstream_reconciliation'@'%';
GRANT SELECT, INSERT, UPDATE ON `orderstream`.`reconciliation_findings` TO 'orderstream_reconciliation'@'%';
