-- When a payment was decided: the time of its event, while received_at_ms is the time of its command. NULL: a worker of the version
-- before wrote the row.
ALTER TABLE payments ADD COLUMN booked_at_ms BIGINT NULL;
