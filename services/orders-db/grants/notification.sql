-- Login of notification: its own tables, the contact of an order, and the switch that disables an endpoint.
GRANT SELECT, INSERT, UPDATE, DELETE ON `orderstream`.`notification_deliveries` TO 'orderstream_notification'@'%';
GRANT SELECT, INSERT, UPDATE ON `orderstream`.`notification_positions` TO 'orderstream_notification'@'%';
GRANT SELECT, UPDATE ON `orderstream`.`notification_retention` TO 'orderstream_notification'@'%';
GRANT SELECT, UPDATE (`status`, `disabled_reason`, `updated_at_ms`) ON `orderstream`.`webhook_endpoints` TO 'orderstream_notification'@'%';
GRANT SELECT (`order_id`, `customer_id`, `contact`) ON `orderstream`.`orders` TO 'orderstream_notification'@'%';
GRANT INSERT ON `orderstream`.`audit_log` TO 'orderstream_notification'@'%';
