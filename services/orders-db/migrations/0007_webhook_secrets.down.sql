-- Refused by the database while a row holds an encrypted secret: the version before this cannot read it.
ALTER TABLE webhook_endpoints
  MODIFY secret VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  MODIFY previous_secret VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NULL;
