/**
 * Compares payments and refunds with the money and the status of their orders. A refund that failed is no fault here: the money
 * has a row, and `orderstream findings` names the refund. Shares no code with the worker or with reconciliation.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { Findings } from './checks.ts';
import { type CheckedOrderRow, toUuid } from './order-row.ts';

/** Orders with one of these statuses are paid. The list is separate on purpose, as `WITHOUT_STOCK` is. */
export const PAID: ReadonlySet<string> = new Set(['PAID', 'SHIPPED', 'DELIVERED', 'CLOSED', 'RETURNED']);

export interface PaymentDeps {
  db: Connection;
  findings: Findings;
  /** All orders with a key in the range. */
  orders: readonly CheckedOrderRow[];
  /** The keys from `from` to before `to`. */
  from: number;
  to: number;
}

interface Payment {
  key: number;
  id: string;
  orderId: string;
  amount: number;
  currency: string;
  disposition: string;
  disputed: number;
  /** Refunds that are requested or succeeded. */
  back: number;
  /** Refunds that failed and were not retried. */
  failed: number;
}

interface Sums {
  received: number;
  refundPending: number;
  refunded: number;
  disputed: number;
  settling: Payment[];
}

/** Checks all money of the range. */
export async function checkPayments({ db, findings, orders, from, to }: PaymentDeps): Promise<void> {
  const payments = await readPayments(db, from, to);
  const byKey = new Map(orders.map((order) => [order.key, order]));
  const sums = new Map<number, Sums>();
  const sumsOf = (key: number): Sums => {
    const known = sums.get(key) ?? { received: 0, refundPending: 0, refunded: 0, disputed: 0, settling: [] };
    sums.set(key, known);
    return known;
  };
  for (const payment of payments.values()) {
    const order = byKey.get(payment.key);
    const isOfOrder = payment.disposition !== 'UNMATCHED';
    if (isOfOrder ? payment.orderId !== order?.id : order !== undefined)
      findings.add('payments', `payment ${payment.id} names order ${payment.orderId}`);
    if (payment.disposition === 'SETTLES') sumsOf(payment.key).settling.push(payment);
    if (payment.currency !== order?.currency) continue;
    sumsOf(payment.key).received += payment.amount;
    sumsOf(payment.key).disputed += payment.disputed;
  }
  for (const refund of await readRefunds(db, from, to)) {
    const { key, id, currency, amount, status } = refund;
    const payment = payments.get(refund.paymentId);
    if (payment?.key !== key || payment.currency !== currency) {
      findings.add('payments', `refund ${id} belongs to no payment`);
      continue;
    }
    if (status !== 'FAILED') payment.back += amount;
    else if (!refund.retried) payment.failed += amount;
    if (currency !== byKey.get(key)?.currency) continue;
    if (status === 'REQUESTED') sumsOf(key).refundPending += amount;
    if (status === 'SUCCEEDED') sumsOf(key).refunded += amount;
  }
  for (const order of orders) checkOrder(findings, order, sums.get(order.key));
  for (const payment of payments.values()) checkPayment(findings, payment, byKey.get(payment.key));
}

function checkOrder(findings: Findings, order: CheckedOrderRow, sums: Sums | undefined): void {
  const { id, status, total, currency, received, refundPending, refunded, disputed } = order;
  const row = [received, refundPending, refunded, disputed].join(' ');
  const rows = [sums?.received, sums?.refundPending, sums?.refunded, sums?.disputed].map((sum) => sum ?? 0);
  if (row !== rows.join(' '))
    findings.add(
      'payments',
      `order ${id}: received, pending, refunded, disputed ${row}, rows ${rows.join(' ')}`,
    );
  if (!PAID.has(status) || total === 0) return;
  const settling = sums?.settling ?? [];
  const [first] = settling;
  if (settling.length === 1 && first?.amount === total && first.currency === currency) return;
  findings.add('unpaid', `order ${id}: ${status}, ${settling.length} payments settle ${total} ${currency}`);
}

function checkPayment(findings: Findings, payment: Payment, order: CheckedOrderRow | undefined): void {
  const { id, amount, currency, disposition, disputed, back, failed } = payment;
  const settles = disposition === 'SETTLES' && order !== undefined && PAID.has(order.status);
  if (back > amount) findings.add('refundedTwice', `payment ${id}: ${back} of ${amount} ${currency}`);
  else if (!settles && back + failed < amount - disputed)
    findings.add('stranded', `payment ${id}: ${disposition}, ${back} of ${amount} ${currency} refunded`);
}

/** By id in hexadecimal digits. */
async function readPayments(db: Connection, from: number, to: number): Promise<Map<string, Payment>> {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT order_key, LOWER(HEX(payment_id)) AS id, LOWER(HEX(order_id)) AS order_id, amount, currency, disposition, disputed ' +
      'FROM payments WHERE order_key >= ? AND order_key < ?',
    [from, to],
  );
  return new Map(
    rows.map((row) => [
      String(row['id']),
      {
        key: Number(row['order_key']),
        id: toUuid(row['id']),
        orderId: toUuid(row['order_id']),
        amount: Number(row['amount']),
        currency: String(row['currency']),
        disposition: String(row['disposition']),
        disputed: Number(row['disputed']),
        back: 0,
        failed: 0,
      },
    ]),
  );
}

async function readRefunds(db: Connection, from: number, to: number) {
  const [rows] = await db.query<RowDataPacket[]>(
    'SELECT order_key, LOWER(HEX(refund_id)) AS id, LOWER(HEX(payment_id)) AS payment_id, amount, currency, status, retried ' +
      'FROM refunds WHERE order_key >= ? AND order_key < ?',
    [from, to],
  );
  return rows.map((row) => ({
    key: Number(row['order_key']),
    id: toUuid(row['id']),
    paymentId: String(row['payment_id']),
    amount: Number(row['amount']),
    currency: String(row['currency']),
    status: String(row['status']),
    retried: Number(row['retried']) === 1,
  }));
}
