-- The id of the result topic that a position belongs to (KIP-516): a topic that was made anew has another one. NULL: not known yet.
ALTER TABLE notification_positions ADD COLUMN topic_id VARCHAR(22) CHARACTER SET ascii COLLATE ascii_bin NULL;
