/** A small world (order-world.ts) on its own topics and in its own database, with reconciliation running. */
import { Redis } from 'ioredis';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { fields } from '../../../services/reconciliation/config.ts';
import { type ReconcileReport, reconcile, stuckFields } from '../../../services/reconciliation/index.ts';
import { startReconciliation } from '../../../services/reconciliation/service.ts';
import { loadConfig } from '../../../services/shared/config/index.ts';
import { COMMANDS, GROUPS } from '../../../topics/index.ts';
import { quietLog, testSettings } from '../records/kafka.ts';
import { produceRecords } from '../records/produce.ts';
import {
  openSubscriberWorld,
  type Started,
  type SubscriberWorld,
  startInProcess,
} from '../records/subscribers.ts';
import { createTestDatabase, dropDatabase, testStack, until } from '../servers/stack.ts';
import { messagesOf, type World } from './order-world.ts';
import { writeTables } from './order-world-tables.ts';

export interface ReconciledWorld {
  world: World;
  prefix: string;
  db: Connection;
  redis: Redis;
  kafka: SubscriberWorld;
  service: Started;
  startAnother(): Promise<Started>;
  /** The environment of a service on the same logs and tables. */
  env: Record<string, string>;
  /** `KIND subject` of the open findings. */
  open(): Promise<string[]>;
  /** One run of all checks over the same logs and tables. */
  onDemand(span?: { fromMs?: number; toMs?: number }): Promise<ReconcileReport>;
  close(): Promise<void>;
}

const checks = ['outcomes', 'orders', 'book', 'deadLetters', 'offsets', 'deliveries', 'states'];
const deadlineMs = 40_000;

export async function reconcileWorld(
  world: World,
  {
    prefix,
    ...env
  }: { prefix: string; RECONCILE_EVERY?: string; LANE_STALL?: string; FINDINGS_PER_KIND?: string },
): Promise<ReconciledWorld> {
  const database = await createTestDatabase('reconciliation');
  const kafka = await openSubscriberWorld(prefix);
  const db = await mysql.createConnection(database.url);
  const { kafkaBrokers, schemaRegistryUrl: registryUrl, redisUrl } = testStack();
  const redis = new Redis(redisUrl);
  const started: Started[] = [];
  await writeTables(db, world);
  const config = { kafkaBrokers: kafkaBrokers.split(','), kafkaTopicPrefix: prefix };
  await produceRecords(config, messagesOf(world, kafka.codecs));
  const ownEnv = {
    KAFKA_BROKERS: kafkaBrokers,
    KAFKA_TOPIC_PREFIX: prefix,
    SCHEMA_REGISTRY_URL: registryUrl,
    MYSQL_URL: database.url,
    REDIS_URL: redisUrl,
    INSTANCE_ID: prefix.slice(-20),
  };
  const startAnother = async (): Promise<Started> => {
    const timing = { RECONCILE_EVERY: '100ms', LANE_STALL: '1s' };
    const service = await startInProcess(fields, { ...ownEnv, ...timing, ...env }, startReconciliation);
    started.push(service);
    return service;
  };
  const service = await startAnother();
  return {
    world,
    prefix,
    db,
    redis,
    kafka,
    service,
    startAnother,
    env: ownEnv,
    async open() {
      const [rows] = await db.query<RowDataPacket[]>(
        "SELECT kind, subject FROM reconciliation_findings WHERE status = 'OPEN' ORDER BY kind, subject",
      );
      return rows.map(({ kind, subject }) => `${kind} ${subject}`).toSorted();
    },
    onDemand: (span = {}) =>
      reconcile({
        settings: testSettings(prefix),
        registryUrl,
        mysqlUrl: database.url,
        redisUrl,
        ...span,
        stuck: loadConfig({}, stuckFields),
        log: quietLog,
        signal: new AbortController().signal,
      }),
    async close() {
      for (const each of started) await each.stop();
      redis.disconnect();
      await kafka.close();
      await db.end();
      await dropDatabase(database.name);
    },
  };
}

/** `KIND subject` of each. */
export function namesOf(findings: ReconcileReport['findings']): string[] {
  return findings.map(({ kind, subject }) => `${kind} ${subject}`).toSorted();
}

/** Waits until the group's offsets show that reconciliation has read every outcome of every partition. */
export async function followed({ world, kafka, service }: ReconciledWorld): Promise<void> {
  await until(
    async () => {
      if (service.failure() !== null) throw service.failure();
      const offsets = await kafka.admin.groupOffsets(GROUPS.reconciliation, COMMANDS);
      const ends = Map.groupBy(world.commands, ({ partition }) => partition);
      return [...ends].every(([partition, { length }]) => (offsets.get(partition) ?? 0n) >= BigInt(length));
    },
    { what: 'following to the end', deadlineMs },
  );
}

/** Waits for two rounds of every check that begin after now. Then each existing difference was seen twice. */
export async function twoRounds({ service }: ReconciledWorld): Promise<void> {
  const before = await roundsDone(service);
  await until(
    async () => {
      if (service.failure() !== null) throw service.failure();
      return [...(await roundsDone(service))].every(([check, done]) => done >= (before.get(check) ?? 0) + 3);
    },
    { what: 'three rounds of every check', deadlineMs },
  );
}

async function roundsDone({ metrics }: Started): Promise<Map<string, number>> {
  const line = /checks_total\{check="(\w+)",result="done"[^}]*\} (\d+)/g;
  const found = [...(await metrics.text()).matchAll(line)];
  return new Map(checks.map((check) => [check, Number(found.find((match) => match[1] === check)?.[2] ?? 0)]));
}
