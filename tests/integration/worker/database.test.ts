/**
 * The database is down, frozen, or slow. Lanes wait and continue. No command is lost or becomes a dead
 * letter.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sleep } from '../../../services/shared/retry/index.ts';
import { type Arena, createArena } from '../../support/arena/arena.ts';
import { createProducer, type Producer } from '../../support/arena/load.ts';
import type { WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { decidedMore, ownedBy } from '../../support/arena/reading/lane-positions.ts';
import { startTcpProxy, type TcpProxy } from '../../support/faults/tcp-proxy.ts';
import { testStack, until, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('database');
const database = useDatabase('database');
const skus = Array.from({ length: 20 }, (_, index) => `SKU-${String(index).padStart(2, '0')}`);
const frozenMs = 6_000;
/** This is more than the backlog needs on a busy machine, and far too short for a person to notice. */
const stopMsMax = 15_000;

let arena: Arena;
let producer: Producer;
let proxy: TcpProxy;
/** The database behind the proxy. */
let proxied: string;
let worker: WorkerProcess;
let load: { stop(): Promise<void> };

beforeAll(async () => {
  const stock = new Map(skus.map((sku) => [sku, 1_000_000]));
  arena = await createArena({ ...testStack(), mysqlUrl: database().url, topicPrefix: prefix, stock });
  producer = await createProducer(arena);
  const direct = new URL(database().url);
  proxy = await startTcpProxy({ host: direct.hostname, port: Number(direct.port) });
  const behind = new URL(direct);
  behind.port = String(proxy.port);
  proxied = behind.href;
  worker = await arena.startWorker({ MYSQL_URL: proxied, INSTANCE_ID: 'proxied' });
});

beforeEach(async () => {
  load = producer.start(150, skus);
  await decidedMore(arena, 100);
});

afterEach(() => load.stop());

afterAll(async () => {
  await producer.close();
  await arena.close();
  await proxy.close();
});

/** Ends the load, waits until the backlog is processed, and checks everything. */
async function settled(): Promise<{ findings: readonly string[]; deadLetters: number }> {
  await load.stop();
  await arena.quiesce();
  const { findings, report } = await audit(arena, producer.history);
  return { findings, deadLetters: report.outcomes['DEAD_LETTERED'] ?? 0 };
}

describe('a worker with a failing database', () => {
  test('waits while it is frozen and catches up', async () => {
    proxy.freeze();
    await sleep(frozenMs);
    proxy.heal();
    expect(await settled()).toEqual({ findings: [], deadLetters: 0 });
  }, 60_000);

  test('reads the result of a COMMIT whose answer was lost', async () => {
    const reclaims = () => worker.metric('worker_batch_retries_total', 'cause="reclaim"');
    for (let time = 0; time < 3; time++) {
      await proxy.swallowAnswersFrom('COMMIT');
      await sleep(100);
      proxy.heal();
      await decidedMore(arena, 20);
    }
    expect(await reclaims()).toBeGreaterThan(0);
    expect(await settled()).toEqual({ findings: [], deadLetters: 0 });
  }, 60_000);

  test('continues after connections are cut during a transaction', async () => {
    for (let time = 0; time < 20; time++) {
      proxy.heal();
      await sleep(50 + (time % 5) * 20);
    }
    expect(await settled()).toEqual({ findings: [], deadLetters: 0 });
    expect(await worker.metric('worker_batch_retries_total')).toBeGreaterThan(0);
  }, 60_000);
});

describe('a worker that gets SIGTERM', () => {
  test('ends in bounded time while its database is frozen, and its successor continues', async () => {
    const leaver = await arena.startWorker({ MYSQL_URL: proxied, INSTANCE_ID: 'leaver' });
    await ownedBy(arena, ['proxied', 'leaver']);
    await decidedMore(arena, 50);
    proxy.freeze();
    leaver.signal('SIGTERM');
    // The limit of the process is 10 s. A supervisor would kill a process that hangs for longer.
    const exit = await Promise.race([leaver.exited, sleep(stopMsMax).then(() => 'still there')]);
    expect(exit).toMatchObject({ signal: null });
    proxy.heal();
    expect(await settled()).toEqual({ findings: [], deadLetters: 0 });
  }, 60_000);
});

describe('a worker whose tables have other users', () => {
  test('waits for a stock row that is locked for longer than the lock wait', async () => {
    const before = await worker.metric('worker_batch_retries_total', 'cause="contend"');
    const other = await arena.mysql.connect();
    await other.begin();
    await other.write(`UPDATE stock SET available = available WHERE sku = '${skus[3]}'`);
    await until(async () => (await worker.metric('worker_batch_retries_total', 'cause="contend"')) > before, {
      what: 'a lock wait running out',
    });
    await other.rollback();
    await other.close();
    expect(await settled()).toEqual({ findings: [], deadLetters: 0 });
  }, 60_000);

  test('survives deadlocks with a client that locks in the other order', async () => {
    const other = await arena.mysql.connect();
    const until3 = performance.now() + 3_000;
    while (performance.now() < until3) {
      try {
        await other.begin();
        for (const sku of skus.toReversed()) {
          await other.write(`UPDATE stock SET available = available WHERE sku = '${sku}'`);
        }
        await other.commit();
      } catch {
        // The victim is either of the two; both continue.
        await other.rollback();
      }
    }
    await other.close();
    expect(await settled()).toEqual({ findings: [], deadLetters: 0 });
  }, 60_000);
});
