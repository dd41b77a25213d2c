/** The rows of one order in the tables of the product. The number of statements does not depend on its life. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { uuidToBytes } from '../../services/shared/mysql/index.ts';
import { readable } from '../payments/read-money.ts';

/** The rows of an order, in the order of their numbers or times. Without a row the lists may still have money or commands. */
export async function readTables(db: Connection, orderId: string) {
  const id = uuidToBytes(orderId);
  const rows = async (sql: string, values: unknown[]): Promise<RowDataPacket[]> =>
    (await db.query<RowDataPacket[]>(sql, values))[0].map(readable);
  const [order] = await rows(
    'SELECT order_key, customer_id, status, version, currency, subtotal, discount, shipping, tax, total, coupon_code, price_version, idempotency_key, reason, payment_due_at_ms, timer_at_ms, created_at_ms, updated_at_ms, source_partition, source_offset FROM orders WHERE order_id = ?',
    [id],
  );
  const orderKey = order?.['order_key'] ?? null;
  return {
    order: order ?? null,
    items: await rows(
      'SELECT line_no, sku, quantity, unit_price, line_total, shipped, cancelled, returned, restocked, refunded FROM order_items WHERE order_key = ? ORDER BY line_no',
      [orderKey],
    ),
    shipments: await rows(
      'SELECT shipment_no, line_units, carrier, tracking_number, shipped_at_ms, delivered_at_ms FROM shipments WHERE order_key = ? ORDER BY shipment_no',
      [orderKey],
    ),
    returns: await rows(
      'SELECT return_no, line_units, refund_id, returned_at_ms FROM returns WHERE order_key = ? ORDER BY return_no',
      [orderKey],
    ),
    history: await rows(
      'SELECT version, status, command_type, actor, reason, source_offset, at_ms FROM order_history WHERE order_id = ? ORDER BY version',
      [id],
    ),
    storedCommands: await rows(
      'SELECT command_id, command_type, outcome, version, status, reason, source_offset, at_ms FROM order_commands WHERE order_id = ? ORDER BY source_offset',
      [id],
    ),
    deadLetters: await rows(
      'SELECT partition_id, source_offset, reason_code, message, attempts, status, first_failed_at_ms, redriven_at_ms FROM dead_letters WHERE order_id = ? ORDER BY first_failed_at_ms, partition_id, source_offset',
      [id],
    ),
    deliveries: await rows(
      'SELECT event_id, endpoint_id, event_type, order_version, status, attempts, last_status, last_error FROM notification_deliveries WHERE order_id = ? ORDER BY delivery_id',
      [id],
    ),
    findings: await rows(
      'SELECT kind, expected, actual, remedy, status, first_seen_at_ms, last_seen_at_ms FROM reconciliation_findings WHERE subject LIKE ? ORDER BY finding_id',
      [`%${orderId}%`],
    ),
  };
}
