/**
 * A model in memory of the tables that decisions read and change. It applies a decision like the store of the worker,
 * with the same guards and failures. The tests of `decide` run logs through this model.
 */
import type { OrderEvent } from '../../../schemas/generated/types.ts';
import { customerKey } from '../coupon-ledger.ts';
import {
  commandKey,
  type Decision,
  decide,
  type KnownOrder,
  type SourceRecord,
  type StoredOutcome,
} from '../index.ts';
import { couponLimits, products, rules } from './commands.ts';

const settings = { nowMs: 1_700_000_000_000, paymentWindowMs: 60_000 };

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
) {
  const orders = new Map<string, KnownOrder>();
  const commands = new Map<string, StoredOutcome>();
  for (const { content } of batch) {
    if (content.kind !== 'command') continue;
    const { command } = content;
    const known = tables.orders.get(command.orderId!);
    if (known !== undefined && (readIds || command.type !== 'PLACE'))
      orders.set(known.orderId, Object.freeze({ ...known }));
    const stored = tables.commands.get(commandKey(command.orderId, command.commandId));
    if (stored !== undefined) commands.set(commandKey(command.orderId, command.commandId), stored);
  }
  const stockLevels = new Map([...tables.stock].filter(([sku]) => scarce.has(sku)));
  const isScarce = ([key]: [string, number]) => scarce.has(`coupon ${key.split(' ')[0]}`);
  const couponLevels = {
    totals: new Map([...tables.couponTotals].filter(isScarce)),
    customers: new Map([...unusedOf(batch), ...tables.couponCustomers].filter(isScarce)),
  };
  return { products, priceVersion: 7, rules, couponLevels, stockLevels, orders, commands };
}

/** A customer without a row has used no coupon. */
function unusedOf(batch: readonly SourceRecord[]): [string, number][] {
  return batch.flatMap(({ content }): [string, number][] => {
    if (content.kind !== 'command' || content.command.type !== 'PLACE') return [];
    const { customerId, payload } = content.command;
    return payload.couponCode === null ? [] : [[customerKey(payload.couponCode, customerId!), 0]];
  });
}

function write(
  tables: Tables,
  { newOrders, changes, commandRows, stock, couponTotals, couponCustomers }: Decision,
): void {
  for (const { command, status, redemption } of newOrders) {
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
      status,
      version: 1,
      lines,
    });
  }
  for (const { orderId, fromVersion, status } of changes) {
    const order = tables.orders.get(orderId);
    if (order?.version !== fromVersion)
      throw new Error(`a change from version ${fromVersion} meets ${order?.version}`);
    order.version += 1;
    order.status = status;
  }
  for (const { command, version, status, reason } of commandRows) {
    const key = commandKey(command.orderId, command.commandId);
    if (tables.commands.has(key)) throw new Error(`the outcome of ${key} is stored twice`);
    tables.commands.set(key, { version, status, reason });
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
