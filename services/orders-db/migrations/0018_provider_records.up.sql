-- The captures and refunds that providers list, as services/payments saw them last. Reconciliation compares them with payments and
-- refunds.

-- kind is payment or refund, and provider_id its id; provider_payment_id is the payment of a refund, or the same id. made_at_ms is the
-- time of the provider. changed_at_ms is when amount, currency or status were first seen as they are. seen_at_ms is the start of the
-- listing that had the record last.
CREATE TABLE provider_records (
  provider            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind                VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  provider_id         VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  provider_payment_id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount              BIGINT NOT NULL,
  currency            CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status              VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  made_at_ms          BIGINT NOT NULL,
  changed_at_ms       BIGINT NOT NULL,
  seen_at_ms          BIGINT NOT NULL,
  PRIMARY KEY (provider, kind, provider_id),
  KEY provider_records_made (provider, made_at_ms)
) ENGINE = InnoDB;

-- How far each provider was listed: every record from listed_from_ms on and before listed_to_ms is in provider_records. next_at_ms is
-- when the provider is listed next; a lease moves it ahead. The next listing begins at next_from_ms. again_from_ms is where older
-- records are listed again.
CREATE TABLE provider_listings (
  provider       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  next_at_ms     BIGINT NOT NULL,
  listed_from_ms BIGINT NOT NULL,
  listed_to_ms   BIGINT NOT NULL,
  next_from_ms   BIGINT NOT NULL,
  again_from_ms  BIGINT NOT NULL,
  PRIMARY KEY (provider)
) ENGINE = InnoDB;
