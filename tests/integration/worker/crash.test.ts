/** A worker that dies at any point of a batch changes no outcome (invariants 1 to 6). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failpointNames } from '../../../services/shared/failpoint/index.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import { createProducer, type Producer } from '../../support/arena/load.ts';
import { killAt } from '../../support/arena/processes/crash.ts';
import { complaints } from '../../support/arena/processes/verify.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('crash');
const database = useDatabase('crash');
const skus = Array.from({ length: 50 }, (_, index) => `SKU-${index}`);
const scarce = 'SCARCE-1';

let arena: Arena;
let producer: Producer;

beforeAll(async () => {
  const stock = new Map([...skus.map((sku) => [sku, 1_000_000] as const), [scarce, 200] as const]);
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
});

afterAll(async () => {
  await producer.close();
  await arena.close();
});

describe('a worker killed at each crash point', () => {
  test('loses nothing, doubles nothing, and repeats only byte-equal events', async () => {
    const load = producer.start(150, [...skus, scarce]);
    const died = [];
    for (const points of inThrees(failpointNames)) died.push(...(await killAt(arena, points)));
    expect(died.toSorted()).toEqual([...failpointNames].toSorted());

    const survivor = await arena.startWorker();
    await load.stop();
    await arena.quiesce();
    expect(complaints(await arena.verify())).toEqual([]);

    const decided = await arena.mysql.pool.rows<{ key: number }>('SELECT order_key AS `key` FROM orders');
    const rows = new Set(decided.map(({ key }) => key));
    const first = new Map(
      producer.history.filter(({ type }) => type === 'PLACE').map((acked) => [acked.orderId, acked]),
    );
    for (const [orderId, acked] of first) {
      const places = producer.history.filter((each) => each.orderId === orderId && each.type === 'PLACE');
      expect(
        places.some(({ partition, offset }) => rows.has(partition * 2 ** 48 + offset)),
        `${acked.orderId} has a row`,
      ).toBe(true);
    }
    const events = await arena.readEvents();
    for (const [id, copies] of events) {
      expect(
        copies.every((copy) => copy.equals(copies[0]!)),
        `copies of ${id} are byte-equal`,
      ).toBe(true);
    }
    expect((await survivor.stop()).code).toBe(0);
  }, 240_000);
});

function inThrees<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / 3) }, (_, index) =>
    items.slice(index * 3, index * 3 + 3),
  );
}
