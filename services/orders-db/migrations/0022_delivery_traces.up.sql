-- The traceparent of the command behind a delivery, if its trace is recorded. Its attempts are spans of this trace. Older versions do
-- not write it.
ALTER TABLE notification_deliveries ADD COLUMN traceparent CHAR(55) CHARACTER SET ascii COLLATE ascii_bin NULL;
