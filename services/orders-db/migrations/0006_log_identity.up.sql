-- Which logs a lane was worked on. An offset says nothing without them: a topic that was made anew counts from 0 again.
-- topic_id, events_topic_id, cluster_id: '' until a worker has adopted the logs. record_id is the fingerprint of the
-- command at record_offset, the last that was decided; outcome_offset is where the outcome of the command at
-- outcome_source was acknowledged. Both are true whoever moves the lane later, so that older workers need not know them.
ALTER TABLE lane_positions
  ADD COLUMN topic_id        VARCHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  ADD COLUMN events_topic_id VARCHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  ADD COLUMN cluster_id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  ADD COLUMN record_offset   BIGINT NOT NULL DEFAULT -1,
  ADD COLUMN record_id       VARCHAR(22) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  ADD COLUMN outcome_source  BIGINT NOT NULL DEFAULT -1,
  ADD COLUMN outcome_offset  BIGINT NOT NULL DEFAULT -1;

-- One row, of the one installation that this database belongs to. The topic prefix is not part of any key, so a second
-- installation is refused at its start.
CREATE TABLE installation (
  id            TINYINT NOT NULL,
  topic_prefix  VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  adopted_by    VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  adopted_at_ms BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB;

-- At most one row: while it is there, no worker decides anything. A worker that finds that the database went back writes it.
CREATE TABLE pipeline_halts (
  id             TINYINT NOT NULL,
  why            VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message        VARCHAR(500) CHARACTER SET utf8mb4 NOT NULL,
  detected_by    VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  detected_at_ms BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB;

-- Outcomes that are acknowledged stay for a while, so that the end of the result topic can be published again. Rows that
-- are not acknowledged have NULL here; the others have moved to the topic name '<topic>#published'.
ALTER TABLE outbox ADD COLUMN published_at_ms BIGINT NULL;
