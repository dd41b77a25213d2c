/**
 * Shipments, deliveries and what comes after them, in the tables and the log. The outcomes are the same in one batch, in
 * several, and with crashes between.
 */
import { expect, test } from 'vitest';
import {
  adjustCommand,
  cancelRestCommand,
  closeCommand,
  deliverCommand,
  goodsIssuedAtMs,
  refundCommand,
  returnCommand,
  shipCommand,
} from '../../support/arena/goods-commands.ts';
import { cancelCommand } from '../../support/arena/load.ts';
import { confirmCommand } from '../../support/arena/money-commands.ts';
import { expectRaces, type Races } from '../../support/arena/races.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { useArena } from '../../support/arena/use-arena.ts';

const sku = 'SKU-0';
/** Each order has 4 units of 250. */
const quantity = 4;
const total = 1_000;
/** The default of RETURN_WINDOW. */
const windowMs = 2_592_000_000;
const used = useArena('goods');

const paid = (id: string) => confirmCommand(id, `${id}-1`, total);
const isPaid = 'APPLIED PAID 2';

const races: Races = {
  'shipped, then delivered': [
    (id) => [paid(id), shipCommand(id), deliverCommand(id)],
    [isPaid, 'APPLIED SHIPPED 3', 'APPLIED DELIVERED 4'],
  ],
  'shipped in two parcels, of which the first is delivered first': [
    (id) => [
      paid(id),
      shipCommand(id, 3, 'a'),
      deliverCommand(id, 1, 'd1'),
      shipCommand(id, 1, 'b'),
      deliverCommand(id, null, 'd2'),
    ],
    [isPaid, 'APPLIED PAID 3', 'APPLIED PAID 4', 'APPLIED SHIPPED 5', 'APPLIED DELIVERED 6'],
  ],
  'shipped twice': [
    (id) => [paid(id), shipCommand(id, 3, 'a'), shipCommand(id, 3, 'b')],
    [isPaid, 'APPLIED PAID 3', 'REFUSED PAID 3 QUANTITY_TOO_LARGE'],
  ],
  'cancelled, then shipped': [
    (id) => [paid(id), cancelCommand(id), shipCommand(id)],
    [isPaid, 'APPLIED CANCELLED 3 CANCELLED 1000', 'REFUSED CANCELLED 3 ILLEGAL_CHANGE'],
  ],
  'shipped, then cancelled': [
    (id) => [paid(id), shipCommand(id), cancelCommand(id)],
    [isPaid, 'APPLIED SHIPPED 3', 'REFUSED SHIPPED 3 ILLEGAL_CHANGE'],
  ],
  'shipped in part, then cancelled by the customer': [
    (id) => [paid(id), shipCommand(id, 1), cancelCommand(id)],
    [isPaid, 'APPLIED PAID 3', 'REFUSED PAID 3 PARTLY_SHIPPED'],
  ],
  'shipped in part, then the rest is cancelled by an operator': [
    (id) => [paid(id), shipCommand(id, 1), cancelRestCommand(id), deliverCommand(id)],
    [isPaid, 'APPLIED PAID 3', 'APPLIED SHIPPED 4 CANCELLED 750', 'APPLIED DELIVERED 5'],
  ],
  'refunded in part, then cancelled': [
    (id) => [paid(id), refundCommand(id, { amount: 300 }), cancelCommand(id)],
    [isPaid, 'APPLIED PAID 3 ON_REQUEST 300', 'APPLIED CANCELLED 4 CANCELLED 700'],
  ],
  'refunded beyond the rest': [
    (id) => [paid(id), refundCommand(id, { amount: 999 }, 'a'), refundCommand(id, { amount: 2 }, 'b')],
    [isPaid, 'APPLIED PAID 3 ON_REQUEST 999', 'REFUSED PAID 3 REFUND_TOO_LARGE'],
  ],
  'a unit is refunded, then returned': [
    (id) => [paid(id), shipCommand(id), refundCommand(id, { quantity: 1 }), returnCommand(id, 2, 1)],
    [isPaid, 'APPLIED SHIPPED 3', 'APPLIED SHIPPED 4 ON_REQUEST 250', 'APPLIED SHIPPED 5 RETURNED 250'],
  ],
  'returned twice': [
    (id) => [paid(id), shipCommand(id), returnCommand(id, 3, 0, 'a'), returnCommand(id, 2, 2, 'b')],
    [isPaid, 'APPLIED SHIPPED 3', 'APPLIED SHIPPED 4 RETURNED 750', 'REFUSED SHIPPED 4 QUANTITY_TOO_LARGE'],
  ],
  'returned in part, then closed, then returned': [
    (id) => [
      paid(id),
      shipCommand(id),
      deliverCommand(id),
      returnCommand(id, 1, 1, 'a'),
      closeCommand(id, goodsIssuedAtMs),
      closeCommand(id, goodsIssuedAtMs + windowMs),
      returnCommand(id, 1, 1, 'b'),
    ],
    [
      isPaid,
      'APPLIED SHIPPED 3',
      'APPLIED DELIVERED 4',
      'APPLIED DELIVERED 5 RETURNED 250',
      'REFUSED DELIVERED 5 NOT_DUE',
      'APPLIED CLOSED 6',
      'REFUSED CLOSED 6 ILLEGAL_CHANGE',
    ],
  ],
  'returned as a whole, then closed': [
    (id) => [
      paid(id),
      shipCommand(id),
      deliverCommand(id),
      returnCommand(id),
      closeCommand(id, goodsIssuedAtMs + windowMs),
    ],
    [
      isPaid,
      'APPLIED SHIPPED 3',
      'APPLIED DELIVERED 4',
      'APPLIED RETURNED 5 RETURNED 1000',
      'REFUSED RETURNED 5 ILLEGAL_CHANGE',
    ],
  ],
  'shipped and returned, then cancelled': [
    (id) => [paid(id), shipCommand(id), returnCommand(id), cancelCommand(id)],
    [isPaid, 'APPLIED SHIPPED 3', 'APPLIED RETURNED 4 RETURNED 1000', 'REFUSED RETURNED 4 ILLEGAL_CHANGE'],
  ],
  'a parcel is delivered twice': [
    (id) => [
      paid(id),
      shipCommand(id, 3, 'a'),
      shipCommand(id, 1, 'b'),
      deliverCommand(id, 1, 'd1'),
      deliverCommand(id, 1, 'd2'),
      deliverCommand(id, null, 'd3'),
      deliverCommand(id, 1, 'd4'),
    ],
    [
      isPaid,
      'APPLIED PAID 3',
      'APPLIED SHIPPED 4',
      'APPLIED SHIPPED 5',
      'REFUSED SHIPPED 5 ALREADY_DELIVERED',
      'APPLIED DELIVERED 6',
      'REFUSED DELIVERED 6 ILLEGAL_CHANGE',
    ],
  ],
  'the rest is cancelled twice, then shipped': [
    (id) => [
      paid(id),
      shipCommand(id, 1, 'a'),
      cancelRestCommand(id, 'c1'),
      cancelRestCommand(id, 'c2'),
      shipCommand(id, 1, 'b'),
    ],
    [
      isPaid,
      'APPLIED PAID 3',
      'APPLIED SHIPPED 4 CANCELLED 750',
      'REFUSED SHIPPED 4 ILLEGAL_CHANGE',
      'REFUSED SHIPPED 4 QUANTITY_TOO_LARGE',
    ],
  ],
  'the first parcel comes back, then the rest is cancelled': [
    (id) => [paid(id), shipCommand(id, 1), returnCommand(id, 1, 0), cancelRestCommand(id)],
    [isPaid, 'APPLIED PAID 3', 'APPLIED PAID 4 RETURNED 250', 'APPLIED RETURNED 5 CANCELLED 750'],
  ],
  'the same parcel and the same return are sent twice': [
    (id) => [
      paid(id),
      shipCommand(id, 3),
      shipCommand(id, 3),
      returnCommand(id, 1, 1),
      returnCommand(id, 1, 1),
    ],
    [isPaid, 'APPLIED PAID 3', 'DUPLICATE PAID 3', 'APPLIED PAID 4 RETURNED 250', 'DUPLICATE PAID 4'],
  ],
  'shipped, then paid again': [
    (id) => [paid(id), shipCommand(id), confirmCommand(id, `${id}-2`, total)],
    [isPaid, 'APPLIED SHIPPED 3', 'APPLIED SHIPPED 4 SURPLUS 1000'],
  ],
};

test('races of goods have the same outcomes in one batch, in several, and with crashes between', async () => {
  await expectRaces({ arena: used().arena, producer: used().producer, sku, quantity }, races);
  await used().arena.killWorkers();
  expect((await audit(used().arena, used().producer.history)).findings).toEqual([]);
}, 240_000);

test('adjustments of stock are applied once, never below 0, and their history has each level', async () => {
  const commands = [
    adjustCommand(sku, -10, 'a'),
    adjustCommand(sku, -10, 'a'),
    adjustCommand(sku, 7, 'b'),
    adjustCommand(sku, -1_000_000_000, 'c'),
    adjustCommand('SKU-unknown', 1, 'd'),
  ];
  const before = await levelOf();
  const worker = await used().arena.startWorker();
  const sent = [];
  for (const command of commands) sent.push(await used().producer.send(command));
  await used().arena.quiesce();
  const outcomes = await readOutcomes(used().arena);
  const events = sent.map(({ partition, offset }) => outcomes.get(`${partition}-${offset}`)!);
  expect(events.map((event) => [event.type, event.stock?.available, event.reason?.code])).toEqual([
    ['stock.adjusted', before - 10, undefined],
    ['command.duplicate', undefined, undefined],
    ['stock.adjusted', before - 3, undefined],
    ['command.refused', undefined, 'STOCK_TOO_LOW'],
    ['command.refused', undefined, 'STOCK_UNKNOWN'],
  ]);
  expect(await levelOf()).toBe(before - 3);
  expect(
    await used().arena.mysql.pool.rows(
      'SELECT delta, available, actor, reason, command_id FROM stock_movements ORDER BY source_offset',
    ),
  ).toEqual([
    {
      delta: -10,
      available: before - 10,
      actor: 'operator',
      reason: 'counted',
      command_id: `stock:${sku}:a`,
    },
    { delta: 7, available: before - 3, actor: 'operator', reason: 'counted', command_id: `stock:${sku}:b` },
  ]);
  await worker.stop();
  expect((await audit(used().arena, used().producer.history)).findings).toEqual([]);
}, 60_000);

async function levelOf(): Promise<number> {
  const [row] = await used().arena.mysql.pool.rows<{ available: number }>(
    `SELECT available FROM stock WHERE sku = '${sku}'`,
  );
  return row!.available;
}
