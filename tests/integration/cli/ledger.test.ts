/**
 * `orderstream ledger` on orders of several currencies with all kinds of payments and refunds. The Python sample gets the same
 * sums from the outcomes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrderCommand, RecordRefundCommand } from '../../../schemas/index.ts';
import { refundIdOf } from '../../../services/domain/index.ts';
import { returnCommand, shipCommand } from '../../support/arena/goods-commands.ts';
import { cancelCommand, newOrderOf, placeCommand } from '../../support/arena/load.ts';
import {
  confirmCommand,
  expireCommand,
  failCommand,
  refundResult,
} from '../../support/arena/money-commands.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { orderstream } from '../../support/programs/command-line.ts';
import { isMissing, skipOrFail } from '../../support/programs/missing.ts';
import { type Program, programs, removeCopies, runSample } from '../../support/programs/samples.ts';
import { testStack } from '../../support/servers/stack.ts';

type Sums = Record<string, Record<string, number>>;

const [euro, yen] = ['SKU-0', 'YEN'];
/** 4 units of 250. */
const total = 1_000;
const used = useArena('ledger');
let python: Program;
/** The times of all outcomes, in order. */
let times: number[];

beforeAll(async () => {
  const { pool } = used().arena.mysql;
  await pool.write(
    `INSERT INTO products (sku,name,unit_price,currency,version,updated_at_ms) VALUES ('${yen}','Yen product',300,'JPY',1,0)`,
  );
  await pool.write(`INSERT INTO stock (sku,initial,available) VALUES ('${yen}',1000,1000)`);
  python = await programs['Python']!();
  await used().arena.startWorker();
  times = await liveThroughAll();
}, 300_000);
afterAll(() => removeCopies());

const place = (id: string): OrderCommand => placeCommand(id, [euro], 4);

function inYen(command: OrderCommand): OrderCommand {
  return { ...command, payload: { ...command.payload, currency: 'JPY' } } as OrderCommand;
}

/** The provider says later that the refund of a cancelled order failed after all. */
function takenBack(id: string): OrderCommand {
  const command = refundResult(id, total, false) as RecordRefundCommand;
  return { ...command, payload: { ...command.payload, refundId: refundIdOf(id, `cancel:${id}`) } };
}

/** What happens to orders, one list of commands each. Each command is decided in a batch and a millisecond of its own. */
const lives: readonly ((id: string) => OrderCommand[])[] = [
  // Waits for its payment.
  (id) => [place(id)],
  // Paid with a wrong amount first, which goes back; then exactly; then a second time.
  (id) => [
    place(id),
    confirmCommand(id, `${id}-a`, 10),
    refundResult(id, 10),
    confirmCommand(id, `${id}-b`, total),
    confirmCommand(id, `${id}-c`, total),
  ],
  // Its payment failed; then money comes late.
  (id) => [
    place(id),
    failCommand(id),
    confirmCommand(id, `${id}-late`, total),
    refundResult(id, total, false),
  ],
  // Cancelled after its payment.
  (id) => [place(id), confirmCommand(id, `${id}-a`, total), cancelCommand(id), refundResult(id, total)],
  // Shipped; two of four units came back.
  (id) => [
    place(id),
    confirmCommand(id, `${id}-a`, total),
    shipCommand(id),
    returnCommand(id, 2, 1),
    refundResult(id, 500),
  ],
  // Money in another currency than the order.
  (id) => [place(id), inYen(confirmCommand(id, `${id}-yen`, total))],
  // An order in yen.
  (id) => [inYen(placeCommand(id, [yen], 2)), inYen(confirmCommand(id, `${id}-a`, 600))],
  // Money without an order.
  (id) => [confirmCommand(id, `${id}-a`, 77), refundResult(id, 77)],
  // A refund that was paid and then taken back.
  (id) => [
    place(id),
    confirmCommand(id, `${id}-a`, total),
    cancelCommand(id),
    refundResult(id, total),
    takenBack(id),
  ],
  // Rejected, and a payment that is reported twice.
  (id) => [placeCommand(id, ['unknown'], 1)],
  (id) => [
    place(id),
    confirmCommand(id, `${id}-a`, total),
    confirmCommand(id, `${id}-a`, total, `${id}-again`),
    expireCommand(id, 0),
  ],
];

async function liveThroughAll(): Promise<number[]> {
  for (const life of lives) {
    for (const command of life(newOrderOf(0))) {
      await used().producer.send(command);
      await used().arena.quiesce();
    }
  }
  const rows = await used().arena.mysql.pool.rows<{ at: number }>(
    'SELECT created_at_ms AS at FROM orders UNION SELECT at_ms FROM order_commands ORDER BY at',
  );
  return rows.map(({ at }) => Number(at));
}

async function ledger(...args: string[]): Promise<Sums> {
  const { name } = testStack();
  const run = await orderstream({ name, env: used().arena.env }, ['ledger', '--json', ...args]);
  expect([run.code, run.stderr]).toEqual([0, '']);
  const { currencies } = JSON.parse(run.stdout) as { currencies: Record<string, Record<string, string>> };
  return Object.fromEntries(
    Object.entries(currencies).map(([currency, sums]) => [
      currency,
      Object.fromEntries(Object.entries(sums).map(([column, sum]) => [column, Number(sum)])),
    ]),
  );
}

const iso = (ms: number): string => new Date(ms).toISOString();

test('sums what was placed, paid, refunded and kept, and what waits for money', async () => {
  const wanted = {
    // 8 orders were accepted in euros. Of them 1 waits, and so does the one that was paid in yen only.
    EUR: { placed: 8_000, paid: 7_087, refunded: 1_587, kept: 5_500, outstanding: 2_000, refunding: 1_000 },
    JPY: { placed: 600, paid: 1_600, refunded: 0, kept: 1_600, outstanding: 0, refunding: 1_000 },
  };
  expect(await ledger()).toEqual(wanted);
  // After the last outcome nothing moves. What waits for money still waits.
  const { EUR: later } = await ledger('--from', iso(times.at(-1)! + 1));
  expect(later).toEqual({ ...wanted.EUR, placed: 0, paid: 0, refunded: 0, kept: 0 });
});

test('a range has its first moment and not its last one, and adds up with its neighbours', async () => {
  const [first, middle, last] = [times[0]!, times[Math.floor(times.length / 2)]!, times.at(-1)!];
  const [before, after] = [
    await ledger('--from', iso(first), '--to', iso(middle)),
    await ledger('--from', iso(middle), '--to', iso(last + 1)),
  ];
  const all = await ledger();
  for (const column of ['placed', 'paid', 'refunded', 'kept']) {
    expect((before['EUR']?.[column] ?? 0) + (after['EUR']?.[column] ?? 0)).toBe(all['EUR']![column]);
  }
  expect(after['EUR']).toMatchObject({ outstanding: all['EUR']!['outstanding'] });
  expect(await ledger('--from', iso(first), '--to', iso(first + 1))).toEqual({
    EUR: { placed: total, paid: 0, refunded: 0, kept: 0, outstanding: total, refunding: 0 },
  });
  expect(await ledger('--to', iso(first))).toEqual({});
});

test('a wrong range is refused', async () => {
  const { name } = testStack();
  const args = ['ledger', '--from', '2026-10-02', '--to', '2026-10-01'];
  const run = await orderstream({ name, env: used().arena.env }, args);
  expect(run).toMatchObject({ code: 2, stderr: 'orderstream: --from is after --to\n' });
});

describe('the sample ledger in Python', () => {
  test('gets the same sums from the outcomes, in ranges that begin and end with each of some outcomes', async (context) => {
    if (isMissing(python)) return skipOrFail(context, python);
    const { kafkaBrokers, schemaRegistryUrl } = testStack();
    const env = {
      KAFKA_BROKERS: kafkaBrokers,
      SCHEMA_REGISTRY_URL: schemaRegistryUrl,
      KAFKA_TOPIC_PREFIX: used().arena.options.topicPrefix,
    };
    const at = (part: number): number => times[Math.floor((times.length - 1) * part)]!;
    const ranges = [
      [0, at(1) + 1],
      [at(0), at(0.3)],
      [at(0.3), at(0.6)],
      [at(0.5), at(0.8)],
      [at(0.8), at(1)],
    ];
    for (const [from, to] of ranges) {
      const args = ['--from', iso(from!), '--to', iso(to!)];
      const found = await runSample<Sums>({ ...python, args: ['ledger.py'] }, { env, args });
      expect(found).toEqual(await ledger(...args));
      expect(Object.keys(found).length).toBeGreaterThan(0);
    }
  }, 120_000);
});
