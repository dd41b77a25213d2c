-- The keys that encrypt the personal fields of commands in the log, one for each customer. An erasure deletes the row; then no command
-- of the customer can be read any more. wrapped_key is encrypted with a key of PERSONAL_DATA_KEYS. A new table, so older versions are
-- not affected.
CREATE TABLE customer_keys (
  customer_id   VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  key_id        VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  wrapped_key   VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (customer_id),
  UNIQUE KEY customer_keys_key (key_id)
) ENGINE = InnoDB;
