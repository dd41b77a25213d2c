-- Login of the projector: reads the orders that it puts into the snapshot.
GRANT SELECT ON `orderstream`.`orders` TO 'orderstream_projector'@'%';
GRANT SELECT ON `orderstream`.`order_items` TO 'orderstream_projector'@'%';
