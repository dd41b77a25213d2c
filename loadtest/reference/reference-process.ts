/** The common parts of the processes of the reference designs: their job, their connections, and their end. */
import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import { calmRequestQueues } from '../../services/shared/kafka/index.ts';
import { jobOfChild } from '../frame/child.ts';
import { type Connection, connect } from './connect.ts';

/** The input of a process of a reference design. */
export interface ReferenceJob {
  readonly mysqlUrl: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  /** Name of the topic, with its prefix. */
  readonly commandTopic: string;
  readonly eventTopic: string;
  readonly group: string;
  /** Folder of the local issuer. */
  readonly keyDir: string;
  readonly settings: ReferenceSettings;
}

/** The settings for which the sweep finds the best values. */
export interface ReferenceSettings {
  /** Number of database connections of the process that decides. */
  readonly pool: number;
  /** Maximum number of outbox rows that the relay sends in one turn. */
  readonly relayRows: number;
  /** Pause of the relay after a turn without a row, in ms. */
  readonly relayPauseMs: number;
  /** Number of partitions that one consumer processes concurrently. */
  readonly partitions: number;
  /** Number of consumer processes. */
  readonly consumers: number;
  /**
   * Number of bytes that the broker collects for a fetch, for 100 ms at most. With 1 it responds at the first record.
   */
  readonly fetchBytesMin: number;
}

export interface StartedReference {
  /** The URL of the HTTP server; null if the process has none. */
  readonly url: string | null;
  stop(): Promise<void>;
}

/** Starts the process with its job. Notifies the parent when the process is ready. Stops at SIGTERM. */
export async function runReference(start: (job: ReferenceJob) => Promise<StartedReference>): Promise<void> {
  const { url, stop } = await start(jobOfChild<ReferenceJob>());
  const end = (): void => {
    stop().then(
      () => process.exit(0),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', end);
  // A disconnect means that the bench was interrupted.
  process.once('disconnect', end);
  process.send?.({ url });
}

/** Creates kafkajs without changes, except for the timers of idle connections. These would cost the design CPU time. */
export function kafkaOf({ brokers }: ReferenceJob): Kafka {
  calmRequestQueues();
  return new kafkajs.Kafka({
    clientId: 'reference',
    brokers: [...brokers],
    // During a rebalance, kafkajs logs an error for each heartbeat.
    logLevel: kafkajs.logLevel.NOTHING,
  });
}

export async function openProducer(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  return producer;
}

export interface ConnectionPool {
  /** Waits for a free connection, and runs the work on it. */
  use<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export async function openPool(url: string, size: number): Promise<ConnectionPool> {
  const all = await Promise.all(Array.from({ length: size }, () => connect(url)));
  const idle = [...all];
  const waiting: ((connection: Connection) => void)[] = [];
  const take = (): Connection | Promise<Connection> =>
    idle.pop() ?? new Promise((resolve) => waiting.push(resolve));
  return {
    async use(work) {
      const connection = await take();
      try {
        return await work(connection);
      } finally {
        const next = waiting.shift();
        if (next === undefined) idle.push(connection);
        else next(connection);
      }
    },
    async close() {
      await Promise.all(all.map((connection) => connection.end()));
    },
  };
}

const attemptsMax = 5;
const retried = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT']);

/** Retries a transaction that conflicts with another transaction. */
export async function retryConflicts<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (attempt === attemptsMax || !retried.has(codeOf(error))) throw error;
    }
  }
}

export function isDuplicate(error: unknown): boolean {
  return codeOf(error) === 'ER_DUP_ENTRY';
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}
