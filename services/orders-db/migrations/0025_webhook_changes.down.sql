ALTER TABLE webhook_endpoints DROP COLUMN description, DROP COLUMN paused_at_ms;
