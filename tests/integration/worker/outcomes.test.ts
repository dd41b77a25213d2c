/**
 * Commands are repeats, conflicts, and a sale that sells out. Outcomes are the same for all batch sizes
 * (invariants 3, 4 and 6).
 */
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrderCommand, OrderEvent } from '../../../schemas/generated/types.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import {
  type Acked,
  cancelCommand,
  createProducer,
  type Producer,
  placeCommand,
} from '../../support/arena/load.ts';
import { laneSkus, mixedCommands } from '../../support/arena/mixed-commands.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { readOutcomes } from '../../support/arena/reading/outcomes.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('outcomes');
const database = useDatabase('outcomes');
const secondPrefix = useTopicPrefix('outcomes2');
const secondDatabase = useDatabase('outcomes2');
const hot = 'HOT-1';
const hotUnits = 100;
const buyers = 2_000;
const skus = Array.from({ length: 30 }, (_, index) => `SKU-${index}`);

let arena: Arena;
let producer: Producer;

const stock = new Map([
  ...skus.map((sku) => [sku, 1_000_000] as const),
  ...laneSkus.map((sku) => [sku, 7] as const),
  [hot, hotUnits] as const,
]);

beforeAll(async () => {
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
});

afterAll(async () => {
  await producer.close();
  await arena.close();
});

/** Sends the commands in order and resolves with their outcomes, in the same order. */
async function decided(commands: readonly OrderCommand[]): Promise<OrderEvent[]> {
  const sent = await Promise.all(commands.map((command) => producer.send(command)));
  await arena.quiesce();
  const outcomes = await readOutcomes(arena);
  return sent.map(({ partition, offset }) => outcomes.get(`${partition}-${offset}`)!);
}

const brief = ({ outcome, version, status, reason }: OrderEvent) =>
  `${outcome} ${version} ${status}${reason === null ? '' : ` ${reason.code}`}`;

describe('outcomes', () => {
  test('the outcomes of repeats, conflicts and cancels are the same in one batch and in several', async () => {
    const orderId = randomUUID();
    const place = placeCommand(orderId, [skus[0]!]);
    const conflict = { ...place, fingerprint: createHash('sha256').update('another').digest() };
    const cancel = cancelCommand(orderId);
    const stranger = { ...cancelCommand(orderId, 'cancel:stranger'), customerId: 'customer-2' };
    const unknown = cancelCommand(randomUUID());
    const commands = [
      place,
      ...Array.from({ length: 10 }, () => place),
      conflict,
      stranger,
      unknown,
      cancel,
      cancel,
      cancelCommand(orderId, 'cancel:again'),
      place,
    ];
    const worker = await arena.startWorker();
    const first = (await decided(commands)).map(brief);
    expect(first).toEqual([
      'ACCEPTED 1 PENDING_PAYMENT',
      ...Array.from({ length: 10 }, () => 'DUPLICATE 1 PENDING_PAYMENT'),
      'KEY_CONFLICT 1 PENDING_PAYMENT KEY_CONFLICT',
      'REFUSED 0 null ORDER_UNKNOWN',
      'REFUSED 0 null ORDER_UNKNOWN',
      'APPLIED 2 CANCELLED',
      'DUPLICATE 2 CANCELLED',
      'REFUSED 2 CANCELLED ILLEGAL_CHANGE',
      'DUPLICATE 2 CANCELLED',
    ]);
    const second = [];
    for (const command of [place, conflict, stranger, unknown, cancel])
      second.push(...(await decided([command])));
    expect(second.map(brief)).toEqual([
      'DUPLICATE 2 CANCELLED',
      'KEY_CONFLICT 2 CANCELLED KEY_CONFLICT',
      'DUPLICATE 0 null ORDER_UNKNOWN',
      'DUPLICATE 0 null ORDER_UNKNOWN',
      'DUPLICATE 2 CANCELLED',
    ]);
    await worker.stop();
    expect((await audit(arena, producer.history)).findings).toEqual([]);
  }, 60_000);

  test('the outcomes of a sale that sells out take exactly the available units, with few batches tried twice', async () => {
    const orders = Array.from({ length: buyers }, (_, n) =>
      placeCommand(randomUUID(), n % 2 === 0 ? [hot] : [skus[n % skus.length]!, hot]),
    );
    const workers = await Promise.all([arena.startWorker(), arena.startWorker()]);
    const outcomes = await decided(orders);
    const accepted = outcomes.filter(({ outcome }) => outcome === 'ACCEPTED');
    expect(accepted).toHaveLength(hotUnits);
    expect(outcomes.filter(({ reason }) => reason?.code === 'OUT_OF_STOCK')).toHaveLength(buyers - hotUnits);
    const [level] = await arena.mysql.pool.rows<{ available: number }>(
      `SELECT available FROM stock WHERE sku = '${hot}'`,
    );
    expect(level).toEqual({ available: 0 });
    let retries = 0;
    let batches = 0;
    for (const worker of workers) {
      retries += await worker.metric('worker_batch_retries_total', 'cause="shortOfStock"');
      batches += await worker.metric('worker_batch_seconds_count');
      await worker.stop();
    }
    // Each writer may have one batch in flight when the stock ends. After that, every writer treats the SKU
    // as scarce.
    expect(retries, `${batches} batches`).toBeLessThanOrEqual(6);
    expect((await audit(arena, producer.history)).findings).toEqual([]);
  }, 90_000);

  test('are the same for small batches and large ones, one writer and many', async () => {
    const second = await createArena({
      ...testStack(),
      mysqlUrl: secondDatabase().url,
      topicPrefix: secondPrefix,
      stock,
    });
    const other = await createProducer(second);
    const commands = mixedCommands(600, skus);
    const seen = [];
    const settings = [
      [
        { WRITERS: '1', BATCH_ORDERS_MAX: '3' },
        { WRITERS: '4', BATCH_ORDERS_MAX: '500' },
      ],
      [{ WRITERS: '2', BATCH_ORDERS_MAX: '64' }],
    ];
    for (const [index, [where, sender]] of (
      [
        [arena, producer],
        [second, other],
      ] as const
    ).entries()) {
      const workers = await Promise.all(settings[index]!.map((env) => where.startWorker(env)));
      const sent: Acked[] = await Promise.all(commands.map((command) => sender.send(command)));
      await where.quiesce();
      const outcomes = await readOutcomes(where);
      seen.push(sent.map(({ partition, offset }) => brief(outcomes.get(`${partition}-${offset}`)!)));
      for (const worker of workers) await worker.stop();
      expect((await audit(where, sender.history)).findings).toEqual([]);
    }
    expect(seen[0]).toEqual(seen[1]);
    await other.close();
    await second.close();
  }, 90_000);
});
