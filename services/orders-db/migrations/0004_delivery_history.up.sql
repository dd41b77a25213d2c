-- The deliveries of one endpoint by time: what its owner lists, and asks for again.
CREATE INDEX notification_deliveries_history ON notification_deliveries (endpoint_id, created_at_ms);
