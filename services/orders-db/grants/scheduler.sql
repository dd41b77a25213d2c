-- Login of the scheduler: reads when orders are due, gives timers to orders without one, and shares partitions.
GRANT SELECT (`order_key`, `order_id`, `status`, `payment_due_at_ms`, `timer_at_ms`), UPDATE (`timer_at_ms`) ON `orderstream`.`orders` TO 'orderstream_scheduler'@'%';
GRANT SELECT ON `orderstream`.`lane_positions` TO 'orderstream_scheduler'@'%';
GRANT SELECT, UPDATE ON `orderstream`.`scheduler_leases` TO 'orderstream_scheduler'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON `orderstream`.`scheduler_members` TO 'orderstream_scheduler'@'%';
