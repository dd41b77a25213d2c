/**
 * Generated lives of few orders of two customers. They are placed, paid, failed, expired, cancelled and refunded, in
 * any order. Payments and refunds have few ids, so that they are repeated, also for another order.
 */
import fc from 'fast-check';
import type { OrderCommand } from '../../../schemas/index.ts';
import type { SourceRecord } from '../index.ts';
import { priceOrder } from '../pricing/price.ts';
import { anyCommand, cancel, place, products, rules, toLog } from './commands.ts';
import { confirm, dueAtMs, expire, fail, recordRefund, retryRefund } from './money-commands.ts';

/** Stands for the total of the order until the log is complete. */
const exact = 1;

const order = fc.nat({ max: 3 });
const payment = fc.constantFrom('p1', 'p2', 'p3');
const amount = fc.constantFrom(exact, exact, exact, 10);
/** Ids of commands that may request a refund. */
const requests = fc.constantFrom(
  'confirm-evt-p1',
  'confirm-evt-p2',
  'confirm-evt-p3',
  'cancel-1',
  'retry-cancel-1',
);

const moneyCommand = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ order, payment, amount, currency: fc.constantFrom('EUR', 'EUR', 'EUR', 'USD') })
      // A second event of the same payment has another id.
      .chain((parts) => fc.constantFrom(parts, { ...parts, event: `again-${parts.payment}` }))
      .map(confirm),
  },
  {
    weight: 1,
    arbitrary: fc.record({ order, final: fc.boolean(), id: fc.constantFrom('f1', 'f2') }).map(fail),
  },
  {
    weight: 2,
    arbitrary: fc.record({ order, issuedAt: fc.constantFrom(dueAtMs, dueAtMs, dueAtMs - 1) }).map(expire),
  },
  { weight: 3, arbitrary: order.map((number) => cancel({ order: number, id: 'cancel-1' })) },
  {
    weight: 6,
    arbitrary: fc
      .record({
        order,
        of: fc.oneof({ weight: 5, arbitrary: requests }, { weight: 1, arbitrary: fc.constant(null) }),
        amount,
        succeeded: fc.boolean(),
        providerRefundId: fc.constantFrom('re-1', 're-1', 're-2', null),
        provider: fc.constantFrom('local', 'local', 'manual'),
        id: fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5', 'r6'),
      })
      .map(recordRefund),
  },
  { weight: 2, arbitrary: fc.record({ order, of: requests }).map(retryRefund) },
);

/** A paid order that is cancelled, whose refund fails once and is requested again. Other commands may come in between. */
const story = order.map((number) => [
  place({ order: number, lines: [{ sku: 'C', quantity: 1, expectedUnitPrice: null }] }),
  confirm({ order: number, payment: 'p1', amount: exact }),
  cancel({ order: number, id: 'cancel-1' }),
  recordRefund({ order: number, of: 'cancel-1', amount: exact, succeeded: false }),
  retryRefund({ order: number, of: 'cancel-1' }),
]);

/** The refund of a cancelled order fails, is requested again, and succeeds. Then an operator pays the first one too. */
const paidTwice = order.map((number) => [
  place({ order: number, lines: [{ sku: 'A', quantity: 1, expectedUnitPrice: null }] }),
  confirm({ order: number, payment: 'p2', amount: exact }),
  cancel({ order: number, id: 'cancel-1' }),
  recordRefund({ order: number, of: 'cancel-1', amount: exact, succeeded: false }),
  retryRefund({ order: number, of: 'cancel-1' }),
  recordRefund({ order: number, of: 'retry-cancel-1', amount: exact }),
  recordRefund({ order: number, of: 'cancel-1', amount: exact, provider: 'manual', id: 'by-hand' }),
]);

/** More orders with a coupon than its limit. */
const rush = fc.constant(
  [0, 1, 2, 3].map((number) =>
    place({
      order: number,
      lines: [{ sku: 'A', quantity: 1, expectedUnitPrice: null }],
      couponCode: 'FEW',
    }),
  ),
);

/** A log of some 40 commands, with the amounts of the orders in it. Some commands are in the log again later. */
export const anyLives = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: anyCommand.map((command) => [command]) },
      { weight: 7, arbitrary: moneyCommand.map((command) => [command]) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.oneof(story, paidTwice, rush), fc.nat({ max: 7 }))
          .map(([all, count]): OrderCommand[] => all.slice(0, count)),
      },
    ),
    { minLength: 1, maxLength: 40 },
  )
  .chain((commands) =>
    fc
      .array(fc.nat({ max: 39 }), { maxLength: 4 })
      .map((again) => [...commands, ...again.flatMap((at) => commands.slice(at, at + 1))]),
  )
  .map((commands): SourceRecord[] => toLog(withAmounts(commands.flat())));

function withAmounts(commands: readonly (OrderCommand | null)[]): (OrderCommand | null)[] {
  const totals = new Map<string, number>();
  for (const command of commands) {
    if (command?.type !== 'PLACE' || totals.has(command.orderId!)) continue;
    totals.set(command.orderId!, priceOrder(command.payload, products, rules, 0).priced.total);
  }
  return commands.map((command) => {
    if (command?.type !== 'CONFIRM_PAYMENT' && command?.type !== 'RECORD_REFUND') return command;
    if (command.payload.amount !== exact) return command;
    const total = totals.get(command.orderId!) ?? 0;
    return { ...command, payload: { ...command.payload, amount: total === 0 ? 5 : total } } as OrderCommand;
  });
}
