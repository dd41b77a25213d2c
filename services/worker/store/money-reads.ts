/**
 * Reads payments and refunds. An order may have any number of both, because money is never refused. So a batch
 * reads few of them. These are the payment that settles an order, the rows that its commands name, and their refunds.
 */
import {
  type CommandNeeds,
  type Disposition,
  type KnownPayment,
  type KnownRefund,
  type MoneySnapshot,
  noMoneyRows,
  type OrderMoneyRows,
  paymentKey,
  positionKey,
  type RefundReason,
  type RefundStatus,
} from '../../domain/index.ts';
import { placedAt } from '../../orders-db/index.ts';
import { type Answer, bytesToUuid, rowsOf, type StatementBuffer } from '../../shared/mysql/index.ts';

type PaymentRow = {
  order_key: number;
  payment_no: number;
  payment_id: Buffer;
  order_id: Buffer;
  provider: string;
  provider_payment_id: string;
  amount: number;
  currency: string;
  disposition: Disposition;
  disputed: number;
};
type RefundRow = {
  order_key: number;
  refund_no: number;
  refund_id: Buffer;
  order_id: Buffer;
  payment_id: Buffer;
  provider: string;
  provider_payment_id: string;
  amount: number;
  currency: string;
  status: RefundStatus;
  reason: RefundReason;
  retry_of: Buffer | null;
  retried: number;
  line_units: string | null;
  shipping: number;
  result_provider: string | null;
  provider_refund_id: string | null;
  failure_code: string | null;
  settled_at_ms: number | null;
};

type NumbersRow = { order_key: number; payment_no: number | null; refund_no: number | null };

const readPayments =
  'SELECT p.order_key, p.payment_no, p.payment_id, p.order_id, p.provider, p.provider_payment_id, p.amount, p.currency, ' +
  'p.disposition, p.disputed FROM ';
const readRefunds =
  'SELECT r.order_key, r.refund_no, r.refund_id, r.order_id, r.payment_id, r.provider, r.provider_payment_id, r.amount, ' +
  'r.currency, r.status, r.reason, r.retry_of, r.retried, r.line_units, r.shipping, r.result_provider, r.provider_refund_id, ' +
  'r.failure_code, r.settled_at_ms FROM ';

/** Writes the reads of payments and refunds. Returns the function that takes the answers. */
export function layOutMoneyReads(
  buffer: StatementBuffer,
  needs: CommandNeeds,
): (answers: readonly Answer[]) => MoneySnapshot {
  if (needs.moneyOf.size === 0) return () => noMoneyRows;
  const numbers = layOutNumbers(buffer, needs.moneyOf);
  const settling = layOutSettling(buffer, needs.moneyOf);
  const ofRefunds = layOutNamedRefunds(buffer, needs);
  const named = needs.payments.length === 0 ? null : layOutNamedPayments(buffer, needs.payments);
  return (answers) => {
    const rowsAt = <Row extends object>(place: number | null) =>
      place === null ? [] : rowsOf<Row>(answers[place]);
    const payments = [settling.payments, ofRefunds.payments].flatMap((place) => rowsAt<PaymentRow>(place));
    const refunds = [settling.refunds, ofRefunds.refunds].flatMap((place) => rowsAt<RefundRow>(place));
    return {
      byOrder: rowsByOrder(payments.map(knownPayment), refunds.map(knownRefund)),
      byProvider: new Map(
        rowsAt<PaymentRow>(named).map((row) => [
          paymentKey(row.provider, row.provider_payment_id),
          knownPayment(row),
        ]),
      ),
      lastNumbers: new Map(
        rowsAt<NumbersRow>(numbers).map(({ order_key, payment_no, refund_no }) => [
          positionKey(placedAt(order_key)),
          { payment: payment_no ?? 0, refund: refund_no ?? 0 },
        ]),
      ),
    };
  };
}

// The indexes are named, because a plan with old statistics reads the whole table.

/** Where the rows of payments and of refunds are in the answers. */
interface MoneyPlaces {
  readonly payments: number | null;
  readonly refunds: number | null;
}

/** The last numbers of the orders. Each is one step at the end of a primary key, however many rows the order has. */
function layOutNumbers(buffer: StatementBuffer, orderIds: ReadonlySet<string>): number {
  buffer.begin(
    'SELECT o.order_key, ' +
      '(SELECT payment_no FROM payments p WHERE p.order_key = o.order_key ORDER BY payment_no DESC LIMIT 1) AS payment_no, ' +
      '(SELECT refund_no FROM refunds r WHERE r.order_key = o.order_key ORDER BY refund_no DESC LIMIT 1) AS refund_no ' +
      'FROM orders o WHERE o.order_id IN (',
  );
  buffer.uuids(orderIds);
  buffer.sql(')');
  return buffer.end();
}

/** The payments that settle the orders, and the refunds of these payments. */
function layOutSettling(buffer: StatementBuffer, orderIds: ReadonlySet<string>): MoneyPlaces {
  const where = () => {
    buffer.sql('p.order_id IN (');
    buffer.uuids(orderIds);
    buffer.sql(") AND p.disposition = 'SETTLES'");
    return buffer.end();
  };
  buffer.begin(`${readPayments}payments p WHERE `);
  const payments = where();
  buffer.begin(
    `${readRefunds}payments p STRAIGHT_JOIN refunds r FORCE INDEX (refunds_payment) ON r.payment_id = p.payment_id WHERE `,
  );
  return { payments, refunds: where() };
}

/** The payments of the refunds that the batch names, and all refunds of these payments. */
function layOutNamedRefunds(
  buffer: StatementBuffer,
  { refundIds, openRefunds, commands }: CommandNeeds,
): MoneyPlaces {
  if (refundIds.length + openRefunds.length === 0) return { payments: null, refunds: null };
  const columns = 'SELECT payment_id, provider, provider_payment_id FROM refunds WHERE ';
  const source = () => {
    buffer.sql(`((${columns}refund_id IN (`);
    if (refundIds.length === 0) buffer.sql('NULL');
    buffer.uuids(refundIds);
    buffer.sql('))');
    for (const { orderId, amount, currency } of openRefunds) {
      buffer.sql(` UNION (${columns}order_id = `);
      buffer.uuid(orderId);
      buffer.sql(` AND status = 'REQUESTED' AND amount = ${amount} AND currency = `);
      buffer.text(currency);
      // Each command settles one refund at most. So if there are more, it is certain that no command names just one.
      buffer.sql(` LIMIT ${commands.length + 2})`);
    }
    buffer.sql(') n');
  };
  buffer.begin(readPayments);
  source();
  buffer.sql(
    ' STRAIGHT_JOIN payments p FORCE INDEX (payments_provider) ON p.provider = n.provider AND p.provider_payment_id = n.provider_payment_id',
  );
  const payments = buffer.end();
  buffer.begin(readRefunds);
  source();
  buffer.sql(' STRAIGHT_JOIN refunds r FORCE INDEX (refunds_payment) ON r.payment_id = n.payment_id');
  return { payments, refunds: buffer.end() };
}

function layOutNamedPayments(buffer: StatementBuffer, payments: CommandNeeds['payments']): number {
  buffer.begin(`${readPayments}payments p WHERE (p.provider, p.provider_payment_id) IN `);
  payments.forEach(({ provider, providerPaymentId }, index) => {
    buffer.sql(index === 0 ? '((' : ',(');
    buffer.text(provider);
    buffer.comma();
    buffer.text(providerPaymentId);
    buffer.sql(')');
  });
  buffer.sql(')');
  return buffer.end();
}

/** Several reads may have found the same row. */
function rowsByOrder(payments: readonly KnownPayment[], refunds: readonly KnownRefund[]) {
  const byOrder = new Map<string, OrderMoneyRows>();
  const rowsOfOrder = (orderId: string): OrderMoneyRows => {
    const rows = byOrder.get(orderId) ?? { payments: [], refunds: [] };
    byOrder.set(orderId, rows);
    return rows;
  };
  const found = new Map(payments.map((payment) => [payment.paymentId, payment]));
  for (const payment of found.values()) rowsOfOrder(payment.orderId).payments.push(payment);
  const byId = new Map(refunds.map((refund) => [refund.refundId, refund]));
  for (const refund of byId.values()) rowsOfOrder(refund.orderId).refunds.push(refund);
  return byOrder;
}

function knownPayment(row: PaymentRow): KnownPayment {
  return {
    paymentId: bytesToUuid(row.payment_id),
    orderId: bytesToUuid(row.order_id),
    at: placedAt(row.order_key),
    no: row.payment_no,
    provider: row.provider,
    providerPaymentId: row.provider_payment_id,
    amount: row.amount,
    currency: row.currency,
    disposition: row.disposition,
    disputed: row.disputed,
  };
}

function knownRefund(row: RefundRow): KnownRefund {
  return {
    refundId: bytesToUuid(row.refund_id),
    orderId: bytesToUuid(row.order_id),
    at: placedAt(row.order_key),
    no: row.refund_no,
    paymentId: bytesToUuid(row.payment_id),
    provider: row.provider,
    providerPaymentId: row.provider_payment_id,
    amount: row.amount,
    currency: row.currency,
    status: row.status,
    reason: row.reason,
    retryOf: row.retry_of === null ? null : bytesToUuid(row.retry_of),
    retried: row.retried === 1,
    lines: row.line_units === null ? [] : JSON.parse(row.line_units),
    shipping: row.shipping === 1,
    resultProvider: row.result_provider,
    providerRefundId: row.provider_refund_id,
    failureCode: row.failure_code,
    settledAtMs: row.settled_at_ms,
  };
}
