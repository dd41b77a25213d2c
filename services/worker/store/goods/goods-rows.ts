/** Rows of shipments and returns: reads and writes. */
import type { Decision, KnownOrder, NewReturn, NewShipment } from '../../../domain/index.ts';
import { orderKeyOf } from '../../../orders-db/index.ts';
import { type Answer, rowsOf, type StatementBuffer } from '../../../shared/mysql/index.ts';

/** The goods of an order that left and came back. */
export type OrderGoods = Pick<KnownOrder, 'shipments' | 'returns'>;

export const noGoods: OrderGoods = { shipments: [], returns: 0 };

type ShipmentRow = { order_key: number; delivered_at_ms: number | null };
type ReturnsRow = { order_key: number; n: number };

/** Writes the reads of shipments and returns. Returns the function that takes the answers: the goods by order key. */
export function layOutGoodsReads(
  buffer: StatementBuffer,
  orderIds: ReadonlySet<string>,
): (answers: readonly Answer[]) => ReadonlyMap<number, OrderGoods> {
  if (orderIds.size === 0) return () => new Map();
  buffer.begin(
    'SELECT s.order_key, s.delivered_at_ms FROM orders o JOIN shipments s ON s.order_key = o.order_key WHERE o.order_id IN (',
  );
  buffer.uuids(orderIds);
  buffer.sql(') ORDER BY s.order_key, s.shipment_no');
  const shipments = buffer.end();
  buffer.begin(
    'SELECT r.order_key, COUNT(*) AS n FROM orders o JOIN returns r ON r.order_key = o.order_key WHERE o.order_id IN (',
  );
  buffer.uuids(orderIds);
  buffer.sql(') GROUP BY r.order_key');
  const returns = buffer.end();
  return (answers) => {
    const rows = Map.groupBy(rowsOf<ShipmentRow>(answers[shipments]), (row) => row.order_key);
    const counts = new Map(rowsOf<ReturnsRow>(answers[returns]).map((row) => [row.order_key, Number(row.n)]));
    return new Map(
      [...rows].map(([key, own]) => [
        key,
        {
          shipments: own.map((row) => ({ isDelivered: row.delivered_at_ms !== null })),
          returns: counts.get(key) ?? 0,
        },
      ]),
    );
  };
}

/** Writes the insert of new shipments. Their deliveries in the same batch are updates that follow. */
export function layOutShipments(
  buffer: StatementBuffer,
  shipments: readonly NewShipment[],
  nowMs: number,
): void {
  const columns =
    'order_key,shipment_no,line_units,carrier,tracking_number,shipped_at_ms,source_partition,source_offset';
  buffer.insert('shipments', columns, shipments, (shipment) => {
    const { placedAt, shipmentNo, lines, carrier, trackingNumber, source } = shipment;
    buffer.row();
    buffer.integer(orderKeyOf(placedAt.partition, placedAt.offset));
    buffer.sql(`,${shipmentNo},`);
    buffer.json(lines);
    buffer.comma();
    buffer.text(carrier);
    buffer.comma();
    buffer.text(trackingNumber);
    buffer.sql(`,${nowMs},${source.partition},${source.offset}`);
  });
}

/** Writes the insert of new returns. */
export function layOutReturns(buffer: StatementBuffer, returns: readonly NewReturn[], nowMs: number): void {
  const columns = 'order_key,return_no,line_units,refund_id,returned_at_ms,source_partition,source_offset';
  buffer.insert('returns', columns, returns, ({ placedAt, returnNo, lines, refundId, source }) => {
    buffer.row();
    buffer.integer(orderKeyOf(placedAt.partition, placedAt.offset));
    buffer.sql(`,${returnNo},`);
    buffer.json(lines);
    buffer.comma();
    buffer.uuid(refundId);
    buffer.sql(`,${nowMs},${source.partition},${source.offset}`);
  });
}

/** Writes the update of delivered shipments. Returns its index, or null without changes. It must affect every one. */
export function layOutDeliveries(buffer: StatementBuffer, deliveries: Decision['deliveries']): number | null {
  if (deliveries.length === 0) return null;
  buffer.begin('UPDATE JSON_TABLE(');
  buffer.json(
    deliveries.map(({ placedAt, shipmentNo, deliveredAtMs }) => [
      orderKeyOf(placedAt.partition, placedAt.offset),
      shipmentNo,
      deliveredAtMs,
    ]),
  );
  buffer.sql(
    ", '$[*]' COLUMNS (k BIGINT UNSIGNED PATH '$[0]', n SMALLINT UNSIGNED PATH '$[1]', t BIGINT PATH '$[2]')) d " +
      'STRAIGHT_JOIN shipments s ON s.order_key = d.k AND s.shipment_no = d.n SET s.delivered_at_ms = d.t',
  );
  return buffer.end();
}
