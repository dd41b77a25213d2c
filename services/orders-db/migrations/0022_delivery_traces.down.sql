ALTER TABLE notification_deliveries DROP COLUMN traceparent;
