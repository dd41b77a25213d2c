DROP TABLE IF EXISTS shipments, returns, stock_movements;
