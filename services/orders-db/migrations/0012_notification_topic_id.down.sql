ALTER TABLE notification_positions DROP COLUMN topic_id;
