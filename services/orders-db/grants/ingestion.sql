-- Login of ingestion: reads orders, what happened to them, stock and prices, stores payment sessions, manages webhook endpoints, and makes
-- deliveries due again.
GRANT SELECT ON `orderstream`.`lane_positions` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`orders` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`order_items` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`order_history` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`order_commands` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`payments` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`refunds` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`shipments` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`returns` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`dead_letters` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`price_breaks` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`coupons` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`coupon_counters` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`coupon_customers` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`unpaid_customers` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`tax_rates` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`shipping_rates` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`rule_flags` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`catalogue_state` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`stock` TO 'orderstream_ingestion'@'%';
GRANT SELECT ON `orderstream`.`products` TO 'orderstream_ingestion'@'%';
GRANT SELECT, INSERT ON `orderstream`.`customer_keys` TO 'orderstream_ingestion'@'%';
GRANT SELECT, INSERT ON `orderstream`.`payment_sessions` TO 'orderstream_ingestion'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON `orderstream`.`webhook_endpoints` TO 'orderstream_ingestion'@'%';
GRANT SELECT, UPDATE (`status`, `attempts`, `due_at_ms`, `leased_until_ms`) ON `orderstream`.`notification_deliveries` TO 'orderstream_ingestion'@'%';
GRANT INSERT ON `orderstream`.`audit_log` TO 'orderstream_ingestion'@'%';
