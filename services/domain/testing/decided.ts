/** Decides a log about order 1, and shows what tests of single rules compare. */
import { expect } from 'vitest';
import type { OrderCommand, OrderEvent } from '../../../schemas/index.ts';
import { type Snapshot, timerAtMs } from '../index.ts';
import type { Rules } from '../pricing/rules.ts';
import { cutLog, orderIdOf, toLog } from './commands.ts';
import { run } from './tables.ts';

const plenty: ReadonlyMap<string, number> = new Map([
  ['A', 100],
  ['C', 100],
  ['B', 100],
]);

/** Products and rules of one test, instead of those of `commands.ts`. */
export interface Shop {
  readonly products: Snapshot['products'];
  readonly rules: Rules;
}

/**
 * Decides the commands in one batch, and again with each command in a batch of its own. Both must give the same events and
 * rows. The stock is 100 of each SKU unless the first argument says otherwise.
 */
export function decided(...parts: (OrderCommand | ReadonlyMap<string, number>)[]) {
  const stock = parts.find((part): part is ReadonlyMap<string, number> => part instanceof Map) ?? plenty;
  const commands = parts.filter((part): part is OrderCommand => !(part instanceof Map));
  return decideBoth(commands, stock, {});
}

/** Like `decided`, in a shop of its own with 100 units of each product. */
export function decidedIn({ products, rules }: Shop, ...commands: OrderCommand[]) {
  const stock = new Map([...products.keys()].map((sku) => [sku, 100]));
  return decideBoth(commands, stock, { products, rulesOf: () => rules });
}

function decideBoth(
  commands: readonly OrderCommand[],
  stock: ReadonlyMap<string, number>,
  options: Parameters<typeof run>[3],
) {
  const log = toLog(commands);
  const together = run([log], stock, 'fresh', options);
  expect(run(cutLog(log, [1]), stock, 'careful', options)).toEqual(together);
  const { events, tables } = together;
  const order = tables.orders.get(orderIdOf(1));
  return {
    events,
    last: events.at(-1)!,
    status: order?.status,
    version: order?.version,
    amounts: order && { total: order.total, shipping: order.shipping, tax: order.tax },
    lines: order?.lines,
    timerAtMs: order && timerAtMs(order),
    /** Of the first two SKUs. */
    available: [...tables.stock.values()].slice(0, 2),
    shipped: [...tables.stock.keys()].slice(0, 2).map((sku) => tables.stockShipped.get(sku) ?? 0),
    payments: [...tables.payments.values()].map(({ amount, disposition }) => [amount, disposition]),
    refunds: [...tables.refunds.values()].map(({ amount, status, reason }) => [amount, status, reason]),
    money: order && [order.received, order.refundPending, order.refunded],
  };
}

/** The type and status of a change, or the outcome and reason of a refusal. */
export const shown = ({ outcome, type, status, reason }: OrderEvent) =>
  outcome === 'APPLIED' || outcome === 'ACCEPTED' ? [type, status] : [outcome, reason?.code ?? null];
