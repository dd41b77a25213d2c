/** Rows of refunds, as workers write them. */
import { randomUUID } from 'node:crypto';
import { type Queryable, uuidToBytes } from '../../../services/shared/mysql/index.ts';

export interface RefundRow {
  readonly refundId: string;
  readonly orderId: string;
  readonly providerPaymentId: string;
  readonly amount: number;
  readonly currency: string;
}

/** Far above the keys of the orders that workers write on partition 0 in the same test. */
let orderKey = 1_000_000;

/** Inserts an open refund of this payment. */
export async function insertRefund(
  db: Queryable,
  providerPaymentId: string,
  more: { amount?: number; currency?: string; provider?: string; reason?: string; orderId?: string } = {},
): Promise<RefundRow> {
  const { amount = 5_000, currency = 'EUR', provider = 'local', reason = 'CANCELLED' } = more;
  const row = {
    refundId: randomUUID(),
    orderId: more.orderId ?? orderUuid(),
    providerPaymentId,
    amount,
    currency,
  };
  const nowMs = Date.now();
  await db.write(
    `INSERT INTO refunds (order_key, refund_no, refund_id, order_id, payment_id, provider, provider_payment_id, amount, currency, status,
       reason, requested_at_ms, open_since_ms) VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, 'REQUESTED', ?, ?, ?)`,
    [
      ...[orderKey++, uuidToBytes(row.refundId), uuidToBytes(row.orderId), uuidToBytes(randomUUID())],
      ...[provider, providerPaymentId, amount, currency, reason, nowMs, nowMs],
    ],
  );
  return row;
}

/** Settles a refund, as the decision about RECORD_REFUND does. */
export async function settleRefund(db: Queryable, refundId: string, succeeded: boolean): Promise<void> {
  await db.write(
    'UPDATE refunds SET status = ?, open_since_ms = NULL, settled_at_ms = ? WHERE refund_id = ?',
    [succeeded ? 'SUCCEEDED' : 'FAILED', Date.now(), uuidToBytes(refundId)],
  );
}

/** A random id in the form of order ids. */
function orderUuid(): string {
  const [a, b, , , e] = randomUUID().split('-');
  return `${a}-${b}-8c53-a0f4-${e}`;
}
