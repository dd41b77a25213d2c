/**
 * Topics, a database with orders, and workers for this bench only, on the local stack. The bench deletes them at the
 * end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadCodecs } from '../../services/shared/codec/index.ts';
import { createAccumulator, type KafkaAdmin } from '../../services/shared/kafka/index.ts';
import { noMetrics } from '../../services/shared/metrics/index.ts';
import { createMysql } from '../../services/shared/mysql/index.ts';
import { workerProcessEnv } from '../../services/worker/process-env.ts';
import type { StackInfo } from '../../stack/index.ts';
import { COMMANDS, EVENTS } from '../../topics/index.ts';
import { openTopics } from '../frame/own-topics.ts';
import { type ServiceProcess, startService } from '../frame/service-process.ts';
import { inspectServer } from '../store/database.ts';
import { createOrderStream } from '../store/order-stream.ts';
import { createRecordSource } from '../store/record-source.ts';
import { addMoney } from './money.ts';
import { createPump, type Pump } from './pump.ts';

export interface World {
  /** Environment of an `orderstream` command for this world. */
  readonly env: Readonly<Record<string, string>>;
  readonly workers: readonly ServiceProcess[];
  readonly databasePid: number | null;
  readonly pump: Pump;
  /** Pays, cancels and refunds some of the orders. Resolves once this is decided. */
  addMoney(): Promise<void>;
  /** Number of orders decided so far. */
  decided(): Promise<number>;
  /** Resolves once the topic has the outcome of every command. */
  quiesce(): Promise<void>;
  close(): Promise<void>;
}

const workerCount = 2;
const seed = 7;
const pollMs = 100;
const quiesceDeadlineMs = 120_000;

export async function openWorld(stack: StackInfo): Promise<World> {
  const own = await openTopics(stack, 'reconcile');
  const { env, settings, admin, log, mysqlUrl } = own;
  const registryUrl = stack.schemaRegistryUrl;
  const { pid: databasePid } = await inspectServer(stack.mysqlUrl);
  const workers: ServiceProcess[] = [];
  for (let n = 0; n < workerCount; n++) {
    const workerEnv = { ...env, ...workerProcessEnv, INSTANCE_ID: `bench-${n}` };
    workers.push(await startService('worker', workerEnv, 'worker is ready'));
  }
  const accumulator = await createAccumulator({ settings, log, metrics: noMetrics, topics: [COMMANDS] });
  const { commands: codec } = await loadCodecs({ registryUrl, log });
  const stream = createOrderStream({ seed, shape: 'uniform', keepTemplates: true });
  const mysql = createMysql({ url: mysqlUrl, log, poolSize: 2, queryTimeoutMs: 30_000 });
  let moneyCommands = 0;
  const decidedCommands = async (): Promise<number> => {
    const [row] = await mysql.pool.rows<{ n: number | null }>(
      'SELECT CAST(SUM(next_offset) AS SIGNED) AS n FROM lane_positions',
    );
    return row?.n ?? 0;
  };
  const decided = async (): Promise<number> => (await decidedCommands()) - moneyCommands;
  const pump = createPump({ source: createRecordSource(stream, codec, COMMANDS), accumulator, decided });
  return {
    env,
    workers,
    databasePid,
    pump,
    decided,
    async addMoney() {
      const deps = { pool: mysql.pool, accumulator, codec, quiesce: () => quiesce(admin, decidedCommands) };
      moneyCommands += await addMoney(deps);
    },
    quiesce: () => quiesce(admin, decidedCommands),
    async close() {
      await pump.pause();
      for (const worker of workers) await worker.stop();
      await accumulator.close(pollMs);
      await mysql.close();
      await own.close();
    },
  };
}

/** Waits until the numbers of outcomes and commands are equal. Here, no record is sent twice and no worker crashes. */
async function quiesce(admin: KafkaAdmin, decided: () => Promise<number>): Promise<void> {
  const deadlineMs = performance.now() + quiesceDeadlineMs;
  for (;;) {
    const produced = await endOf(admin, COMMANDS);
    if ((await decided()) === produced && (await endOf(admin, EVENTS)) === produced) return;
    if (performance.now() > deadlineMs) throw new Error('the workers did not finish in time');
    await sleep(pollMs);
  }
}

async function endOf(admin: KafkaAdmin, topic: string): Promise<number> {
  return [...(await admin.endOffsets(topic)).values()].reduce((sum, { high }) => sum + Number(high), 0);
}
