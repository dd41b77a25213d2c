/** The money of one order, as the tables have it. */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { bytesToUuid, uuidToBytes } from '../../services/shared/mysql/index.ts';

export interface OrderMoney {
  readonly order: RowDataPacket | null;
  readonly session: RowDataPacket | null;
  readonly payments: RowDataPacket[];
  readonly refunds: RowDataPacket[];
}

const refundColumns = `r.refund_id,
  r.provider, r.provider_payment_id, r.amount, r.currency, r.status, r.reason, r.retried, r.line_units, r.shipping, r.provider_refund_id, r.failure_code, r.requested_at_ms,
  a.tries, a.last_reason`;

/** Payments and refunds of an order; also those that came before the order. */
export async function readOrderMoney(db: Connection, orderId: string): Promise<OrderMoney> {
  const id = uuidToBytes(orderId);
  const select = async (sql: string): Promise<RowDataPacket[]> =>
    (await db.query<RowDataPacket[]>(sql, [id]))[0];
  const [order = null] = await select(
    'SELECT status, currency, reason, total, received, refund_pending, refunded, disputed FROM orders WHERE order_id = ?',
  );
  const [session = null] = await select(
    'SELECT provider, url, expires_at_ms FROM payment_sessions WHERE order_id = ?',
  );
  const payments = await select(
    'SELECT provider, provider_payment_id, amount, currency, disposition, disputed, received_at_ms FROM payments WHERE order_id = ? ORDER BY received_at_ms, payment_no',
  );
  const refunds = await select(
    `SELECT ${refundColumns} FROM refunds r LEFT JOIN refund_attempts a ON a.refund_id = r.refund_id
     WHERE r.order_id = ? ORDER BY r.requested_at_ms, r.refund_no`,
  );
  return { order, session, payments, refunds: refunds.map(readable) };
}

export interface RefundFilter {
  readonly status: string | null;
  readonly limit: number;
}

/** Refunds of all orders, newest first. */
export async function readRefunds(db: Connection, { status, limit }: RefundFilter): Promise<RowDataPacket[]> {
  const where = status === null ? '' : 'WHERE r.status = ?';
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT r.order_id, ${refundColumns}
     FROM refunds r LEFT JOIN refund_attempts a ON a.refund_id = r.refund_id ${where} ORDER BY r.requested_at_ms DESC LIMIT ?`,
    status === null ? [limit] : [status, limit],
  );
  return rows.map(readable);
}

/** One refund with the id of its order and the calls of services/payments, or null. */
export async function readRefund(db: Connection, refundId: string): Promise<RowDataPacket | null> {
  const [rows] = await db.query<RowDataPacket[]>(
    `SELECT r.order_id, r.amount, r.currency, r.status, r.provider, a.state, a.tries
     FROM refunds r LEFT JOIN refund_attempts a ON a.refund_id = r.refund_id WHERE r.refund_id = ?`,
    [uuidToBytes(refundId)],
  );
  return rows[0] === undefined ? null : readable(rows[0]);
}

/** The row with its binary ids as text, and its list of units as a list. */
export function readable(row: RowDataPacket): RowDataPacket {
  for (const [name, value] of Object.entries(row)) {
    if (Buffer.isBuffer(value)) row[name] = bytesToUuid(value);
    else if (name === 'line_units' && typeof value === 'string') row[name] = JSON.parse(value);
  }
  return row;
}
