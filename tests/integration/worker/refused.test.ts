/**
 * The database answers but refuses, because it is read-only or has no free connection. Lanes wait and
 * continue, and no command becomes a dead letter.
 */
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import { createProducer, type Producer } from '../../support/arena/load.ts';
import type { WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { decidedMore, ownedBy, readLanes } from '../../support/arena/reading/lane-positions.ts';
import { startTcpProxy, type TcpProxy } from '../../support/faults/tcp-proxy.ts';
import { type OwnMysql, startOwnMysql } from '../../support/servers/own-mysql.ts';
import { testStack, until, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('refused');
const skus = Array.from({ length: 20 }, (_, index) => `SKU-${index}`);
/** The lowest limit that the server accepts. */
const connectionsMin = 10;
const refusalsSeen = 12;
const refusalsMeasured = 12;
/**
 * After a few failures, each of the three writers waits half a second on average. With other queries to the
 * database this gives about 8 refusals a second.
 */
const refusalsPerSecondMax = 20;

let database: OwnMysql;
let arena: Arena;
let producer: Producer;
let proxy: TcpProxy;
let worker: WorkerProcess;
let load: { stop(): Promise<void> };
let squatters: Connection[] = [];

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

afterEach(async () => {
  await load?.stop();
  await makeRoom();
  await database.asRoot('SET GLOBAL read_only = 0');
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

/** Returns how much a counter rises per second, after the waits between the attempts have grown. */
async function settledRate(counter: () => Promise<number>, what: string): Promise<number> {
  const atFirst = await counter();
  await until(async () => (await counter()) >= atFirst + refusalsSeen, { what });
  const [before, startedMs] = [await counter(), performance.now()];
  await until(async () => (await counter()) >= before + refusalsMeasured, { what: `${what}, still` });
  return ((await counter()) - before) / ((performance.now() - startedMs) / 1_000);
}

async function makeRoom(): Promise<void> {
  await Promise.all(squatters.map((squatter) => squatter.end()));
  squatters = [];
  await database.asRoot('SET GLOBAL max_connections = 200');
}

const unharmed = { findings: [], deadLetters: 0, backlog: 0 };

describe('a worker with a refusing database', () => {
  test('waits, keeps its lanes, and continues after a read-only database', async () => {
    const epochs = (await readLanes(arena)).map(({ epoch }) => epoch);
    const retries = () => worker.metric('worker_batch_retries_total');
    const connects = () => worker.metric('mysql_connects_total', 'result="ok"');
    const connectsBefore = await connects();
    await database.asRoot('SET GLOBAL read_only = 1');
    const { decided } = await arena.progress();
    expect(await settledRate(retries, 'batches being refused')).toBeLessThan(refusalsPerSecondMax);
    expect((await arena.progress()).decided).toBe(decided);
    expect(worker.log.some(({ err }) => JSON.stringify(err ?? '').includes('MYSQL_READ_ONLY'))).toBe(true);
    // After a failover another server has the same name. A client that keeps its connection would never see
    // it.
    expect(await connects()).toBeGreaterThan(connectsBefore);

    await database.asRoot('SET GLOBAL read_only = 0');
    expect(await settled()).toEqual(unharmed);
    expect((await readLanes(arena)).map(({ epoch }) => epoch)).toEqual(epochs);
    expect(worker.running).toBe(true);
  }, 90_000);

  test('waits for a free connection, also at its start, and then continues', async () => {
    await database.asRoot(`SET GLOBAL max_connections = ${connectionsMin}`);
    await until(
      async () => {
        proxy.heal();
        await fill(database);
        return worker.log.some(({ err }) => JSON.stringify(err ?? '').includes('MYSQL_TOO_MANY_CONNECTIONS'));
      },
      { what: 'the worker being refused a connection', everyMs: 5 },
    );
    const failed = () => worker.metric('mysql_connects_total', 'result="failed"');
    const late = await arena.startWorker({ MYSQL_URL: throughProxy(), INSTANCE_ID: 'late' });
    expect(await settledRate(failed, 'more connections refused')).toBeLessThan(refusalsPerSecondMax);
    expect([worker.running, late.running]).toEqual([true, true]);

    await makeRoom();
    expect(await settled()).toEqual(unharmed);
    expect((await late.stop()).code).toBe(0);
  }, 120_000);

  test('stops cleanly while the database is read-only, and its successor continues', async () => {
    await database.asRoot('SET GLOBAL read_only = 1');
    const before = await worker.metric('worker_batch_retries_total');
    await until(async () => (await worker.metric('worker_batch_retries_total')) > before, {
      what: 'a batch being refused',
    });
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    await database.asRoot('SET GLOBAL read_only = 0');
    worker = await arena.startWorker({ INSTANCE_ID: 'successor' });
    expect(await settled()).toEqual(unharmed);
  }, 90_000);
});

/** Opens every connection that the server still has. */
async function fill({ connect }: OwnMysql): Promise<void> {
  for (;;) {
    try {
      squatters.push(await connect());
    } catch (error) {
      if ((error as { errno?: number }).errno === 1040) return;
      throw error;
    }
  }
}
