/**
 * Topics are truncated or deleted. No command is skipped or lost, and other lanes continue (invariants 1, 2,
 * 7 and 8).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAdmin, createKafkaConfig, type KafkaAdmin } from '../../../services/shared/kafka/index.ts';
import {
  applyTopics,
  COMMANDS,
  DEAD_LETTERS,
  EVENTS,
  GROUPS,
  planTopics,
  topicCatalogue,
} from '../../../topics/index.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import { readDeadLetters } from '../../support/arena/dead-letters.ts';
import { createProducer, newOrderOf, type Producer, placeCommand } from '../../support/arena/load.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { ownedBy, readLanes } from '../../support/arena/reading/lane-positions.ts';
import { deleteTopics } from '../../support/servers/leftovers.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('topics');
const database = useDatabase('topics');
const sku = 'SKU-1';
const breaker = 'BREAKER-1';
const partitions = Array.from({ length: 12 }, (_, partition) => partition);
/** A lane has at most four batches in flight; each has a row until it is acknowledged. */
const rowsPerLaneMax = 4;

let arena: Arena;
let producer: Producer;

beforeAll(async () => {
  const stock = new Map([sku, breaker].map((each) => [each, 1_000_000]));
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
});

afterAll(async () => {
  await producer.close();
  await arena.close();
});

function place(partition: number, skus = [sku]) {
  return producer.send(placeCommand(newOrderOf(partition), skus));
}

async function placeInEach(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await Promise.all(partitions.map((partition) => place(partition)));
}

/**
 * Uses a new admin client each time. The client of kafkajs queries every topic that it ever queried, and
 * fails for the missing one.
 */
async function withAdmin<T>(work: (admin: KafkaAdmin) => Promise<T>): Promise<T> {
  const { kafkaBrokers } = testStack();
  const settings = createKafkaConfig(
    { kafkaBrokers: kafkaBrokers.split(','), kafkaTopicPrefix: prefix },
    'operator',
  );
  const admin = createAdmin(settings);
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

async function deleteTopic(topic: string): Promise<void> {
  await deleteTopics(testStack().kafkaBrokers, `${prefix}${topic}`);
  // The controller has deleted the topic. If a leader still accepts records, they are lost with the topic.
  await until(() => withAdmin(async (admin) => (await admin.describeTopics([topic])).length === 0), {
    what: `${topic} being gone`,
  });
}

/** Creates the missing topics again, as an operator would. */
function mendTopics(): Promise<void> {
  return withAdmin(async (admin) => {
    const there = await admin.describeTopics([COMMANDS]);
    await applyTopics(admin, planTopics(topicCatalogue, there, { replicationFactor: 1 }));
  });
}

async function findings(): Promise<readonly string[]> {
  await arena.quiesce();
  return (await audit(arena, producer.history)).findings;
}

describe('a missing outcome topic', () => {
  test('fills the outbox to its limit and no further; once the topic is back, all outcomes are published', async () => {
    const worker = await arena.startWorker({ BATCH_ORDERS_MAX: '5', INSTANCE_ID: 'bounded' });
    await ownedBy(arena, ['bounded']);
    await deleteTopic(EVENTS);
    await placeInEach(40);
    const rowsOfLanes = async () => {
      const rows = await arena.mysql.pool.rows<{ n: number }>(
        'SELECT COUNT(*) AS n FROM outbox WHERE published_at_ms IS NULL GROUP BY partition_id',
      );
      return rows.map(({ n }) => n);
    };
    const full = partitions.map(() => rowsPerLaneMax);
    await until(async () => (await rowsOfLanes()).join() === full.join(), { what: 'every lane being full' });
    const { decided } = await arena.progress();
    await placeInEach(2);
    await until(
      async () => {
        const { produced } = await arena.progress();
        return (await worker.metric('worker_lane_records')) === produced - decided;
      },
      { what: 'the worker holding all the rest' },
    );
    expect((await arena.progress()).decided).toBe(decided);
    expect(await rowsOfLanes()).toEqual(full);
    expect((await arena.progress()).published).toBe(0);
    expect([...(await arena.admin.groupOffsets(GROUPS.worker, COMMANDS)).values()]).not.toContain(1n);

    await mendTopics();
    expect(await findings()).toEqual([]);
    expect((await worker.stop()).code).toBe(0);
  }, 120_000);
});

describe('a missing dead-letter topic', () => {
  test('stops only the lane of the poison record and its offset, until the topic is back', async () => {
    const worker = await arena.startWorker({ INSTANCE_ID: 'poisoned' });
    await ownedBy(arena, ['poisoned']);
    await deleteTopic(DEAD_LETTERS);
    const value = Buffer.from('no command');
    const poison = await producer.sendRaw({ partition: 5, key: Buffer.from('k'), value, headers: {} });
    await placeInEach(5);
    await until(
      async () => {
        const offsets = await arena.admin.groupOffsets(GROUPS.worker, COMMANDS);
        const ends = await arena.admin.endOffsets(COMMANDS);
        return partitions.every(
          (partition) => partition === 5 || offsets.get(partition) === ends.get(partition)!.high,
        );
      },
      { what: 'every other lane being decided and published' },
    );
    const offsets = await arena.admin.groupOffsets(GROUPS.worker, COMMANDS);
    expect(offsets.get(5)).toBeLessThanOrEqual(poison.offset);
    const [lane] = await arena.mysql.pool.rows<{ published: number }>(
      'SELECT published_offset AS published FROM lane_positions WHERE partition_id = 5',
    );
    expect(lane!.published).toBeLessThanOrEqual(Number(poison.offset));

    await mendTopics();
    expect(await findings()).toEqual([]);
    const letters = await readDeadLetters(arena);
    expect(letters.get(`5-${poison.offset}`)?.value).toEqual(value);
    expect((await worker.stop()).code).toBe(0);
  }, 120_000);
});

describe('a record that breaks the statement', () => {
  test('is the only dead letter of a batch of three lanes', async () => {
    await arena.mysql.pool.write(`ALTER TABLE order_items ADD CONSTRAINT breaks CHECK (sku <> '${breaker}')`);
    const before = (await readDeadLetters(arena)).size;
    for (const partition of [0, 1, 2]) {
      for (let n = 0; n < 21; n++) await place(partition, partition === 1 && n === 10 ? [breaker] : [sku]);
    }
    const worker = await arena.startWorker({ WRITERS: '1' });
    expect(await findings()).toEqual([]);
    const rows = await arena.mysql.pool.rows<{ p: number }>(
      "SELECT partition_id AS p FROM dead_letters WHERE reason_code = 'DATA_REFUSED'",
    );
    expect(rows).toEqual([{ p: 1 }]);
    expect((await readDeadLetters(arena)).size).toBe(before + 1);
    expect((await worker.stop()).code).toBe(0);
  }, 90_000);
});

describe('a command log that was truncated', () => {
  const back = (offsets: ReadonlyMap<number, bigint>) =>
    until(() => arena.admin.setGroupOffsets(GROUPS.worker, COMMANDS, offsets).then(() => true), {
      what: 'the group being moved back',
    });

  test('is processed from the position in the database if it lacks only decided commands', async () => {
    await arena.quiesce();
    const { nextOffset } = (await readLanes(arena))[3]!;
    await back(new Map([[3, 1n]]));
    await arena.admin.deleteRecords(COMMANDS, new Map([[3, BigInt(nextOffset - 1)]]));
    const worker = await arena.startWorker();
    const { offset } = await place(3);
    await until(
      async () => (await arena.admin.groupOffsets(GROUPS.worker, COMMANDS)).get(3) === BigInt(offset + 1),
      { what: 'the lane going on' },
    );
    expect((await readLanes(arena))[3]!.nextOffset).toBe(offset + 1);
    expect(worker.log.filter(({ to }) => to === 'stopped')).toEqual([]);
    expect((await worker.stop()).code).toBe(0);
  }, 60_000);

  test('stops the lane at its position, with an error, if it lacks undecided commands', async () => {
    const undecided = [];
    for (let n = 0; n < 4; n++) undecided.push(await place(4));
    const { nextOffset } = (await readLanes(arena))[4]!;
    expect(nextOffset).toBe(undecided[0]!.offset);
    await arena.admin.deleteRecords(COMMANDS, new Map([[4, BigInt(nextOffset + 2)]]));
    const worker = await arena.startWorker();
    await placeInEach(2);
    await until(
      async () => {
        const { produced, decided } = await arena.progress();
        return produced - decided === undecided.length + 2;
      },
      { what: 'every other lane being decided' },
    );
    expect(await worker.metric('worker_lanes_refused_total', 'why="behindLog"')).toBe(1);
    expect(await worker.ask('/readyz')).toMatch(/lane 4 is stopped.*before the log's start/);
    expect((await readLanes(arena))[4]!.nextOffset).toBe(nextOffset);
    expect((await arena.admin.groupOffsets(GROUPS.worker, COMMANDS)).get(4)).toBe(BigInt(nextOffset));
    expect((await worker.stop()).code).toBe(0);
  }, 60_000);
});
