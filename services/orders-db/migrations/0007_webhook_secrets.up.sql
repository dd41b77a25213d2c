-- Longer columns for encrypted secrets: `enc:v1:<key id>:<base64url>`. A plain secret is `whsec_…`, as before.
ALTER TABLE webhook_endpoints
  MODIFY secret VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  MODIFY previous_secret VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL;
