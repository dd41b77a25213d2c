/**
 * Kafka processes a request, but its answer is lost. Repeats are byte-equal, and no outcome is lost or
 * doubled (invariants 1 and 2).
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { COMMANDS, GROUPS } from '../../../topics/index.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import { createProducer, type Producer } from '../../support/arena/load.ts';
import type { WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { decidedMore, ownedBy, readLanes } from '../../support/arena/reading/lane-positions.ts';
import { type KafkaApi, type KafkaProxy, startKafkaProxy } from '../../support/faults/kafka-proxy.ts';
import { preloaded } from '../../support/preload/index.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('answers');
const database = useDatabase('answers');
const skus = Array.from({ length: 20 }, (_, index) => `SKU-${index}`);

let arena: Arena;
let producer: Producer;
let proxy: KafkaProxy;
let worker: WorkerProcess;
let load: { stop(): Promise<void> };

beforeAll(async () => {
  const stock = new Map(skus.map((sku) => [sku, 1_000_000]));
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
  const [host, port] = testStack().kafkaBrokers.split(':') as [string, string];
  proxy = await startKafkaProxy({ host, port: Number(port) });
  const REDIRECT_PORT = `${port}:${proxy.port}`;
  worker = await arena.startWorker({ ...preloaded(['redirect']), REDIRECT_PORT, INSTANCE_ID: 'cut-off' });
});

beforeEach(async () => {
  load = producer.start(100, skus);
  await decidedMore(arena, 50);
});

afterAll(async () => {
  await producer.close();
  await arena.close();
  await proxy.close();
});

/** Loses the next answers of this kind, continues under load, processes the backlog, and checks it. */
async function lose(api: KafkaApi, times: number): Promise<{ findings: readonly string[]; repeats: number }> {
  const before = proxy.swallowed(api);
  proxy.swallowAnswers(api, times);
  await until(() => proxy.swallowed(api) === before + times, {
    what: `${times} answers to ${api} being lost`,
    deadlineMs: 60_000,
  });
  await decidedMore(arena, 100);
  await load.stop();
  await arena.quiesce();
  const ends = await arena.admin.endOffsets(COMMANDS);
  await until(
    async () => {
      const offsets = await arena.admin.groupOffsets(GROUPS.worker, COMMANDS);
      return [...ends].every(([partition, { high }]) => offsets.get(partition) === high);
    },
    { what: 'the group being at the end of the log', deadlineMs: 40_000, everyMs: 100 },
  );
  const { findings, repeats } = await audit(arena, producer.history);
  return { findings, repeats };
}

describe('a worker without answers of Kafka', () => {
  test('sends outcomes again, byte-equal, if their acknowledgement is lost', async () => {
    const { findings, repeats } = await lose('produce', 3);
    expect(findings).toEqual([]);
    expect(repeats).toBeGreaterThan(0);
  }, 90_000);

  test('commits offsets again if the answer to the commit is lost', async () => {
    expect((await lose('offsetCommit', 1)).findings).toEqual([]);
    expect(await worker.metric('worker_offset_commits_total', 'result="failed"')).toBeGreaterThan(0);
  }, 90_000);

  test('is replaced if it reaches only the database, and returns when it reaches Kafka again', async () => {
    await ownedBy(arena, ['cut-off']);
    proxy.freeze();
    const successor = await arena.startWorker({ INSTANCE_ID: 'successor' });
    await ownedBy(arena, ['successor'], 60_000);
    await decidedMore(arena, 100);
    proxy.heal();
    await ownedBy(arena, ['successor', 'cut-off'], 60_000);
    await until(async () => (await readLanes(arena)).some(({ owner }) => owner === 'cut-off'), {
      what: 'the worker having lanes again',
      deadlineMs: 60_000,
    });
    await decidedMore(arena, 100);
    await load.stop();
    await arena.quiesce();
    expect((await audit(arena, producer.history)).findings).toEqual([]);
    expect([(await worker.stop()).code, (await successor.stop()).code]).toEqual([0, 0]);
  }, 180_000);
});
