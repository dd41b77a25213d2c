/** What the processes of the reference designs have in common: their job, their connections, and how they stop. */
import kafkajs, { type Kafka, type Producer } from 'kafkajs';
import { calmRequestQueues } from '../../services/shared/kafka/index.ts';
import { jobOfChild } from '../frame/child.ts';
import { type Connection, connect } from './connect.ts';

/** What a process of a reference design is told. */
export interface ReferenceJob {
  readonly mysqlUrl: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  /** On the wire. */
  readonly commandTopic: string;
  readonly eventTopic: string;
  readonly group: string;
  /** Folder of the local issuer. */
  readonly keyDir: string;
  readonly settings: ReferenceSettings;
}

/** What the sweep looks for the best values of. */
export interface ReferenceSettings {
  /** Database connections of the process that decides. */
  readonly pool: number;
  /** Outbox rows that the relay sends at once. */
  readonly relayRows: number;
  /** Pause of the relay when it found no row. */
  readonly relayPauseMs: number;
  /** Partitions that one consumer works on at the same time. */
  readonly partitions: number;
  /** Consumer processes. */
  readonly consumers: number;
  /** Bytes that the broker collects for a fetch of the consumer, for 100 ms at most; 1 answers at the first record. */
  readonly fetchBytesMin: number;
}

export interface StartedReference {
  /** Where it listens, if it does. */
  readonly url: string | null;
  stop(): Promise<void>;
}

/** Starts the process by its job, tells its parent that it is ready, and stops it at SIGTERM. */
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
  // The bench was interrupted.
  process.once('disconnect', end);
  process.send?.({ url });
}

/** kafkajs as it is, but for the timers of its idle connections, which would cost the design processor time. */
export function kafkaOf({ brokers }: ReferenceJob): Kafka {
  calmRequestQueues();
  return new kafkajs.Kafka({
    clientId: 'reference',
    brokers: [...brokers],
    // A rebalance logs an error for each heartbeat.
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
  /** Waits for a free connection. */
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

/** Repeats a transaction that met another one. */
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
