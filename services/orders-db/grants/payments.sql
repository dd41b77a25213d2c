-- Login of the service that pays refunds: reads refunds and their switch, and keeps its own attempts.
GRANT SELECT ON `orderstream`.`refunds` TO 'orderstream_payments'@'%';
GRANT SELECT ON `orderstream`.`rule_flags` TO 'orderstream_payments'@'%';
GRANT SELECT, INSERT, UPDATE ON `orderstream`.`refund_attempts` TO 'orderstream_payments'@'%';
