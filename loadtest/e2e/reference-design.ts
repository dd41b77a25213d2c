/** Runs the reference designs as separate processes. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { COMMANDS, EVENTS } from '../../topics/index.ts';
import type { OwnTopics } from '../frame/own-topics.ts';
import type { ReferenceJob, ReferenceSettings } from '../reference/reference-process.ts';
import { withConnection } from '../store/database.ts';
import type { Design, RunningDesign } from './design.ts';

const folder = path.join(import.meta.dirname, '../reference');
const compileCache = path.join(import.meta.dirname, '../../node_modules/.cache/compile');

/** The best settings in docs/bench/reference-sweep.md. */
export const bestSettings: ReferenceSettings = {
  pool: 16,
  relayRows: 500,
  relayPauseMs: 5,
  partitions: 12,
  consumers: 1,
  fetchBytesMin: 1,
};

const outboxTable = `CREATE TABLE IF NOT EXISTS articles_outbox (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  partition_id SMALLINT UNSIGNED NOT NULL,
  order_id     CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  event        BLOB NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB`;

/** The design that many articles describe. `api` decides within the request. `relay` publishes the outbox. */
export async function articlesDesign(own: OwnTopics, jwks: string, settings = bestSettings): Promise<Design> {
  await withConnection(own.mysqlUrl, (connection) => connection.query(outboxTable));
  const job = jobOf(own, jwks, settings);
  return {
    name: 'articles',
    own,
    start: () => startProcesses({ api: 'articles-api.ts', relay: 'articles-relay.ts' }, job),
  };
}

/** The usual asynchronous design. `api` sends each order to a topic. `consumer` decides the orders one by one. */
export function asyncDesign(own: OwnTopics, jwks: string, settings = bestSettings): Design {
  const job = jobOf(own, jwks, settings);
  const consumers = Array.from({ length: settings.consumers }, (_, index) => [
    `consumer-${index + 1}`,
    'async-consumer.ts',
  ]);
  return {
    name: 'async',
    own,
    start: () => startProcesses({ api: 'async-api.ts', ...Object.fromEntries(consumers) }, job),
  };
}

function jobOf({ env }: OwnTopics, jwks: string, settings: ReferenceSettings): ReferenceJob {
  const prefix = env['KAFKA_TOPIC_PREFIX']!;
  return {
    mysqlUrl: env['MYSQL_URL']!,
    brokers: env['KAFKA_BROKERS']!.split(','),
    registryUrl: env['SCHEMA_REGISTRY_URL']!,
    commandTopic: prefix + COMMANDS,
    eventTopic: prefix + EVENTS,
    group: `${prefix}reference`,
    keyDir: path.dirname(jwks),
    settings,
  };
}

interface Started {
  readonly pid: number;
  readonly url: string | null;
  stop(): Promise<void>;
}

/** Starts a process per script. The first process receives the requests, and is stopped first. */
async function startProcesses(
  scripts: Readonly<Record<string, string>>,
  job: ReferenceJob,
): Promise<RunningDesign> {
  const names = Object.keys(scripts);
  const started = await Promise.all(names.map((name) => startProcess(scripts[name]!, job)));
  const { hostname, port } = new URL(started[0]!.url!);
  return {
    target: { host: hostname, port: Number(port) },
    pids: Object.fromEntries(names.map((name, index) => [name, started[index]!.pid])),
    adminPorts: [],
    // At this time each accepted order has its outcome. The bench checks all later work in the tables.
    settle: async () => undefined,
    async stop() {
      for (const process of started) await process.stop();
    },
  };
}

async function startProcess(script: string, job: ReferenceJob): Promise<Started> {
  const child: ChildProcess = fork(path.join(folder, script), [JSON.stringify(job)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
  });
  const closed = once(child, 'close');
  const ready = once(child, 'message');
  const first = await Promise.race([ready, closed.then(() => null)]);
  if (first === null) throw new Error(`${script} ended while it started`);
  const [{ url }] = first as [{ url: string | null }];
  return {
    pid: child.pid!,
    url,
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}
