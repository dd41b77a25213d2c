-- An index of the deliveries of one endpoint by time, for the lists and the redeliveries of its owner.
CREATE INDEX notification_deliveries_history ON notification_deliveries (endpoint_id, created_at_ms);
