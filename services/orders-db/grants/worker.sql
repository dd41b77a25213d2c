-- Login of the workers: the tables of the pipeline. Workers read no webhook secret and write no audit row.
GRANT SELECT, INSERT, UPDATE ON `orderstream`.`lane_positions` TO 'orderstream_worker'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON `orderstream`.`lane_attempts` TO 'orderstream_worker'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON `orderstream`.`lane_waits` TO 'orderstream_worker'@'%';
GRANT SELECT, INSERT, UPDATE ON `orderstream`.`orders` TO 'orderstream_worker'@'%';
GRANT SELECT, INSERT ON `orderstream`.`order_items` TO 'orderstream_worker'@'%';
GRANT SELECT, INSERT ON `orderstream`.`order_history` TO 'orderstream_worker'@'%';
GRANT SELECT, INSERT ON `orderstream`.`order_commands` TO 'orderstream_worker'@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON `orderstream`.`outbox` TO 'orderstream_worker'@'%';
GRANT SELECT, INSERT, UPDATE ON `orderstream`.`dead_letters` TO 'orderstream_worker'@'%';
GRANT SELECT, UPDATE (`added`, `available`) ON `orderstream`.`stock` TO 'orderstream_worker'@'%';
GRANT SELECT ON `orderstream`.`products` TO 'orderstream_worker'@'%';
GRANT SELECT ON `orderstream`.`catalogue_state` TO 'orderstream_worker'@'%';
GRANT SELECT, UPDATE (`done_at_ms`) ON `orderstream`.`lane_skips` TO 'orderstream_worker'@'%';
GRANT SELECT, INSERT, UPDATE ON `orderstream`.`installation` TO 'orderstream_worker'@'%';
GRANT SELECT, INSERT, UPDATE ON `orderstream`.`pipeline_halts` TO 'orderstream_worker'@'%';
