/**
 * Workers are frozen, replaced and resumed. Others come and go, or read the whole log again (invariants 1 and
 * 3).
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import { createProducer, type Producer } from '../../support/arena/load.ts';
import type { WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { decidedMore, ownedBy, readLanes } from '../../support/arena/reading/lane-positions.ts';
import { churn } from '../../support/arena/scenarios/churn.ts';
import { replayFromStart } from '../../support/arena/scenarios/replay.ts';
import { freezeAndReplace } from '../../support/arena/scenarios/zombie.ts';
import { testStack, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';
import { until } from '../../support/until.ts';

const prefix = useTopicPrefix('zombie');
const database = useDatabase('zombie');
const skus = Array.from({ length: 40 }, (_, index) => `SKU-${index}`);

let arena: Arena;
let producer: Producer;

beforeAll(async () => {
  const stock = new Map([...skus.map((sku) => [sku, 1_000_000] as const), ['SCARCE-1', 100] as const]);
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
});

afterEach(() => arena.killWorkers());

afterAll(async () => {
  await producer.close();
  await arena.close();
});

/**
 * Raises the epoch of a lane, as a new owner does. It repeats this until the fence of a batch stops the old
 * owner. The owner may also detect the loss between two batches. It then claims the lane again, and the next
 * try follows.
 */
async function loseInBatch(worker: WorkerProcess, partition: number): Promise<void> {
  const fencesLost = (): Promise<number> => worker.metric('worker_fences_lost_total');
  const before = await fencesLost();
  let raisedTo = -1;
  await until(
    async () => {
      const { epoch } = (await readLanes(arena)).find((lane) => lane.partition === partition)!;
      if (epoch !== raisedTo) {
        raisedTo = epoch + 1;
        await arena.mysql.pool.write(
          `UPDATE lane_positions SET epoch = ${raisedTo} WHERE partition_id = ${partition} AND epoch = ${epoch}`,
        );
      }
      return (await fencesLost()) > before;
    },
    { what: `a batch of lane ${partition} being stopped by its fence`, deadlineMs: 40_000, everyMs: 100 },
  );
}

describe('workers and their replacements', () => {
  test('a worker that was replaced while it was frozen writes nothing, and publishes only exact repeats', async () => {
    const load = producer.start(100, [...skus, 'SCARCE-1']);
    const { successor } = await freezeAndReplace(arena, ['decoded', 'written', 'commitAcked']);
    await load.stop();
    await arena.quiesce();
    await successor.stop();
    expect((await audit(arena, producer.history)).findings).toEqual([]);
  }, 120_000);

  test('a worker that loses one lane of its batches writes none of such a batch, and takes the lane again', async () => {
    const worker = await arena.startWorker({ WRITERS: '1', INSTANCE_ID: 'robbed' });
    await ownedBy(arena, ['robbed']);
    const load = producer.start(200, skus);
    for (const partition of [0, 5, 11]) {
      await decidedMore(arena, 100);
      await loseInBatch(worker, partition);
    }
    await decidedMore(arena, 100);
    await load.stop();
    await arena.quiesce();
    expect((await audit(arena, producer.history)).findings).toEqual([]);
    expect((await worker.stop()).code).toBe(0);
  }, 60_000);

  test('workers that join and leave every 2 s block no lane', async () => {
    const load = producer.start(100, skus);
    const { exits, slowestWindow } = await churn(arena, {
      seconds: 12,
      windowMs: 10_000,
      whenOver: load.stop,
    });
    expect(exits.every(({ code }) => code === 0)).toBe(true);
    expect(slowestWindow).toBeGreaterThan(0);
    expect((await audit(arena, producer.history)).findings).toEqual([]);
  }, 120_000);

  test('reading the whole log again changes nothing', async () => {
    const { before, after, eventsBefore, eventsAfter } = await replayFromStart(arena);
    expect(after).toEqual(before);
    expect([...eventsAfter.keys()].toSorted()).toEqual([...eventsBefore.keys()].toSorted());
    expect((await audit(arena, producer.history)).findings).toEqual([]);
  }, 60_000);
});
