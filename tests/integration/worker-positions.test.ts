/** Positions that contradict the logs, and commands of a later version: such a lane stops and says so, others go on. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OrderCommand } from '../../schemas/generated/types.ts';
import { COMMANDS, GROUPS } from '../../topics/index.ts';
import { type Arena, createArena } from '../support/arena/arena.ts';
import { audit } from '../support/arena/audit.ts';
import { readLanes } from '../support/arena/lanes.ts';
import {
  cancelCommand,
  createProducer,
  newOrderOf,
  type Producer,
  placeCommand,
} from '../support/arena/load.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../support/stack.ts';

const prefix = useTopicPrefix('positions');
const database = useDatabase('positions');
const sku = 'SKU-1';
const partitions = Array.from({ length: 12 }, (_, partition) => partition);

let arena: Arena;
let producer: Producer;

beforeAll(async () => {
  const stock = new Map([[sku, 1_000_000]]);
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
});

afterAll(async () => {
  await producer.close();
  await arena.close();
});

async function placeInEach(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await Promise.all(
      partitions.map((partition) => producer.send(placeCommand(newOrderOf(partition), [sku]))),
    );
  }
}

async function moveBack(partition: number, by: number): Promise<void> {
  await arena.mysql.pool.write(
    `UPDATE lane_positions SET next_offset = next_offset + ${by}, published_offset = published_offset + ${by} WHERE partition_id = ${partition}`,
  );
}

describe('a lane whose position does not fit the logs', () => {
  test('is refused, told by readiness, metric and log, and harms no other', async () => {
    const first = await arena.startWorker();
    await placeInEach(5);
    await arena.quiesce();
    await first.stop();

    await moveBack(0, 1_000);
    await moveBack(1, -3);
    await moveBack(2, -3);
    const back = new Map([[2, 2n]]);
    await until(() => arena.admin.setGroupOffsets(GROUPS.worker, COMMANDS, back).then(() => true), {
      what: 'the group being moved back',
    });
    const worker = await arena.startWorker();
    await placeInEach(3);
    await until(
      async () => (await readLanes(arena)).filter(({ nextOffset }) => nextOffset === 8).length === 9,
      { what: 'the other nine lanes being decided' },
    );
    for (const why of ['aheadOfLog', 'behindGroup', 'behindEvents']) {
      expect(await worker.metric('worker_lanes_refused_total', `why="${why}"`), why).toBe(1);
    }
    const refused = worker.log.filter(({ level, to }) => level === 'error' && to === 'stopped');
    expect(refused.map(({ partition }) => partition).toSorted()).toEqual([0, 1, 2]);
    expect(await worker.ask('/readyz')).toMatch(/lane [012] is stopped/);
    const lanes = await readLanes(arena);
    expect(lanes.slice(0, 3).map(({ nextOffset }) => nextOffset)).toEqual([1_005, 2, 2]);
    await worker.stop();

    await moveBack(0, -1_000);
    await moveBack(1, 3);
    await moveBack(2, 3);
    const second = await arena.startWorker();
    await arena.quiesce();
    await second.stop();
    expect((await audit(arena, producer.history)).findings).toEqual([]);
  }, 90_000);

  test('does not go past a command that this version does not decide', async () => {
    const worker = await arena.startWorker();
    const orderId = newOrderOf(4);
    await producer.send(placeCommand(orderId, [sku]));
    const ship: OrderCommand = {
      ...cancelCommand(orderId, `ship:${orderId}`),
      type: 'SHIP',
      actor: 'warehouse',
      payload: { carrier: null, trackingNumber: null },
    };
    const { offset } = await producer.send(ship);
    await placeInEach(3);
    await until(
      async () => {
        const { produced, decided, published } = await arena.progress();
        return decided === produced - 4 && published === decided;
      },
      { what: 'everything but the lane behind the command being decided and published' },
    );
    expect(await worker.ask('/readyz')).toContain(`offset ${offset} holds SHIP`);
    expect((await readLanes(arena))[4]!.nextOffset).toBe(offset);
    await until(
      async () => (await arena.admin.groupOffsets(GROUPS.worker, COMMANDS)).get(4) === BigInt(offset),
      { what: 'the group standing at the command', deadlineMs: 5_000 },
    );
    expect((await worker.stop()).code).toBe(0);
  }, 60_000);
});
