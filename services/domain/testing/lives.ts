/**
 * Generated lives of few orders of two customers. They are placed, paid, failed, expired, cancelled, shipped, returned and
 * refunded, in any order. Payments and refunds have few ids, so that they are repeated, also for another order.
 */
import fc from 'fast-check';
import type { OrderCommand } from '../../../schemas/index.ts';
import type { SourceRecord } from '../index.ts';
import { priceOrder } from '../pricing/price.ts';
import { anyCommand, cancel, place, products, rules, toLog } from './commands.ts';
import { adjustStock, close, deliver, requestRefund, returnGoods, ship } from './goods-commands.ts';
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

const quantity = fc.integer({ min: 1, max: 3 });
const units = fc.oneof(
  fc.constant([]),
  quantity.map((n) => [[1, n] as const]),
  quantity.map((n) => [[2, n] as const]),
);
const returned = fc.oneof(
  fc.constant([]),
  quantity.chain((n) => fc.nat({ max: n }).map((restock) => [[1, n, restock] as const])),
);
const ids = (name: string) => fc.constantFrom(`${name}-1`, `${name}-2`, `${name}-3`);

const goodsCommand = fc.oneof(
  { weight: 5, arbitrary: fc.record({ order, id: ids('ship'), units }).map(ship) },
  {
    weight: 3,
    arbitrary: fc.record({ order, id: ids('deliver'), shipment: fc.constantFrom(null, 1, 2) }).map(deliver),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({ order, id: ids('return'), units: returned, refund: fc.constantFrom(true, true, false) })
      .map(returnGoods),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ order, id: ids('close'), issuedAt: fc.constantFrom(0, Number.MAX_SAFE_INTEGER) })
      .map(close),
  },
  {
    weight: 3,
    arbitrary: fc.record({ order, id: ids('refund') }).chain((parts) =>
      fc.oneof(
        fc.constantFrom(null, 1, 100, 250).map((asked) => requestRefund({ ...parts, amount: asked })),
        units.map((asked) => requestRefund({ ...parts, units: asked })),
        fc.constant(requestRefund({ ...parts, shipping: true })),
      ),
    ),
  },
  {
    weight: 2,
    arbitrary: ids('cancel-rest').chain((id) =>
      order.map((number) => cancel({ order: number, id, actor: 'operator', customerId: null })),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        sku: fc.constantFrom('A', 'C', 'Z'),
        delta: fc.constantFrom(-4, -1, 1, 6),
        id: fc.constantFrom('a1', 'a2', 'a3'),
      })
      .map(adjustStock),
  },
);

/** An order in two parcels, of which a part comes back. */
const goodsStory = order.map((number) => [
  adjustStock({ sku: 'A', delta: 6, id: `story-${number}` }),
  place({ order: number, lines: [{ sku: 'A', quantity: 4, expectedUnitPrice: null }] }),
  confirm({ order: number, payment: 'p2', amount: exact }),
  ship({ order: number, id: 'ship-1', units: [[1, 2]] }),
  requestRefund({ order: number, id: 'refund-1', amount: 1 }),
  deliver({ order: number, id: 'deliver-1', shipment: 1 }),
  deliver({ order: number, id: 'deliver-again', shipment: 1 }),
  deliver({ order: number, id: 'deliver-none', shipment: 9 }),
  ship({ order: number, id: 'ship-none', units: [[9, 1]] }),
  ship({ order: number, id: 'ship-2' }),
  deliver({ order: number, id: 'deliver-2' }),
  returnGoods({ order: number, id: 'return-1', units: [[1, 1, 1]] }),
  close({ order: number, id: 'close-1', issuedAt: Number.MAX_SAFE_INTEGER }),
  adjustStock({ sku: 'A', delta: -100, id: `too-low-${number}` }),
]);

/** An order of which one unit is shipped before all its money goes back. The rest is not shipped then. */
const refundedStory = order.map((number) => [
  adjustStock({ sku: 'A', delta: 6, id: `story-${number}` }),
  place({ order: number, lines: [{ sku: 'A', quantity: 2, expectedUnitPrice: null }] }),
  confirm({ order: number, payment: 'p3', amount: exact }),
  requestRefund({ order: number, id: 'refund-all-1' }),
  ship({ order: number, id: 'ship-1', units: [[1, 1]] }),
  requestRefund({ order: number, id: 'refund-all-2' }),
  ship({ order: number, id: 'ship-2' }),
]);

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

/** Some first commands of a story, and often all. */
const partOf = (all: fc.Arbitrary<OrderCommand[]>) =>
  fc.tuple(all, fc.integer({ min: 1, max: 24 })).map(([commands, count]) => commands.slice(0, count));
const alone = (command: fc.Arbitrary<OrderCommand | null>) => command.map((one) => [one]);

/** A log of some 40 commands, with the amounts of the orders in it. Some commands are in the log again later. */
const logOf = (commands: fc.Arbitrary<(OrderCommand | null)[]>) =>
  fc
    .array(commands, { minLength: 1, maxLength: 40 })
    .chain((parts) =>
      fc
        .array(fc.nat({ max: 39 }), { maxLength: 4 })
        .map((again) => [...parts, ...again.flatMap((at) => parts.slice(at, at + 1))]),
    )
    .map((parts): SourceRecord[] => toLog(withAmounts(parts.flat())));

/** Orders that are paid, failed, expired, cancelled and refunded. */
export const anyMoneyLives = logOf(
  fc.oneof(
    { weight: 3, arbitrary: alone(anyCommand) },
    { weight: 7, arbitrary: alone(moneyCommand) },
    { weight: 1, arbitrary: partOf(fc.oneof(story, paidTwice, rush)) },
  ),
);

/** Orders that are shipped, delivered, returned, closed and refunded on request, while their money moves too. */
export const anyGoodsLives = logOf(
  fc.oneof(
    { weight: 2, arbitrary: alone(anyCommand) },
    { weight: 3, arbitrary: alone(moneyCommand) },
    { weight: 6, arbitrary: alone(goodsCommand) },
    { weight: 3, arbitrary: partOf(fc.oneof(goodsStory, refundedStory)) },
  ),
);

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
