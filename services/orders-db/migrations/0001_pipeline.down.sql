DROP TABLE IF EXISTS stock, catalogue_state, products, dead_letters, outbox, order_commands, order_history, order_items, orders, lane_attempts, lane_positions;
