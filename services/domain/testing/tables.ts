/**
 * A model in memory of the tables that decisions read and change. It applies a decision like the store of the worker,
 * with the same guards and failures. The tests of `decide` run logs through this model.
 */
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import { customerKey } from '../coupon-ledger.ts';
import {
  type CommandNeeds,
  commandKey,
  type Decision,
  decide,
  handlerOf,
  type KnownOrder,
  type KnownPayment,
  type KnownRefund,
  type MoneySnapshot,
  paymentKey,
  positionKey,
  type Snapshot,
  type SourceRecord,
  type StoredOutcome,
} from '../index.ts';
import { couponLimits, products, rules } from './commands.ts';

/** The time of every batch, and the window of a payment. */
export const settings = { nowMs: 1_700_000_000_000, paymentWindowMs: 60_000 };

/**
 * `fresh` forgets the SKUs with low stock after each batch. `remember` keeps them. `careful` reads every id and level
 * before its first try.
 */
export type Mode = 'fresh' | 'remember' | 'careful';

export interface Tables {
  readonly orders: Map<string, KnownOrder>;
  readonly commands: Map<string, StoredOutcome>;
  readonly stock: Map<string, number>;
  /** Redemptions that are left, by code. */
  readonly couponTotals: Map<string, number>;
  /** Redemptions in use, by `customerKey`. */
  readonly couponCustomers: Map<string, number>;
  /** By `paymentKey`. */
  readonly payments: Map<string, KnownPayment>;
  /** By refund id. */
  readonly refunds: Map<string, KnownRefund>;
}

const triesMax = 6;

/**
 * Runs batches through new tables that begin with these levels. Returns every event in order, and the tables.
 */
export function run(
  batches: readonly (readonly SourceRecord[])[],
  stock: ReadonlyMap<string, number>,
  mode: Mode,
): { events: OrderEvent[]; tables: Tables } {
  const tables: Tables = {
    orders: new Map(),
    commands: new Map(),
    stock: new Map(stock),
    couponTotals: new Map(couponLimits),
    couponCustomers: new Map(),
    payments: new Map(),
    refunds: new Map(),
  };
  const events: OrderEvent[] = [];
  let scarce = new Set<string>();
  for (const batch of batches) {
    if (mode === 'fresh') scarce = new Set();
    events.push(...runBatch(tables, batch, scarce, mode).events);
  }
  return { events, tables };
}

/**
 * Tries a batch as the writer does. The first try is optimistic. The next tries read the rows that caused a failure.
 */
function runBatch(tables: Tables, batch: readonly SourceRecord[], scarce: Set<string>, mode: Mode): Decision {
  let readIds = mode === 'careful';
  if (mode === 'careful') {
    for (const sku of tables.stock.keys()) scarce.add(sku);
    for (const code of rules.coupons.keys()) scarce.add(`coupon ${code}`);
  }
  for (let attempt = 1; attempt <= triesMax; attempt += 1) {
    const decision = decide(load(tables, batch, { readIds, scarce }), batch, settings);
    if (decision.newOrders.some(({ command }) => tables.orders.has(command.orderId!))) {
      if (readIds) throw new Error('an order was decided twice although its id was read');
      readIds = true;
      continue;
    }
    const short = decision.stock.filter(({ sku, peak }) => (tables.stock.get(sku) ?? 0) < peak);
    const shortCoupons = [
      ...decision.couponTotals.filter(
        ({ code, peak }) => peak !== null && tables.couponTotals.get(code)! < peak,
      ),
      ...decision.couponCustomers.filter(
        ({ code, customerId, peak, limit }) =>
          peak !== null && (tables.couponCustomers.get(customerKey(code, customerId)) ?? 0) + peak > limit!,
      ),
    ];
    if (short.length + shortCoupons.length === 0) {
      write(tables, decision);
      return decision;
    }
    for (const { sku } of short) scarce.add(sku);
    for (const { code } of shortCoupons) scarce.add(`coupon ${code}`);
  }
  throw new Error(`a batch of ${batch.length} did not commit after ${triesMax} tries`);
}

function load(
  tables: Tables,
  batch: readonly SourceRecord[],
  { readIds, scarce }: { readIds: boolean; scarce: ReadonlySet<string> },
): Snapshot {
  const needs: CommandNeeds = {
    skus: [],
    coupons: [],
    orderIds: new Set(),
    givingBack: new Set(),
    commands: [],
    moneyOf: new Set(),
    payments: [],
    refundIds: [],
    openRefunds: [],
  };
  for (const { content } of batch) {
    if (content.kind === 'command')
      handlerOf(content.command.type)!.addNeeds(content.command, needs, readIds);
  }
  const orders = new Map<string, KnownOrder>();
  for (const orderId of needs.orderIds) {
    const known = tables.orders.get(orderId);
    if (known !== undefined) orders.set(orderId, Object.freeze({ ...known }));
  }
  const commands = new Map<string, StoredOutcome>();
  for (const { orderId, commandId } of needs.commands) {
    const key = commandKey(orderId, commandId);
    const stored = tables.commands.get(key);
    if (stored !== undefined) commands.set(key, stored);
  }
  const stockLevels = new Map([...tables.stock].filter(([sku]) => scarce.has(sku)));
  const isScarce = ([key]: [string, number]) => scarce.has(`coupon ${key.split(' ')[0]}`);
  const couponLevels = {
    totals: new Map([...tables.couponTotals].filter(isScarce)),
    customers: new Map([...unusedOf(batch), ...tables.couponCustomers].filter(isScarce)),
  };
  const money = loadMoney(tables, needs);
  return { products, priceVersion: 7, rules, couponLevels, stockLevels, orders, commands, money };
}

/** A customer without a row has used no coupon. */
function unusedOf(batch: readonly SourceRecord[]): [string, number][] {
  return batch.flatMap(({ content }): [string, number][] => {
    if (content.kind !== 'command' || content.command.type !== 'PLACE') return [];
    const { customerId, payload } = content.command;
    return payload.couponCode === null ? [] : [[customerKey(payload.couponCode, customerId!), 0]];
  });
}

/**
 * The rows that the store reads, and no others. They are frozen: a batch that is decided again must find them unchanged.
 */
function loadMoney({ orders, payments, refunds }: Tables, needs: CommandNeeds): MoneySnapshot {
  const isOpen = ({ orderId, status, amount, currency }: KnownRefund) =>
    status === 'REQUESTED' &&
    needs.openRefunds.some(
      (open) => open.orderId === orderId && open.amount === amount && open.currency === currency,
    );
  const named = [...refunds.values()].filter(
    (refund) => needs.refundIds.includes(refund.refundId) || isOpen(refund),
  );
  const read = [...payments.values()].filter(
    ({ paymentId, orderId, disposition }) =>
      (disposition === 'SETTLES' && needs.moneyOf.has(orderId)) ||
      named.some((refund) => refund.paymentId === paymentId),
  );
  const byOrder = new Map(
    Array.from(
      Map.groupBy(read, ({ orderId }) => orderId),
      ([orderId, own]) => [
        orderId,
        {
          payments: own,
          refunds: [...refunds.values()]
            .filter((refund) => own.some(({ paymentId }) => paymentId === refund.paymentId))
            .map((refund) => Object.freeze({ ...refund })),
        },
      ],
    ),
  );
  const keys = needs.payments.map(({ provider, providerPaymentId }) =>
    paymentKey(provider, providerPaymentId),
  );
  const byProvider = new Map(keys.flatMap((key) => (payments.has(key) ? [[key, payments.get(key)!]] : [])));
  const lastNumbers = new Map(
    [...needs.moneyOf].flatMap((orderId) => {
      const key = orders.has(orderId) ? positionKey(orders.get(orderId)!.placedAt) : null;
      const lastOf = (rows: Iterable<KnownPayment | KnownRefund>) =>
        Math.max(0, ...[...rows].filter(({ at }) => positionKey(at) === key).map(({ no }) => no));
      return key === null
        ? []
        : [[key, { payment: lastOf(payments.values()), refund: lastOf(refunds.values()) }] as const];
    }),
  );
  return { byOrder, byProvider, lastNumbers };
}

function write(tables: Tables, decision: Decision): void {
  const { newOrders, changes, updates, commandRows, stock, couponTotals, couponCustomers } = decision;
  for (const { record, command, status, priced, paymentDueAtMs, redemption } of newOrders) {
    const orderId = command.orderId!;
    if (tables.orders.has(orderId)) throw new Error('one batch holds two new orders with the same id');
    const { customerId, fingerprint, payload } = command;
    const { currency, lines } = payload;
    tables.orders.set(orderId, {
      orderId,
      customerId: customerId!,
      fingerprint: fingerprint!,
      currency,
      redemption,
      placedAt: { partition: record.partition, offset: record.offset },
      total: priced.total,
      paymentDueAtMs,
      status,
      version: 1,
      received: 0,
      refundPending: 0,
      refunded: 0,
      disputed: 0,
      failedAttempts: 0,
      lines,
    });
  }
  for (const { fromVersion, order } of updates) {
    const before = tables.orders.get(order.orderId);
    if (before?.version !== fromVersion)
      throw new Error(`a change from version ${fromVersion} meets ${before?.version}`);
    const own = changes.filter(({ orderId }) => orderId === order.orderId);
    if (order.version !== fromVersion + own.length || order.status !== own.at(-1)?.status)
      throw new Error('the last state of an order is not the state after its changes');
    const { placedAt } = before;
    tables.orders.set(order.orderId, { ...order, placedAt });
  }
  writeMoney(tables, decision);
  for (const { command, version, status, reason, fingerprint } of commandRows) {
    const key = commandKey(command.orderId, command.commandId);
    if (tables.commands.has(key)) throw new Error(`the outcome of ${key} is stored twice`);
    tables.commands.set(key, { version, status, reason, fingerprint });
  }
  for (const { sku, net } of stock) tables.stock.set(sku, tables.stock.get(sku)! - net);
  for (const { code, net } of couponTotals) {
    tables.couponTotals.set(code, tables.couponTotals.get(code)! - net);
  }
  for (const { code, customerId, net } of couponCustomers) {
    const key = customerKey(code, customerId);
    tables.couponCustomers.set(key, (tables.couponCustomers.get(key) ?? 0) + net);
  }
}

function writeMoney(
  tables: Tables,
  { newPayments, newRefunds, changedRefunds, paymentSources }: Decision,
): void {
  const keyOf = ({ at, no }: { at: { partition: number; offset: number }; no: number }) =>
    `${at.partition}-${at.offset}-${no}`;
  const taken = new Set([...tables.payments.values()].map(keyOf));
  for (const payment of newPayments) {
    const key = paymentKey(payment.provider, payment.providerPaymentId);
    if (tables.payments.has(key) || taken.has(keyOf(payment))) throw new Error(`${key} is stored twice`);
    if (!paymentSources.has(payment)) throw new Error(`${key} has no source`);
    taken.add(keyOf(payment));
    const { partition, offset } = payment.at;
    tables.payments.set(key, { ...payment, at: { partition, offset } });
  }
  const takenRefunds = new Set([...tables.refunds.values()].map(keyOf));
  for (const refund of newRefunds) {
    if (tables.refunds.has(refund.refundId) || takenRefunds.has(keyOf(refund)))
      throw new Error(`${refund.refundId} is stored twice`);
    takenRefunds.add(keyOf(refund));
    const { partition, offset } = refund.at;
    tables.refunds.set(refund.refundId, { ...refund, at: { partition, offset } });
  }
  for (const refund of changedRefunds) {
    if (!tables.refunds.has(refund.refundId)) throw new Error(`${refund.refundId} does not exist`);
    tables.refunds.set(refund.refundId, { ...refund });
  }
}
