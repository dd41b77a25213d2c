/** The database answers and refuses: read-only, or out of connections. Lanes wait and go on; nothing is a dead letter. */
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Arena, createArena } from '../support/arena/arena.ts';
import { audit } from '../support/arena/audit.ts';
import { decidedMore, ownedBy, readLanes } from '../support/arena/lanes.ts';
import { createProducer, type Producer } from '../support/arena/load.ts';
import type { WorkerProcess } from '../support/arena/worker-process.ts';
import { type OwnMysql, startOwnMysql } from '../support/own-mysql.ts';
import { testStack, until, useTopicPrefix } from '../support/stack.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

const prefix = useTopicPrefix('refused');
const skus = Array.from({ length: 20 }, (_, index) => `SKU-${index}`);
/** The fewest that the server lets itself be limited to. */
const connectionsMin = 10;
const refusalsSeen = 6;
/** Three writers, each waiting up to a second between tries once it has failed a few times, and the claims beside them. */
const refusalsPerSecondMax = 20;

let database: OwnMysql;
let arena: Arena;
let producer: Producer;
let proxy: TcpProxy;
let worker: WorkerProcess;
let load: { stop(): Promise<void> };

beforeAll(async () => {
  database = await startOwnMysql('refused');
  const stock = new Map(skus.map((sku) => [sku, 1_000_000]));
  arena = await createArena({ ...testStack(), mysqlUrl: database.url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
  const direct = new URL(database.url);
  proxy = await startTcpProxy({ host: direct.hostname, port: Number(direct.port) });
  worker = await arena.startWorker({ MYSQL_URL: throughProxy(), INSTANCE_ID: 'refused' });
  await ownedBy(arena, ['refused']);
});

beforeEach(async () => {
  load = producer.start(100, skus);
  await decidedMore(arena, 100);
});

afterAll(async () => {
  await producer?.close();
  await arena?.close();
  await proxy?.close();
  await database?.close();
});

function throughProxy(): string {
  const url = new URL(database.url);
  url.port = String(proxy.port);
  return url.href;
}

async function settled(): Promise<{ findings: readonly string[]; deadLetters: number; backlog: number }> {
  await load.stop();
  await arena.quiesce();
  const { produced, published } = await arena.progress();
  const { findings, report } = await audit(arena, producer.history);
  return {
    findings,
    deadLetters: report.outcomes['DEAD_LETTERED'] ?? 0,
    backlog: produced - published,
  };
}

const unharmed = { findings: [], deadLetters: 0, backlog: 0 };

describe('a worker whose database', () => {
  test('takes no writes waits with its lanes kept, and goes on when it does', async () => {
    const epochs = (await readLanes(arena)).map(({ epoch }) => epoch);
    const retries = () => worker.metric('worker_batch_retries_total');
    const connects = () => worker.metric('mysql_connects_total', 'result="ok"');
    const before = await retries();
    const connectsBefore = await connects();
    await database.asRoot('SET GLOBAL read_only = 1');
    const startedMs = performance.now();
    const { decided } = await arena.progress();
    await until(async () => (await retries()) >= before + refusalsSeen, { what: 'batches being refused' });
    const seconds = (performance.now() - startedMs) / 1_000;
    expect(((await retries()) - before) / Math.max(1, seconds)).toBeLessThan(refusalsPerSecondMax);
    expect((await arena.progress()).decided).toBe(decided);
    expect(worker.log.some(({ err }) => JSON.stringify(err ?? '').includes('MYSQL_READ_ONLY'))).toBe(true);
    // After a failover another server answers to the same name: whoever kept the connection would wait for ever.
    expect(await connects()).toBeGreaterThan(connectsBefore);

    await database.asRoot('SET GLOBAL read_only = 0');
    expect(await settled()).toEqual(unharmed);
    expect((await readLanes(arena)).map(({ epoch }) => epoch)).toEqual(epochs);
    expect(worker.running).toBe(true);
  }, 90_000);

  test('takes no connection waits, starts beside it too, and goes on when there is room', async () => {
    await database.asRoot(`SET GLOBAL max_connections = ${connectionsMin}`);
    const squatters: Connection[] = [];
    await until(
      async () => {
        proxy.heal();
        await fill(database, squatters);
        return worker.log.some(({ err }) => JSON.stringify(err ?? '').includes('MYSQL_TOO_MANY_CONNECTIONS'));
      },
      { what: 'the worker being refused a connection', everyMs: 5 },
    );
    const failed = () => worker.metric('mysql_connects_total', 'result="failed"');
    const before = await failed();
    const startedMs = performance.now();
    const late = await arena.startWorker({ MYSQL_URL: throughProxy(), INSTANCE_ID: 'late' });
    await until(async () => (await failed()) >= before + refusalsSeen, { what: 'more connections refused' });
    const seconds = (performance.now() - startedMs) / 1_000;
    expect(((await failed()) - before) / Math.max(1, seconds)).toBeLessThan(refusalsPerSecondMax);
    expect([worker.running, late.running]).toEqual([true, true]);

    await Promise.all(squatters.map((squatter) => squatter.end()));
    await database.asRoot('SET GLOBAL max_connections = 200');
    expect(await settled()).toEqual(unharmed);
    expect((await late.stop()).code).toBe(0);
  }, 120_000);

  test('takes no writes while it is told to stop ends in good order, and its heir goes on', async () => {
    await database.asRoot('SET GLOBAL read_only = 1');
    const before = await worker.metric('worker_batch_retries_total');
    await until(async () => (await worker.metric('worker_batch_retries_total')) > before, {
      what: 'a batch being refused',
    });
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    await database.asRoot('SET GLOBAL read_only = 0');
    worker = await arena.startWorker({ INSTANCE_ID: 'heir' });
    expect(await settled()).toEqual(unharmed);
  }, 90_000);
});

/** Takes every connection that the server still has. */
async function fill({ connect }: OwnMysql, squatters: Connection[]): Promise<void> {
  for (;;) {
    try {
      squatters.push(await connect());
    } catch (error) {
      if ((error as { errno?: number }).errno === 1040) return;
      throw error;
    }
  }
}
