-- The database refuses this while a row has an encrypted secret, because the version before cannot read such a
-- secret.
ALTER TABLE webhook_endpoints
  MODIFY secret VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  MODIFY previous_secret VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NULL;
