/** A worker that is told to stop while there is work leaves its lanes as if it had been idle. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Arena, createArena } from '../support/arena/arena.ts';
import { audit } from '../support/arena/audit.ts';
import { decidedMore, ownedBy } from '../support/arena/lanes.ts';
import { createProducer, type Producer } from '../support/arena/load.ts';
import { testStack, useDatabase, useTopicPrefix } from '../support/stack.ts';

const prefix = useTopicPrefix('stop');
const database = useDatabase('stop');
const skus = Array.from({ length: 20 }, (_, index) => `SKU-${index}`);
const stops = 3;

let arena: Arena;
let producer: Producer;

beforeAll(async () => {
  const stock = new Map(skus.map((sku) => [sku, 1_000_000]));
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
});

afterAll(async () => {
  await producer?.close();
  await arena?.close();
});

test('has nothing of what it published published again by its heir', async () => {
  const load = producer.start(300, skus);
  for (let stop = 0; stop < stops; stop++) {
    const name = `worker-${stop}`;
    const worker = await arena.startWorker({ INSTANCE_ID: name });
    await ownedBy(arena, [name]);
    await decidedMore(arena, 300);
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    expect(await arena.mysql.pool.rows('SELECT partition_id, from_offset FROM outbox')).toEqual([]);
    expect(
      await arena.mysql.pool.rows(
        "SELECT partition_id FROM lane_positions WHERE owner <> '' OR published_offset <> next_offset",
      ),
    ).toEqual([]);
  }
  await load.stop();
  const last = await arena.startWorker({ INSTANCE_ID: 'last' });
  await arena.quiesce();
  await last.stop();
  const { findings, repeats } = await audit(arena, producer.history);
  expect({ findings, repeats }).toEqual({ findings: [], repeats: 0 });
}, 90_000);
