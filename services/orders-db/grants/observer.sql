-- Login of the observer: reads the positions of the lanes, and why they wait. It reads no order.
GRANT SELECT ON `orderstream`.`lane_positions` TO 'orderstream_observer'@'%';
GRANT SELECT ON `orderstream`.`lane_waits` TO 'orderstream_observer'@'%';
GRANT SELECT ON `orderstream`.`lane_attempts` TO 'orderstream_observer'@'%';
GRANT SELECT (`topic`, `partition_id`) ON `orderstream`.`outbox` TO 'orderstream_observer'@'%';
