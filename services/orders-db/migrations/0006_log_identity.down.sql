-- Older workers would publish every row of the outbox again. So the published rows are deleted first.
DELETE FROM outbox WHERE published_at_ms IS NOT NULL;
ALTER TABLE outbox DROP COLUMN published_at_ms;
DROP TABLE pipeline_halts;
DROP TABLE installation;
ALTER TABLE lane_positions
  DROP COLUMN topic_id,
  DROP COLUMN events_topic_id,
  DROP COLUMN cluster_id,
  DROP COLUMN record_offset,
  DROP COLUMN record_id,
  DROP COLUMN outcome_source,
  DROP COLUMN outcome_offset;
