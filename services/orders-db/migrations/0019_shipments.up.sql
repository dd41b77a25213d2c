-- Shipments, returns and stock movements. All are new tables, so workers of the version before are not affected.

-- The parcels of an order. shipment_no counts from 1. line_units is a JSON list of {line, quantity}.
-- delivered_at_ms is NULL until the delivery is reported; then it is the time that the report names.
CREATE TABLE shipments (
  order_key        BIGINT UNSIGNED NOT NULL,
  shipment_no      SMALLINT UNSIGNED NOT NULL,
  line_units       TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  carrier          VARCHAR(128) CHARACTER SET utf8mb4 NULL,
  tracking_number  VARCHAR(128) CHARACTER SET utf8mb4 NULL,
  shipped_at_ms    BIGINT NOT NULL,
  delivered_at_ms  BIGINT NULL,
  source_partition SMALLINT UNSIGNED NOT NULL,
  source_offset    BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (order_key, shipment_no)
) ENGINE = InnoDB;

-- Goods that came back. return_no counts from 1. line_units is a JSON list of {line, quantity, restock}. refund_id is
-- the refund that the return requested; NULL: none.
CREATE TABLE returns (
  order_key        BIGINT UNSIGNED NOT NULL,
  return_no        SMALLINT UNSIGNED NOT NULL,
  line_units       TEXT CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  refund_id        BINARY(16) NULL,
  returned_at_ms   BIGINT NOT NULL,
  source_partition SMALLINT UNSIGNED NOT NULL,
  source_offset    BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (order_key, return_no)
) ENGINE = InnoDB;

-- The adjustments of each SKU, in the order of their decisions. available is the level after the adjustment. All
-- commands of a SKU are on one partition.
CREATE TABLE stock_movements (
  sku              VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  source_partition SMALLINT UNSIGNED NOT NULL,
  source_offset    BIGINT UNSIGNED NOT NULL,
  delta            BIGINT NOT NULL,
  available        BIGINT NOT NULL,
  actor            VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason           TEXT CHARACTER SET utf8mb4 NULL,
  command_id       VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  at_ms            BIGINT NOT NULL,
  PRIMARY KEY (sku, source_partition, source_offset)
) ENGINE = InnoDB;
