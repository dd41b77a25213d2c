-- description is a text of the owner. paused_at_ms is set while the owner pauses an enabled endpoint: its deliveries
-- are recorded and wait. Software without this column sends to a paused endpoint, and loses nothing.
ALTER TABLE webhook_endpoints
  ADD COLUMN description VARCHAR(200) CHARACTER SET utf8mb4 NULL,
  ADD COLUMN paused_at_ms BIGINT NULL;
