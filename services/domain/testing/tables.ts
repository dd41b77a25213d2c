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
  type Snapshot,
  type SourceRecord,
  type StoredOutcome,
} from '../index.ts';
import type { Rules } from '../pricing/rules.ts';
import { couponLimits, rules, products as usualProducts } from './commands.ts';
import { writeGoods } from './goods-tables.ts';
import { loadMoney, writeMoney } from './money-tables.ts';
import type { Tables } from './rows.ts';

/** The time of every batch, and the window of a payment. */
export const settings = { nowMs: 1_700_000_000_000, paymentWindowMs: 60_000, returnWindowMs: 600_000 };

/**
 * `fresh` forgets the SKUs with low stock after each batch. `remember` keeps them. `careful` reads every id and level
 * before its first try.
 */
export type Mode = 'fresh' | 'remember' | 'careful';

const triesMax = 6;

interface RunOptions {
  /** The rules of a batch, by its index; those of `commands.ts` by default. */
  readonly rulesOf?: (batch: number) => Rules;
  /**
   * Before a batch, so many records from its start are decided, and the worker crashes before it commits. Used in a
   * cycle; 0 for no crash.
   */
  readonly crashes?: readonly number[];
  /** Those of `commands.ts` by default. */
  readonly products?: Snapshot['products'];
}

/**
 * Runs batches through new tables that begin with these levels. Returns every event in order, and the tables.
 */
export function run(
  batches: readonly (readonly SourceRecord[])[],
  stock: ReadonlyMap<string, number>,
  mode: Mode,
  { rulesOf = () => rules, crashes = [0], products = usualProducts }: RunOptions = {},
): { events: OrderEvent[]; tables: Tables } {
  const tables: Tables = {
    orders: new Map(),
    commands: new Map(),
    stock: new Map(stock),
    stockShipped: new Map(Array.from(stock.keys(), (sku) => [sku, 0])),
    shipments: new Map(),
    returns: new Map(),
    movements: [],
    couponTotals: new Map(couponLimits),
    couponCustomers: new Map(),
    unpaid: new Map(),
    payments: new Map(),
    refunds: new Map(),
  };
  const events: OrderEvent[] = [];
  let scarce = new Set<string>();
  const log = batches.flat();
  let next = 0;
  for (const [index, batch] of batches.entries()) {
    const used = rulesOf(index);
    const lost = log.slice(next, next + crashes[index % crashes.length]!);
    if (lost.length > 0) {
      decide(load(tables, lost, { readIds: true, scarce: new Set(), used, products }), lost, settings);
      scarce = new Set();
    }
    if (mode === 'fresh') scarce = new Set();
    events.push(...runBatch(tables, batch, { scarce, mode, used, products }).events);
    next += batch.length;
  }
  return { events, tables };
}

/**
 * Tries a batch as the writer does. The first try is optimistic. The next tries read the rows that caused a failure.
 */
function runBatch(
  tables: Tables,
  batch: readonly SourceRecord[],
  { scarce, mode, used, products }: Omit<Loaded, 'readIds'> & { scarce: Set<string>; mode: Mode },
): Decision {
  let readIds = mode === 'careful';
  if (mode === 'careful') {
    for (const sku of tables.stock.keys()) scarce.add(sku);
    for (const code of used.coupons.keys()) scarce.add(`coupon ${code}`);
    for (const customer of customersOf(batch)) scarce.add(`unpaid ${customer}`);
  }
  for (let attempt = 1; attempt <= triesMax; attempt += 1) {
    const decision = decide(load(tables, batch, { readIds, scarce, used, products }), batch, settings);
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
    const nearLimit = decision.unpaid.filter(
      ({ customerId, heldMax }) => heldMax !== null && (tables.unpaid.get(customerId) ?? 0) > heldMax,
    );
    if (short.length + shortCoupons.length + nearLimit.length === 0) {
      write(tables, decision);
      return decision;
    }
    for (const { sku } of short) scarce.add(sku);
    for (const { code } of shortCoupons) scarce.add(`coupon ${code}`);
    for (const { customerId } of nearLimit) scarce.add(`unpaid ${customerId}`);
  }
  throw new Error(`a batch of ${batch.length} did not commit after ${triesMax} tries`);
}

/** What a try reads besides the rows of its commands. */
interface Loaded {
  readonly readIds: boolean;
  readonly scarce: ReadonlySet<string>;
  readonly used: Rules;
  readonly products: Snapshot['products'];
}

function load(
  tables: Tables,
  batch: readonly SourceRecord[],
  { readIds, scarce, used, products }: Loaded,
): Snapshot {
  const needs: CommandNeeds = {
    skus: [],
    customers: [],
    coupons: [],
    orderIds: new Set(),
    givingBack: new Set(),
    commands: [],
    moneyOf: new Set(),
    goodsOf: new Set(),
    adjusted: new Set(),
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
  const { adjusted } = needs;
  const stockLevels = new Map([...tables.stock].filter(([sku]) => scarce.has(sku) || adjusted.size > 0));
  const stocked = adjusted.intersection(new Set(tables.stock.keys()));
  const isScarce = ([key]: [string, number]) => scarce.has(`coupon ${key.split(' ')[0]}`);
  const couponLevels = {
    totals: new Map([...tables.couponTotals].filter(isScarce)),
    customers: new Map([...unusedOf(batch), ...tables.couponCustomers].filter(isScarce)),
  };
  const money = loadMoney(tables, needs);
  const unpaidLevels = new Map(
    needs.customers
      .filter((customer) => scarce.has(`unpaid ${customer}`))
      .map((customer) => [customer, tables.unpaid.get(customer) ?? 0]),
  );
  const levels = { stockLevels, stocked, couponLevels, unpaidLevels };
  return { products, priceVersion: 7, rules: used, ...levels, orders, commands, money };
}

function customersOf(batch: readonly SourceRecord[]): string[] {
  return batch.flatMap(({ content }) =>
    content.kind === 'command' && content.command.type === 'PLACE' ? [content.command.customerId!] : [],
  );
}

/** A customer without a row has used no coupon. */
function unusedOf(batch: readonly SourceRecord[]): [string, number][] {
  return batch.flatMap(({ content }): [string, number][] => {
    if (content.kind !== 'command' || content.command.type !== 'PLACE') return [];
    const { customerId, payload } = content.command;
    return payload.couponCode === null ? [] : [[customerKey(payload.couponCode, customerId!), 0]];
  });
}

function write(tables: Tables, decision: Decision): void {
  const { newOrders, changes, updates, commandRows, stock, couponTotals, couponCustomers, unpaid } = decision;
  for (const { record, command, status, priced, paymentDueAtMs, redemption, unpaidUnits } of newOrders) {
    const orderId = command.orderId!;
    if (tables.orders.has(orderId)) throw new Error('one batch holds two new orders with the same id');
    const { customerId, fingerprint, payload } = command;
    const { currency } = payload;
    tables.orders.set(orderId, {
      orderId,
      customerId: customerId!,
      fingerprint: fingerprint!,
      currency,
      redemption,
      unpaidUnits,
      placedAt: { partition: record.partition, offset: record.offset },
      total: priced.total,
      shipping: priced.shipping,
      tax: priced.tax,
      paymentDueAtMs,
      closeAtMs: null,
      status,
      version: 1,
      received: 0,
      refundPending: 0,
      refunded: 0,
      disputed: 0,
      failedAttempts: 0,
      shippingRefunded: false,
      lines: priced.lines,
      shipments: [],
      returns: 0,
    });
  }
  for (const { fromVersion, order } of updates) {
    const before = tables.orders.get(order.orderId);
    if (before?.version !== fromVersion)
      throw new Error(`a change from version ${fromVersion} meets ${before?.version}`);
    const own = changes.filter(({ orderId }) => orderId === order.orderId);
    if (order.version !== fromVersion + own.length || order.status !== own.at(-1)?.status)
      throw new Error('the last state of an order is not the state after its changes');
    const { placedAt, lines, shipments, returns } = before;
    tables.orders.set(order.orderId, { ...order, placedAt, lines, shipments, returns });
  }
  writeGoods(tables, decision);
  writeMoney(tables, decision);
  for (const { command, version, status, reason, fingerprint } of commandRows) {
    const key = commandKey(command.orderId, command.commandId);
    if (tables.commands.has(key)) throw new Error(`the outcome of ${key} is stored twice`);
    tables.commands.set(key, { version, status, reason, fingerprint });
  }
  for (const { sku, net, shipped } of stock) {
    tables.stock.set(sku, tables.stock.get(sku)! - net);
    tables.stockShipped.set(sku, tables.stockShipped.get(sku)! + shipped);
  }
  for (const { code, net } of couponTotals) {
    tables.couponTotals.set(code, tables.couponTotals.get(code)! - net);
  }
  for (const { code, customerId, net } of couponCustomers) {
    const key = customerKey(code, customerId);
    tables.couponCustomers.set(key, (tables.couponCustomers.get(key) ?? 0) + net);
  }
  for (const { customerId, net } of unpaid) {
    tables.unpaid.set(customerId, (tables.unpaid.get(customerId) ?? 0) + net);
  }
}
