-- Units that orders hold beyond the level of their SKU, while `orderstream recover --from-log` applies outcomes. Units that come back
-- pay them first. A row that stays means that a give-back was never published. A new table, so older versions are not affected.
CREATE TABLE recovery_shortages (
  sku   VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  units BIGINT NOT NULL,
  PRIMARY KEY (sku)
) ENGINE = InnoDB;
