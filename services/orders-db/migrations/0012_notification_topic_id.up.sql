-- The id of the result topic to which a position belongs (KIP-516). A recreated topic has another id. NULL: not known
-- yet.
ALTER TABLE notification_positions ADD COLUMN topic_id VARCHAR(22) CHARACTER SET ascii COLLATE ascii_bin NULL;
