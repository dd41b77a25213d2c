-- The logs on which a lane was processed. Offsets alone prove nothing, because a recreated topic starts from 0 again.
-- topic_id, events_topic_id and cluster_id are '' until a worker has adopted the logs. record_id is the fingerprint
-- of the last decided command, at record_offset. The outcome of the command at outcome_source was acknowledged at
-- outcome_offset. Both facts stay true when an older worker moves the lane, so that older workers can ignore these
-- columns.
ALTER TABLE lane_positions
  ADD COLUMN topic_id        VARCHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  ADD COLUMN events_topic_id VARCHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  ADD COLUMN cluster_id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  ADD COLUMN record_offset   BIGINT NOT NULL DEFAULT -1,
  ADD COLUMN record_id       VARCHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  ADD COLUMN outcome_source  BIGINT NOT NULL DEFAULT -1,
  ADD COLUMN outcome_offset  BIGINT NOT NULL DEFAULT -1;

-- One row: the installation to which this database belongs. No key contains the topic prefix. So workers of a second
-- installation refuse to start.
CREATE TABLE installation (
  id            TINYINT NOT NULL,
  topic_prefix  VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  adopted_by    VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  adopted_at_ms BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB;

-- At most one row. While the row exists, no worker decides anything. A worker writes it when the database has lost
-- commits.
CREATE TABLE pipeline_halts (
  id             TINYINT NOT NULL,
  why            VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message        VARCHAR(500) CHARACTER SET utf8mb4 NOT NULL,
  detected_by    VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  detected_at_ms BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB;

-- Acknowledged outcomes stay for a while, so that the end of the result topic can be published again. NULL means not
-- acknowledged yet. Acknowledged rows have the topic name '<topic>#published'.
ALTER TABLE outbox ADD COLUMN published_at_ms BIGINT NULL;
