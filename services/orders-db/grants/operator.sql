-- Login of the command line without `migrate`: reads everything, changes prices, findings, dead letters, positions
-- of lanes (`recover`) and the encryption of secrets, and erases personal data.
GRANT SELECT ON `orderstream`.* TO 'orderstream_operator'@'%';
GRANT INSERT, UPDATE ON `orderstream`.`products` TO 'orderstream_operator'@'%';
GRANT INSERT, DELETE ON `orderstream`.`price_breaks` TO 'orderstream_operator'@'%';
GRANT INSERT, UPDATE ON `orderstream`.`coupons` TO 'orderstream_operator'@'%';
GRANT INSERT, UPDATE ON `orderstream`.`coupon_counters` TO 'orderstream_operator'@'%';
GRANT INSERT, DELETE ON `orderstream`.`tax_rates` TO 'orderstream_operator'@'%';
GRANT INSERT, DELETE ON `orderstream`.`shipping_rates` TO 'orderstream_operator'@'%';
GRANT INSERT, UPDATE ON `orderstream`.`rule_flags` TO 'orderstream_operator'@'%';
GRANT INSERT ON `orderstream`.`stock` TO 'orderstream_operator'@'%';
GRANT UPDATE ON `orderstream`.`catalogue_state` TO 'orderstream_operator'@'%';
GRANT UPDATE (`status`, `redriven_at_ms`) ON `orderstream`.`dead_letters` TO 'orderstream_operator'@'%';
GRANT UPDATE (`status`, `note`, `closed_at_ms`) ON `orderstream`.`reconciliation_findings` TO 'orderstream_operator'@'%';
GRANT UPDATE (`secret`, `previous_secret`) ON `orderstream`.`webhook_endpoints` TO 'orderstream_operator'@'%';
GRANT INSERT ON `orderstream`.`audit_log` TO 'orderstream_operator'@'%';
GRANT INSERT, UPDATE ON `orderstream`.`lane_skips` TO 'orderstream_operator'@'%';
GRANT UPDATE ON `orderstream`.`lane_positions` TO 'orderstream_operator'@'%';
GRANT DELETE ON `orderstream`.`pipeline_halts` TO 'orderstream_operator'@'%';
GRANT INSERT, DELETE ON `orderstream`.`recovery_shortages` TO 'orderstream_operator'@'%';
GRANT UPDATE (`archived_version`, `shipping_address`, `contact`, `metadata`) ON `orderstream`.`orders` TO 'orderstream_operator'@'%';
GRANT DELETE, UPDATE (`reason`) ON `orderstream`.`order_history` TO 'orderstream_operator'@'%';
GRANT UPDATE (`reference`) ON `orderstream`.`payments` TO 'orderstream_operator'@'%';
GRANT DELETE ON `orderstream`.`order_commands` TO 'orderstream_operator'@'%';
GRANT UPDATE (`last_error`) ON `orderstream`.`notification_deliveries` TO 'orderstream_operator'@'%';
GRANT INSERT, UPDATE ON `orderstream`.`refund_attempts` TO 'orderstream_operator'@'%';
GRANT DELETE, UPDATE (`wrapped_key`) ON `orderstream`.`customer_keys` TO 'orderstream_operator'@'%';
GRANT UPDATE (`messages`) ON `orderstream`.`outbox` TO 'orderstream_operator'@'%';
