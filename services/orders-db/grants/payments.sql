-- Login of the service that pays refunds: reads refunds and their switch, keeps its own attempts, and stores what providers list.
GRANT SELECT ON `orderstream`.`refunds` TO 'orderstream_payments'@'%';
GRANT SELECT ON `orderstream`.`rule_flags` TO 'orderstream_payments'@'%';
GRANT SELECT, INSERT, UPDATE ON `orderstream`.`refund_attempts` TO 'orderstream_payments'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON `orderstream`.`provider_records` TO 'orderstream_payments'@'%';
GRANT SELECT, INSERT, UPDATE ON `orderstream`.`provider_listings` TO 'orderstream_payments'@'%';
