/**
 * Judges a quiet shop. It compares the provider's own book with the tables and with the published events, and counts stock
 * and coupons. It shares no code with the product.
 */
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import type { ProviderRecord } from '../../../services/shared/payment-provider/index.ts';
import type { Arena } from '../arena/arena.ts';
import { readOutcomes } from '../arena/reading/outcomes.ts';
import { adapterOf } from '../programs/payment-provider.ts';
import type { Shop } from './shop.ts';

type Captured = Extract<ProviderRecord, { kind: 'payment' }>;
type Returned = Extract<ProviderRecord, { kind: 'refund' }>;

export interface ProviderBook {
  readonly captured: ReadonlyMap<string, Captured>;
  /** By the provider's id. */
  readonly refunds: ReadonlyMap<string, Returned>;
}

interface PaymentRow {
  readonly id: string;
  readonly amount: number;
  readonly disposition: string;
  readonly order_status: string | null;
}

interface RefundRow {
  readonly refund_id: string;
  readonly payment: string;
  readonly amount: number;
  readonly status: string;
  readonly result: string | null;
}

const paid: ReadonlySet<string> = new Set(['PAID', 'SHIPPED', 'DELIVERED', 'CLOSED', 'RETURNED']);
const bookMs = 30_000;
const examplesMax = 5;

/** The provider's list of captures and refunds. */
export async function readBook({ providerUrl }: Pick<Shop, 'providerUrl'>): Promise<ProviderBook> {
  const adapter = adapterOf(providerUrl, bookMs);
  const captured = new Map<string, Captured>();
  const refunds = new Map<string, Returned>();
  for await (const record of adapter.list(0, Date.now() + 1_000)) {
    if (record.kind === 'payment') captured.set(record.providerPaymentId, record);
    else refunds.set(record.providerRefundId, record);
  }
  adapter.close();
  return { captured, refunds };
}

/** One line per kind of fault, with examples. Empty if all money, stock and coupons are where they belong. */
export async function judge(arena: Arena, book: ProviderBook): Promise<string[]> {
  const { pool } = arena.mysql;
  const payments = await pool.rows<PaymentRow>(
    `SELECT p.provider_payment_id AS id, p.amount, p.disposition, o.status AS order_status
     FROM payments p LEFT JOIN orders o ON o.order_key = p.order_key`,
  );
  const refunds = await pool.rows<RefundRow>(
    `SELECT LOWER(HEX(refund_id)) AS refund_id, provider_payment_id AS payment, amount, status, provider_refund_id AS result
     FROM refunds`,
  );
  const events = [...(await readOutcomes(arena)).values()];
  return [
    ...everyCentIsPlaced(book, payments),
    ...tablesAgree(book, payments, refunds),
    ...eventsAgree(events, payments, refunds),
    ...(await countsAgree(arena)),
  ];
}

/** A live order keeps what was captured, without what it paid back. Any other captured amount went back completely. */
function everyCentIsPlaced({ captured, refunds }: ProviderBook, payments: readonly PaymentRow[]): string[] {
  const rows = new Map(payments.map((row) => [row.id, row]));
  const paidBack = Map.groupBy(
    [...refunds.values()].filter(({ status }) => status === 'succeeded'),
    ({ providerPaymentId }) => providerPaymentId,
  );
  const wrong = [...captured].filter(([id, { amount }]) => {
    const row = rows.get(id);
    const isKept = row?.disposition === 'SETTLES' && paid.has(row.order_status ?? '');
    const back = (paidBack.get(id) ?? []).reduce((sum, refund) => sum + refund.amount, 0);
    return isKept ? back > amount : back !== amount;
  });
  return problem(
    'captured amounts are neither on a live order nor refunded exactly',
    wrong.map(([id, { amount }]) => {
      const row = rows.get(id);
      const back = (paidBack.get(id) ?? []).map((refund) => refund.amount).join('+');
      return `${id} of ${amount}: ${row?.disposition ?? 'no row'} on ${row?.order_status ?? 'no order'}, back ${back || 0}`;
    }),
  );
}

function tablesAgree(
  { captured, refunds: made }: ProviderBook,
  payments: readonly PaymentRow[],
  refunds: readonly RefundRow[],
): string[] {
  const rows = new Map(payments.map((row) => [row.id, row]));
  const succeeded = refunds.filter(({ status }) => status === 'SUCCEEDED');
  const results = new Map(succeeded.map((row) => [row.result, row]));
  return [
    ...problem(
      'payments differ from the book of the provider',
      [...captured.keys(), ...rows.keys()].filter((id) => captured.get(id)?.amount !== rows.get(id)?.amount),
    ),
    ...problem(
      'refunds succeeded at the provider, but not in the table',
      [...made]
        .filter(([id, { status }]) => status === 'succeeded' && results.get(id) === undefined)
        .map(([id]) => id),
    ),
    ...problem(
      'refunds succeeded in the table, but not at the provider',
      succeeded
        .filter(({ result, amount, payment }) => {
          const refund = made.get(result ?? '');
          return (
            refund?.status !== 'succeeded' || refund.amount !== amount || refund.providerPaymentId !== payment
          );
        })
        .map(({ refund_id }) => refund_id),
    ),
    ...problem(
      'one refund of the provider is the result of two rows',
      succeeded.filter((row) => results.get(row.result) !== row).map(({ refund_id }) => refund_id),
    ),
  ];
}

/** Each payment is in one event, and the last event about a refund has its status. */
function eventsAgree(
  events: readonly OrderEvent[],
  payments: readonly PaymentRow[],
  refunds: readonly RefundRow[],
): string[] {
  const told = new Map<string, { count: number; disposition: string; amount: number }>();
  const last = new Map<string, { status: string; amount: number }>();
  for (const { outcome, payment, refund, reason } of events) {
    if (refund !== null) last.set(refund.refundId.replaceAll('-', ''), refund);
    const isNew = outcome === 'APPLIED' || reason?.code === 'PAYMENT_UNMATCHED';
    if (!isNew || payment === null || payment.disposition === null) continue;
    const { providerPaymentId, disposition, amount } = payment;
    told.set(providerPaymentId!, {
      ...{ disposition, amount },
      count: 1 + (told.get(providerPaymentId!)?.count ?? 0),
    });
  }
  const wrongPayments = payments.filter(({ id, amount, disposition }) => {
    const seen = told.get(id);
    return seen?.count !== 1 || seen.amount !== amount || seen.disposition !== disposition;
  });
  const wrongRefunds = refunds.filter(({ refund_id, status, amount }) => {
    const seen = last.get(refund_id);
    return seen?.status !== status || seen.amount !== amount;
  });
  const known = new Set([...payments.map(({ id }) => id), ...refunds.map(({ refund_id }) => refund_id)]);
  return [
    ...problem(
      'payments differ from the published events',
      wrongPayments.map(({ id }) => `${id}: ${JSON.stringify(told.get(id) ?? null)}`),
    ),
    ...problem(
      'refunds differ from the last published event',
      wrongRefunds.map(({ refund_id, status }) => `${refund_id} ${status}: ${last.get(refund_id)?.status}`),
    ),
    ...problem(
      'events name payments or refunds without a row',
      [...told.keys(), ...last.keys()].filter((id) => !known.has(id)),
    ),
  ];
}

interface StockRow {
  readonly sku: string;
  readonly gone: number;
  readonly held: number;
  readonly shipped: number;
  readonly away: number;
  readonly added: number;
  readonly moved: number;
  readonly available: number;
}

/** Units that are gone are on live orders, and so are the uses of coupons. */
async function countsAgree({ mysql: { pool } }: Arena): Promise<string[]> {
  const live = `o.status IN ('PENDING_PAYMENT', ${[...paid].map((status) => `'${status}'`).join(', ')})`;
  const stock = await pool.rows<StockRow>(
    `SELECT s.sku, s.initial + s.added - s.available AS gone, COALESCE(u.held, 0) AS held, s.shipped,
       COALESCE(u.away, 0) AS away, s.added, COALESCE(m.moved, 0) AS moved, s.available
     FROM stock s LEFT JOIN (
       SELECT i.sku, SUM(i.quantity - i.cancelled - i.restocked) AS held, SUM(i.shipped - i.restocked) AS away
       FROM order_items i JOIN orders o ON o.order_key = i.order_key WHERE ${live} GROUP BY i.sku
     ) u ON u.sku = s.sku LEFT JOIN (SELECT sku, SUM(delta) AS moved FROM stock_movements GROUP BY sku) m ON m.sku = s.sku
     HAVING gone <> held OR shipped <> away OR added <> moved OR available < 0`,
  );
  const coupons = await pool.rows<{ code: string; gone: number; used: number }>(
    `SELECT c.code, c.initial + c.added - c.available AS gone,
       (SELECT COUNT(*) FROM orders o WHERE o.coupon_code = c.code AND ${live}) AS used
     FROM coupon_counters c HAVING gone <> used`,
  );
  const customers = await pool.rows<{ customer_id: string; used: number; live: number }>(
    `SELECT c.customer_id, c.used, (SELECT COUNT(*) FROM orders o WHERE o.coupon_code = c.code
       AND o.customer_id = c.customer_id AND ${live}) AS live FROM coupon_customers c HAVING used <> live`,
  );
  return [
    ...problem(
      'stock',
      stock.map((row) => JSON.stringify(row)),
    ),
    ...problem(
      'coupons',
      coupons.map(({ code, gone, used }) => `${code}: ${gone} used, ${used} live orders`),
    ),
    ...problem(
      'coupons of customers',
      customers.map(({ customer_id, used, live }) => `${customer_id}: ${used} used, ${live} live orders`),
    ),
  ];
}

function problem(what: string, found: readonly string[]): string[] {
  if (found.length === 0) return [];
  return [`${what}: ${found.length}, such as ${found.slice(0, examplesMax).join('; ')}`];
}
